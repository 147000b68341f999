use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The daemon itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DaemonConfig {
    /// Interval at which `heartbeat` and `state.json` are written, in seconds.
    #[schemars(range(min = 1))]
    pub heartbeat_interval_seconds: u32,
    /// Maximum number of agent tasks that run at once.
    #[schemars(range(min = 1, max = 1000))]
    pub max_parallel_actions: u32,
    /// Time after which a running task is ended, in minutes, unless it has a limit of its own. At most a year.
    #[schemars(range(max = 525_600), extend("exclusiveMinimum" = 0))]
    pub action_timeout_minutes: f64,
    /// Treatment of a task whose agent was lost together with the machine.
    pub interrupted_tasks: InterruptedTasks,
    /// Maximum number of attempts of a task whose agent is lost in each of them: killed together with its shim, ended
    /// by someone other than the daemon, or lost with the machine. Then it fails.
    #[schemars(range(min = 1))]
    pub max_attempts: u32,
    /// Maximum number of slots, and of places in a lane, that agents lend to other tasks while they wait for a person: so many more agents
    /// than usual may be at work, since an agent can ask and work on. `null`: as many as there are slots, or places in the lane.
    #[schemars(range(max = 1000))]
    pub max_lent_slots: Option<u32>,
    /// Maximum number of queued tasks. Beyond it, `task.submit` and `event.emit` are refused with `queue_full`. `null`:
    /// no limit.
    #[schemars(range(min = 1))]
    pub max_queued: Option<u32>,
    /// Depth from which on a new task is refused with `chain_too_deep`: the number of tasks between it and what came
    /// from outside. It bounds chains of agents whose tasks submit tasks; for what rules submit, their own `max_depth`
    /// counts.
    #[schemars(range(min = 1))]
    pub max_task_depth: u32,
    /// For how many minutes a running agent may write nothing before it counts as stalled, which is an event, `task:stalled`; for
    /// ever when null. `claude` with `--output-format json` writes nothing until its end.
    #[schemars(range(max = 525_600), extend("exclusiveMinimum" = 0))]
    pub stall_minutes: Option<f64>,
    /// Treatment of a stalled task.
    pub stalled_tasks: StalledTasks,
    /// The longest message that a client may send, in MiB.
    #[schemars(range(min = 1, max = 1024))]
    pub max_message_mb: u32,
    /// Methods that agents may call, by name or by a pattern such as `automation.*`. `default` stands for the access
    /// that docs/protocol.md states for each method; `own:` before a method allows it for an agent's own task and those
    /// that came of it.
    #[schemars(length(max = 200), inner(length(min = 1, max = 200)))]
    pub agents_may: Vec<String>,
    /// The variables that agents may set in the environment of the tasks that they submit, by name or by a pattern
    /// such as `TEST_*`. A variable that decides what code runs, such as `PATH` or `LD_PRELOAD`, is meant by its full
    /// name only. None may refer to the daemon's own (`${NAME}`).
    #[schemars(length(max = 200), inner(length(min = 1, max = 200)))]
    pub agents_env: Vec<String>,
    /// Memory of all connections together, in MiB: half of it for what they send, the rest for answers that they have
    /// not read, waiting calls and subscriptions. The longest message is half of it. A change takes effect with the
    /// next start.
    #[schemars(range(min = 16, max = 65_536))]
    pub max_memory_mb: u32,
    /// The largest payload of an event that a client emits, in KiB.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_payload_kb: u32,
    /// The largest `metadata`, and the largest `env`, of a task that a client submits, in KiB.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_metadata_kb: u32,
    /// Maximum number of open connections. It is lower where the system lets the daemon open few files: half of those
    /// are kept for agents and the database. Agents' processes have at most half of the connections together. A change
    /// takes effect with the next start.
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
            max_lent_slots: None,
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

/// Treatment of a task whose agent was lost together with the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterruptedTasks {
    /// The task is queued again, with `attempts` raised.
    #[default]
    Requeue,
    /// The task fails.
    Fail,
}

/// Treatment of a task whose agent has written nothing for `daemon.stall_minutes`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StalledTasks {
    /// The task goes on.
    #[default]
    Report,
    /// The task is ended, as `timeout`.
    End,
}

/// The log file, `.aiwg/daemon/daemon.log`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// The size in MiB at which it is rotated.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub max_size_mb: f64,
    /// Number of rotated files that are kept. `daemon.log.1` is the newest.
    pub max_files: u32,
    /// Least important level that is logged. The daemon's environment variable `AIWG_LOG` overrides it.
    pub level: LogLevel,
    /// Format of a line.
    pub format: LogFormat,
}

/// The levels of the log, the most important first. A level includes those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Failures.
    Error,
    /// Matters that need a person's attention.
    Warn,
    /// Steps of normal operation.
    #[default]
    Info,
    /// Details behind these steps.
    Debug,
    /// Everything.
    Trace,
}

/// Format of a line of the log.
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
