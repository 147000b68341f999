//! The lock that says whether a shim is alive, and whether one may still start.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, Instant},
};

use rustix::{
    fs::{FlockOperation, OFlags, flock},
    io::Errno,
};
use serde::{Deserialize, Serialize};

use crate::{
    LOCK_FILE,
    record::{RecordError, private},
};

/// What the lock file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    /// The daemon has given up this attempt and all before it.
    abandoned: u32,
}

/// What [`abandon`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandon {
    /// No shim runs this attempt, and none ever will.
    Done,
    /// A shim is alive.
    StillRunning,
}

/// What [`acquire`] came to.
pub(crate) enum Acquired {
    /// The lock, to be kept for life.
    Lock(File),
    /// The daemon has given up this attempt.
    Abandoned,
    /// Another shim is alive.
    Busy,
}

/// How long a shim tries to take the lock. Those who only look hold it for some microseconds, and must not keep one from starting.
const ACQUIRE_FOR: Duration = Duration::from_millis(200);

/// How often it tries.
const ACQUIRE_EVERY: Duration = Duration::from_millis(2);

/// Whether a shim is alive for the task of `dir`.
///
/// # Errors
/// The lock file cannot be opened.
pub fn is_held(dir: &Path) -> io::Result<bool> {
    let no_link = OFlags::NOFOLLOW.bits().cast_signed();
    let file = match File::options().read(true).custom_flags(no_link).open(dir.join(LOCK_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    Ok(under_lock(&file, FlockOperation::NonBlockingLockShared, || Ok(()))?.is_none())
}

/// Gives up an attempt at the task of `dir` and all before it, unless a shim is alive: one that was started but has not come so
/// far as to take the lock will find that it must not run. It does not wait.
///
/// # Errors
/// The lock file cannot be written; the directory may not exist. The error names the file.
pub fn abandon(dir: &Path, attempt: u32) -> Result<Abandon, RecordError> {
    let path = dir.join(LOCK_FILE);
    let give_up = || -> io::Result<Abandon> {
        let file = private().read(true).open(&path)?;
        let done = under_lock(&file, FlockOperation::NonBlockingLockExclusive, || note(&file, attempt))?;
        Ok(if done.is_some() { Abandon::Done } else { Abandon::StillRunning })
    };
    give_up().map_err(RecordError::at(&path))
}

/// Takes the lock for life, unless someone else has it or the attempt has been given up.
pub(crate) fn acquire(dir: &Path, attempt: u32) -> Result<Acquired, RecordError> {
    let path = dir.join(LOCK_FILE);
    let acquire = || -> io::Result<Acquired> {
        let file = private().read(true).open(&path)?;
        if !lock_soon(&file)? {
            return Ok(Acquired::Busy);
        }
        // What cannot be read may have said that this attempt must not run.
        let is_abandoned = read(&file)?.abandoned >= attempt;
        Ok(if is_abandoned { Acquired::Abandoned } else { Acquired::Lock(file) })
    };
    acquire().map_err(RecordError::at(&path))
}

fn lock_soon(file: &File) -> io::Result<bool> {
    let until = Instant::now() + ACQUIRE_FOR;
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK) if Instant::now() >= until => return Ok(false),
            Err(Errno::WOULDBLOCK) => std::thread::sleep(ACQUIRE_EVERY),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Does something under the lock; none if someone else has it.
fn under_lock<T>(
    file: &File,
    how: FlockOperation,
    work: impl FnOnce() -> io::Result<T>,
) -> io::Result<Option<T>> {
    match flock(file, how) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let done = work();
    // Closing is not enough: what the daemon forks at this moment shares the lock until it execs.
    flock(file, FlockOperation::Unlock)?;
    done.map(Some)
}

/// Notes an attempt as given up. An unreadable note is replaced: no shim starts over one.
fn note(mut file: &File, attempt: u32) -> io::Result<()> {
    if read(file).is_ok_and(|content| content.abandoned >= attempt) {
        return Ok(());
    }
    // In place and then cut: at no moment is the file empty, which would take an earlier note back.
    let text = serde_json::to_vec(&Content { abandoned: attempt })?;
    file.rewind()?;
    file.write_all(&text)?;
    file.set_len(text.len().try_into().unwrap_or(u64::MAX))?;
    file.sync_all()
}

/// An empty file is a new one.
fn read(mut file: &File) -> io::Result<Content> {
    let mut text = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut text)?;
    if text.is_empty() { Ok(Content::default()) } else { Ok(serde_json::from_slice(&text)?) }
}
