//! The directory of the shared file, whose changes the system reports where it can.

use std::{future::pending, path::PathBuf, time::Duration};

/// Longest time between two looks at the file: it may be on a file system that reports no changes of others.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The same where the system reports no changes at all.
const LOOK_EVERY_UNWATCHED: Duration = Duration::from_secs(2);

/// A directory.
pub(super) struct Watched {
    dir: PathBuf,
    changes: Option<changes::Changes>,
}

impl Watched {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, changes: None }
    }

    /// Watches the directory if it is there. To be called before a look at the file, so that the look finds what came before. Returns the time until the
    /// next look.
    pub(super) fn watch(&mut self) -> Duration {
        if self.changes.is_none() {
            self.changes = changes::Changes::of(&self.dir);
        }
        // Of a directory that is not there nobody has made use so far.
        if self.changes.is_none() && self.dir.is_dir() { LOOK_EVERY_UNWATCHED } else { LOOK_EVERY }
    }

    /// Waits until something has changed; for ever if the directory is not watched.
    pub(super) async fn changed(&mut self) {
        let Some(changes) = &self.changes else { return pending().await };
        if !changes.next().await {
            // It is gone: there may be another one by now.
            self.changes = None;
        }
    }
}

#[cfg(target_os = "linux")]
mod changes {
    use std::{mem::MaybeUninit, os::fd::OwnedFd, path::Path};

    use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
    use tokio::io::{Interest, unix::AsyncFd};

    /// The descriptor that reports the changes of a directory.
    pub(super) struct Changes(AsyncFd<OwnedFd>);

    impl Changes {
        /// None if the directory is not there, or the system allows no more of these.
        pub(super) fn of(dir: &Path) -> Option<Self> {
            let changes = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
            // The file is replaced as a whole.
            let of_interest =
                WatchFlags::MOVED_TO | WatchFlags::DELETE | WatchFlags::MOVE_SELF | WatchFlags::ONLYDIR;
            add_watch(&changes, dir, of_interest).ok()?;
            // SAFETY: it is owned, and gives the same descriptor as long as it lives.
            #[allow(unsafe_code)]
            let registered = unsafe { AsyncFd::register_with_interest(changes, Interest::READABLE) };
            registered.ok().map(Self)
        }

        /// Waits until something has changed. False if the directory is gone.
        pub(super) async fn next(&self) -> bool {
            let Ok(mut ready) = self.0.readable().await else { return false };
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = Reader::new(self.0.get_ref(), &mut buffer);
            let mut is_there = true;
            while let Ok(event) = reader.next() {
                is_there &= !event.events().intersects(ReadFlags::IGNORED | ReadFlags::MOVE_SELF);
            }
            ready.clear_ready();
            is_there
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod changes {
    use std::path::Path;

    /// This system reports no changes here.
    pub(super) enum Changes {}

    impl Changes {
        pub(super) fn of(_: &Path) -> Option<Self> {
            None
        }

        pub(super) async fn next(&self) -> bool {
            match *self {}
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_file_that_is_replaced_is_noticed_and_so_is_the_end_of_the_directory() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("aiwg");
        let mut watched = Watched::new(dir.clone());
        assert_eq!(watched.watch(), LOOK_EVERY);
        assert!(watched.changes.is_none(), "there is nothing to watch");
        for _ in 0..2 {
            fs::create_dir(&dir).unwrap();
            watched.watch();
            fs::write(dir.join("new"), "x").unwrap();
            fs::rename(dir.join("new"), dir.join("accounts.json")).unwrap();
            watched.changed().await;
            fs::remove_dir_all(&dir).unwrap();
            while watched.changes.is_some() {
                watched.changed().await;
            }
        }
    }
}
