//! Steering a task that is under way, and taking it over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TaskState, Timestamp, open::open_enum};

/// The params of `task.send`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskSendParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// The message, at most 64 KiB of UTF-8; not blank.
    #[schemars(length(min = 1, max = 65_536), regex(pattern = r"\S"))]
    pub message: String,
}

open_enum! {
    /// The way in which a message reaches a task's agent.
    pub enum Delivery {
        /// The agent gets it in its session while it works: between two of its steps, or as its next turn. If its run ends before, it is the next
        /// run's.
        Live = "live",
        /// The agent gets it in its session when the run that is under way has ended; earlier where that has only just begun, and turns out to take
        /// messages while it works.
        NextRun = "next_run",
        /// The task has not begun, or waits to go on, or a person has it: the message comes with what its agent is asked then.
        Queued = "queued",
    }
}

/// The answer to `task.send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSent {
    /// The number of the message within the task, from 1.
    pub n: u32,
    /// The state of the task.
    pub state: TaskState,
    /// The way in which the message reaches its agent.
    pub delivery: Delivery,
}

open_enum! {
    /// The state of a message to a task's agent.
    pub enum MessageState {
        /// No agent has it yet.
        Waiting = "waiting",
        /// Its task has ended before an agent had it: none ever will. A retry of the task does not get it either.
        Undelivered = "undelivered",
        /// An agent was ended that had read it, and it is not known to be part of its session. The next run gets it, with a note of that.
        Unsure = "unsure",
        /// It is part of the agent's session, or of what its agent was asked.
        Delivered = "delivered",
    }
}

/// A message to a task's agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskMessage {
    /// Its number within the task, from 1.
    pub n: u32,
    /// Time at which it was sent; absent for one of an older daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The task whose agent has sent it; absent if a person or a script has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its first 1,000 bytes; with `whole`, all of it.
    pub message: String,
    /// True if it is longer than `message`; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<bool>,
    /// The state.
    pub state: MessageState,
    /// The number of the run that has got it; absent while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
}

/// The payload of `task:delivered`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskDeliveredEvent {
    /// The task's id.
    pub task_id: String,
    /// The number of the message within the task, from 1.
    pub n: u32,
    /// The number of the run that has got it.
    pub run: u32,
}

/// The payload of `task:sent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSentEvent {
    /// The task's id.
    pub task_id: String,
    /// The number of the message within the task, from 1.
    pub n: u32,
    /// The state of the task.
    pub state: TaskState,
    /// The first 1,000 bytes of the message.
    pub message: String,
    /// The task whose agent has sent it; absent if a person or a script has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The way in which the message reaches its agent.
    pub delivery: Delivery,
}

/// The params of `task.take`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskTakeParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// True to end the run that is under way, in place of waiting for its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<bool>,
}

/// The answer to `task.take`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskTaken {
    /// The state of the task. While it is `running`, its session is still its agent's: wait until it is `queued`.
    pub state: TaskState,
}

/// The params of `task.give`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskGiveParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// True if nothing is left to do: the task has completed, or completes when its agent has been ended. Otherwise its agent goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<bool>,
}

/// The answer to `task.give`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskGiven {
    /// The state of the task.
    pub state: TaskState,
}

/// A task that a person has taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Takeover {
    /// Time at which it was taken.
    pub since: Timestamp,
    /// The session of its agent; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The directory of its session, in a work tree; absent for the project's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// The command by which a person goes on in that session, in `dir` or else the project's directory; empty if the agent's program has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
}
