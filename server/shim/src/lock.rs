//! The lock that says whether a shim is alive, and whether one may still start.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::Path,
};

use rustix::{
    fs::{FlockOperation, flock},
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

/// Whether a shim is alive for the task of `dir`.
///
/// # Errors
/// The lock file cannot be opened.
pub fn is_held(dir: &Path) -> io::Result<bool> {
    let file = match File::open(dir.join(LOCK_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(false),
        Err(Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Gives up an attempt at the task of `dir`, unless a shim is alive: one that was started but has not come so far as to take the
/// lock will find that it must not run.
///
/// # Errors
/// The lock file cannot be written; the directory may not exist.
pub fn abandon(dir: &Path, attempt: u32) -> Result<Abandon, RecordError> {
    let path = dir.join(LOCK_FILE);
    let give_up = || -> io::Result<Abandon> {
        let Some((mut file, content)) = open(&path)? else { return Ok(Abandon::StillRunning) };
        if content.abandoned < attempt {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(&serde_json::to_vec(&Content { abandoned: attempt })?)?;
            file.sync_all()?;
        }
        Ok(Abandon::Done)
    };
    give_up().map_err(RecordError::at(&path))
}

pub(crate) fn acquire(dir: &Path, attempt: u32) -> Result<Acquired, RecordError> {
    let path = dir.join(LOCK_FILE);
    Ok(match open(&path).map_err(RecordError::at(&path))? {
        None => Acquired::Busy,
        Some((_, content)) if content.abandoned >= attempt => Acquired::Abandoned,
        Some((file, _)) => Acquired::Lock(file),
    })
}

/// The locked file and what it holds; none if someone else has the lock.
fn open(path: &Path) -> io::Result<Option<(File, Content)>> {
    let mut file = private().read(true).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    // An empty one is new, or its writing was cut short: then the one who wrote it will do so again.
    let content = serde_json::from_slice(&text).unwrap_or_default();
    Ok(Some((file, content)))
}
