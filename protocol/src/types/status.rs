//! `daemon.status`. The names here are those of the Node daemon, mixed case and all: its clients read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BudgetBound, HealthCheck, PlatformStatus, TaskCounts, TelemetrySubsystem, Timestamp, WebhooksSubsystem,
    open::open_enum,
};

/// The content of `.aiwg/daemon/heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// The daemon's process.
    pub pid: u32,
    /// Time of writing, which is every `daemon.heartbeat_interval_seconds`.
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
    /// Time of its start.
    pub started_at: Timestamp,
    /// `healthy`, or `degraded` if something needs a person.
    pub health: Health,
    /// The problems; empty if `health` is `healthy`.
    pub issues: Vec<Issue>,
    /// The last result of the action `health-check`; null before the first since the start.
    pub health_check: Option<HealthCheck>,
    /// The daemon's version.
    pub version: String,
    /// The version of the wire contract.
    pub protocol_version: String,
    /// The project's directory.
    pub project: String,
    /// The path of the socket: the one to forward over SSH.
    pub socket: String,
    /// The store, where that is not in the project's directory: its address without a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The configuration in use; null when the defaults are.
    pub config: Option<String>,
    /// True if it was started in the background. If false, it is the process of a service manager, a container or a
    /// terminal, which would notice its end; `daemon.restart` restarts it without one.
    pub detached: bool,
    /// True if it has ended: so in the `state.json` that it leaves behind.
    #[serde(default)]
    pub stopped: bool,
    /// Number of tasks in each state: `task.stats` without the usage of their agents.
    #[serde(default)]
    pub stats: TaskCounts,
    /// The subsystems.
    pub subsystems: Subsystems,
}

open_enum! {
    /// The health of the daemon.
    pub enum Health {
        /// The daemon is well.
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
    /// The problem and its remedy.
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
    /// The budgets; absent where none is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetSubsystem>,
    /// Requests to people.
    #[serde(default)]
    pub approvals: ApprovalsSubsystem,
    /// Webhooks; absent where none are configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<WebhooksSubsystem>,
    /// The spool, while its events are taken in; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spool: Option<SpoolSubsystem>,
    /// What collects metrics; absent where nothing is set up to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<TelemetrySubsystem>,
}

/// The spool, while its events are taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SpoolSubsystem {
    /// Number of files left.
    pub left: u64,
    /// Since when.
    pub since: Timestamp,
}

/// The budgets, in short: `budget.status` has more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetSubsystem {
    /// Spent on this day so far, in US dollars.
    pub spent_usd: f64,
    /// Set aside for the tasks that run, in US dollars.
    pub reserved_usd: f64,
    /// Expected cost of the whole day, in US dollars.
    pub forecast_usd: f64,
    /// Each bound: those for all tasks first.
    pub bounds: Vec<BudgetBound>,
}

/// The socket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IpcSubsystem {
    /// Number of connected clients, the caller included.
    pub clients: u32,
}

/// The queue and its agents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SupervisorSubsystem {
    /// Number of running tasks, on all hosts.
    pub running: u32,
    /// The number of those that run on other hosts; absent where no other host can share the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_elsewhere: Option<u32>,
    /// Number of queued tasks.
    pub queued: u64,
    /// Maximum number of tasks that run at once, on this host.
    pub max_concurrency: u32,
    /// Time since which the queue is paused, or drains; absent if it does neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<Timestamp>,
    /// Time since which the queue drains: the daemon ends once no task runs. Absent if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draining_since: Option<Timestamp>,
    /// Time since which this one of several hosts is given no new tasks (`host.drain`); absent if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_draining_since: Option<Timestamp>,
    /// The running and queued tasks.
    pub tasks: TaskSummaries,
}

/// The running and queued tasks.
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
    /// Time at which its agent was started.
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
    /// True if automation as a whole is switched on.
    pub enabled: bool,
    /// Number of rules in the configuration, without those of schedule jobs.
    pub rule_count: u32,
}

/// The file watcher.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileWatcherSubsystem {
    /// True if files are watched.
    pub enabled: bool,
    /// Number of changes that it has reported since the start.
    pub events_received: u64,
    /// Number of watched directories.
    pub directories: u64,
    /// Number of files in them.
    pub files: u64,
    /// True if they are polled, because the configuration asks for it or the system cannot watch as many.
    pub polling: bool,
    /// Paths that are to be watched and are not there; they are waited for.
    pub missing: Vec<String>,
    /// The mark of a git operation under way that holds changes back, such as `.git/index.lock`. Null if nothing does.
    pub held_by: Option<String>,
    /// Since when changes wait for it. Null when for nothing.
    #[serde(default)]
    pub held_since: Option<Timestamp>,
    /// Number of times that the system lost changes, after which everything was scanned again.
    pub overflows: u64,
}

/// The scheduler.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SchedulerSubsystem {
    /// True if schedules fire.
    pub enabled: bool,
    /// Number of jobs, rules whose trigger is a schedule included.
    pub jobs: u32,
    /// Time at which the next of them fires; null if none does.
    pub next_at: Option<Timestamp>,
}

/// Requests to people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalsSubsystem {
    /// Number of approvals, permissions and answers that wait for a person.
    pub pending: u64,
}

/// Messaging platforms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagingSubsystem {
    /// True if any is connected.
    pub enabled: bool,
    /// The names of those that are connected.
    pub adapters: Vec<String>,
    /// Each platform whose token the daemon has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<PlatformStatus>,
    /// Time until which notices wait since someone has muted them; absent if nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// Time until which notices wait since these are quiet hours; absent outside of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<Timestamp>,
}
