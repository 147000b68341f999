//! The terms of a task with a check.

use aiwg_protocol::types::{CheckCommand, Verify};
use serde::{Deserialize, Serialize};

use crate::{limits::minutes_to_ms, task_no::TaskNo};

/// The check by which a task counts as done, with all that it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyTerms {
    /// The command.
    pub command: CheckCommand,
    /// Maximum number of rounds, at least 1.
    pub max_rounds: u32,
    /// Time limit of one run of the check, in minutes.
    pub timeout_minutes: f64,
    /// True if it runs before the first round as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before: bool,
    /// Globs of the files that the agent may not change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protect: Vec<String>,
}

/// The record of a task's protected files, which is in the directory of one of its runs: agents can write there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProtectRecord {
    /// The task whose run that is, if this one is a retry of it: what its agent has changed stays changed. None for the task itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskNo>,
    /// The number of that run.
    pub run: u32,
    /// The hash of the record, by which it is known that nobody has changed it.
    pub hash: String,
    /// The files that the check before the first round has written: they are not protected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
    /// True if it was made anew before a run, since a person had had the task: it is no record of what was before the first one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_anew: bool,
    /// The protected files as a person has found them who has taken the task over; none unless one has, and no run has begun since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<FoundFiles>,
}

/// The protected files as a person has found them who has taken a task over. They are in the directory of the task's latest run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundFiles {
    /// The number of that run.
    pub run: u32,
    /// The hash of what is there; none where the look at the files did not come to its end, so that nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

impl VerifyTerms {
    /// The terms of what was asked for; none if it is disabled, or has no command.
    pub fn of(verify: Verify) -> Option<Self> {
        if verify.enabled == Some(false) {
            return None;
        }
        Some(Self {
            command: verify.command?,
            max_rounds: verify.max_rounds.unwrap_or(Verify::MAX_ROUNDS).max(1),
            timeout_minutes: verify.timeout_minutes.unwrap_or(Verify::TIMEOUT_MINUTES),
            before: verify.before.unwrap_or(false),
            protect: verify.protect.unwrap_or_default(),
        })
    }

    /// Time limit of one run of the check, in milliseconds.
    pub fn timeout_ms(&self) -> u64 {
        minutes_to_ms(self.timeout_minutes)
    }

    /// As it goes over the wire.
    pub fn into_verify(self) -> Verify {
        Verify {
            enabled: None,
            command: Some(self.command),
            max_rounds: Some(self.max_rounds),
            timeout_minutes: Some(self.timeout_minutes),
            before: Some(self.before),
            protect: Some(self.protect),
        }
    }
}
