//! The places of git's files. Anyone may have made them, so they are read within bounds, and only what they can be
//! for git is believed.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// The name of git's directory, or of the file that says where it is.
pub(crate) const GIT: &str = ".git";

/// A file in git's directory while git writes: for a moment, unless a git that was killed has left it there.
pub(crate) const LOCK: &str = "index.lock";

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    /// Its work tree.
    pub(crate) top: PathBuf,
    /// Git's directory for it.
    pub(crate) git: PathBuf,
}

impl Repository {
    /// The repository that a directory lies in.
    pub(crate) fn around(directory: &Path) -> Option<Self> {
        let top = top(directory)?;
        Some(Self { git: directory_at(&top)?, top })
    }
}

/// The longest file that holds a path, in bytes.
const MAX_PATH: u64 = 8192;

/// Git's directory for a project, that of the worktree if it is one.
pub(crate) fn of_project(project: &Path) -> Option<PathBuf> {
    project.ancestors().find_map(directory_at)
}

/// The directory of the work tree that a project lies in.
pub(crate) fn top(project: &Path) -> Option<PathBuf> {
    project.ancestors().find(|path| directory_at(path).is_some()).map(Path::to_owned)
}

/// Git's directory for what has its `.git` here: a repository, a worktree or a submodule.
pub(crate) fn directory_at(top: &Path) -> Option<PathBuf> {
    let git = top.join(GIT);
    if fs::metadata(&git).ok()?.is_dir() {
        return Some(git);
    }
    linked_directory(top)
}

/// Git's directory for what has a file `.git` here that says where it is.
fn linked_directory(top: &Path) -> Option<PathBuf> {
    let text = aiwg_fs::read_file(aiwg_fs::open_of_anyone(&top.join(GIT)).ok()?, MAX_PATH).ok()?;
    let git = top.join(path_of(text.strip_prefix(b"gitdir:")?));
    fs::symlink_metadata(git.join("HEAD")).ok()?;
    // As people name it: git writes `../.git/modules/x` there.
    Some(git.canonicalize().unwrap_or(git))
}

/// The directory that a worktree shares with its repository.
pub(crate) fn common(git: &Path) -> PathBuf {
    let text =
        aiwg_fs::open_of_anyone(&git.join("commondir")).and_then(|file| aiwg_fs::read_file(file, MAX_PATH));
    text.map_or_else(|_| git.to_owned(), |text| git.join(path_of(&text)))
}

/// True if a directory is a work tree of the repository that the project is a work tree of, by what both say of each other.
pub(crate) fn is_work_tree_of_same_repository(project: &Path, directory: &Path) -> bool {
    let is_same = || {
        let git = linked_directory(directory)?.canonicalize().ok()?;
        let trees = common(&of_project(project)?).canonicalize().ok()?.join("worktrees");
        let back = aiwg_fs::open_of_anyone(&git.join("gitdir")).ok()?;
        let back = aiwg_fs::read_file(back, MAX_PATH).ok()?;
        let back = git.join(path_of(&back)).canonicalize().ok()?;
        Some(git.parent()? == trees && back == directory.canonicalize().ok()?.join(GIT))
    };
    is_same().unwrap_or_default()
}

/// The directories of the repository above the project, the topmost first.
pub(crate) fn directories_above(project: &Path) -> Vec<PathBuf> {
    let Some(top) = top(project) else { return Vec::new() };
    let mut above: Vec<_> =
        project.ancestors().skip(1).take_while(|path| path.starts_with(&top)).map(Path::to_owned).collect();
    above.reverse();
    above
}

/// The directory that the patterns in `.git/info/exclude` are relative to, and that file. It need not be there.
pub(crate) fn exclude_file(project: &Path) -> Option<(PathBuf, PathBuf)> {
    Some((top(project)?, common(&of_project(project)?).join("info/exclude")))
}

fn path_of(text: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(text.trim_ascii()))
}
