//! What can go wrong with work trees, each with its place and what to do about it.

use std::{
    fmt::Write,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::commit::Commit;

/// The most paths that an error names.
const MOST_NAMED: usize = 10;

/// The reason for which there can be no work trees of a project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The program is missing, or cannot be started: why.
    #[error("git cannot be started ({0}); work trees need it: install it, or use the workspace \"shared\"")]
    NoGit(String),
    /// The project is in no repository.
    #[error("{dir} is in no git repository; run `git init` there, or use the workspace \"shared\"", dir = .0.display())]
    NoRepository(PathBuf),
    /// The repository has no checkout, or the project lies in the repository's own directory.
    #[error("the repository at {at} is bare, so {dir} is no checkout of it; use the workspace \"shared\"", at = .at.display(), dir = .dir.display())]
    Bare {
        /// The project.
        dir: PathBuf,
        /// The repository.
        at: PathBuf,
    },
    /// The repository has submodules; these are some of them.
    #[error("the repository at {top} has submodules ({names}), which a work tree would be without; use the workspace \"shared\"", top = .top.display(), names = listed(.names))]
    Submodules {
        /// The top of the checkout.
        top: PathBuf,
        /// The paths of the first submodules.
        names: Vec<String>,
    },
    /// Git refuses the repository: its words.
    #[error("git does not accept the repository of {dir}: {said}", dir = .dir.display())]
    Refused {
        /// The project.
        dir: PathBuf,
        /// Words of git.
        said: String,
    },
}

