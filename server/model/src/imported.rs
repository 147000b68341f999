//! Tasks and sums that are imported.

use aiwg_protocol::types::{TaskState, Timestamp};

use crate::{task::TaskSpec, task_no::TaskNo};

/// A task of another daemon.
#[derive(Clone)]
pub struct ImportedTask {
    /// The number it had; none where it had another kind of id.
    pub no: Option<TaskNo>,
    /// Its state; not running.
    pub state: TaskState,
    /// Its specification.
    pub spec: TaskSpec,
    /// Time of submission.
    pub created_at: Timestamp,
    /// Time at which its agent was started.
    pub started_at: Option<Timestamp>,
    /// Time of its end.
    pub completed_at: Option<Timestamp>,
    /// Number of times that an agent was started.
    pub attempts: u32,
    /// Exit code of the agent.
    pub exit_code: Option<i32>,
    /// The reason for which it did not complete.
    pub error: Option<String>,
    /// The agent's answer.
    pub result: Option<String>,
}
