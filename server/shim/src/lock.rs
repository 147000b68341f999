//! The lock that says whether a shim is alive, and whether one may still start.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::Path,
    time::{Duration, Instant},
};

use aiwg_fs::Dir;
use rustix::{
    fs::{FlockOperation, OFlags, fcntl_lock, flock},
    io::Errno,
    process::{Flock, FlockType, Signal, fcntl_getlk},
};
use serde::{Deserialize, Serialize};

use crate::{LOCK_FILE, process::Process, record::RecordError};

/// The longest note that is read, in bytes.
const LONGEST_NOTE: u64 = 1024;

/// The content of the lock file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    /// The daemon has given up this launch and all before it.
    abandoned: u32,
}

/// The result of [`abandon`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandon {
    /// No shim runs this launch, and none ever will.
    Done,
    /// A shim is alive.
    StillRunning,
}

/// The result of [`acquire`].
pub(crate) enum Acquired {
    /// The lock, to be kept for life.
    Lock(File),
    /// The daemon has given up this launch.
    Abandoned,
    /// Another shim is alive.
    Busy,
}

/// The time for which a shim tries to take the lock. Processes that only look hold it for some microseconds, and must not keep a shim from starting.
const ACQUIRE_FOR: Duration = Duration::from_millis(200);

/// The time between two tries.
const ACQUIRE_EVERY: Duration = Duration::from_millis(2);

/// True if a shim is alive for the run of `dir`.
///
/// # Errors
/// The lock file cannot be opened.
pub fn is_held(dir: &Path) -> io::Result<bool> {
    let Some(file) = existing(dir)? else { return Ok(false) };
    Ok(under_lock(&file, FlockOperation::NonBlockingLockShared, || Ok(()))?.is_none())
}

/// The lock file, if there is one.
fn existing(dir: &Path) -> io::Result<Option<File>> {
    match Dir::open_own_in_own(dir).and_then(|dir| dir.open_private(LOCK_FILE.as_ref(), OFlags::empty())) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// The living shim of the run of `dir`, as the system knows it; none if there is none, or it has not taken the lock yet.
///
/// This is the process that holds the lock, whatever is written in the directory: a forged file cannot make the daemon signal another process.
///
/// # Errors
/// The lock file cannot be opened.
pub fn holder(dir: &Path) -> io::Result<Option<Process>> {
    let Some(file) = existing(dir)? else { return Ok(None) };
    let asked = || -> io::Result<Option<u32>> {
        let holder = fcntl_getlk(&file, &Flock::from(FlockType::WriteLock))?.and_then(|lock| lock.pid);
        Ok(holder.and_then(|pid| u32::try_from(pid.as_raw_pid()).ok()))
    };
    let Some(process) = asked()?.and_then(Process::of) else { return Ok(None) };
    // Or the number may have gone to another one between the answer and the look.
    Ok(if asked()? == Some(process.pid) { Some(process) } else { None })
}

/// Asks the shim of the run of `dir` to end the agent with all it started; false if there is no shim. Returns at once: the end has come when
/// [`is_held`] is false. Another request changes nothing.
///
/// # Errors
/// The lock file cannot be opened, or the shim belongs to someone else.
pub fn request_end(dir: &Path) -> io::Result<bool> {
    match holder(dir)? {
        Some(shim) => ask_to_end(&shim),
        None => Ok(false),
    }
}

/// Asks this shim to end its agent with all it started, even if the agent has stopped it; false if it is gone.
///
/// # Errors
/// It belongs to another user.
pub fn ask_to_end(shim: &Process) -> io::Result<bool> {
    Ok(shim.signal(Signal::TERM)? && shim.signal(Signal::CONT)?)
}

/// Gives up a launch in `dir` and all before it, unless a shim is alive: one that was started but has not come so
/// far as to take the lock will find that it must not run. It does not wait.
///
/// # Errors
/// The lock file cannot be written; the directory may not exist, or be [something else](RecordError::is_no_directory). The error names the file or
/// the directory.
pub fn abandon(dir: &Path, launch: u32) -> Result<Abandon, RecordError> {
    let path = dir.join(LOCK_FILE);
    let held = Dir::open_own_in_own(dir).map_err(RecordError::at(dir))?;
    let give_up = || -> io::Result<Abandon> {
        let file = held.open_private(LOCK_FILE.as_ref(), OFlags::CREATE)?;
        let done = under_lock(&file, FlockOperation::NonBlockingLockExclusive, || note(&file, launch))?;
        Ok(if done.is_some() { Abandon::Done } else { Abandon::StillRunning })
    };
    give_up().map_err(RecordError::at(&path))
}

/// Takes the lock for life, unless another process has it or the launch has been given up.
pub(crate) fn acquire(dir: &Dir, path: &Path, launch: u32) -> Result<Acquired, RecordError> {
    let acquire = || -> io::Result<Acquired> {
        let file = dir.open_private(LOCK_FILE.as_ref(), OFlags::CREATE)?;
        if !lock_soon(&file)? {
            return Ok(Acquired::Busy);
        }
        // A content that cannot be read may have said that this launch must not run.
        if read(&file)?.abandoned >= launch {
            return Ok(Acquired::Abandoned);
        }
        // This second lock lasts as long, and for it the system names the process that holds it.
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Acquired::Lock(file))
    };
    acquire().map_err(RecordError::at(&path.join(LOCK_FILE)))
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

/// Calls a function under the lock; none if another process holds the lock.
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
    // Closing is not enough: a process that the daemon forks at this moment shares the lock until it execs.
    flock(file, FlockOperation::Unlock)?;
    done.map(Some)
}

/// Notes a launch as given up. An unreadable note is replaced: no shim starts over one.
fn note(mut file: &File, launch: u32) -> io::Result<()> {
    if read(file).is_ok_and(|content| content.abandoned >= launch) {
        return Ok(());
    }
    // In place and then cut: at no moment is the file empty, which would take an earlier note back.
    let text = serde_json::to_vec(&Content { abandoned: launch })?;
    file.rewind()?;
    file.write_all(&text)?;
    file.set_len(text.len().try_into().unwrap_or(u64::MAX))?;
    file.sync_all()
}

/// An empty file is a new one.
fn read(mut file: &File) -> io::Result<Content> {
    let mut text = Vec::new();
    file.rewind()?;
    file.take(LONGEST_NOTE).read_to_end(&mut text)?;
    if text.is_empty() { Ok(Content::default()) } else { Ok(serde_json::from_slice(&text)?) }
}
