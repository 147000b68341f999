//! What the engine takes and gives.

use std::sync::Arc;

use aiwg_model::{Keep, Pending, RunId, TaskNo, text::similar};
pub use aiwg_model::{NewEvent, Order, StartOrder};
use aiwg_protocol::{
    ApiError, ErrorKind,
    config::Rule,
    types::{RuleRefusal, TaskCancelled, TaskState, Timestamp},
};
use aiwg_store::Selection;

use crate::rules::RuleIndex;

/// The answer to whoever cancels a running task.
pub(super) fn being_cancelled() -> TaskCancelled {
    TaskCancelled { cancelled: true, state: TaskState::Running }
}

/// How much may be started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Starts {
    /// What there are slots for.
    #[default]
    All,
    /// One task, to see whether that works.
    One,
    /// Nothing.
    None,
}

impl Starts {
    /// How much may be started once this is allowed. That one may be tried says nothing where all may be: who says it has not heard yet.
    pub(super) fn with(self, allowed: Self) -> Self {
        if (self, allowed) == (Self::All, Self::One) { Self::All } else { allowed }
    }
}

/// What is not to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Prune {
    /// Of finished tasks.
    pub tasks: Keep,
    /// Of events.
    pub events: Keep,
    /// Up to when things have aged.
    pub aged: Timestamp,
}

/// What was forgotten.
#[derive(Debug, Clone, Default)]
pub struct Pruned {
    /// The tasks.
    pub tasks: Vec<TaskNo>,
    /// How many events.
    pub events: usize,
    /// Whether there is more to forget, or room to give back.
    pub more: bool,
}

/// Which tasks a command is about.
#[derive(Debug, Clone)]
pub enum Select {
    /// These.
    Named(Vec<TaskNo>),
    /// All that fit.
    All(Selection),
}

/// Whose matches are to become tasks once they have settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueScope {
    /// All rules'.
    All,
    /// But not those of rules that wait for files: changes that gather may belong to them.
    AllButFiles,
}

/// What the configuration says about how things are done.
#[derive(Clone)]
pub struct Policy {
    /// The rules.
    pub rules: Arc<RuleIndex>,
    /// How many tasks run at once.
    pub max_parallel: usize,
    /// How many tasks may be queued; any number when none.
    pub max_queued: Option<u32>,
    /// How many tasks may lie between one that a client submits and what came from outside.
    pub max_task_depth: u32,
}

/// How the rules are.
#[derive(Debug)]
pub struct Automation {
    /// Whether automation as a whole is switched on.
    pub enabled: bool,
    /// Each rule, in the order of the configuration.
    pub rules: Vec<RuleState>,
}

/// How a rule is.
#[derive(Debug)]
pub struct RuleState {
    /// The rule.
    pub rule: Rule,
    /// Whether it is switched on.
    pub enabled: bool,
    /// When it tripped.
    pub tripped_at: Option<Timestamp>,
    /// How many of its tasks are queued or running.
    pub busy: usize,
    /// Its matches that have not come to a task yet.
    pub pending: Option<Pending>,
    /// The last match that came to nothing.
    pub last_refusal: Option<RuleRefusal>,
}

/// Why a command took no effect.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// No such task.
    #[error("there is no task \"{0}\"; `aiwg task list` shows the latest")]
    TaskNotFound(TaskNo),
    /// What is stored of it cannot be read.
    #[error(
        "what is stored of {0} cannot be read, so it cannot be carried out again; `aiwg daemon status` says more"
    )]
    TaskUnreadable(TaskNo),
    /// It has ended already.
    #[error("{0} has ended already; `aiwg task get {0}` tells how")]
    TaskEnded(TaskNo),
    /// What is reported is about a run that is over.
    #[error("{0} is over: whatever becomes of it, it says nothing about the task any more")]
    RunIsOver(RunId),
    /// The queue is full.
    #[error(
        "the queue has no room for this: no more than {0} tasks may wait, which is daemon.max_queued; cancel some, or try again when some have run"
    )]
    QueueFull(u32),
    /// Agents have had agents started that had agents started, too often.
    #[error(
        "{0} tasks lie between this and what came from outside, each submitted by the agent of the one before; \
         daemon.max_task_depth allows no more. Submit it from outside, or have a longer chain allowed"
    )]
    ChainTooDeep(u32),
    /// A task is to start after one that does not exist.
    #[error("it is to start after \"{0}\", which does not exist; `aiwg task list` shows the latest")]
    DependencyNotFound(TaskNo),
    /// No such rule.
    #[error("there is no rule {id:?}; {}", similar(near.as_deref(), "aiwg automation status"))]
    RuleNotFound {
        /// What was asked for.
        id: String,
        /// The rule that was most likely meant.
        near: Option<String>,
    },
    /// A task is to start after itself.
    #[error("it is to start after {0}, which would be itself")]
    DependencyOnItself(TaskNo),
    /// The daemon is stopping.
    #[error("the daemon is stopping and takes no new work; start it again with `aiwg daemon start`")]
    Closing,
    /// The transaction failed.
    #[error("the daemon could not write to its database, and nothing of this took effect: {0}")]
    Storage(Arc<str>),
}

impl EngineError {
    /// Whether the store could not be written: the same may work later.
    pub(crate) fn is_storage(&self) -> bool {
        matches!(self, Self::Storage(_))
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let kind = match error {
            EngineError::TaskNotFound(_) => ErrorKind::TaskNotFound,
            EngineError::TaskEnded(_) | EngineError::RunIsOver(_) => ErrorKind::TaskEnded,
            EngineError::TaskUnreadable(_) => ErrorKind::InternalError,
            EngineError::QueueFull(_) => ErrorKind::QueueFull,
            EngineError::ChainTooDeep(_) => ErrorKind::ChainTooDeep,
            EngineError::DependencyNotFound(_) => ErrorKind::DependencyNotFound,
            EngineError::DependencyOnItself(_) => ErrorKind::DependencyOnItself,
            EngineError::RuleNotFound { .. } => ErrorKind::RuleNotFound,
            EngineError::Closing => ErrorKind::ShuttingDown,
            EngineError::Storage(_) => ErrorKind::StorageUnavailable,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_takes_back_nothing_that_is_allowed() {
        assert_eq!(Starts::None.with(Starts::One), Starts::One);
        assert_eq!(Starts::None.with(Starts::One).with(Starts::All), Starts::All);
        assert_eq!(Starts::None.with(Starts::All).with(Starts::One), Starts::All);
    }
}
