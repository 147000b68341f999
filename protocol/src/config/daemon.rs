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
    /// How many attempts a task gets in all, where its agent was lost in each of them: killed together with the process that keeps it,
    /// ended by someone who did not ask the daemon, or lost with the machine. After that it fails.
    #[schemars(range(min = 1))]
    pub max_attempts: u32,
    /// How many tasks may be queued before `task.submit` and `event.emit` are refused with `queue_full`; any number when
    /// null.
    #[schemars(range(min = 1))]
    pub max_queued: Option<u32>,
    /// How many tasks may lie between a new one and what came from outside: the task of an agent whose task was submitted by an
    /// agent and so on is refused with `chain_too_deep` from this depth on. For what rules submit, their own `max_depth` counts.
    #[schemars(range(min = 1))]
    pub max_task_depth: u32,
    /// For how many minutes a running agent may write nothing before it counts as stalled, which is an event, `task:stalled`; for
    /// ever when null. `claude` with `--output-format json` writes nothing until its end.
    #[schemars(range(max = 525_600), extend("exclusiveMinimum" = 0))]
    pub stall_minutes: Option<f64>,
    /// What becomes of a task that counts as stalled.
    pub stalled_tasks: StalledTasks,
    /// The longest message that a client may send, in MiB.
    #[schemars(range(min = 1, max = 1024))]
    pub max_message_mb: u32,
    /// What agents may ask the daemon for: methods, by name or by a pattern such as `automation.*`. `default` stands for what each method
    /// says in docs/protocol.md; `own:` before a method allows it about an agent's own task and those that came of it.
    #[schemars(length(max = 200), inner(length(min = 1, max = 200)))]
    pub agents_may: Vec<String>,
    /// Which variables agents may set in the environment of the tasks that they submit, by name or by a pattern such as `TEST_*`. A variable
    /// that decides what code runs, such as `PATH` or `LD_PRELOAD`, is meant by its full name only. None may refer to the daemon's own
    /// (`${NAME}`).
    #[schemars(length(max = 200), inner(length(min = 1, max = 200)))]
    pub agents_env: Vec<String>,
    /// How much memory connections may take all together, in MiB: half of it for what they send, the rest for answers that they have not read,
    /// calls that wait and subscriptions. A message is never longer than a half. A change takes effect with the next start.
    #[schemars(range(min = 16, max = 65_536))]
    pub max_memory_mb: u32,
    /// The largest payload of an event that a client emits, in KiB.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_payload_kb: u32,
    /// The largest `metadata`, and the largest `env`, of a task that a client submits, in KiB.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_metadata_kb: u32,
    /// How many connections may be open at once; fewer where the system lets the daemon open few files, of which half are kept for agents
    /// and the database. Agents' processes have half of them together at the most. A change takes effect with the next start.
    #[schemars(range(min = 1, max = 65_536))]
    pub max_connections: u32,
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
            max_attempts: 3,
            max_queued: None,
            max_task_depth: super::rules::default_depth(),
            stall_minutes: None,
            stalled_tasks: StalledTasks::default(),
            max_message_mb: 16,
            agents_may: vec!["default".to_owned()],
            agents_env: Vec::new(),
            max_memory_mb: 256,
            max_payload_kb: 1024,
            max_metadata_kb: 64,
            max_connections: 2000,
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

/// What becomes of a task whose agent has written nothing for `daemon.stall_minutes`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StalledTasks {
    /// It goes on.
    #[default]
    Report,
    /// It is ended, as `timeout`.
    End,
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
    /// How much is logged. The environment variable `AIWG_LOG` of the daemon has the last word.
    pub level: LogLevel,
    /// How a line is written.
    pub format: LogFormat,
}

/// How much is logged: this, and what is more important.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What a person should look at.
    Warn,
    /// What happened.
    #[default]
    Info,
    /// How it came about.
    Debug,
    /// Everything.
    Trace,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For eyes.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { max_size_mb: 50.0, max_files: 5, level: LogLevel::default(), format: LogFormat::default() }
    }
}
