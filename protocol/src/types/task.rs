use std::{collections::BTreeMap, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Cause, CheckResult, JsonObject, Phase, RetryPolicy, Round, Span, Takeover, TaskHost, TaskMessage,
    TaskUsage, TaskWorkspace, Timestamp, Verify, Workspace, bounded,
    by_name::{by_name, known_by_name},
    open::open_enum,
};
use crate::terms::ApprovalTerms;

open_enum! {
    /// The states of a task.
    pub enum TaskState {
        /// Waiting for a slot.
        Queued = "queued",
        /// Its agent's process is active.
        Running = "running",
        /// The agent succeeded.
        Completed = "completed",
        /// The agent failed, or could not be started.
        Failed = "failed",
        /// Cancelled by someone, or by the daemon's stop.
        Cancelled = "cancelled",
        /// The task ran longer than its time limit.
        Timeout = "timeout",
    }
}

open_enum! {
    /// The reason for which a queued task waits, apart from a free slot.
    pub enum Waiting {
        /// A task of its `after`, or an earlier turn of its conversation, has not ended.
        Dependency = "dependency",
        /// The task is to start later.
        Delay = "delay",
        /// Someone holds it: `task.release` releases it.
        Hold = "hold",
        /// Its agent was lost or has failed, and it rests before it is started again.
        Rest = "rest",
        /// Its lane is full.
        Lane = "lane",
        /// The queue is paused.
        Paused = "paused",
        /// A budget does not allow it now.
        Budget = "budget",
        /// The account of its agent has reached a limit.
        Limit = "limit",
        /// A person has taken it over: `task.give` gives it back.
        Taken = "taken",
        /// A person is to approve something.
        Approval = "approval",
        /// This host cannot run it: another one has its labels or its variables, or has begun with it.
        Host = "host",
    }
}

impl TaskState {
    /// True if the state is final, as far as this version knows.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled | Self::Timeout)
    }
}

impl FromStr for TaskState {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::from_name(name).ok_or(())
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An order to an agent, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// `task-0001`, counting up, never reused.
    pub id: String,
    /// The agent's prompt.
    pub prompt: String,
    /// The agent that is to do it, a profile of the configuration or a role; the default one when null.
    pub agent: Option<String>,
    /// The profiles by which its agents were started, one for each run in their order; `agent` stands for the section `agent`. Only in
    /// `task.get` and `task.wait`, and absent while all of them are that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<String>,
    /// Higher ones start first; 0 unless given.
    pub priority: i32,
    /// The state.
    pub state: TaskState,
    /// The reason for which it waits while it is queued; absent if only a slot is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Time at which that ends by itself; absent if it does not, or if the time is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_until: Option<Timestamp>,
    /// Time at which the limit resets after which a person is to have it go on (`accounts.resume` is `ask`); absent for any other wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_resets_at: Option<Timestamp>,
    /// The tasks whose end its agent waits for while it runs, by `task.wait` or `task.output`: up to 100 of them. Absent for none, and in lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<String>,
    /// The person's session, while a person has it; absent otherwise, and in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover: Option<Takeover>,
    /// The messages that were sent to its agent, in their order; absent for none, and in lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<TaskMessage>,
    /// The lane in which it runs; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// The labels that its host must have; absent for any host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs_on: Vec<String>,
    /// Time after which it is no longer wanted, if it has not been started by then; absent for any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The reason for its end, as one word; absent before its end, and for tasks of older daemons. `done`, `refused`,
    /// `deferred`, `limited`, `overloaded`, `auth`, `billing`, `budget`, `crashed` and `failed` are an agent's ends;
    /// `cancel`, `rejected`, `expired`, `timeout`, `stalled`, `stop`, `lost` and `not_started` those that the daemon knows of; `rounds`, `stuck`,
    /// `check_failed_to_run` and `session_lost` those of tasks with a check, and `by_hand` that of one that a person has finished. A newer
    /// daemon may have more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The check by which it counts as done; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// The part of its round that it is in while it runs; absent without a check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The result of its check before the first round (`before` of `verify`); absent where it has not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<CheckResult>,
    /// Its rounds so far, in their order; empty without a check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Round>,
    /// True if its check has succeeded; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// True if its check has succeeded before the first round, so that no agent was started; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<bool>,
    /// The work tree in which its agent works; absent for the project's own directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<TaskWorkspace>,
    /// The host of its latest run, where several share the project's store; absent otherwise, and before its first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<TaskHost>,
    /// Time of submission.
    pub created_at: Timestamp,
    /// Time at which its agent was started, for the last time if there were several attempts.
    pub started_at: Option<Timestamp>,
    /// Time of its end, in whatever state.
    pub completed_at: Option<Timestamp>,
    /// The agent's process, while it runs.
    pub pid: Option<u32>,
    /// Exit code of the agent's process; null if it did not exit by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended the agent's process; null when none did.
    pub signal: Option<i32>,
    /// Number of attempts that count, for each of which an agent was started. What a limit, a budget or a person has put off goes on as the same
    /// one, and counts only once it does, or has ended. More than 1 after an agent was lost with the machine.
    pub attempts: u32,
    /// The agent's answer, once it has ended: the `result` of its output where that is `claude`'s JSON, else the last 64 KiB of
    /// its standard output. Where the beginning is left out, the first line says so.
    pub result: Option<String>,
    /// Reason for which it did not complete, for people.
    pub error: Option<String>,
    /// The last 64 KiB of the agent's standard output so far.
    pub output: Option<String>,
    /// Its time limit in minutes; `daemon.action_timeout_minutes` when null.
    pub timeout_minutes: Option<f64>,
    /// The ids of the tasks that must have completed before it starts.
    pub after: Vec<String>,
    /// Number of processes that outlived the agent's own, or were to end with it, and have been ended; null before.
    pub processes_ended: Option<u32>,
    /// Number of its processes that could not be ended: 0, unless one belongs to another user. Null before it has
    /// ended.
    pub processes_left: Option<u32>,
    /// Usage of its agent, of one that has not ended in the runs that have; null if the agent does not report it. `claude` reports it with `--output-format json` or
    /// `stream-json`.
    pub usage: Option<TaskUsage>,
    /// The submitter's own notes.
    pub metadata: JsonObject,
    /// The conversation that it is a turn of; absent when it is of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// The cause; absent if a client submitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<Cause>,
}

