//! Money that agents have spent.

use aiwg_protocol::types::UsageSum;
pub use aiwg_protocol::types::whole_usd;

/// Money that was spent on one day for one rule's tasks by one agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Spending {
    /// The day in the time zone of the budgets: `2026-11-23`.
    pub day: String,
    /// The rule that the tasks count to; none for those of no rule.
    pub rule: Option<String>,
    /// The agent's role; none for the default one.
    pub agent: Option<String>,
    /// In US dollars.
    pub usd: f64,
}

/// Usage of an agent's runs for one rule's tasks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentSum {
    /// The rule that the tasks count to; none for those of no rule.
    pub rule: Option<String>,
    /// The agent's role; none for the default one, and for what was used before agents were told apart.
    pub agent: Option<String>,
    /// The usage.
    pub usage: UsageSum,
}

/// The cost of a run, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunCost {
    /// No agent ran.
    Nothing,
    /// An agent ran, and has not told its cost.
    #[default]
    Unknown,
    /// The cost in the run's usage.
    Told,
    /// The cost in the run's usage, and more: not all of it is known.
    AtLeast,
}

/// The sum of amounts in US dollars, without the noise of fractions; 0 of none, where the standard library's sum of none is -0.
pub fn sum_of(amounts: impl IntoIterator<Item = f64>) -> f64 {
    whole_usd(amounts.into_iter().fold(0.0, |sum, amount| sum + amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_nothing_is_zero_and_not_less() {
        assert!(sum_of([]).is_sign_positive());
        assert_eq!((sum_of([0.5, 0.25]), sum_of([0.1, 0.2])), (0.75, 0.3));
    }
}
