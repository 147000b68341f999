//! Budgets: what agents have cost, and what they may cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Timestamp, open::open_enum};

open_enum! {
    /// The time that a bound is for.
    pub enum BudgetSpan {
        /// A day in `schedule.timezone`.
        Day = "day",
        /// A month in `schedule.timezone`.
        Month = "month",
    }
}

/// The payload of the events about a budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetEvent {
    /// The time that the bound is for.
    pub span: BudgetSpan,
    /// The day or the month: `2026-11-23`, `2026-11`.
    pub period: String,
    /// The rule whose tasks it bounds; absent for all tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The most that may be spent, in US dollars.
    pub limit_usd: f64,
    /// Spent so far, in US dollars.
    pub spent_usd: f64,
    /// Set aside for running tasks, in US dollars.
    pub reserved_usd: f64,
    /// Left besides both, in US dollars.
    pub left_usd: f64,
    /// Time at which the day or the month ends, and the bound begins anew.
    pub ends_at: Timestamp,
}

/// The answer to `budget.status`. All amounts are in US dollars; days and months are those of `schedule.timezone`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetStatus {
    /// The day: `2026-11-23`.
    pub day: String,
    /// Time at which it ends.
    pub day_ends_at: Timestamp,
    /// Spent on this day so far.
    pub spent_usd: f64,
    /// Set aside for the tasks that run. 0 where no budget is set.
    pub reserved_usd: f64,
    /// Expected cost of the whole day: what is spent and set aside, and for the time that is left as much as the same part of the seven days before
    /// has cost on average; where nothing is known of these, as much as this day so far.
    pub forecast_usd: f64,
    /// The cap for each task over all its runs; null for none.
    pub task_usd: Option<f64>,
    /// Each bound: those for all tasks first.
    pub bounds: Vec<BudgetBound>,
    /// Each rule with money of this month or a budget of its own, the most expensive first.
    pub by_rule: Vec<RuleSpending>,
    /// Each agent with money of this month, the most expensive first.
    pub by_agent: Vec<AgentSpending>,
    /// Each of the last 31 days on which something was spent, the newest first.
    pub by_day: Vec<DaySpending>,
}

/// A bound, and what is left within it. All amounts are in US dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetBound {
    /// The time that it is for.
    pub span: BudgetSpan,
    /// The rule whose tasks it bounds; null for all tasks.
    pub rule: Option<String>,
    /// The most that may be spent.
    pub limit_usd: f64,
    /// Spent so far.
    pub spent_usd: f64,
    /// Set aside for running tasks.
    pub reserved_usd: f64,
    /// Left besides both.
    pub left_usd: f64,
    /// Time at which it begins anew.
    pub ends_at: Timestamp,
}

/// Money of a rule's tasks, in US dollars.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleSpending {
    /// The rule; null for the tasks of no rule.
    pub rule: Option<String>,
    /// Spent on this day.
    pub day_usd: f64,
    /// Spent in this month.
    pub month_usd: f64,
    /// Set aside for running tasks.
    pub reserved_usd: f64,
}

/// Money of an agent's tasks, in US dollars.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentSpending {
    /// The agent; null for the default one.
    pub agent: Option<String>,
    /// Spent on this day.
    pub day_usd: f64,
    /// Spent in this month.
    pub month_usd: f64,
    /// Set aside for running tasks.
    pub reserved_usd: f64,
}

/// Money of a day, in US dollars.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaySpending {
    /// The day: `2026-11-23`.
    pub day: String,
    /// Spent on it.
    pub spent_usd: f64,
}
