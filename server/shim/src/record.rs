//! What a shim leaves in the task's directory for the daemon, whichever one that will be.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::process::Signal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    EXIT_FILE, RUN_FILE,
    order::SpawnError,
    process::{Process, read_small},
};

/// Who runs a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The task.
    pub task_id: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Which run of the machine the processes belong to: their start times are counted from its start. None where the system
    /// does not tell.
    pub boot_id: Option<String>,
    /// The shim.
    pub shim: Process,
    /// The agent, once it has been started.
    pub agent: Option<Process>,
    /// When the agent was started, in milliseconds since 1970.
    pub started_at_ms: Option<u64>,
}

impl RunRecord {
    /// For how long its shim has run, whatever the clock was set to meanwhile. None where the system does not tell, or where it ran before the
    /// machine's last start.
    pub fn age(&self) -> Option<Duration> {
        let is_of_this_run = self.boot_id.is_some() && self.boot_id == boot_id();
        if is_of_this_run { self.shim.age() } else { None }
    }
}

/// How a task's agent ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// The task.
    pub task_id: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What the agent exited with. None if a signal ended it, if it could not be started, or if it could not be ended.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why it could not be started.
    pub spawn_error: Option<SpawnError>,
    /// When it was started, or was to be, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// When it and all it had started were gone, in milliseconds since 1970.
    pub ended_at_ms: u64,
    /// Whether the end was requested.
    pub end_requested: bool,
    /// How many processes were signalled to end and did, the agent included if it was one of them.
    pub processes_ended: u32,
    /// How many could not be ended.
    pub processes_left: u32,
    /// The processor time in user mode of the agent and of what it started, in milliseconds. None where the system does not tell.
    pub user_ms: Option<u64>,
    /// The same in the kernel.
    pub system_ms: Option<u64>,
}

/// A record cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub struct RecordError {
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

impl RecordError {
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { path, source }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is no such file or directory.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// Who runs the task of `dir`, or ran it last.
///
/// # Errors
/// The record cannot be read, or is not whole. The error names the file.
pub fn read_run(dir: &Path) -> Result<Option<RunRecord>, RecordError> {
    read(&dir.join(RUN_FILE))
}

/// How this attempt at the task of `dir` ended, if it has.
///
/// # Errors
/// The record cannot be read, or is not whole. The error names the file.
pub fn read_exit(dir: &Path, attempt: u32) -> Result<Option<ExitRecord>, RecordError> {
    Ok(read(&dir.join(EXIT_FILE))?.filter(|record: &ExitRecord| record.attempt == attempt))
}

/// Asks a shim to end the agent with all it started; false if the shim is gone. Returns at once: the end is there when
/// [`is_held`](crate::is_held) is false. To ask again changes nothing.
///
/// # Errors
/// The shim belongs to someone else.
pub fn request_end(run: &RunRecord) -> io::Result<bool> {
    // Numbers and start times are given out anew with every start of the machine.
    Ok(run.boot_id == boot_id() && run.shim.signal(Signal::TERM)?)
}

/// Which run of the machine this is.
pub(crate) fn boot_id() -> Option<String> {
    let id = read_small("/proc/sys/kernel/random/boot_id".as_ref()).ok()?;
    Some(std::str::from_utf8(&id).ok()?.trim().to_owned())
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RecordError> {
    match std::fs::read(path) {
        Ok(text) => {
            serde_json::from_slice(&text).map(Some).map_err(io::Error::from).map_err(RecordError::at(path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RecordError::at(path)(error)),
    }
}

/// Replaces a record in one step.
pub(crate) fn write(path: &Path, record: &impl Serialize) -> Result<(), RecordError> {
    replace(path, record, false).map_err(RecordError::at(path))
}

/// Replaces a record in one step, and returns when it would survive a power cut.
pub(crate) fn write_durably(path: &Path, record: &impl Serialize) -> Result<(), RecordError> {
    replace(path, record, true).map_err(RecordError::at(path))
}

fn replace(path: &Path, record: &impl Serialize, durably: bool) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = private().truncate(true).open(&temporary)?;
    file.write_all(&serde_json::to_vec(record)?)?;
    if durably {
        file.sync_all()?;
    }
    std::fs::rename(&temporary, path)?;
    match path.parent() {
        Some(dir) if durably => File::open(dir)?.sync_all(),
        _ => Ok(()),
    }
}

/// Files for their owner only; a link that someone has planted is not followed.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