/// A step that did not succeed. Nothing is half done after it: what it had begun is undone, or is done again by the next one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There can be no work trees.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// `HEAD` is asked for where nothing has been committed.
    #[error("the repository at {top} has no commit yet, so there is no HEAD to begin with; commit something, or use the base \"snapshot\"", top = .0.display())]
    NoCommitYet(PathBuf),
    /// A revision names no commit.
    #[error("{revision:?} names no commit in {top}; `git rev-parse {revision}^{{commit}}` says why", top = .top.display())]
    NoSuchCommit {
        /// The revision that was asked for.
        revision: String,
        /// The top of the checkout.
        top: PathBuf,
    },
    /// What a run is to begin with is not in the repository.
    #[error(
        "the commit {commit} that it is to begin with is not in the repository at {top}: it was made in another copy of it, or git has removed it. Submit the task anew",
        top = .top.display()
    )]
    BaseGone {
        /// The commit.
        commit: Commit,
        /// The top of the checkout.
        top: PathBuf,
    },
    /// Commits that change the same lines differently.
    #[error("the results cannot be merged, their changes conflict in {}; apply them one by one, by hand", listed(.paths))]
    Conflict {
        /// The paths with conflicts.
        paths: Vec<String>,
    },
    /// A lock of git that does not go away.
    #[error("git is at work in the repository: {path} has been there for {seconds} s; if no git runs, remove it", path = .path.display())]
    Locked {
        /// The lock.
        path: PathBuf,
        /// Its age in seconds.
        seconds: u64,
    },
    /// Another process or thread works with the same thing for too long.
    #[error("another process has been working with {what} for more than {seconds} s; it holds the lock {path}", path = .path.display())]
    Busy {
        /// The thing that is worked with.
        what: String,
        /// The lock file.
        path: PathBuf,
        /// Time that was waited, in seconds.
        seconds: u64,
    },
    /// A slot that cannot be used until someone has looked at it.
    #[error("the work tree {dir} is broken: {why}; what is in it has not been touched. Take from it what you need, then remove it", dir = .dir.display())]
    Broken {
        /// The number of the slot.
        n: u32,
        /// The tree.
        dir: PathBuf,
        /// The reason.
        why: String,
    },
    /// A slot that is not there.
    #[error("there is no work tree {n} in {home}", home = .home.display())]
    NoSuchSlot {
        /// The number that was asked for.
        n: u32,
        /// The directory of all slots.
        home: PathBuf,
    },
    /// A slot whose content belongs to no run, or to another one than was named.
    #[error("work tree {n} is not that of {task}, run {launch}: {is}")]
    NotInUse {
        /// The number of the slot.
        n: u32,
        /// The task that was named.
        task: String,
        /// The run that was named.
        launch: u32,
        /// What it is instead.
        is: String,
    },
    /// A branch that someone else has moved.
    #[error(
        "the branch {name} has commits that aiwg has not put there; it stays as it is. Rename or delete it, then `git branch {name} {commit}` makes it"
    )]
    BranchMoved {
        /// The branch, without `refs/heads/`.
        name: String,
        /// The commit that it should have.
        commit: Commit,
    },
    /// A branch that is checked out somewhere.
    #[error("the branch {name} is checked out in {dir}; it stays as it is. Switch to another one there, then `git branch --force {name} {commit}` moves it", dir = .dir.display())]
    BranchCheckedOut {
        /// The branch, without `refs/heads/`.
        name: String,
        /// The commit that it should have.
        commit: Commit,
        /// The work tree that has it checked out.
        dir: PathBuf,
    },
    /// Files that only a filter may write to a commit for others, and filters are not run.
    #[error("{}: the repository's filters (\"filter\" in .gitattributes) have to change these before they are committed, and the daemon runs none; bring them back with `aiwg task apply`, and commit them yourself", listed(.paths))]
    Unfiltered {
        /// Their paths.
        paths: Vec<String>,
    },
    /// A name that cannot be part of a ref.
    #[error("{0:?} cannot be part of a git ref; letters, digits, \".\", \"_\" and \"-\" can")]
    Name(String),
    /// The disk, or a limit of the user, is full.
    #[error("there is no room to {doing}: {said}; nothing of it was kept. Free some space, then try again")]
    NoSpace {
        /// The step.
        doing: String,
        /// Words of git or of the system.
        said: String,
    },
    /// Git fails.
    #[error("git cannot {doing} in {dir}: {said}", dir = .dir.display())]
    Git {
        /// The step.
        doing: String,
        /// The directory.
        dir: PathBuf,
        /// Words of git.
        said: String,
    },
    /// Git takes too long: what it reads has no end, a pipe say. It was ended.
    #[error("git could not {doing} in {dir} within {} s: look for a pipe, or a file without an end, in the place of one that git reads (.gitignore, .git/config)", .within.as_secs(), dir = .dir.display())]
    Slow {
        /// The step.
        doing: String,
        /// The directory.
        dir: PathBuf,
        /// The time that it had.
        within: Duration,
    },
    /// A remote cannot be reached, or does not do what it is asked for.
    #[error("git cannot {doing} the remote {name}: {said}")]
    Remote {
        /// The step.
        doing: String,
        /// The remote.
        name: String,
        /// Words of git, or of what has become of it.
        said: String,
    },
    /// `.worktreeinclude` names too much.
    #[error("{file} names more than {most_files} files or {most_mib} MiB, which would be copied into each work tree; name less, or have `workspace.setup` make it", file = .file.display())]
    TooMuchIncluded {
        /// The file.
        file: PathBuf,
        /// The most files.
        most_files: usize,
        /// The most MiB.
        most_mib: u64,
    },
    /// The system fails.
    #[error("cannot {doing} {path}: {source}", path = .path.display())]
    Io {
        /// The step.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// Git is too old for a step.
    #[error("git {has} is too old to {doing}: it takes 2.38 or newer")]
    TooOld {
        /// The step.
        doing: String,
        /// Its version.
        has: String,
    },
}

/// Makes an error of one of the system's.
pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| {
        let is_full = matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        if is_full {
            Error::NoSpace { doing: format!("{doing} {}", path.display()), said: source.to_string() }
        } else {
            Error::Io { doing, path, source }
        }
    }
}

/// The first of some paths, as text.
fn listed(paths: &[String]) -> String {
    let mut text = paths.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if paths.len() > MOST_NAMED {
        let _ = write!(text, " and {} more", paths.len() - MOST_NAMED);
    }
    text
}
