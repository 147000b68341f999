//! End reasons of runs and tasks.

use std::borrow::Cow;

use aiwg_protocol::types::TaskState;

use crate::stop_reason::StopReason;

/// An end reason, as a name. Parts that end runs may add names of their own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndReason(Cow<'static, str>);

impl EndReason {
    /// The agent did what it was asked to.
    pub const DONE: Self = Self(Cow::Borrowed("done"));

    /// The task failed, and nothing more is known.
    pub const FAILED: Self = Self(Cow::Borrowed("failed"));

    /// A limit of the account was reached: the work goes on when it is over.
    pub const LIMITED: Self = Self(Cow::Borrowed("limited"));

    /// The service was overloaded, or out of reach: the work goes on soon.
    pub const OVERLOADED: Self = Self(Cow::Borrowed("overloaded"));

    /// A tool waits for a person's permission: the work goes on when it was given or refused.
    pub const DEFERRED: Self = Self(Cow::Borrowed("deferred"));

    /// It has cost as much as a budget allows.
    pub const BUDGET: Self = Self(Cow::Borrowed("budget"));

    /// A person has rejected the task, or nobody has approved it in time.
    pub const REJECTED: Self = Self(Cow::Borrowed("rejected"));

    /// The agent was lost, be it with its shim or with the machine.
    pub const LOST: Self = Self(Cow::Borrowed("lost"));

    /// There was no agent: it could not be started, or the daemon went down first.
    pub const NOT_STARTED: Self = Self(Cow::Borrowed("not_started"));

    /// The reason of a run that was ended for this.
    pub fn stopped(why: StopReason) -> Self {
        Self(Cow::Borrowed(why.name()))
    }

    /// The reason of a run where nothing is known but how its task ended.
    pub fn of_state(state: TaskState) -> Self {
        match state {
            TaskState::Completed => Self::DONE,
            TaskState::Timeout => Self::stopped(StopReason::Timeout),
            TaskState::Cancelled => Self::stopped(StopReason::Cancel),
            _ => Self::FAILED,
        }
    }

    /// The reason of this name.
    pub fn named(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// All rounds of a task with a check are used up.
    pub const ROUNDS: Self = Self(Cow::Borrowed("rounds"));

    /// The check of a task has failed in the same way twice, and nothing was changed in between.
    pub const STUCK: Self = Self(Cow::Borrowed("stuck"));

    /// The check of a task cannot be run at all.
    pub const CHECK_FAILED_TO_RUN: Self = Self(Cow::Borrowed("check_failed_to_run"));

    /// The check has run, and says that the work is not done: the end reason of its run, and not of the task.
    pub const CHECK_FAILED: Self = Self(Cow::Borrowed("check_failed"));

    /// The session in which an agent was to go on is not there any more.
    pub const SESSION_LOST: Self = Self(Cow::Borrowed("session_lost"));

    /// A person has taken the task over, and says that it is done.
    pub const BY_HAND: Self = Self(Cow::Borrowed("by_hand"));

    /// It was not started in the time in which it was wanted.
    pub const EXPIRED: Self = Self(Cow::Borrowed("expired"));

    /// True if the work is to go on later, in the same session, where the run has stopped.
    pub fn is_pause(&self) -> bool {
        [Self::LIMITED, Self::OVERLOADED, Self::DEFERRED].contains(self)
    }

    /// Its name, as it is stored.
    pub fn name(&self) -> &str {
        &self.0
    }
}
