use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An agent's usage for a task, as its program reports it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskUsage {
    /// The cost as it counts towards the budgets, in US dollars: what the agent reported, or its tokens by the configured prices, or
    /// `budget.unknown_cost_usd` where a budget is set and neither is known. For a session that was resumed, what this task added. Absent if nothing
    /// is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
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
            cost_usd: added_usd(self.cost_usd, later.cost_usd),
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

/// The cost of two runs together, as far as it is known: a run that has cost nothing says nothing about one whose cost is not known.
#[must_use]
pub fn added_usd(cost: Option<f64>, more: Option<f64>) -> Option<f64> {
    match (cost, more) {
        (Some(cost), Some(more)) => Some(whole_usd(cost + more)),
        (cost, more) => cost.or(more).filter(|usd| *usd != 0.0),
    }
}

/// An amount in US dollars without the noise that fractions of two leave in sums and differences: to the billionth.
#[must_use]
pub fn whole_usd(usd: f64) -> f64 {
    (usd * 1e9).round() / 1e9
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_add_up_without_noise_and_what_is_not_known_adds_nothing() {
        let of = |cost_usd| TaskUsage { cost_usd, ..TaskUsage::default() };
        let sum = |one, other| of(one).and(of(other)).cost_usd;
        assert_eq!(sum(Some(0.1), Some(0.2)), Some(0.3));
        assert_eq!(
            (sum(None, Some(0.2)), sum(Some(0.2), None), sum(None, None)),
            (Some(0.2), Some(0.2), None)
        );
        assert_eq!((whole_usd(0.02 - 0.01), whole_usd(1e9)), (0.01, 1e9));
    }
}
