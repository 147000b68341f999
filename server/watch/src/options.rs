//! The options of the watching.

use std::{
    io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use crate::Kind;

/// Files that editors keep beside the file that is edited, as gitignore patterns. They do not count unless an ignore file says so
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

/// Options of a watcher.
#[derive(Debug, Clone)]
pub struct Options {
    /// The project. Must exist. A symbolic link to it is resolved once, at the start.
    pub root: PathBuf,
    /// Paths to watch in it. Default: all of it.
    pub paths: Vec<WatchedPath>,
    /// Gitignore patterns, relative to the project, that count before any `.gitignore`. Default: none.
    pub ignore: Vec<String>,
    /// True if `.gitignore` files and their kin count. Default: true.
    pub gitignore: bool,
    /// True if other work trees of the project's repository that lie in the project are watched, such as `.claude/worktrees/x`. Those
    /// that a watched path names are in any case. Default: false.
    pub work_trees: bool,
    /// The daemon's own files, relative to the project: they never count, whatever else is said. Default:
    /// `.aiwg/daemon` and `.aiwg/daemon.pid`.
    pub own: Vec<PathBuf>,
    /// Time for which changes gather, from the first one on. More changes do not prolong it, but if the last one is younger than 50 ms
    /// (or this time, if that is shorter), a quiet moment is waited for, at most as long again. With zero each change is reported at
    /// once. Default: 1 s.
    pub settle: Duration,
    /// Maximum time for which changes are held back while git writes (`index.lock` is there), from the moment they
    /// would have been reported. After that
    /// a git that was killed has left it there, and it no longer holds anything back. Default: 60 s.
    pub git_wait: Duration,
    /// Maximum time for which changes are held back while a git operation is under way that may wait for a person: a merge, a rebase, a
    /// cherry-pick, a revert, a bisect. One in which nothing has happened for as long holds nothing back. Default: a day.
    pub git_operation_wait: Duration,
    /// True to poll instead of having the system report. Default: false.
    pub polling: bool,
    /// Interval between polls. A tree that takes long to look at is polled less often: looking takes a tenth of the time at most.
    /// Default: 1 s.
    pub poll_every: Duration,
    /// Time up to which an earlier watcher has reported changes. What has come or changed since, by the file's own time of change, is
    /// reported at the start; what has gone is not known. Default: none, so that all there is counts as reported.
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

/// The reason for which the watching cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The project cannot be found.
    #[error("the project {} cannot be watched: {source}", path.display())]
    Root {
        /// The project.
        path: PathBuf,
        /// The reason.
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
        /// The reason.
        why: String,
    },
    /// There can be no thread for it.
    #[error("the thread that watches files cannot be started: {0}")]
    Thread(io::Error),
}
