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
    /// The rules that have tripped, whenever that was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tripped: Vec<TrippedRule>,
}

/// A rule that has tripped: it is out of force until it is enabled again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrippedRule {
    /// Its id.
    pub rule: String,
    /// Time at which it tripped.
    pub at: Timestamp,
    /// The reason, for people.
    pub why: String,
}

impl Report {
    /// Number of the completed tasks of which a check has said that they are done.
    pub fn verified(&self) -> usize {
        self.completed.iter().filter(|task| task.verified == Some(true)).count()
    }

    /// The sentence that sums it up, for people, without the time that it is about.
    pub fn summary(&self) -> String {
        let completed = match self.completed.len() {
            1 => "1 task completed".to_owned(),
            count => format!("{count} tasks completed"),
        };
        let if_any = |count: usize, said: String| if count == 0 { String::new() } else { said };
        let verified = self.verified();
        let verified = if_any(verified, format!(", {verified} of them verified"));
        let cancelled = self.cancelled.len();
        let cancelled = if_any(cancelled, format!(", {cancelled} cancelled"));
        let (failed, running, waiting) = (self.failed.len(), self.running.len(), self.waiting.len());
        let cost = self.cost_usd;
        format!(
            "{completed}{verified}, {failed} failed{cancelled}; {running} running, {waiting} waiting; ${cost:.2}."
        )
    }
}

/// The payload of `daemon:report`: a report in short, as the built-in action `report` of a job makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportEvent {
    /// The job's name.
    pub job: String,
    /// The moment from which on things are reported: the one up to which the job has reported before, or 24 hours ago.
    pub since: Timestamp,
    /// The moment of the report.
    pub until: Timestamp,
    /// The sentence that sums it up, for people.
    pub summary: String,
    /// Number of tasks that have completed.
    pub completed: u64,
    /// Number of those that a check has called done.
    pub verified: u64,
    /// Number of tasks that have failed, or took too long.
    pub failed: u64,
    /// Number of tasks that were cancelled.
    pub cancelled: u64,
    /// Number of tasks that run.
    pub running: u64,
    /// Number of tasks that wait.
    pub waiting: u64,
    /// Number of those that have ended, by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Cost of those that have ended, as far as their agents reported it, in US dollars.
    pub cost_usd: f64,
    /// Those that have failed, 10 at the most: those that ended last first.
    pub failures: Vec<ReportedTask>,
    /// Those that wait for more than a slot, 10 at the most: those that wait for a person first.
    pub waits: Vec<ReportedTask>,
    /// The rules that have tripped, 10 at the most, whenever that was.
    pub tripped: Vec<TrippedRule>,
    /// True if more have ended, or wait, than are counted: 1,000 of each.
    pub is_cut: bool,
}
