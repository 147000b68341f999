//! Holds on queued tasks.

use std::borrow::Cow;

use aiwg_protocol::types::{Timestamp, Waiting};

use crate::{approval::ApprovalNo, task_no::TaskNo};

/// Something that keeps a queued task from starting. A task is in the queue only while nothing holds it.
///
/// A part of the daemon that places holds has a kind of its own, and releases them by their keys, or gives them an
/// end: nothing else needs to know the kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hold {
    /// The kind: [`Hold::AFTER`], [`Hold::REST`], or another.
    pub kind: Cow<'static, str>,
    /// The key among its kind, by which it is released.
    pub key: String,
    /// Time at which it is released by itself; never if none.
    pub until: Option<Timestamp>,
}

impl Hold {
    /// The task is to start after another one has ended. The key is that one's number.
    pub const AFTER: &'static str = "after";

    /// The task's agent was lost, and is not to be started again at once. The key is empty.
    pub const REST: &'static str = "rest";

    /// The service that the task's agent uses was overloaded. The key is empty.
    pub const PAUSE: &'static str = "pause";

    /// The reason for which a task with this hold waits.
    pub fn waiting(&self) -> Waiting {
        match self.kind.as_ref() {
            Self::AFTER => Waiting::Dependency,
            Self::REST | Self::PAUSE => Waiting::Rest,
            Self::DELAY => Waiting::Delay,
            Self::BY_HAND => Waiting::Hold,
            Self::LIMIT => Waiting::Limit,
            other => Waiting::from_name(other).unwrap_or(Waiting::Hold),
        }
    }

    /// The task is to start later. The key is empty.
    pub const DELAY: &'static str = "delay";

    /// Someone holds the task. The key is empty.
    pub const BY_HAND: &'static str = "hold";

    /// A person has taken the task over. The key is empty.
    pub const TAKEN: &'static str = "taken";

    /// A hold for as long as a person has the task.
    pub fn taken() -> Self {
        Self { kind: Self::TAKEN.into(), key: String::new(), until: None }
    }

    /// A hold until this time, before which the task does not start.
    pub fn delay(until: Timestamp) -> Self {
        Self { kind: Self::DELAY.into(), key: String::new(), until: Some(until) }
    }

    /// A hold by hand, until someone releases it or, if there is one, until this time.
    pub fn by_hand(until: Option<Timestamp>) -> Self {
        Self { kind: Self::BY_HAND.into(), key: String::new(), until }
    }

    /// A person is to decide on something. The key is the approval's number.
    pub const APPROVAL: &'static str = "approval";

    /// A hold of a task whose agent met an overloaded service, until this time.
    pub fn pause(until: Timestamp) -> Self {
        Self { kind: Self::PAUSE.into(), key: String::new(), until: Some(until) }
    }

    /// The account of the task's agent has reached a limit. The key is empty.
    pub const LIMIT: &'static str = "limit";

    /// A hold of a task whose agent met a limit of an account that it alone works with, until this time.
    pub fn limit(until: Timestamp) -> Self {
        Self { kind: Self::LIMIT.into(), key: String::new(), until: Some(until) }
    }

    /// A hold until a person has decided.
    pub fn approval(no: ApprovalNo) -> Self {
        Self { kind: Self::APPROVAL.into(), key: no.0.to_string(), until: None }
    }

    /// A hold until another task has ended.
    pub fn after(other: TaskNo) -> Self {
        Self { kind: Self::AFTER.into(), key: other.0.to_string(), until: None }
    }

    /// A hold for as long as a task rests.
    pub fn rest() -> Self {
        Self { kind: Self::REST.into(), key: String::new(), until: None }
    }
}
