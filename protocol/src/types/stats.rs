use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::UsageSum;

/// The answer to `task.stats`: how many tasks there are, in all and in each state, and what they used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskStats {
    /// All that the store holds.
    pub total: u64,
    /// Waiting for a slot.
    pub queued: u64,
    /// With an active agent.
    pub running: u64,
    /// Succeeded.
    pub completed: u64,
    /// Failed.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// Ended at their time limit.
    pub timeout: u64,
    /// Number of ends by reason (a task's `reason`), since the reasons are kept; those of tasks that are gone count as well.
    #[serde(default)]
    pub reasons: BTreeMap<String, u64>,
    /// Usage of their agents.
    pub usage: UsageStats,
}

/// Usage of the tasks of a rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuleUsage {
    /// The rule's id; null for the tasks that no rule made.
    pub rule: Option<String>,
    /// Their usage.
    pub usage: UsageSum,
}

/// Usage of the tasks that ended on one day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayUsage {
    /// The day in UTC: `2026-11-23`.
    pub day: String,
    /// Their usage.
    pub usage: UsageSum,
}

/// Usage of agents, as far as they reported it. It outlives the tasks themselves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageStats {
    /// Since the project's beginning.
    pub total: UsageSum,
    /// For each rule, the most expensive first.
    pub by_rule: Vec<RuleUsage>,
    /// For each of the last 30 days on which there was something, the newest first.
    pub by_day: Vec<DayUsage>,
}

/// Number of tasks in each state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskCounts {
    /// All of them.
    pub total: u64,
    /// Waiting.
    pub queued: u64,
    /// Running.
    pub running: u64,
    /// Completed.
    pub completed: u64,
    /// Failed.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// Ended by their time limit.
    pub timeout: u64,
}

impl From<TaskStats> for TaskCounts {
    fn from(stats: TaskStats) -> Self {
        let TaskStats { total, queued, running, completed, failed, cancelled, timeout, .. } = stats;
        Self { total, queued, running, completed, failed, cancelled, timeout }
    }
}
