//! Money that agents have spent.

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
}
