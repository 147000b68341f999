use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an agent used for a task, as `claude` tells it in its `result` message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskUsage {
    /// In US dollars. For a session that was resumed, what this task added.
    pub cost_usd: f64,
    /// How many turns the agent took.
    pub turns: u64,
    /// Tokens read, without those from the cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Tokens put into the cache.
    pub cache_creation_tokens: u64,
    /// The agent's session, which `claude --resume` takes; null where it does not tell.
    pub session_id: Option<String>,
    /// The tools that the agent was not allowed to use, one entry for each refusal.
    pub permission_denials: Vec<String>,
}

/// What the agents of many tasks used together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageSum {
    /// How many tasks told what they used.
    pub tasks: u64,
    /// In US dollars.
    pub cost_usd: f64,
    /// Turns of the agents.
    pub turns: u64,
    /// Tokens read, without those from the cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Tokens put into the cache.
    pub cache_creation_tokens: u64,
}
