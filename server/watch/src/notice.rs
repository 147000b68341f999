//! What concerns the watching itself, for health and logs.

use std::{fmt, path::PathBuf};

/// Something has happened to the watching. `Display` says it for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The system cannot watch as many directories, so files are polled from now on.
    FellBackToPolling {
        /// Why, and what to do about it.
        why: String,
    },
    /// Events were lost; everything is looked at again. No change is lost.
    Overflow,
    /// A watched path is not there: its files count as deleted, and it is waited for.
    RootGone(PathBuf),
    /// A watched path is there again.
    RootBack(PathBuf),
    /// A directory cannot be looked at. What was told of it stands.
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A git operation has not come to its end within [`Options::git_wait`](crate::Options::git_wait). Changes are no longer
    /// held back for it.
    GitWaitOver {
        /// What is there while it is under way, such as `.git/MERGE_HEAD`.
        marker: PathBuf,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FellBackToPolling { why } => write!(f, "files are polled: {why}"),
            Self::Overflow => f.write_str("file events were lost, so all watched files are looked at again"),
            Self::RootGone(path) => {
                write!(f, "the watched path {} is not there; waiting for it", path.display())
            }
            Self::RootBack(path) => write!(f, "the watched path {} is there again", path.display()),
            Self::Unreadable { path, why } => write!(f, "{} cannot be watched: {why}", path.display()),
            Self::GitWaitOver { marker } => write!(
                f,
                "the git operation of {} takes long; changes are no longer held back for it",
                marker.display()
            ),
        }
    }
}

/// How the watching stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// How many directories are watched, or polled.
    pub directories: usize,
    /// How many files are known in them.
    pub files: usize,
    /// Whether files are polled, by choice or because the system cannot watch as many directories.
    pub polling: bool,
    /// The watched paths that are not there, absolute.
    pub missing: Vec<PathBuf>,
    /// What holds changes back: the marker of a git operation that is under way.
    pub held: Option<PathBuf>,
    /// How often events were lost since the start.
    pub overflows: u64,
    /// Whether changes gather that have not been told yet.
    pub gathering: bool,
    /// How often those that had gathered were told since the start.
    pub tellings: u64,
}
