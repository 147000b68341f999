//! The rounds of tasks with a check.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Timestamp, open::open_enum};

open_enum! {
    /// The part of a round that a running task with a check is in.
    pub enum Phase {
        /// Its agent works.
        Working = "working",
        /// Its check runs.
        Checking = "checking",
    }
}

/// One round of a task with a check: its agent worked, then the check ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    /// Its number, from 1. 0 is the check before the first round.
    pub n: u32,
    /// The number of the run of its agent; for round 0 that of the check.
    pub run: u32,
    /// Exit code of the agent; absent if it did not exit by itself, and for round 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// The result of the check; absent while the round is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<CheckResult>,
    /// Cost of its agent, in US dollars, over all its runs in this round, as it counts towards the budgets; absent if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Number of turns of its agent, over all its runs in this round; absent if the agent does not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Number of files that were changed while its agent worked, ignored ones left out; absent where that is not known, as after
    /// an interruption by a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// The first of the protected files that were not as on record, when its agent had ended or its check had succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<String>,
    /// Time of the end of its last run.
    pub at: Timestamp,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckResult {
    /// Its exit code, 0 for success; null if a signal ended it, as when its time was up.
    pub exit: Option<i32>,
    /// The reason for which the daemon ended it: its time was up, or it wrote too much. Absent if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// The last 8 KiB of what it wrote; absent in lists and in events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<String>,
}

/// The payload of `task:round` and `task:verified`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoundEvent {
    /// The task's id.
    pub task_id: String,
    /// Its agent; the default one when null.
    pub agent: Option<String>,
    /// The rule that made it, or made the task whose agent submitted it; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// True if the check has succeeded, and the task is done.
    pub verified: bool,
    /// Maximum number of rounds.
    pub max_rounds: u32,
    /// The round that is over, without the check's output.
    pub round: Round,
}
