//! The terms on which a task runs and counts as done.

use aiwg_protocol::terms::{ApprovalLimits, RetryPolicy};
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
}

impl Terms {
    /// True if all terms are the usual ones.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
