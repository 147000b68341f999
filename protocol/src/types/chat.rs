use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TaskState, Timestamp, open::open_enum};

/// The params of `chat.send`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatSendParams {
    /// The text of the message; up to 1 MiB.
    #[schemars(length(min = 1, max = 1_048_576))]
    pub message: String,
    /// Higher ones start first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1000, max = 1000), extend("default" = 5))]
    pub priority: Option<i32>,
    /// The conversation that it belongs to, by any name of up to 200 characters. The agent gets what was said in it
    /// before, and answers one message after the other. Without one the message stands alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub conversation: Option<String>,
    /// A name for this call, any text of the caller's own: another call with it, of the same caller within 24 hours, has no effect and gets the
    /// same answer. So a call whose answer was lost can be repeated. If its params or its method differ, it is an error.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "idempotencyKey")]
    #[schemars(length(min = 1, max = 200))]
    pub idempotency_key: Option<String>,
}

/// The answer to `chat.send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatSent {
    /// The task whose output is the answer.
    pub task_id: String,
}

/// The params of `chat.history`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatHistoryParams {
    /// The conversation.
    #[schemars(length(min = 1, max = 200))]
    pub conversation: String,
    /// Maximum number of turns, the latest. The answer has fewer if they exceed 8 MiB together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000), extend("default" = 20))]
    pub limit: Option<u32>,
}

/// A message and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatTurn {
    /// The task that it is.
    pub task_id: String,
    /// The speaker.
    #[serde(default)]
    pub by: Speaker,
    /// The person on a messaging platform who has said it, as `telegram:77`; absent for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The text of the message.
    pub message: String,
    /// The answer; null while there is none.
    pub answer: Option<String>,
    /// Reason for which there is no answer; null otherwise.
    pub error: Option<String>,
    /// The state of the task.
    pub state: TaskState,
    /// Time of the message.
    pub at: Timestamp,
}

open_enum! {
    /// A speaker in a conversation.
    pub enum Speaker {
        /// A person, or a script from outside.
        User = "user",
        /// An agent: the connection was that of a process that one has started.
        Agent = "agent",
    }
}

#[expect(clippy::derivable_impls, reason = "the variants of an open enum take no attributes")]
impl Default for Speaker {
    fn default() -> Self {
        Self::User
    }
}

/// The params of `chat.clear`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatClearParams {
    /// The conversation.
    #[schemars(length(min = 1, max = 200))]
    pub conversation: String,
}

/// The answer to `chat.clear`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatCleared {
    /// Number of turns that were forgotten. Their tasks stay.
    pub cleared: u64,
}
