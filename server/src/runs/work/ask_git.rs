//! Questions to git about the project's work tree.

use std::{
    collections::HashSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_watch::{GitBounds, ask_git};

/// Bounds of git's answers.
const BOUNDS: GitBounds = GitBounds { within: Duration::from_secs(60), most: 64 * 1024 * 1024 };

/// The answer of git; none if it fails, is not there or takes too long.
pub(super) fn git(root: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    ask(root, arguments, Vec::new()).filter(|(_, is_good)| *is_good).map(|(answer, _)| answer)
}

/// The directory at the top of the work tree that the project is in; none if it is in none.
pub(super) fn top(root: &Path) -> Option<PathBuf> {
    Some(path_of(&git(root, &["rev-parse", "--show-toplevel"])?))
}

/// The path that an answer consists of.
fn path_of(answer: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(answer.strip_suffix(b"\n").unwrap_or(answer)))
}

/// The files besides `.gitignore` that may say what git ignores: that of the repository, and that of the user.
pub(super) fn exclude_files(root: &Path) -> Vec<PathBuf> {
    let of_repository = git(root, &["rev-parse", "--git-path", "info/exclude"]);
    let configured = git(root, &["config", "--type=path", "core.excludesFile"]);
    let of_user = || {
        let config = std::env::var_os("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".config"));
        Some(config.or_else(home)?.join("git/ignore"))
    };
    let of_user = configured.map(|file| path_of(&file)).or_else(of_user);
    let of_repository = of_repository.map(|file| path_of(&file));
    of_repository.into_iter().chain(of_user).map(|file| root.join(file)).collect()
}

/// A file that git ignores, and the line which says so.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ignored {
    /// The file, relative to the project.
    pub(super) name: String,
    /// The file in which that line stands.
    pub(super) source: PathBuf,
    /// The line.
    pub(super) pattern: String,
}

/// Those of these files, by their paths relative to the project, that git ignores. It ignores none that it tracks.
pub(super) fn ignored(root: &Path, names: &[String]) -> Vec<Ignored> {
    if names.is_empty() {
        return Vec::new();
    }
    // Git names its files relative to the top.
    let Some(top) = top(root) else { return Vec::new() };
    let input = names.iter().flat_map(|name| [name.as_bytes(), b"\0"]).flatten().copied().collect();
    // It fails where none is ignored.
    let Some((answer, _)) = ask(root, &["check-ignore", "-z", "--verbose", "--stdin"], input) else {
        return Vec::new();
    };
    let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
    let fields: Vec<&[u8]> = answer.split(|byte| *byte == 0).collect();
    fields
        .chunks_exact(4)
        .filter_map(|fields| {
            let [source, _, pattern, name] = fields else { return None };
            // A line that takes a file back from those that are ignored is told as well.
            let is_ignored = !source.is_empty() && !pattern.starts_with(b"!");
            is_ignored.then(|| Ignored {
                name: text(name),
                source: top.join(OsStr::from_bytes(source)),
                pattern: text(pattern),
            })
        })
        .collect()
}

/// Those of these files, by their paths relative to the project, that git tracks.
pub(super) fn tracked(root: &Path, names: &[String]) -> HashSet<String> {
    if names.is_empty() {
        return HashSet::new();
    }
    let arguments = ["--literal-pathspecs", "ls-files", "-z", "--"];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let answer = git(root, &[&arguments[..], &names].concat()).unwrap_or_default();
    let listed = answer.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    listed.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// What git answers to this input, and true if it says that it succeeded; none if it is not there, takes too long or says too much.
fn ask(root: &Path, arguments: &[&str], input: Vec<u8>) -> Option<(Vec<u8>, bool)> {
    let answer = ask_git(root, arguments, input, BOUNDS).ok()?;
    Some((answer.text, answer.code == Some(0)))
}
