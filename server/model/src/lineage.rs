//! The records of what led to what.

use std::{
    borrow::Cow,
    sync::{Mutex, PoisonError},
};

use aiwg_protocol::types::{Cause, EventSource, Json, Origin, TaskState, Timestamp};

use crate::{ApprovalRow, EndReason, TaskNo, run::RunRow};

/// The one at the other end of a connection. The store keeps it once for all events and tasks that come from there.
#[derive(Debug)]
pub struct Sender {
    who: Origin,
    stored: Mutex<Option<(u64, u64)>>,
}

impl Sender {
    /// A sender that is not stored yet.
    pub fn new(who: Origin) -> Self {
        Self { who, stored: Mutex::new(None) }
    }

    /// The one.
    pub fn who(&self) -> &Origin {
        &self.who
    }

    /// The number under which it is stored; none if it is not, or was noted in another `generation`: numbers of earlier ones
    /// may have been forgotten.
    pub fn stored(&self, generation: u64) -> Option<u64> {
        let stored = *self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.filter(|(of, _)| *of == generation).map(|(_, id)| id)
    }

    /// Notes the number under which it is stored.
    pub fn note_stored(&self, generation: u64, id: u64) {
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = Some((generation, id));
    }
}

/// The decision on a match that made no task of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchDecision {
    /// The rule.
    pub rule: String,
    /// The event that it matched.
    pub event: u64,
    /// [`MatchDecision::GATHERED`], or the reason of the refusal in a word.
    pub decision: Cow<'static, str>,
    /// Time of the decision.
    pub at: Timestamp,
    /// The reason of a refusal, for people.
    pub reason: Option<String>,
    /// The task that it went into, together with others.
    pub task: Option<TaskNo>,
}

impl MatchDecision {
    /// It went into a task together with others.
    pub const GATHERED: &'static str = "gathered";
}

/// A rule as it was when tasks were made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRevision {
    /// The number under which tasks name it.
    pub id: u64,
    /// The rule.
    pub rule: String,
    /// The number among the revisions of its rule, from 1.
    pub n: u64,
    /// Time at which it first made a task.
    pub at: Timestamp,
    /// The rule as JSON.
    pub definition: Json,
}

/// A task, as far as it matters to what led to what.
#[derive(Debug, Clone)]
pub struct TracedTask {
    /// Its number.
    pub no: TaskNo,
    /// The state.
    pub state: TaskState,
    /// The beginning of its prompt.
    pub prompt: String,
    /// The rule that made it.
    pub rule: Option<String>,
    /// The cause.
    pub cause: Option<Cause>,
    /// Time at which it was stored.
    pub created_at: Timestamp,
    /// Time of its end.
    pub completed_at: Option<Timestamp>,
    /// The reason for its end, by the vocabulary of its runs.
    pub reason: Option<EndReason>,
    /// The reason for which it did not complete.
    pub error: Option<String>,
    /// The one who has said that it is done after a person had taken it over, in words for people.
    pub finished_by: Option<String>,
    /// The cost of all its runs, in US dollars.
    pub cost_usd: Option<f64>,
    /// The number of its sender, see [`Sender`].
    pub origin: Option<u64>,
    /// The number of its rule's revision.
    pub revision: Option<u64>,
    /// The task that it carries out again.
    pub retry_of: Option<TaskNo>,
    /// The task as which it was carried out again last.
    pub retried_as: Option<TaskNo>,
    /// The task that it was to start after, and that has ended otherwise than by completing: it was cancelled for that.
    pub in_vain_for: Option<TaskNo>,
}

/// An event, as far as it matters to what led to what.
#[derive(Debug, Clone)]
pub struct TracedEvent {
    /// Its number.
    pub seq: u64,
    /// The topic.
    pub topic: String,
    /// The publisher.
    pub source: EventSource,
    /// Time at which the daemon received it.
    pub at: Timestamp,
    /// The cause.
    pub cause: Option<Cause>,
    /// The beginning of the payload's JSON.
    pub payload: String,
    /// The number of its sender, see [`Sender`].
    pub origin: Option<u64>,
}

/// The direction in which a chain is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Up to what came from outside.
    Causes,
    /// Down to all that came of it.
    Effects,
}

/// The records about some tasks and events. Each list is in the order of its numbers.
#[derive(Debug, Default)]
pub struct Trace {
    /// The tasks.
    pub tasks: Vec<TracedTask>,
    /// The runs of the tasks.
    pub runs: Vec<RunRow>,
    /// The events.
    pub events: Vec<TracedEvent>,
    /// The decisions on the events' matches; and those by which other events' matches went into the tasks.
    pub decisions: Vec<MatchDecision>,
    /// The senders that tasks and events name.
    pub origins: Vec<(u64, Origin)>,
    /// The revisions that tasks name.
    pub revisions: Vec<RuleRevision>,
    /// With [`Follow::Effects`]: the tasks that rules made of the events.
    pub made: Vec<TaskNo>,
    /// The approvals that the tasks have asked for, without the requests in full.
    pub approvals: Vec<ApprovalRow>,
    /// True if there were more records of one kind than one look gives.
    pub is_cut: bool,
    /// With [`Follow::Effects`]: the tasks that the tasks' agents submitted, and those that were cancelled since they were to start after the tasks.
    pub submitted: Vec<TaskNo>,
    /// With [`Follow::Effects`]: the events that the tasks' agents emitted, and those about the tasks. With [`Follow::Causes`] only the messages
    /// to the agents, and the tasks that they were refused.
    pub emitted: Vec<u64>,
}
