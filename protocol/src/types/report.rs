//! The report of what has happened since some moment.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TaskState, Timestamp, Waiting};

/// The params of `report.get`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportGetParams {
    /// The moment from which on things are reported; 24 hours ago when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// A task in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportedTask {
    /// Its id.
    pub id: String,
    /// The beginning of its prompt, 200 characters at the most.
    pub prompt: String,
    /// The rule that made it; null where someone submitted it.
    pub rule: Option<String>,
    /// The state.
    pub state: TaskState,
    /// The reason for its end, as one word; absent before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason for which it did not complete, for people: the first 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// True if its check has said that it is done; absent where it has none, or has not completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Cost of its agent, in US dollars; absent if the agent did not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Time at which its agent was started last.
    pub started_at: Option<Timestamp>,
    /// Time of its end.
    pub completed_at: Option<Timestamp>,
    /// The reason for which it waits; absent if only a slot is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Time at which that ends by itself; absent if it does not, or if the time is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_until: Option<Timestamp>,
}

/// The answer to `report.get`: what ran since then, and what waits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The moment from which on things are reported.
    pub since: Timestamp,
    /// The moment of the report.
    pub until: Timestamp,
    /// The tasks that have completed, those that ended last first.
    pub completed: Vec<ReportedTask>,
    /// The tasks that have failed, or took too long.
    pub failed: Vec<ReportedTask>,
    /// The tasks that were cancelled.
    pub cancelled: Vec<ReportedTask>,
    /// The tasks that run.
    pub running: Vec<ReportedTask>,
    /// The tasks that wait, in the order in which they will start.
    pub waiting: Vec<ReportedTask>,
    /// Number of those that have ended, by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Cost of those that have ended, as far as their agents reported it, in US dollars.
    pub cost_usd: f64,
    /// True if more have ended, or wait, than are listed: 1,000 of each.
    pub is_cut: bool,
}
