//! The parameters, the answers and the errors of the engine's commands.

use std::sync::Arc;

use aiwg_model::{ApprovalNo, Keep, Pending, RunId, TaskNo, TreeTerms, text::similar};
pub use aiwg_model::{NewEvent, Order, StartOrder};
use aiwg_protocol::{
    ApiError, ErrorKind,
    config::Rule,
    types::{RuleRefusal, TaskCancelled, TaskState, Timestamp},
};
use aiwg_store::Selection;

use super::{Budgets, Classes, Traces};
use crate::{accounts::InUse, messaging::Setup, profiles::Profiles, rules::RuleIndex};

/// The answer to whoever cancels a running task.
pub(super) fn being_cancelled() -> TaskCancelled {
    TaskCancelled { cancelled: true, state: TaskState::Running }
}

/// Limit on the tasks that may start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Starts {
    /// As many as there are free slots.
    #[default]
    All,
    /// One task, to see whether that works.
    One,
    /// None.
    None,
}

impl Starts {
    /// The limit once `allowed` is set. `One` after `All` changes nothing: its sender has not heard of `All` yet.
    pub(super) fn with(self, allowed: Self) -> Self {
        if (self, allowed) == (Self::All, Self::One) { Self::All } else { allowed }
    }
}

/// Limits on the tasks and events that are kept: the rest is to be deleted.
#[derive(Debug, Clone, Copy)]
pub struct Prune {
    /// Of finished tasks.
    pub tasks: Keep,
    /// Of events.
    pub events: Keep,
    /// Up to when things have aged.
    pub aged: Timestamp,
    /// True if the keys of calls are forgotten whose time is over: no event waits in the spool that may be such a call.
    pub keys: bool,
}

/// Number of deleted tasks and events.
#[derive(Debug, Clone, Default)]
pub struct Pruned {
    /// The tasks.
    pub tasks: Vec<TaskNo>,
    /// Number of events.
    pub events: usize,
    /// True if there is more to delete, or room to give back.
    pub more: bool,
}

/// Selects the tasks of a command.
#[derive(Debug, Clone)]
pub enum Select {
    /// These.
    Named(Vec<TaskNo>),
    /// All that meet the conditions.
    All(Selection),
}

/// Selects the rules whose pending matches become tasks when they are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueScope {
    /// All rules'.
    All,
    /// But not those of rules that wait for files: changes that gather may belong to them.
    AllButFiles,
}

/// The engine's part of the configuration.
#[derive(Clone, Default)]
pub struct EngineConfig {
    /// The rules.
    pub rules: Arc<RuleIndex>,
    /// Maximum number of running tasks.
    pub max_parallel: usize,
    /// Maximum number of slots that are lent while agents wait for a person; as many as there are if none is given.
    pub max_lent: Option<usize>,
    /// The work tree of tasks that people on messaging platforms ask for; none for the project's own directory.
    pub tree: Option<TreeTerms>,
    /// Maximum number of work trees that are kept.
    pub max_trees: usize,
    /// Maximum number of queued tasks; no limit if none.
    pub max_queued: Option<u32>,
    /// Maximum number of tasks between a submitted one and what came from outside.
    pub max_task_depth: u32,
    /// The classes of the queue.
    pub classes: Classes,
    /// Bounds for what agents cost.
    pub budgets: Budgets,
    /// The accounts that agents work with.
    pub accounts: InUse,
    /// The profiles of agents.
    pub profiles: Profiles,
    /// The set-up of messaging; none where no platform is on.
    pub messaging: Option<Arc<Setup>>,
    /// The rules that are expected to succeed, each with the time in which that is expected, in milliseconds.
    pub expected: Arc<[(String, u64)]>,
    /// The ids of spans; none where no traces are asked for.
    pub traces: Option<Traces>,
    /// Maximum number of starts of a task's agent, where each was lost.
    pub most_attempts: u32,
    /// The labels of this host.
    pub labels: Vec<String>,
    /// The digest of what all hosts are to have in common of it.
    pub digest: String,
}

/// The state of automation.
#[derive(Debug)]
pub struct Automation {
    /// True if automation as a whole is switched on.
    pub enabled: bool,
    /// Each rule, in the order of the configuration.
    pub rules: Vec<RuleState>,
}

