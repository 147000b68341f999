//! Notices about the watching itself, for health and logs.

use std::{
    fmt,
    path::PathBuf,
    time::{Duration, SystemTime},
};

/// Maximum delay of the system's hints, on a busy machine.
pub const HINT_DELAY: Duration = Duration::from_secs(2);

/// Something has happened to the watching. `Display` says it for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The system cannot watch as many directories, so files are polled from now on.
    FellBackToPolling {
        /// The reason, and the remedy.
        why: String,
    },
    /// Events were lost; everything is looked at again. No change is lost.
    Overflow,
    /// A watched path is not there: its files count as deleted, and it is waited for.
    RootGone(PathBuf),
    /// A watched path is there again.
    RootBack(PathBuf),
    /// A directory cannot be looked at. What was reported of it stands. It is tried again whenever something changes.
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// A directory that could not be looked at can, or it is gone.
    Readable(PathBuf),
    /// Not all of an ignore file counts, so more is watched than it says.
    IgnoreFile {
        /// The file.
        path: PathBuf,
        /// The part of it that does not count, and the reason.
        why: String,
    },
    /// An ignore file of which not all counted does, or is gone.
    IgnoreFileWell(PathBuf),
    /// Changes have been waiting for a moment for a git operation that may wait for a person.
    HeldBack {
        /// The file or directory that is there while it is under way, such as `.git/MERGE_HEAD`.
        marker: PathBuf,
    },
    /// Changes wait no longer for a git operation.
    NotHeldBack,
    /// A watched path is a symbolic link, or lies behind one. Links are not followed.
    BehindLink {
        /// The watched path.
        path: PathBuf,
        /// The link.
        link: PathBuf,
    },
    /// A watched path lies no longer behind a link.
    NotBehindLink(PathBuf),
    /// The watching has failed, by a bug: nothing is reported any more.
    Failed,
    /// A git operation has not come to its end within [`Options::git_wait`](crate::Options::git_wait) or
    /// [`Options::git_operation_wait`](crate::Options::git_operation_wait). Changes are no longer held back for it.
    GitWaitOver {
        /// The file or directory that is there while it is under way, such as `.git/MERGE_HEAD`.
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
            Self::Unreadable { path, why } => write!(
                f,
                "{} cannot be watched: {why}. Make it readable for the daemon, or leave it out with `watch.ignore`",
                path.display()
            ),
            Self::Readable(path) => write!(f, "{} is no longer in the way of watching", path.display()),
            Self::IgnoreFile { path, why } => write!(f, "not all of {} counts: {why}", path.display()),
            Self::IgnoreFileWell(path) => write!(f, "all of {} counts, or it is gone", path.display()),
            Self::HeldBack { marker } => write!(
                f,
                "changes of files wait for a git operation, since {} says that one is under way: `git status` says how to \
                 bring it to its end",
                marker.display()
            ),
            Self::NotHeldBack => f.write_str("changes of files wait no longer for a git operation"),
            Self::BehindLink { path, link } => write!(
                f,
                "what is in the watched path {} is not watched: {} is a symbolic link, and links are not followed. \
                 Name it by where it really is, in the project",
                path.display(),
                link.display()
            ),
            Self::NotBehindLink(path) => {
                write!(f, "the watched path {} is no symbolic link any more", path.display())
            }
            Self::Failed => {
                f.write_str("the watching of files has failed: that is a bug of aiwg, and the log has more")
            }
            Self::GitWaitOver { marker } => write!(
                f,
                "the git operation of {} takes long; changes are no longer held back for it",
                marker.display()
            ),
        }
    }
}

/// State of the watching.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Number of directories that are watched, or polled.
    pub directories: usize,
    /// Number of files that are known in them.
    pub files: usize,
    /// True if files are polled, by choice or because the system cannot watch as many directories.
    pub polling: bool,
    /// The watched paths that are not there, absolute.
    pub missing: Vec<PathBuf>,
    /// The marker of the git operation that holds changes back, and the time since when it does.
    pub held_back: Option<(PathBuf, SystemTime)>,
    /// Number of times that events were lost since the start.
    pub overflows: u64,
    /// True if changes gather that have not been reported yet.
    pub gathering: bool,
    /// The time since when there may be changes that are not reported. `None` if only the latest hints can be on their way.
    pub unreported_since: Option<SystemTime>,
    /// Time when changes were last reported.
    pub reported_at: Option<SystemTime>,
}

impl Status {
    /// All that changed before this moment has been reported.
    pub fn reported_up_to(&self) -> SystemTime {
        let since = self.unreported_since.unwrap_or_else(SystemTime::now);
        let hinted = since.checked_sub(HINT_DELAY).unwrap_or(since);
        self.reported_at.map_or(hinted, |reported_at| reported_at.max(hinted))
    }
}
