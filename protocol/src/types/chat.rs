use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TaskState, Timestamp, open::open_enum};

/// The params of `chat.send`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatSendParams {
    /// What to say; up to 1 MiB.
    #[schemars(length(min = 1, max = 1_048_576))]
    pub message: String,
    /// Higher ones start first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1000, max = 1000), extend("default" = 5))]
    pub priority: Option<i32>,
    /// The conversation that it belongs to, by any name of up to 200 characters: the agent is told what was said in it before, and answers one
    /// message after the other. Without one the message stands alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub conversation: Option<String>,
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
    /// How many of its last turns. There are fewer where they have more than 8 MiB together.
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
    /// Who said it.
    #[serde(default)]
    pub by: Speaker,
    /// What was said.
    pub message: String,
    /// The answer; null while there is none.
    pub answer: Option<String>,
    /// Why there is no answer; null otherwise.
    pub error: Option<String>,
    /// Where the task stands.
    pub state: TaskState,
    /// When it was said.
    pub at: Timestamp,
}

open_enum! {
    /// Who says something in a conversation.
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
    /// How many turns are forgotten. Their tasks stay.
    pub cleared: u64,
}
