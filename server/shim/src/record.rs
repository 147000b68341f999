//! What a shim leaves in the task's directory for the daemon, whichever one that will be.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::process::Signal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{EXIT_FILE, RUN_FILE, order::SpawnError, process::Process};

/// Who runs a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The task.
    pub task_id: String,
    /// The attempt.
    pub attempt: u32,
    /// The shim.
    pub shim: Process,
    /// The agent, once it has been started.
    pub agent: Option<Process>,
    /// When this was written, in milliseconds since 1970.
    pub at_ms: u64,
}

/// How a task's agent ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// The task.
    pub task_id: String,
    /// The attempt.
    pub attempt: u32,
    /// What the agent exited with.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why it could not be started.
    pub spawn_error: Option<SpawnError>,
    /// When it ended, in milliseconds since 1970.
    pub ended_at_ms: u64,
    /// Whether the end was requested.
    pub end_requested: bool,
    /// How many processes were told to end, the agent included if it was.
    pub processes_ended: u32,
    /// How many could not be ended.
    pub processes_left: u32,
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

    /// Whether there is no such file or directory.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// Who runs the task of `dir`, or ran it last.
///
/// # Errors
/// The record cannot be read.
pub fn read_run(dir: &Path) -> Result<Option<RunRecord>, RecordError> {
    read(&dir.join(RUN_FILE))
}

/// How this attempt at the task of `dir` ended, if it has.
///
/// # Errors
/// The record cannot be read.
pub fn read_exit(dir: &Path, attempt: u32) -> Result<Option<ExitRecord>, RecordError> {
    Ok(read(&dir.join(EXIT_FILE))?.filter(|record: &ExitRecord| record.attempt == attempt))
}

/// Asks a shim to end the agent with all it started; false if the shim is gone.
///
/// # Errors
/// It may not be signalled.
pub fn request_end(run: &RunRecord) -> io::Result<bool> {
    run.shim.signal(Signal::TERM)
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