/// The params of `task.submit`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskSubmitParams {
    /// The agent's prompt, at most 1 MiB of UTF-8; not blank.
    #[schemars(length(min = 1, max = 1_048_576), regex(pattern = r"\S"))]
    pub prompt: String,
    /// The agent that is to do it: a profile of `agents` of the configuration, or else a role, which its command gets as `--agent`. The default
    /// one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200), regex(pattern = r"^[^-\x00][^\x00]*$"))]
    pub agent: Option<String>,
    /// Higher ones start first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1000, max = 1000), extend("default" = 0))]
    pub priority: Option<i32>,
    /// The time limit in minutes, a year at the most; `daemon.action_timeout_minutes` of the configuration when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 525_600), extend("exclusiveMinimum" = 0))]
    pub timeout_minutes: Option<f64>,
    /// Added to the agent's environment. `${NAME}` in a value is resolved from the daemon's environment when the process
    /// starts, and is written nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::map")]
    #[schemars(extend("propertyNames" = { "pattern": r"^[^=\x00]+$" }))]
    pub env: Option<BTreeMap<String, String>>,
    /// The submitter's own notes, kept with the task.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::map")]
    pub metadata: Option<JsonObject>,
    /// The ids of tasks that must have completed before it starts, 100 at the most. When one of them ends in another way, it is
    /// cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::list")]
    #[schemars(length(max = 100), inner(length(max = 200)))]
    pub after: Option<Vec<String>>,
    /// The lane in which it runs, one of `lanes` of the configuration; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub lane: Option<String>,
    /// The labels that its host must have, where several share the project's store: `host.labels` of that one's configuration.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::list")]
    #[schemars(
        length(max = 50),
        inner(length(min = 1, max = 100), regex(pattern = r"^[A-Za-z0-9_.-]{1,100}$"))
    )]
    pub runs_on: Option<Vec<String>>,
    /// Time before which it does not start, from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// Moment before which it does not start. With `delay`, the later of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Timestamp>,
    /// Time, from now on, after which it is no longer wanted, if it has not been started by then: it is cancelled, with the reason `expired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Span>,
    /// The policy by which it is carried out again by itself before it counts as failed; not at all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::object")]
    pub retry: Option<RetryPolicy>,
    /// True if it starts whatever is left of the budgets. It still counts towards them, and `budget.task_usd` still ends it. Agents may not
    /// ask for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_budget: Option<bool>,
    /// The check by which it counts as done; none when absent. `{}` stands for `defaults.verify` of the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::object")]
    pub verify: Option<Verify>,
    /// A person must approve it before it starts: `true`, or how long that may take. Nobody is asked when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalTerms>,
    /// The place in which its agent works; `workspace` of the configuration when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Workspace>,
    /// A name for this call, any text of the caller's own: another call with it, of the same caller within 24 hours, has no effect and gets the
    /// same answer. So a call whose answer was lost can be repeated. If its params or its method differ, it is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub idempotency_key: Option<String>,
}

