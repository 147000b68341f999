//! The directory of the shared file, whose changes the system reports where it can.

use std::{
    ffi::OsString,
    future::pending,
    path::{Path, PathBuf},
    time::Duration,
};

/// Longest time between two looks at the file: it may be on a file system that reports no changes of others.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The same where the system reports no changes at all.
const LOOK_EVERY_UNWATCHED: Duration = Duration::from_secs(2);

/// A directory.
#[derive(Default)]
pub(super) struct Watched {
    dir: PathBuf,
    /// The watch that reports changes, with its directory: where this one is not there, the nearest above it, in which it may appear.
    changes: Option<(PathBuf, changes::Changes)>,
}

impl Watched {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, changes: None }
    }

    /// Watches the directory, or the one in which it may appear. To be called before a look at the file, so that the look finds what came before. Returns
    /// the time until the next look. It may block.
    pub(super) fn watch(&mut self) -> Duration {
        // Each time that a directory on the way comes or goes meanwhile.
        for _ in self.dir.ancestors() {
            let Some(there) = self.nearest() else { break };
            if self.changes.as_ref().is_none_or(|(watched, _)| *watched != there) {
                self.changes = changes::Changes::of(&there, self.next_below(&there))
                    .map(|changes| (there.clone(), changes));
            }
            if self.nearest() == Some(there) {
                break;
            }
        }
        // Of a directory that is not there nobody has made use so far.
        if self.changes.is_none() && self.dir.is_dir() { LOOK_EVERY_UNWATCHED } else { LOOK_EVERY }
    }

    /// True if the system says when something changes.
    pub(super) fn is_watched(&self) -> bool {
        self.changes.is_some()
    }

    /// The nearest directory that is there.
    fn nearest(&self) -> Option<PathBuf> {
        self.dir.ancestors().find(|dir| dir.is_dir()).map(Path::to_owned)
    }

    /// The name of what is missing below one of the directories above; none below the directory itself.
    fn next_below(&self, above: &Path) -> Option<OsString> {
        let next = self.dir.strip_prefix(above).ok()?.components().next()?;
        Some(next.as_os_str().to_owned())
    }

    /// Waits until something has changed; for ever if nothing is watched.
    pub(super) async fn changed(&mut self) {
        let Some((_, changes)) = &self.changes else { return pending().await };
        if !changes.next().await {
            // It is gone: there may be another one by now.
            self.changes = None;
        }
    }
}

#[cfg(target_os = "linux")]
mod changes {
    use std::{
        ffi::OsString,
        mem::MaybeUninit,
        os::{fd::OwnedFd, unix::ffi::OsStrExt},
        path::Path,
    };

    use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
    use tokio::io::{Interest, unix::AsyncFd};

    /// The descriptor that reports the changes of a directory.
    pub(super) struct Changes {
        reports: AsyncFd<OwnedFd>,
        /// The name in it that matters; none if all do.
        only: Option<OsString>,
    }

    impl Changes {
        /// None if the directory is not there, or the system allows no more of these. Of the changes in it matter those of this name, or all.
        pub(super) fn of(dir: &Path, only: Option<OsString>) -> Option<Self> {
            let changes = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
            // The file is replaced as a whole.
            let mut of_interest =
                WatchFlags::MOVED_TO | WatchFlags::DELETE | WatchFlags::MOVE_SELF | WatchFlags::ONLYDIR;
            if only.is_some() {
                of_interest |= WatchFlags::CREATE;
            }
            add_watch(&changes, dir, of_interest).ok()?;
            // SAFETY: it is owned, and gives the same descriptor as long as it lives.
            #[allow(unsafe_code)]
            let registered = unsafe { AsyncFd::register_with_interest(changes, Interest::READABLE) };
            registered.ok().map(|reports| Self { reports, only })
        }

        /// Waits until something has changed. False if the directory is gone.
        pub(super) async fn next(&self) -> bool {
            loop {
                let Ok(mut ready) = self.reports.readable().await else { return false };
                let mut buffer = [MaybeUninit::uninit(); 4096];
                let mut reader = Reader::new(self.reports.get_ref(), &mut buffer);
                let (mut is_there, mut matters) = (true, false);
                while let Ok(event) = reader.next() {
                    let only = self.only.as_ref().map(|only| only.as_bytes());
                    is_there &= !event.events().intersects(ReadFlags::IGNORED | ReadFlags::MOVE_SELF);
                    matters |= event.events().contains(ReadFlags::QUEUE_OVERFLOW)
                        || only
                            .is_none_or(|only| event.file_name().is_some_and(|name| name.to_bytes() == only));
                }
                ready.clear_ready();
                if matters || !is_there {
                    return is_there;
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod changes {
    use std::{ffi::OsString, path::Path};

    /// This system reports no changes here.
    pub(super) enum Changes {}

    impl Changes {
        pub(super) fn of(_: &Path, _: Option<OsString>) -> Option<Self> {
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
        let dir = parent.path().join("state/aiwg");
        let mut watched = Watched::new(dir.clone());
        for _ in 0..2 {
            assert_eq!(watched.watch(), LOOK_EVERY);
            // What else appears there does not matter.
            fs::write(parent.path().join("other"), "x").unwrap();
            fs::create_dir(parent.path().join("state")).unwrap();
            watched.changed().await;
            watched.watch();
            fs::create_dir(&dir).unwrap();
            watched.changed().await;
            watched.watch();
            fs::write(dir.join("new"), "x").unwrap();
            fs::rename(dir.join("new"), dir.join("accounts.json")).unwrap();
            watched.changed().await;
            fs::remove_dir_all(parent.path().join("state")).unwrap();
            while watched.is_watched() {
                watched.changed().await;
            }
        }
    }

    #[tokio::test]
    async fn changes_of_others_in_a_directory_above_wake_nobody() {
        let parent = tempfile::tempdir().unwrap();
        let mut watched = Watched::new(parent.path().join("state/aiwg"));
        watched.watch();
        fs::create_dir(parent.path().join("other")).unwrap();
        let mut changed = std::pin::pin!(watched.changed());
        assert!(futures::poll!(changed.as_mut()).is_pending());
        fs::create_dir(parent.path().join("state")).unwrap();
        changed.await;
    }
}
