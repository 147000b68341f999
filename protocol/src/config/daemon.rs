use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The daemon itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DaemonConfig {
    /// How often `heartbeat` and `state.json` are written, in seconds.
    #[schemars(range(min = 1))]
    pub heartbeat_interval_seconds: u32,
    /// How many agent tasks run at once.
    #[schemars(range(min = 1, max = 1000))]
    pub max_parallel_actions: u32,
    /// How long a task may run before it is ended, in minutes, unless it has a limit of its own; at most a year.
    #[schemars(range(max = 525_600), extend("exclusiveMinimum" = 0))]
    pub action_timeout_minutes: f64,
    /// What becomes of a task whose agent was lost together with the machine.
    pub interrupted_tasks: InterruptedTasks,
    /// The longest message that a client may send, in MiB.
    #[schemars(range(min = 1, max = 1024))]
    pub max_message_mb: u32,
    /// The log file.
    pub log: LogConfig,
}

impl Default for DaemonConfig {
    fn default() -> Self {
        Self {
            heartbeat_interval_seconds: 30,
            max_parallel_actions: 3,
            action_timeout_minutes: 120.0,
            interrupted_tasks: InterruptedTasks::default(),
            max_message_mb: 16,
            log: LogConfig::default(),
        }
    }
}

/// What becomes of a task whose agent was lost together with the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterruptedTasks {
    /// It is queued again, with `attempts` raised.
    #[default]
    Requeue,
    /// It fails.
    Fail,
}

/// The log file, `.aiwg/daemon/daemon.log`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// The size in MiB at which it is rotated.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub max_size_mb: f64,
    /// How many rotated files are kept: `daemon.log.1` is the newest.
    pub max_files: u32,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { max_size_mb: 50.0, max_files: 5 }
    }
}