// By hand, because `env` may hold secrets.
impl fmt::Debug for TaskSubmitParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskSubmitParams")
            .field("prompt", &self.prompt)
            .field("agent", &self.agent)
            .field("priority", &self.priority)
            .field("timeout_minutes", &self.timeout_minutes)
            .field("env", &self.env.as_ref().map(|env| env.keys().collect::<Vec<_>>()))
            .field("metadata", &self.metadata)
            .field("after", &self.after)
            .field("lane", &self.lane)
            .field("runs_on", &self.runs_on)
            .field("delay", &self.delay)
            .field("start_at", &self.start_at)
            .field("expires", &self.expires)
            .field("retry", &self.retry)
            .field("ignore_budget", &self.ignore_budget)
            .field("verify", &self.verify)
            .field("approval", &self.approval)
            .field("workspace", &self.workspace)
            .field("idempotency_key", &self.idempotency_key)
            .finish()
    }
}

/// The answer to `task.submit`: the task is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSubmitted {
    /// The new task's id.
    pub task_id: String,
    /// `running` when a slot was free, else `queued`; `cancelled` when a task of `after` has ended without completing.
    pub state: TaskState,
}

/// The params of `task.get`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskGetParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// True to have each message to its agent as a whole. Default: false, the first 1,000 bytes of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<bool>,
}

/// The params of `task.cancel`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskCancelParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
}

/// The answer to `task.cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskCancelled {
    /// Always true: what could not be cancelled is an error.
    pub cancelled: bool,
    /// `cancelled` for a task that was queued; `running` for one whose agent is being ended, which takes up to 15 seconds:
    /// `task.wait` waits for it.
    pub state: TaskState,
}

/// The order of a list of tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskOrder {
    /// Tasks that were submitted last come first.
    #[default]
    Newest,
    /// Tasks that were submitted first come first.
    Oldest,
    /// Tasks with the highest priority come first.
    Priority,
    /// Tasks that have ended last come first, then those that have not ended.
    Ended,
    /// Tasks that have cost most come first.
    Cost,
}

/// The params of `task.list`. With `rule`, `lane`, `text`, `since` or `until`, or sorted by `priority`, `ended` or `cost`, the latest 50,000 tasks
/// before `cursor` are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskListParams {
    /// Only tasks in this state.
    #[serde(default, deserialize_with = "known_by_name", skip_serializing_if = "Option::is_none")]
    pub state: Option<TaskState>,
    /// Only tasks for this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub agent: Option<String>,
    /// Only tasks that this rule has made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub rule: Option<String>,
    /// Only tasks in this lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub lane: Option<String>,
    /// Only tasks whose prompt holds this text, whatever its case in ASCII.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1000))]
    pub text: Option<String>,
    /// Only tasks that were submitted at this moment or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only tasks that were submitted before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The order of the answer. Default: `newest`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "by_name")]
    pub sort: Option<TaskOrder>,
    /// Maximum number of tasks. The answer has fewer if they exceed 8 MiB together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000), extend("default" = 20))]
    pub limit: Option<u32>,
    /// The id of the last task of the page before: the answer goes on with the next older one. Only with the order `newest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200), regex(pattern = "^task-[0-9]{4,}$"))]
    pub cursor: Option<String>,
}

/// The params of `task.wait`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskWaitParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// Time after which the daemon answers with `wait_timeout`, in milliseconds; no limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}
