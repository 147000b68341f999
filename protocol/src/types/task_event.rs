use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TaskState;

/// The payload of every event of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskEvent {
    /// The task's id.
    pub task_id: String,
    /// Where it stands now.
    pub state: TaskState,
    /// Its agent; the default one when null.
    pub agent: Option<String>,
    /// Its priority.
    pub priority: i32,
    /// The rule that made it, or made the task whose agent submitted it; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// How often an agent was started for it.
    pub attempt: u32,
    /// How long it took from its start to its end, in milliseconds; absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// What the agent's process exited with; absent when it did not exit by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended the agent's process; absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Why it did not complete: the last 2,000 bytes of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many processes that its agent left, or that were to end with it, have been ended; absent before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes_ended: Option<u32>,
    /// How many could not be; absent before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes_left: Option<u32>,
    /// What it cost, in US dollars; absent where the agent does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// With `task:stalled`: for how many milliseconds it has written nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_ms: Option<u64>,
}
