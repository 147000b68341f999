//! The terms on which a task runs and counts as done.

use aiwg_protocol::terms::{ApprovalLimits, RetryPolicy};
use aiwg_protocol::types::Timestamp;
use serde::{Deserialize, Serialize};

use crate::verify::VerifyTerms;

/// The terms on which a task runs and counts as done. Members that are absent stand for the usual terms, so that a store
/// of an earlier version is read as it was meant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terms {
    /// The policy by which it is carried out again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// True if no budget keeps it from starting: a person has said so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_budget: bool,
    /// The check by which it counts as done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifyTerms>,
    /// A person must approve the task before it starts, within these limits; none if nobody is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalLimits>,
    /// The messages that were sent to its agent, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Sent>,
    /// The person who has taken it over, or waits to until its agent has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<Taken>,
}

/// A message to a task's agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The message.
    pub text: String,
    /// The id of the task whose agent has sent it; none if a person or a script has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The number of the run that was asked it; none while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
}

/// The takeover of a task by a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// Time at which it was taken.
    pub since: Timestamp,
}

impl Terms {
    /// True if all terms are the usual ones.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
