//! Holds on queued tasks.

use std::borrow::Cow;

use aiwg_protocol::types::Timestamp;

use crate::task::TaskNo;

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

    /// A hold until another task has ended.
    pub fn after(other: TaskNo) -> Self {
        Self { kind: Self::AFTER.into(), key: other.0.to_string(), until: None }
    }

    /// A hold for as long as a task rests.
    pub fn rest() -> Self {
        Self { kind: Self::REST.into(), key: String::new(), until: None }
    }
}
