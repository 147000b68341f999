//! What is watched, and how.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::{
    Kind,
    roots::within,
    rules::{Scope, Verdict},
};

/// What editors keep beside the file that is edited, as gitignore patterns. They do not count unless an ignore file says so
/// (`!*~`).
pub const EDITOR_FILES: &[&str] = &[
    // vim: the swap file, and the probe whether a directory can be written
    ".*.sw[a-px]",
    ".*.swpx",
    "4913",
    // backups of vim, emacs, gedit and others
    "*~",
    // emacs: locks and automatic saves
    ".#*",
    "\\#*#",
    // JetBrains
    "*___jb_tmp___",
    "*___jb_old___",
    // LibreOffice and Microsoft Office: locks
    ".~lock.*#",
    "~$*",
    // kate, GNOME, macOS
    ".*.kate-swp",
    ".goutputstream-*",
    ".DS_Store",
];

/// What is watched, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The project. Must exist. A symbolic link to it is resolved once, at the start.
    pub root: PathBuf,
    /// What to watch in it. Default: all of it.
    pub paths: Vec<WatchedPath>,
    /// Gitignore patterns, relative to the project, that count before any `.gitignore`. Default: none.
    pub ignore: Vec<String>,
    /// Whether `.gitignore` files and their kin count. Default: true.
    pub gitignore: bool,
    /// Whether other work trees of the project's repository that lie in the project are watched, such as `.claude/worktrees/x`. Those
    /// that a watched path names are in any case. Default: false.
    pub work_trees: bool,
    /// The daemon's own files, relative to the project: they never count, whatever else is said. Default:
    /// `.aiwg/daemon` and `.aiwg/daemon.pid`.
    pub own: Vec<PathBuf>,
    /// How long changes gather, from the first one on. More changes do not prolong it, but if the last one is younger than 50 ms
    /// (or this time, if that is shorter), a quiet moment is waited for, at most as long again. With zero each change is told at
    /// once. Default: 1 s.
    pub settle: Duration,
    /// How long changes are held back while git writes (`index.lock` is there), from the moment they would have been told. After that
    /// a git that was killed has left it there, and it no longer holds anything back. Default: 60 s.
    pub git_wait: Duration,
    /// How long changes are held back while a git operation is under way that may wait for a person: a merge, a rebase, a
    /// cherry-pick, a revert, a bisect. One in which nothing has happened for as long holds nothing back. Default: a day.
    pub git_operation_wait: Duration,
    /// Whether to poll instead of having the system tell. Default: false.
    pub polling: bool,
    /// How often to poll. A tree that takes long to look at is polled less often: looking takes a tenth of the time at most.
    /// Default: 1 s.
    pub poll_every: Duration,
    /// Up to when changes were told by an earlier watcher. What has come or changed since, by the file's own time of change, is
    /// told at the start; what has gone is not known. Default: none, so that all there is counts as told.
    pub since: Option<SystemTime>,
    /// The most directories to have the system watch; with more, files are polled. Default: as many as the system allows.
    pub max_watches: Option<usize>,
}

impl Options {
    /// Watches all of a project.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            paths: vec![WatchedPath::new(".")],
            ignore: Vec::new(),
            gitignore: true,
            work_trees: false,
            own: vec![".aiwg/daemon".into(), ".aiwg/daemon.pid".into()],
            settle: Duration::from_secs(1),
            git_wait: Duration::from_mins(1),
            git_operation_wait: Duration::from_hours(24),
            polling: false,
            poll_every: Duration::from_secs(1),
            since: None,
            max_watches: None,
        }
    }
}

impl Options {
    /// Says what would make no sense, without looking at any file but the project's directory.
    ///
    /// # Errors
    /// As [`Watcher::start`](crate::Watcher::start), but for the thread.
    pub fn check(&self) -> Result<(), WatchError> {
        self.scope().map(drop)
    }

    /// Says whether a change of this kind to a file would be told, by what the ignore files say now; if not, why.
    ///
    /// The path is relative to the project, or absolute and within it. The file need not be there.
    ///
    /// # Errors
    /// As [`Self::check`], or the path is not within the project.
    pub fn verdict(&self, path: &Path, kind: Kind) -> Result<Verdict, WatchError> {
        self.verdicts()?.of(path, kind)
    }

    /// The same for many files.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn verdicts(&self) -> Result<Verdicts, WatchError> {
        self.scope().map(Verdicts)
    }

    /// What counts, in the project without symbolic links.
    pub(crate) fn scope(&self) -> Result<Scope, WatchError> {
        let at_root = |source| WatchError::Root { path: self.root.clone(), source };
        let project = self.root.canonicalize().map_err(at_root)?;
        if !project.is_dir() {
            return Err(at_root(io::ErrorKind::NotADirectory.into()));
        }
        Scope::new(project, self)
    }
}

/// What says of many files whether their changes would be told.
#[derive(Debug)]
pub struct Verdicts(Scope);

impl Verdicts {
    /// As [`Options::verdict`] says it.
    ///
    /// # Errors
    /// The path is not within the project.
    pub fn of(&self, path: &Path, kind: Kind) -> Result<Verdict, WatchError> {
        let path = within(&self.0.project, path)?;
        Ok(self.0.verdict(&path, kind))
    }
}

/// A directory or file to watch. It need not exist yet. Watched paths may lie within each other: a change counts if any of
/// them wants it.
#[derive(Debug, Clone, Default)]
pub struct WatchedPath {
    /// Relative to the project, or absolute and within it.
    pub path: PathBuf,
    /// Only these kinds of change; `None` for all. Without `Renamed`, a rename counts as a deletion and a creation.
    pub kinds: Option<Vec<Kind>>,
    /// Gitignore patterns, relative to `path`.
    pub ignore: Vec<String>,
    /// Only files whose names end in one of these, with or without the dot: `ts`, `.d.ts`. `None` for all.
    pub extensions: Option<Vec<String>>,
}

impl WatchedPath {
    /// All changes at a path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

/// Why the watching cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The project cannot be found.
    #[error("the project {} cannot be watched: {source}", path.display())]
    Root {
        /// The project.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A path lies outside the project.
    #[error("the path {} to watch is not within the project", path.display())]
    Outside {
        /// The path, as it was given.
        path: PathBuf,
    },
    /// An ignore pattern cannot be understood.
    #[error("the ignore pattern {pattern:?} cannot be understood: {why}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why not.
        why: String,
    },
    /// There can be no thread for it.
    #[error("the thread that watches files cannot be started: {0}")]
    Thread(io::Error),
}
