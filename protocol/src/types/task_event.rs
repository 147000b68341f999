use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TaskState;

/// The payload of every event of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskEvent {
    /// The task's id.
    pub task_id: String,
    /// The state of the task now.
    pub state: TaskState,
    /// Its agent; the default one when null.
    pub agent: Option<String>,
    /// Its priority.
    pub priority: i32,
    /// The rule that made it, or made the task whose agent submitted it; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The name of the host that it runs on, or ran on when it ended, where several share the project's store; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Number of attempts that count, for each of which an agent was started.
    pub attempt: u32,
    /// Time from its start to its end, in milliseconds; absent before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Exit code of the agent's process; absent if it did not exit by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended the agent's process; absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Reason for which it did not complete: the last 2,000 bytes of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The reason for its end, as one word: see `reason` of a task; absent before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Number of processes that its agent left, or that were to end with it, and have been ended; absent before its
    /// end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes_ended: Option<u32>,
    /// Number of processes that could not be ended; absent before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes_left: Option<u32>,
    /// Its cost, in US dollars; absent if the agent does not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// With `task:stalled`: for how many milliseconds it has written nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_ms: Option<u64>,
}

/// The payload of `task:refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRefusedEvent {
    /// The kind of the error by which it was refused: `chain_too_deep`.
    pub reason: String,
    /// The beginning of its prompt, up to 200 characters.
    pub prompt: String,
}
