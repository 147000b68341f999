//! What the daemon and its shim say to each other.

use std::{collections::BTreeMap, fmt, io, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::process::Process;

/// What a shim is to run: one JSON document on its standard input.
#[derive(Clone, Serialize, Deserialize)]
pub struct Order {
    /// The task.
    pub task_id: String,
    /// Which attempt at it this is, from 1.
    pub attempt: u32,
    /// The program, looked up in the agent's own `PATH`, and its arguments.
    pub command: Vec<String>,
    /// Added to the daemon's environment. May hold secrets.
    pub env: BTreeMap<String, String>,
    /// Taken from the daemon's environment: exact names, or prefixes that end in `*`.
    pub env_remove: Vec<String>,
    /// The agent's working directory.
    pub cwd: PathBuf,
    /// The task's own directory. It exists.
    pub dir: PathBuf,
    /// The agent's standard input; none for an empty one.
    pub prompt_file: Option<PathBuf>,
    /// How long after SIGTERM the tree gets SIGKILL when its end is requested, in milliseconds.
    pub grace_ms: u64,
    /// The same for what is left when the agent has exited by itself.
    pub leftover_grace_ms: u64,
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order")
            .field("task_id", &self.task_id)
            .field("attempt", &self.attempt)
            .field("command", &self.command)
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

/// What a shim says on its standard output, once: one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Started {
    /// The agent runs.
    Started(Process),
    /// It could not be started.
    Failed(SpawnError),
}

/// Why an agent could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpawnError {
    /// The system's error number; 0 when it is not one of the system's.
    pub errno: i32,
    /// What it means.
    pub message: String,
}

impl From<io::Error> for SpawnError {
    fn from(error: io::Error) -> Self {
        Self { errno: error.raw_os_error().unwrap_or(0), message: error.to_string() }
    }
}
