//! `daemon.status`. The names here are those of the Node daemon, mixed case and all: its clients read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HealthCheck, TaskCounts, Timestamp, open::open_enum};

/// The content of `.aiwg/daemon/heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// The daemon's process.
    pub pid: u32,
    /// When this was written: every `daemon.heartbeat_interval_seconds`.
    pub timestamp: Timestamp,
    /// For how many whole seconds it has been up.
    pub uptime_seconds: u64,
}

/// The daemon and all its subsystems.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DaemonStatus {
    /// The daemon's process.
    pub pid: u32,
    /// For how many whole seconds it has been up.
    pub uptime_seconds: u64,
    /// When it started.
    pub started_at: Timestamp,
    /// Whether all is well.
    pub health: Health,
    /// What is not well; empty when health is `healthy`.
    pub issues: Vec<Issue>,
    /// What the action `health-check` found last; null before the first time since the start.
    pub health_check: Option<HealthCheck>,
    /// The daemon's version.
    pub version: String,
    /// The version of the wire contract.
    pub protocol_version: String,
    /// The project's directory.
    pub project: String,
    /// The path of the socket: the one to forward over SSH.
    pub socket: String,
    /// The configuration in use; null when the defaults are.
    pub config: Option<String>,
    /// Whether it was started in the background. If not, it is the process of a service manager, a container or a terminal, which
    /// its end would be told to: `daemon.restart` has it begin anew without one.
    pub detached: bool,
    /// Whether it has ended: so in the `state.json` that it leaves behind.
    #[serde(default)]
    pub stopped: bool,
    /// How many tasks there are in which state: `task.stats` without what their agents used.
    #[serde(default)]
    pub stats: TaskCounts,
    /// The subsystems.
    pub subsystems: Subsystems,
}

open_enum! {
    /// Whether all is well.
    pub enum Health {
        /// It is.
        // What earlier daemons say.
        Healthy = "healthy" | "ok",
        /// Something needs a person; `issues` says what.
        Degraded = "degraded",
    }
}

/// Something that is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issue {
    /// A stable name: `storage`, `config`.
    pub kind: String,
    /// What it is and what to do about it.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
}

/// The subsystems.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Subsystems {
    /// The socket.
    pub ipc: IpcSubsystem,
    /// The queue and its agents.
    pub supervisor: SupervisorSubsystem,
    /// The rules.
    pub automation: AutomationSubsystem,
    /// The file watcher.
    pub file_watcher: FileWatcherSubsystem,
    /// The scheduler.
    pub scheduler: SchedulerSubsystem,
    /// Messaging platforms.
    pub messaging: MessagingSubsystem,
}

/// The socket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IpcSubsystem {
    /// How many clients are connected, the one that asks included.
    pub clients: u32,
}

/// The queue and its agents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SupervisorSubsystem {
    /// How many tasks are running.
    pub running: u32,
    /// How many are queued.
    pub queued: u64,
    /// How many may run at once.
    pub max_concurrency: u32,
    /// Which ones.
    pub tasks: TaskSummaries,
}

/// Which tasks are running and queued.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskSummaries {
    /// All that are running.
    pub running: Vec<RunningTaskSummary>,
    /// The first 100 that are queued, in the order in which they will start.
    pub queued: Vec<QueuedTaskSummary>,
}

/// A running task, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunningTaskSummary {
    /// Its id.
    pub id: String,
    /// The first 80 characters of its prompt.
    pub prompt: String,
    /// Its agent; the default one when null.
    pub agent: Option<String>,
    /// When its agent was started.
    pub started_at: Option<Timestamp>,
    /// The agent's process; null while it is being started.
    pub pid: Option<u32>,
}

/// A queued task, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueuedTaskSummary {
    /// Its id.
    pub id: String,
    /// The first 80 characters of its prompt.
    pub prompt: String,
    /// Its agent; the default one when null.
    pub agent: Option<String>,
    /// Its priority.
    pub priority: i32,
}

/// The rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutomationSubsystem {
    /// Whether rules are acted upon at all.
    pub enabled: bool,
    /// How many rules the configuration has; those of schedule jobs do not count.
    pub rule_count: u32,
}

/// The file watcher.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileWatcherSubsystem {
    /// Whether files are watched.
    pub enabled: bool,
    /// How many changes it has told of since the start.
    pub events_received: u64,
    /// How many directories are watched.
    pub directories: u64,
    /// How many files are in them.
    pub files: u64,
    /// Whether they are polled, because the configuration asks for it or the system cannot watch as many.
    pub polling: bool,
    /// Paths that are to be watched and are not there; they are waited for.
    pub missing: Vec<String>,
    /// What changes wait for: the mark of a git operation that is under way, such as `.git/index.lock`. Null when nothing.
    pub held_by: Option<String>,
    /// Since when changes wait for it. Null when for nothing.
    #[serde(default)]
    pub held_since: Option<Timestamp>,
    /// How often the system lost changes, so that everything was looked at again.
    pub overflows: u64,
}

/// The scheduler.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SchedulerSubsystem {
    /// Whether schedules fire.
    pub enabled: bool,
    /// How many jobs there are, rules whose trigger is a schedule included.
    pub jobs: u32,
    /// When the next of them fires; null if none does.
    pub next_at: Option<Timestamp>,
}

/// Messaging platforms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessagingSubsystem {
    /// Whether any is connected.
    pub enabled: bool,
    /// Their names.
    pub adapters: Vec<String>,
}
