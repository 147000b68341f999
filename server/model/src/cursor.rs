//! How far sources have been dealt with.

use aiwg_protocol::types::Timestamp;

/// Up to when changes of files have been reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchCursor {
    /// All that changed before this moment.
    pub at: Timestamp,
    /// Whether the daemon was stopped then, and not to go on at once.
    pub stopped: bool,
}
