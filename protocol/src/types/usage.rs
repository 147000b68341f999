use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An agent's usage for a task, as `claude` reports it in its `result` message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskUsage {
    /// In US dollars. For a session that was resumed, what this task added.
    pub cost_usd: f64,
    /// Number of model turns that the agent took.
    pub turns: u64,
    /// Tokens read, without those from the cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Tokens put into the cache.
    pub cache_creation_tokens: u64,
    /// The agent's session, which `claude --resume` takes; null if the agent does not report it.
    pub session_id: Option<String>,
    /// The tools that the agent was not allowed to use, one entry for each refusal.
    pub permission_denials: Vec<String>,
}

impl TaskUsage {
    /// The usage of two runs of a task together, of which `later` came after this one. The session is that of the later run that has one.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        let mut permission_denials = self.permission_denials;
        permission_denials.extend(later.permission_denials);
        Self {
            cost_usd: self.cost_usd + later.cost_usd,
            turns: self.turns.saturating_add(later.turns),
            input_tokens: self.input_tokens.saturating_add(later.input_tokens),
            output_tokens: self.output_tokens.saturating_add(later.output_tokens),
            cache_read_tokens: self.cache_read_tokens.saturating_add(later.cache_read_tokens),
            cache_creation_tokens: self.cache_creation_tokens.saturating_add(later.cache_creation_tokens),
            session_id: later.session_id.or(self.session_id),
            permission_denials,
        }
    }
}

/// Usage of the agents of many tasks together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageSum {
    /// Number of tasks whose agents reported their usage.
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
