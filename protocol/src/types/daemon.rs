use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The answer to `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pong {
    /// Always true.
    pub pong: bool,
    /// The daemon's clock.
    pub timestamp: Timestamp,
}

/// The params of `daemon.stop`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DaemonStopParams {
    /// True if running agents go on without the daemon; the next start finds them again. False when absent: they are
    /// ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_agents: Option<bool>,
}

/// The answer to `daemon.restart`, sent before the daemon ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaemonRestarting {
    /// True if the daemon restarts now. If false, nothing has changed.
    pub restarting: bool,
    /// Its process, which stays the same.
    pub pid: u32,
    /// The errors of the configuration file. Empty if the daemon restarts.
    pub errors: Vec<ConfigProblem>,
    /// The differences that the restart puts in force, a line each: those that only a person may put in force first, up to 1,000, and
    /// the number of any more. Empty where an agent asks, since the configuration in force stays then.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// The answer to `daemon.reload`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaemonReloaded {
    /// True if the file's configuration is in force now. If false, the one before stays in force as a whole.
    pub reloaded: bool,
    /// The errors of the file. Empty if it was taken.
    pub errors: Vec<ConfigProblem>,
    /// Settings of the file that have no effect, for people.
    pub notices: Vec<String>,
    /// The differences to the configuration that was in force before, a line each: those that only a person may put in
    /// force first, up to 1,000, and the number of any more. In the event, their places without the values.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// The payload of `daemon:paused` and `daemon:resumed`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueEvent {
    /// Number of tasks that run.
    pub running: u32,
    /// True if the daemon ends once no task runs any more.
    pub draining: bool,
}

/// Something that is wrong in a configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigProblem {
    /// The file.
    pub file: String,
    /// The line, from 1; null where the file could not be read.
    pub line: Option<u32>,
    /// The column, from 1; null where the file could not be read.
    pub column: Option<u32>,
    /// The error and its remedy, for people.
    pub message: String,
}

/// As compilers do: `FILE:LINE:COLUMN: MESSAGE`, as far as it is known.
impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message } = self;
        match (line, column) {
            (Some(line), Some(column)) => write!(f, "{file}:{line}:{column}: {message}"),
            _ if file.is_empty() => f.write_str(message),
            _ => write!(f, "{file}: {message}"),
        }
    }
}

/// The answer to `daemon.stop`, sent before the daemon stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StopAcknowledged {
    /// Always true.
    pub stopping: bool,
    /// The daemon's process id: it has stopped when this process has ended.
    pub pid: u32,
    /// Number of running tasks. They get SIGTERM, 15 seconds, then SIGKILL. With `keepAgents` they go on.
    pub running: u32,
}
