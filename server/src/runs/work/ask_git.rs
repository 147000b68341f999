//! Questions to git about the project's work tree.

use std::{
    collections::HashSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use aiwg_git::{GitBounds, Keep, Look, ask_git, ask_git_for};

use super::LOOK_WITHIN;

/// Largest size of one of git's answers, in bytes.
const LARGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// The most that names take in the arguments of a question, in bytes.
const MOST_NAMES: usize = 64 * 1024;

/// The answer of git; none if it fails, is not there or its look is over before.
pub(super) fn git(look: &Look, root: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    ask(look, root, arguments, Vec::new()).filter(|(_, is_good)| *is_good).map(|(answer, _)| answer)
}

/// The entries of git's answer that are chosen, each with its NUL byte; none if it fails, is not there or its look is over before.
pub(super) fn git_for(look: &Look, root: &Path, arguments: &[&str], keep: Keep) -> Option<Vec<u8>> {
    let look = &look.part(LOOK_WITHIN);
    let answer = ask_git_for(root, arguments, keep, GitBounds { look, most: LARGEST_ANSWER }).ok()?;
    (answer.code == Some(0)).then_some(answer.text)
}

/// The directory at the top of the work tree that the project is in; none if it is in none.
pub(super) fn top(look: &Look, root: &Path) -> Option<PathBuf> {
    Some(path_of(&git(look, root, &["rev-parse", "--show-toplevel"])?))
}

/// The path that an answer consists of.
fn path_of(answer: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(answer.strip_suffix(b"\n").unwrap_or(answer)))
}

/// The files besides `.gitignore` that may say what git ignores: that of the repository, and that of the user.
pub(super) fn exclude_files(look: &Look, root: &Path) -> Vec<PathBuf> {
    let of_repository = git(look, root, &["rev-parse", "--git-path", "info/exclude"]);
    let configured = git(look, root, &["config", "--type=path", "core.excludesFile"]);
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

/// The files among these, by their paths relative to the project, that git ignores. It ignores none that it tracks.
pub(super) fn ignored(look: &Look, root: &Path, names: &[String]) -> Vec<Ignored> {
    if names.is_empty() {
        return Vec::new();
    }
    // Git names its files relative to the top.
    let Some(top) = top(look, root) else { return Vec::new() };
    let input = names.iter().flat_map(|name| [name.as_bytes(), b"\0"]).flatten().copied().collect();
    // It fails where none is ignored.
    let Some((answer, _)) = ask(look, root, &["check-ignore", "-z", "--verbose", "--stdin"], input) else {
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

/// The files among these, by their paths relative to the project, that git tracks; none if there is a repository and git does not answer.
pub(super) fn tracked(look: &Look, root: &Path, names: &[String]) -> Option<HashSet<String>> {
    let mut tracked = HashSet::new();
    if !may_be_in_a_repository(root) {
        return Some(tracked);
    }
    let mut rest = names;
    while !rest.is_empty() {
        let (some, others) = rest.split_at(fitting(rest));
        let arguments = ["--literal-pathspecs", "ls-files", "-z", "--"].into_iter();
        let arguments: Vec<&str> = arguments.chain(some.iter().map(String::as_str)).collect();
        let answer = git(look, root, &arguments)?;
        let listed = answer.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        tracked.extend(listed.map(|name| String::from_utf8_lossy(name).into_owned()));
        rest = others;
    }
    Some(tracked)
}

/// Number of these names that go into one question, at least one: `ls-files` takes them as arguments only.
fn fitting(names: &[String]) -> usize {
    let mut size = 0;
    let fit = names.iter().take_while(|name| {
        size += name.len() + 1;
        size <= MOST_NAMES
    });
    fit.count().max(1)
}

/// False if nothing of git is in a project or above it.
fn may_be_in_a_repository(root: &Path) -> bool {
    let Ok(real) = root.canonicalize() else { return true };
    let is_not_there = |path: PathBuf| {
        path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    !real.ancestors().all(|dir| is_not_there(dir.join(".git")))
}

/// The answer of git to this input, and true if it says that it succeeded; none if it is not there, its look is over before, or it says too much.
fn ask(look: &Look, root: &Path, arguments: &[&str], input: Vec<u8>) -> Option<(Vec<u8>, bool)> {
    let look = &look.part(LOOK_WITHIN);
    let answer = ask_git(root, arguments, input, GitBounds { look, most: LARGEST_ANSWER }).ok()?;
    Some((answer.text, answer.code == Some(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_names_can_be_asked_for_and_no_answer_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let look = || Look::within(LOOK_WITHIN);
        let names: Vec<String> = (0..30_000).map(|at| format!("{at}{}", "x".repeat(100))).collect();
        assert_eq!(tracked(&look(), root, &names), Some(HashSet::new()), "without a repository");
        let done = |arguments: &[&str]| {
            let git = std::process::Command::new("git").arg("-C").arg(root).args(arguments).output();
            assert!(git.unwrap().status.success());
        };
        done(&["init", "-q"]);
        let (first, last) = (&names[0], &names[names.len() - 1]);
        for name in [first, last] {
            std::fs::write(root.join(name), "").unwrap();
        }
        done(&["add", "."]);
        assert_eq!(tracked(&look(), root, &names), Some(HashSet::from([first.clone(), last.clone()])));
        std::fs::write(root.join(".git/config"), "[broken").unwrap();
        assert_eq!(tracked(&look(), root, &names), None);
    }
}
