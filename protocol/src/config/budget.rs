use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most US dollars that an amount can be.
const MOST_USD: f64 = 1_000_000_000.0;

/// Bounds for what agents cost, in US dollars. Days and months are those of `schedule.timezone`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetConfig {
    /// The most that all tasks may cost on one day. A task that does not fit stays queued until the next day, or until someone raises this.
    /// `null`: no bound.
    #[schemars(range(max = MOST_USD), extend("exclusiveMinimum" = 0))]
    pub day_usd: Option<f64>,
    /// The same for one month.
    #[schemars(range(max = MOST_USD), extend("exclusiveMinimum" = 0))]
    pub month_usd: Option<f64>,
    /// The most that one task may cost over all its runs: its agent is ended beyond it, and the task has failed with the reason `budget`.
    /// `null`: no cap.
    #[schemars(range(max = MOST_USD), extend("exclusiveMinimum" = 0))]
    pub task_usd: Option<f64>,
    /// Bounds for the tasks of single rules, by the ids of the rules. They count towards the bounds for all tasks as well.
    #[schemars(extend("maxProperties" = 10_000, "propertyNames" = { "maxLength": 200 }))]
    pub rules: BTreeMap<String, RuleBudget>,
    /// The part of a bound at which the event `budget:warning` is published, once a day or month.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub warn_at: f64,
    /// The cost of a run whose agent does not tell what it cost; and the cost that is expected of a task of which nothing is known.
    #[schemars(range(min = 0, max = MOST_USD))]
    pub unknown_cost_usd: f64,
    /// Prices of tokens by the name of the model, for agents that tell tokens and not what they cost.
    #[schemars(extend("maxProperties" = 1000, "propertyNames" = { "maxLength": 200 }))]
    pub prices: BTreeMap<String, ModelPrices>,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self {
            day_usd: None,
            month_usd: None,
            task_usd: None,
            rules: BTreeMap::new(),
            warn_at: 0.8,
            unknown_cost_usd: 0.5,
            prices: BTreeMap::new(),
        }
    }
}

impl BudgetConfig {
    /// True if it bounds anything.
    pub fn is_set(&self) -> bool {
        self.day_usd.is_some()
            || self.month_usd.is_some()
            || self.task_usd.is_some()
            || !self.rules.is_empty()
    }
}

/// Bounds for the tasks of one rule, those that their agents submit included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleBudget {
    /// The most that they may cost on one day. `null`: no bound of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = MOST_USD), extend("exclusiveMinimum" = 0))]
    pub day_usd: Option<f64>,
    /// The same for one month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = MOST_USD), extend("exclusiveMinimum" = 0))]
    pub month_usd: Option<f64>,
}

/// Prices of a model's tokens, in US dollars for a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelPrices {
    /// Tokens read, without those from the cache.
    #[schemars(range(min = 0, max = MOST_USD))]
    pub input: f64,
    /// Tokens written.
    #[schemars(range(min = 0, max = MOST_USD))]
    pub output: f64,
    /// Tokens read from the cache. Default: 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = MOST_USD))]
    pub cache_read: f64,
    /// Tokens put into the cache. Default: 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = MOST_USD))]
    pub cache_write: f64,
}
