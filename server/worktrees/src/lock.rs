//! Waiting for others: our own locks, held by other threads and daemons, and those of git.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

use aiwg_fs::{open_private, private};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use crate::error::{Error, io as failed};

/// Time between two tries.
const TRY_EVERY: Duration = Duration::from_millis(5);

/// A lock that is held until this is dropped, or the process ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "it is held, and nothing else")] File);

impl Lock {
    /// Takes the lock of this file, which is made if it is not there; other holders are waited for.
    pub(crate) fn take(path: &Path, what: &str, patience: Duration) -> Result<Self, Error> {
        let begun = Instant::now();
        loop {
            let file = open_private(&private(), path).map_err(failed("open the lock", path))?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                // Who removes a slot removes its lock with it.
                Ok(()) if is_at(&file, path) => return Ok(Self(file)),
                Ok(()) => continue,
                Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                Err(error) => return Err(failed("take the lock", path)(error.into())),
            }
            if begun.elapsed() >= patience {
                let seconds = patience.as_secs();
                return Err(Error::Busy { what: what.to_owned(), path: path.to_owned(), seconds });
            }
            thread::sleep(TRY_EVERY);
        }
    }
}

/// True if a file is still the one of this name.
fn is_at(file: &File, path: &Path) -> bool {
    aiwg_fs::Identity::at(path)
        .is_ok_and(|there| file.metadata().is_ok_and(|found| aiwg_fs::Identity::of(&found) == there))
}

/// Waits until a lock of git is gone, of a git that someone has started.
pub(crate) fn await_git(path: PathBuf, patience: Duration) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let found = match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("look for the lock", &path)(error)),
            Ok(found) => found,
        };
        if begun.elapsed() >= patience {
            let age = found.modified().ok().and_then(|made| SystemTime::now().duration_since(made).ok());
            return Err(Error::Locked { path, seconds: age.unwrap_or_default().as_secs() });
        }
        thread::sleep(TRY_EVERY);
    }
}
