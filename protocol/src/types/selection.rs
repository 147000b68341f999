//! Many tasks at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TaskState, bounded, by_name::known_by_name};

/// Selects tasks: those that are named, or all that meet the conditions. At least one member must be there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskSelection {
    /// These tasks, by their ids, 1000 at the most, whatever else is said.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::list")]
    #[schemars(length(max = 1000), inner(length(max = 200)))]
    pub task_ids: Option<Vec<String>>,
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
    /// Only tasks that have ended within so many minutes, or were submitted within them and have not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 5_256_000), extend("exclusiveMinimum" = 0))]
    pub within_minutes: Option<f64>,
}

/// The answer to `task.cancelMany`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TasksCancelled {
    /// The tasks that were selected, in the order of their numbers.
    pub tasks: Vec<TaskCancelledOne>,
    /// True if there are more: ask again.
    pub more: bool,
}

/// The result for one task of `task.cancelMany`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskCancelledOne {
    /// The task's id.
    pub task_id: String,
    /// False for one that had ended already.
    pub cancelled: bool,
    /// `cancelled` for a task that was queued; `running` for one whose agent is being ended; how it had ended for another.
    pub state: TaskState,
}

/// The answer to `task.retryMany`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TasksRetried {
    /// The new tasks, in the order in which they were submitted, those included that had been cancelled since they were to start after one
    /// that is retried.
    pub tasks: Vec<TaskRetried>,
    /// True if there are more: ask again.
    pub more: bool,
}

/// A task of `task.retryMany`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRetried {
    /// The new task's id.
    pub task_id: String,
    /// The earlier one's.
    pub retry_of: String,
    /// `running` when a slot was free, else `queued`.
    pub state: TaskState,
}
