//! The queue: who holds what back, what is changed in it, when it rests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Span, Timestamp};

/// The params of `task.hold`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskHoldParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// Time at which it is released by itself; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The answer to `task.hold`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskHeld {
    /// False if it was held before; `until` counts from now on.
    pub held: bool,
}

/// The params of `task.release`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskReleaseParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
}

/// The answer to `task.release`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskReleased {
    /// False if nobody held it, and it was not to start later.
    pub released: bool,
}

/// The params of `task.edit`: what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskEditParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// Another prompt, at most 1 MiB of UTF-8; not blank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1_048_576), regex(pattern = r"\S"))]
    pub prompt: Option<String>,
    /// Another priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1000, max = 1000))]
    pub priority: Option<i32>,
    /// Another lane, of those in `lanes`; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub lane: Option<String>,
    /// Time, from now on, after which it is no longer wanted, if it has not been started by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Span>,
}

/// The answer to `task.edit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskEdited {
    /// False if it was like that before.
    pub edited: bool,
}

/// The answer to `daemon.pause`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuePaused {
    /// Time since which the queue is paused.
    pub since: Timestamp,
    /// Number of tasks that run, and go on.
    pub running: u32,
}

/// The answer to `daemon.resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueResumed {
    /// False if the queue was not paused.
    pub resumed: bool,
}

/// The params of `daemon.drain`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DaemonDrainParams {
    /// True if the daemon is to end once no task runs any more. It does not pause the queue at the next start; a `daemon.pause` before it does.
    /// Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<bool>,
    /// How long to wait until no task runs any more, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 60_000), extend("default" = 0))]
    pub wait_ms: Option<u64>,
}
