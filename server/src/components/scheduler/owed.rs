//! The built-in actions that firings owe. A cursor is stored with the event of the firing, and forgotten with what the action publishes, so that a
//! daemon that is killed in between leaves it to the next one.

use aiwg_model::{Cursor, OnlyIf};
use aiwg_protocol::types::Timestamp;

/// The source of these cursors. Their keys are the jobs' names, and each has the time for which its job has fired.
pub(super) const SOURCE: &str = "owed";

/// The cursor that says that a job's action is owed since it has fired for this time.
pub(super) fn owed(job: &str, at: Timestamp) -> Cursor {
    Cursor::moved(SOURCE, job, at.to_string())
}

/// The cursor to move with what a job's action publishes. It is moved once for each firing.
pub(super) fn settled(job: &str, at: String) -> Cursor {
    Cursor { value: None, only_if: OnlyIf::At(at), ..Cursor::moved(SOURCE, job, "") }
}