/// The state of a rule.
#[derive(Debug)]
pub struct RuleState {
    /// The rule.
    pub rule: Rule,
    /// True if it is switched on.
    pub enabled: bool,
    /// Time at which it tripped.
    pub tripped_at: Option<Timestamp>,
    /// The reason for which it tripped last, for people.
    pub tripped_why: Option<String>,
    /// Number of its tasks that are queued or running.
    pub busy: usize,
    /// Its matches that have not come to a task yet.
    pub pending: Option<Pending>,
    /// The last match that came to nothing.
    pub last_refusal: Option<RuleRefusal>,
}

/// Reason for which a command took no effect.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// No such task.
    #[error("there is no task \"{0}\"; `aiwg task list` shows the latest")]
    TaskNotFound(TaskNo),
    /// The stored task cannot be read.
    #[error(
        "what is stored of {0} cannot be read, so it cannot be carried out again; `aiwg daemon status` says more"
    )]
    TaskUnreadable(TaskNo),
    /// The task is not queued any more.
    #[error("{0} is not queued any more: `aiwg task get {0}` tells how it stands")]
    TaskNotQueued(TaskNo),
    /// The task has ended already.
    #[error("{0} has ended already; `aiwg task get {0}` tells how")]
    TaskEnded(TaskNo),
    /// A message to a task that has ended.
    #[error(
        "{0} has ended already, so its agent gets no message: `aiwg task retry {0}` does it once more, and `aiwg chat` begins a conversation"
    )]
    SentTooLate(TaskNo),
    /// The task has got as many messages as one may.
    #[error(
        "{0} has got as many messages as a task may: 100 that wait, 1000 or 1 MiB in all; let its agent work on those, or submit a task of its own \
         for this one"
    )]
    TooManySent(TaskNo),
    /// The task has asked as much as one may.
    #[error(
        "{0} has asked people as much as a task may: 20 questions that wait for an answer, or 500 approvals in all; wait for an answer, or go on \
         without"
    )]
    TooManyAsked(TaskNo),
    /// An agent's message to a running task that a person has approved.
    #[error(
        "a person has approved what {0} is asked, so its agent gets no message from an agent; a person may send one, and an agent may before {0} \
         starts: then a person is asked once more"
    )]
    ApprovedWithout(TaskNo),
    /// The task that is to be taken over or given back has ended.
    #[error(
        "{0} has ended already, so there is nothing to take over: `aiwg task get {0}` names its session, in which its program may go on; \
         `aiwg task retry {0}` does it once more"
    )]
    TakenTooLate(TaskNo),
    /// Someone has taken the task already.
    #[error("{0} was taken over already, at {1}: `aiwg task give {0}` gives it back")]
    AlreadyTaken(TaskNo, Timestamp),
    /// Nobody has taken the task.
    #[error("nobody has taken {0} over; `aiwg task take {0}` does")]
    NotTaken(TaskNo),
    /// A person is about to have the task of this run, and its protected files are to be looked at before.
    #[error("the protected files of {} are to be looked at before a person has it; try again", run.task)]
    FilesUnseen {
        /// The run.
        run: RunId,
        /// The patterns of the files.
        protect: Vec<String>,
    },
    /// The report is about a run that is over.
    #[error("{0} is over: whatever becomes of it, it says nothing about the task any more")]
    RunIsOver(RunId),
    /// The queue is full.
    #[error(
        "the queue has no room for this: daemon.max_queued is {0}, and so many tasks may wait, beside one for each slot that is free; cancel some, or try again when some have run"
    )]
    QueueFull(u32),
    /// The chain of tasks that led to a new one is as long as `daemon.max_task_depth` allows.
    #[error(
        "the chain of tasks that led to this one is {0} long, and daemon.max_task_depth allows no longer one: \
         submit it from outside a task, or raise daemon.max_task_depth"
    )]
    ChainTooDeep(u32),
    /// A task is to start after one that does not exist.
    #[error("it is to start after \"{0}\", which does not exist; `aiwg task list` shows the latest")]
    DependencyNotFound(TaskNo),
    /// No such rule.
    #[error("there is no rule {id:?}; {}", similar(near.as_deref(), "aiwg automation status"))]
    RuleNotFound {
        /// The id that was asked for.
        id: String,
        /// The rule that was most likely meant.
        near: Option<String>,
    },
    /// A task is to start after itself.
    #[error("it is to start after {0}, which would be itself")]
    DependencyOnItself(TaskNo),
    /// No such approval.
    #[error("there is no approval \"{0}\"; `aiwg approval list` shows what waits for a decision")]
    ApprovalNotFound(ApprovalNo),
    /// Someone has decided already.
    #[error("{no} was {how} already: the first decision counts; `aiwg approval show {no}` shows it")]
    ApprovalDecided {
        /// The approval.
        no: ApprovalNo,
        /// The decision, its person and its time, in words.
        how: String,
    },
    /// The time to decide is over.
    #[error("{no} expired at {at}: nobody had decided by then, which counts as {counts_as:?}")]
    ApprovalExpired {
        /// The approval.
        no: ApprovalNo,
        /// The end of the time.
        at: Timestamp,
        /// The decision that it counts as.
        counts_as: &'static str,
    },
    /// The task has ended that had asked.
    #[error(
        "{no} was withdrawn, since {task} has ended, has another prompt now, or has come to another round: `aiwg approval list` shows what waits"
    )]
    ApprovalWithdrawn {
        /// The approval.
        no: ApprovalNo,
        /// Its task.
        task: TaskNo,
    },
    /// The decision is none on this approval.
    #[error("{0}")]
    ApprovalMismatch(String),
    /// The key of a call stands for another call.
    #[error(
        "the idempotencyKey stands for another call already, of another method or with other params: nothing was done; take a new key for each call"
    )]
    KeyOfAnother,
    /// The answer that was kept of a call cannot be read.
    #[error(
        "the call with this idempotencyKey has taken effect, but its answer cannot be read: {0}; do not repeat it with another key"
    )]
    AnswerUnreadable(String),
    /// The daemon is stopping.
    #[error("the daemon is stopping and takes no new work; start it again with `aiwg daemon start`")]
    Closing,
    /// The transaction failed.
    #[error("the daemon could not write to its database, and nothing of this took effect: {0}")]
    Storage(Arc<str>),
}

