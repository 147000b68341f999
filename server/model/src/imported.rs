//! What is taken over from elsewhere.

use aiwg_protocol::types::{TaskState, Timestamp};

use crate::task::{TaskNo, TaskSpec};

/// A task of another daemon.
#[derive(Clone)]
pub struct ImportedTask {
    /// The number it had; none where it had another kind of id.
    pub no: Option<TaskNo>,
    /// Where it stands; not running.
    pub state: TaskState,
    /// The order.
    pub order: TaskSpec,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When its agent was started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// How often an agent was started.
    pub attempts: u32,
    /// What the agent exited with.
    pub exit_code: Option<i32>,
    /// Why it did not complete.
    pub error: Option<String>,
    /// The agent's answer.
    pub result: Option<String>,
}
