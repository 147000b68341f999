//! The messages between the daemon and its shim.

use std::{collections::BTreeMap, ffi::OsStr, fmt, io, os::unix::ffi::OsStrExt, path::PathBuf};

use aiwg_fs::is_short;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::{lease::Lease, process::Process};

/// The default of [`LaunchSpec::grace_ms`].
pub const DEFAULT_GRACE_MS: u64 = 15_000;

/// The default of [`LaunchSpec::leftover_grace_ms`].
pub const DEFAULT_LEFTOVER_GRACE_MS: u64 = 2_000;

/// The default of [`LaunchSpec::most_paused_ms`]: a week.
pub const DEFAULT_MOST_PAUSED_MS: u64 = 7 * 24 * 3600 * 1000;

/// The second line of a shim on its standard output: the end of its run can be read ([`read_exit`](crate::read_exit)). The shim waits for a moment
/// for [`STORED`], and makes its record survive a power cut if that does not come.
pub const ON_RECORD: &str = "on record";

/// The answer to [`ON_RECORD`] on the shim's standard input: the daemon has stored the end of the run, so that the record is not needed.
pub const STORED: u8 = b'+';

/// The run that a shim is to carry out: one line of JSON on its standard input. A daemon that answers [`ON_RECORD`] leaves that open.
#[derive(Clone, Serialize, Deserialize)]
pub struct LaunchSpec {
    /// The task.
    pub task_id: String,
    /// The number of this launch of it, from 1: that of the run.
    #[serde(rename = "attempt", alias = "launch")]
    pub launch: u32,
    /// The program, looked up in the agent's own `PATH`, and its arguments.
    pub command: Vec<String>,
    /// Added to the daemon's environment, also where `env_remove` names it. May hold secrets.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Taken from the daemon's environment: exact names, or prefixes that end in `*`.
    #[serde(default)]
    pub env_remove: Vec<String>,
    /// The agent's working directory.
    pub cwd: PathBuf,
    /// The run's own directory. It exists, and is its owner's alone. Neither it nor the one above it may be a link.
    pub dir: PathBuf,
    /// The directory that `dir` may be moved along with, its project's. If `dir` is not at its path any more although this one is, someone has
    /// taken it away, and the agent is ended. None for no such check.
    #[serde(default)]
    pub root: Option<PathBuf>,
    /// The agent's standard input, a regular file: it ends by itself. None for an empty one.
    #[serde(default)]
    pub prompt_file: Option<PathBuf>,
    /// True if the agent's standard input are the lines of [`INPUT_FILE`](crate::INPUT_FILE) instead, which stays open for more of them until
    /// the agent is done: one that writes `stream-json`, and reports on what it has read.
    #[serde(default)]
    pub live_input: bool,
    /// The time from SIGTERM to SIGKILL when the tree's end is requested, in milliseconds; by default [`DEFAULT_GRACE_MS`].
    #[serde(default = "default_grace_ms")]
    pub grace_ms: u64,
    /// The same time for the processes that are left when the agent has exited by itself; by default [`DEFAULT_LEFTOVER_GRACE_MS`].
    #[serde(default = "default_leftover_grace_ms")]
    pub leftover_grace_ms: u64,
    /// The time for which the agent may run, in milliseconds; then it is ended as on request. None for no limit.
    #[serde(default)]
    pub time_limit_ms: Option<u64>,
    /// The most of its pauses that the agent's time is prolonged by, in milliseconds; by default [`DEFAULT_MOST_PAUSED_MS`]. Their record lies
    /// where the agent can write it.
    #[serde(default = "default_most_paused_ms")]
    pub most_paused_ms: u64,
    /// The number of bytes that the agent may write to its standard output and error together; then it is ended, and the rest is cut off. None
    /// for no limit.
    #[serde(default)]
    pub max_output_bytes: Option<u64>,
    /// The number of files that the agent may have open, where it is lower than the daemon's: its soft limit, see getrlimit(2).
    #[serde(default)]
    pub open_files: Option<u64>,
    /// The lease of the agent, where other hosts may be given its task. None where no other could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

fn default_grace_ms() -> u64 {
    DEFAULT_GRACE_MS
}

fn default_leftover_grace_ms() -> u64 {
    DEFAULT_LEFTOVER_GRACE_MS
}

fn default_most_paused_ms() -> u64 {
    DEFAULT_MOST_PAUSED_MS
}

impl LaunchSpec {
    /// True if the agent must not get this variable of the daemon's.
    pub(crate) fn removes(&self, name: &OsStr) -> bool {
        // By bytes: a name that is no text may still begin with a prefix.
        let name = name.as_bytes();
        self.env_remove.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix.as_bytes()),
            None => name == pattern.as_bytes(),
        })
    }
}

