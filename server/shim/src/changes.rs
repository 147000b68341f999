//! Changes of files and directories, where the system reports them: inotify(7).

use std::{
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    path::PathBuf,
};

/// The reported changes. Its descriptor becomes readable when there are any.
pub(crate) struct Changes(OwnedFd);

/// The kind of changes that is of interest.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Writing to a file.
    Content,
    /// All within a directory, and those of its place.
    Within,
    /// Moving or removing a directory.
    Place,
}

impl Changes {
    /// The changes of these kinds, each at its path; none where the system allows no more watches, or has none.
    #[cfg(target_os = "linux")]
    pub(crate) fn of(watched: impl IntoIterator<Item = (PathBuf, Kind)>) -> Option<Self> {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        let place = WatchFlags::MOVE_SELF | WatchFlags::DELETE_SELF | WatchFlags::ONLYDIR;
        let within = WatchFlags::MODIFY | WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO;
        let changes = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
        for (path, kind) in watched {
            let flags = match kind {
                Kind::Content => WatchFlags::MODIFY,
                Kind::Within => within | place,
                Kind::Place => place,
            };
            add_watch(&changes, path, flags).ok()?;
        }
        Some(Self(changes))
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn of(_: impl IntoIterator<Item = (PathBuf, Kind)>) -> Option<Self> {
        None
    }

    /// Empties the queue of changes; true if there were any.
    pub(crate) fn drain(&self) -> bool {
        let mut buffer = [0; 4096];
        let mut any = false;
        while matches!(rustix::io::read(&self.0, &mut buffer), Ok(count) if count > 0) {
            any = true;
        }
        any
    }
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A path of the very file or directory that is open here, wherever it is by now.
pub(crate) fn path_of(open: impl AsFd) -> PathBuf {
    format!("/proc/self/fd/{}", open.as_fd().as_raw_fd()).into()
}