impl EngineError {
    /// True if the store could not be written: the same may work later.
    pub(crate) fn is_storage(&self) -> bool {
        matches!(self, Self::Storage(_))
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        if let EngineError::ApprovalMismatch(why) = &error {
            return Self::invalid_member("approvalId", why.clone());
        }
        let kind = match error {
            EngineError::TaskNotFound(_) => ErrorKind::TaskNotFound,
            EngineError::TaskEnded(_)
            | EngineError::RunIsOver(_)
            | EngineError::SentTooLate(_)
            | EngineError::TakenTooLate(_) => ErrorKind::TaskEnded,
            EngineError::TooManySent(_) => ErrorKind::TooManyMessages,
            EngineError::TooManyAsked(_) => ErrorKind::TooManyApprovals,
            EngineError::ApprovedWithout(_) => ErrorKind::NotAllowed,
            EngineError::AlreadyTaken(..) => ErrorKind::TaskIsTaken,
            EngineError::NotTaken(_) => ErrorKind::TaskIsNotTaken,
            EngineError::TaskNotQueued(_) => ErrorKind::TaskNotQueued,
            EngineError::TaskUnreadable(_) | EngineError::FilesUnseen { .. } => ErrorKind::InternalError,
            EngineError::QueueFull(_) => ErrorKind::QueueFull,
            EngineError::ChainTooDeep(_) => ErrorKind::ChainTooDeep,
            EngineError::DependencyNotFound(_) => ErrorKind::DependencyNotFound,
            EngineError::DependencyOnItself(_) => ErrorKind::DependencyOnItself,
            EngineError::RuleNotFound { .. } => ErrorKind::RuleNotFound,
            EngineError::ApprovalNotFound(_) => ErrorKind::ApprovalNotFound,
            EngineError::ApprovalDecided { .. } => ErrorKind::ApprovalDecided,
            EngineError::ApprovalExpired { .. } | EngineError::ApprovalWithdrawn { .. } => {
                ErrorKind::ApprovalExpired
            }
            EngineError::ApprovalMismatch(_) => ErrorKind::InvalidParams,
            EngineError::KeyOfAnother => ErrorKind::IdempotencyConflict,
            EngineError::AnswerUnreadable(_) => ErrorKind::InternalError,
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
