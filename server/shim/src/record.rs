//! The records that a shim leaves in the run's directory, for this daemon or a later one.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use aiwg_fs::{Dir, is_shortage};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    EXIT_FILE, LOCK_FILE, RUN_FILE,
    launch::SpawnError,
    process::{Process, read_small},
};

/// The longest record that is read, in bytes.
const LONGEST_RECORD: u64 = 64 * 1024;

/// The number of bytes reserved for a record: more than any record of an agent's end has.
const RESERVED: usize = 1024;

/// The shim and the agent of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The task.
    pub task_id: String,
    /// The launch, from 1. Its name in the record is that of earlier versions, whose shims may still run.
    #[serde(rename = "attempt", alias = "launch")]
    pub launch: u32,
    /// The boot of the machine to which the processes belong: their start times are counted from it. None where the system does not say.
    pub boot_id: Option<String>,
    /// The shim.
    pub shim: Process,
    /// The agent, once it has been started.
    pub agent: Option<Process>,
    /// The time of the agent's start, in milliseconds since 1970.
    pub started_at_ms: Option<u64>,
}

/// The end of a task's agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// The task.
    pub task_id: String,
    /// The launch, from 1. Its name in the record is that of earlier versions, whose shims may still run.
    #[serde(rename = "attempt", alias = "launch")]
    pub launch: u32,
    /// The agent's exit code. None if a signal ended it, if it could not be started, or if it could not be ended.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The reason why it could not be started, if it could not.
    pub spawn_error: Option<SpawnError>,
    /// The time of its start, or of the attempt to start it, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// The time at which it and all it had started were gone, in milliseconds since 1970.
    pub ended_at_ms: u64,
    /// True if the end was requested.
    pub end_requested: bool,
    /// The reason for which the shim ended the agent of its own accord, if it did.
    #[serde(default)]
    pub ended_for: Option<EndedFor>,
    /// The number of processes that were signalled to end and did, the agent included if it was one of them.
    pub processes_ended: u32,
    /// The number of processes that could not be ended.
    pub processes_left: u32,
    /// True if one of its output files was removed, moved away or replaced: the file at its name does not hold all of its output, if any.
    #[serde(default)]
    pub output_taken: bool,
    /// The processor time in user mode of the agent and of what it started, in milliseconds. None where the system does not say.
    pub user_ms: Option<u64>,
    /// The same in the kernel.
    pub system_ms: Option<u64>,
}

/// The reason for which a shim ends its agent without a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedFor {
    /// Its time was up.
    TimeLimit,
    /// The agent had written more than it may.
    Output,
    /// The lock file, by which a daemon finds the shim, was removed or replaced.
    Removed,
    /// Its daemon could not say to the other hosts for too long that it lives.
    Lease,
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

    /// True if the system was short of something: the same may work later.
    pub fn is_shortage(&self) -> bool {
        is_shortage(&self.source)
    }

    /// True if something else, such as a link, is in the place of the directory.
    pub fn is_no_directory(&self) -> bool {
        let is_files = self.path.file_name().is_some_and(|name| name == LOCK_FILE);
        !is_files && Dir::is_replaced(&self.source)
    }

    /// True if there is no such file or directory.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// The shim and agent of the run of `dir`.
///
/// # Errors
/// The record cannot be read, or is not whole. The error names the file.
pub fn read_run(dir: &Path) -> Result<Option<RunRecord>, RecordError> {
    read(dir, RUN_FILE)
}

/// The end of this launch in `dir`, if it has ended.
///
/// # Errors
/// The record cannot be read, or is not whole. The error names the file.
pub fn read_exit(dir: &Path, launch: u32) -> Result<Option<ExitRecord>, RecordError> {
    Ok(read(dir, EXIT_FILE)?.filter(|record: &ExitRecord| record.launch == launch))
}

/// The id of the machine's present run.
pub(crate) fn boot_id() -> Option<String> {
    let id = read_small("/proc/sys/kernel/random/boot_id".as_ref()).ok()?;
    Some(std::str::from_utf8(&id).ok()?.trim().to_owned())
}

pub(crate) fn read<T: DeserializeOwned>(dir: &Path, name: &str) -> Result<Option<T>, RecordError> {
    match Dir::open_own_in_own(dir).and_then(|dir| dir.read_bounded(name.as_ref(), LONGEST_RECORD)) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(io::Error::from),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
    .map_err(RecordError::at(&dir.join(name)))
}

/// Reserves room for a record, so that it can be written even on a full disk: the reserved bytes are written over later.
pub(crate) fn reserve(dir: &Dir, name: &str) -> io::Result<()> {
    cleared(dir, name, || {
        let mut file = dir.open_private(&temporary(name), OFlags::CREATE)?;
        file.write_all(&[b' '; RESERVED])
    })
}

/// Replaces a record in one step.
pub(crate) fn write(dir: &Dir, name: &str, record: &impl Serialize) -> io::Result<()> {
    write_after(dir, name, record, || Ok(()))
}

/// Replaces a record in one step, after `first`, so that nobody reads it before.
pub(crate) fn write_after(
    dir: &Dir,
    name: &str,
    record: &impl Serialize,
    first: impl Fn() -> io::Result<()>,
) -> io::Result<()> {
    cleared(dir, name, || {
        let temporary = temporary(name);
        // Not truncated first: the room that is reserved there is needed where the disk is full.
        let mut file = dir.open_private(&temporary, OFlags::CREATE)?;
        let text = serde_json::to_vec(record)?;
        file.write_all(&text)?;
        file.set_len(text.len().try_into().unwrap_or(u64::MAX))?;
        first()?;
        dir.rename(&temporary, name.as_ref())
    })
}

/// Returns when a record would survive a power cut. One that is found empty after one, since it came before this, is no record.
pub(crate) fn make_durable(dir: &Dir, name: &str) -> io::Result<()> {
    dir.open_regular(name.as_ref())?.sync_all()?;
    dir.sync()
}

/// Does work that puts a file there, and once more if it fails, after the obstacle is removed: the agent may have put
/// anything in the way.
fn cleared(dir: &Dir, name: &str, work: impl Fn() -> io::Result<()>) -> io::Result<()> {
    work().or_else(|error| {
        // Nothing is in the way then, and the reserved room is not to be given back.
        if is_shortage(&error) {
            return Err(error);
        }
        let _ = dir.open_to_owner();
        dir.clear(&temporary(name))?;
        if dir.open_regular(name.as_ref()).is_err() {
            dir.clear(name.as_ref())?;
        }
        work()
    })
}

fn temporary(name: &str) -> PathBuf {
    Path::new(name).with_extension("tmp")
}

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
