//! Runs of tasks.

use std::fmt;

use crate::task::TaskNo;

/// One run of a task: whatever reports on it says which one it was, so that it is not taken for a report on a later run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId {
    /// The task.
    pub task: TaskNo,
    /// Which run of it, from 1: the shim's attempt number.
    pub n: u32,
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} of {}", self.n, self.task)
    }
}
