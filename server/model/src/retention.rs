//! Limits on the number and age of what is kept.

use aiwg_protocol::types::Timestamp;

/// Limits for what is kept: of each kind, whatever is neither too old nor too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Only since then; of any age when none.
    pub since: Option<Timestamp>,
    /// Only so many; any number when none.
    pub most: Option<u64>,
    /// Only from this number on; from any when none.
    pub from: Option<u64>,
}
