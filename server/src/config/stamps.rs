//! The states of files and directories by which it is known, without reading them, that nothing has changed.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// The age from which a file that is changed once more has another time of change on every file system.
const SETTLED: Duration = Duration::from_secs(2);

/// The state of a file or a directory: it changes with each change of its content, its place or its rights.
#[derive(Debug, PartialEq, Eq)]
enum Stamp {
    /// The device, the number, the size, and the times of change in seconds and nanoseconds.
    There([u64; 3], [i64; 4]),
    Unreadable(io::ErrorKind),
}

impl Stamp {
    fn of(file: &Path) -> Self {
        match std::fs::metadata(file) {
            Ok(found) => Self::There(
                [found.dev(), found.ino(), found.size()],
                [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()],
            ),
            Err(error) => Self::Unreadable(error.kind()),
        }
    }

    /// True if the next change gives it another stamp, however coarse the clock of its file system is.
    fn is_settled(&self) -> bool {
        let Self::There(_, [_, _, changed, _]) = self else { return true };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(*changed).is_ok_and(|changed| changed + SETTLED.as_secs() < now.as_secs())
    }
}

/// Files and directories as they were.
#[derive(Debug, Default)]
pub(super) struct Stamps(Vec<(PathBuf, Stamp)>);

impl Stamps {
    /// These as they are now.
    pub(super) fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let stamped = |path: PathBuf| {
            let stamp = Stamp::of(&path);
            (path, stamp)
        };
        Self(paths.into_iter().map(stamped).collect())
    }

    /// Adds others.
    pub(super) fn add(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// True if each is as it was. It costs a system call for each.
    pub(super) fn are_as_they_were(&self) -> bool {
        self.0.iter().all(|(path, stamp)| *stamp == Stamp::of(path))
    }

    /// True if the next change gives one of them another stamp.
    pub(super) fn are_settled(&self) -> bool {
        self.0.iter().all(|(_, stamp)| stamp.is_settled())
    }
}
