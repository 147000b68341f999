//! The queue: its classes and its switches.

use crate::task_no::TaskNo;

/// The first task of a class of the queue that nothing holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The class.
    pub class: String,
    /// Its place among all tasks: the lowest starts first.
    pub place: i64,
    /// The task.
    pub no: TaskNo,
}

/// Number of queued tasks of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedCount {
    /// The class.
    pub class: String,
    /// The kind of hold that keeps them from starting; none for those that nothing holds.
    pub hold: Option<String>,
    /// Their number.
    pub count: u64,
}

/// A switch of the whole queue that outlasts restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueueSwitch {
    /// The queue is paused: no task starts.
    Paused,
    /// The queue drains: no task starts, and the daemon ends once none runs. An orderly end switches it off.
    Draining,
}

impl QueueSwitch {
    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Draining => "draining",
        }
    }
}