/// Shows the names of `env` without their values, and the program without its arguments: they are prompts and settings.
impl fmt::Debug for LaunchSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaunchSpec")
            .field("task_id", &self.task_id)
            .field("launch", &self.launch)
            .field("program", &self.command.first())
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

/// The first line of a shim on its standard output, in JSON.
///
/// A shim that reports nothing did not run it: the launch was abandoned, or another shim runs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Started {
    /// The agent runs.
    Started(Process),
    /// The agent could not be started.
    Failed(SpawnError),
}

/// The reason why an agent could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpawnError {
    /// The system's error number for the program itself: 2 means that there is no such program. 0 for every other reason,
    /// such as a missing working directory.
    pub errno: i32,
    /// The meaning of the number, for people.
    pub message: String,
}

impl SpawnError {
    /// The error of something beside the program, such as a file. Its number is kept only where the system is short of something.
    pub(crate) fn at(what: impl fmt::Display, error: &io::Error) -> Self {
        let errno = error.raw_os_error().filter(|number| is_short(*number)).unwrap_or(0);
        Self { errno, message: format!("{what}: {error}") }
    }

    /// True if the same may work later: the system was short of something, the program [is being written](Self::is_being_written), or its
    /// [lease is over](Self::is_lease_over).
    pub fn is_shortage(&self) -> bool {
        is_short(self.errno) || self.is_being_written() || self.is_lease_over()
    }

    /// True if the lease of the agent was over before it began.
    pub fn is_lease_over(&self) -> bool {
        self.errno == Errno::TIMEDOUT.raw_os_error()
    }

    /// True if a process has the program open for writing: an update is being copied in.
    pub fn is_being_written(&self) -> bool {
        self.errno == Errno::TXTBSY.raw_os_error()
    }

    /// The lease of the agent is over: its task may run elsewhere.
    pub(crate) fn lease_over() -> Self {
        Self {
            errno: Errno::TIMEDOUT.raw_os_error(),
            message: "its lease was over before it began".to_owned(),
        }
    }

    /// A reason that is not the program's.
    pub(crate) fn other(why: impl fmt::Display) -> Self {
        Self { errno: 0, message: why.to_string() }
    }
}

/// The error of executing the program.
impl From<io::Error> for SpawnError {
    fn from(error: io::Error) -> Self {
        Self { errno: error.raw_os_error().unwrap_or(0), message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> LaunchSpec {
        let text = r#"{"task_id": "task-0001", "attempt": 1, "command": ["claude", "--settings", "hunter2"], "env": {"TOKEN": "hunter2"},
                       "env_remove": ["CLAUDECODE", "CLAUDE_CODE_*"], "cwd": "/", "dir": "/"}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_graces_have_defaults() {
        assert_eq!((spec().grace_ms, spec().leftover_grace_ms), (15_000, 2_000));
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", spec());
        assert!(shown.contains("TOKEN") && shown.contains("claude") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn names_are_exact_and_prefixes_are_not() {
        let spec = spec();
        let removed = |name: &[u8]| spec.removes(OsStr::from_bytes(name));
        assert!(removed(b"CLAUDECODE") && removed(b"CLAUDE_CODE_") && removed(b"CLAUDE_CODE_\xff"));
        assert!(!removed(b"CLAUDECODEX") && !removed(b"CLAUDE_CODE") && !removed(b"ANTHROPIC_API_KEY"));
    }
}
