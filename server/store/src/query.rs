//! The parameters of queries.

use std::{borrow::Cow, sync::Arc};

use aiwg_model::{TaskNo, TaskRow};
use aiwg_patterns::TopicFilter;
use aiwg_protocol::types::{ApprovalState, Event, TaskOrder, TaskState, Timestamp};

/// Size of the texts that one list reads, in bytes; it ends with the row that reaches this.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Number of tasks of a rule whose costs are kept: the latest ones.
pub const RULE_COSTS: u32 = 20;

/// Number of sums by rule and agent: those that came first.
pub const AGENT_SUMS: u32 = 200;

/// The rule and the agent of what comes once there are [`AGENT_SUMS`].
pub const OTHER: &str = "other";

/// A name of the user's own as it stands beside [`OTHER`]: one that looks like it has one `_` more.
pub fn own_name(name: &str) -> Cow<'_, str> {
    match name.strip_prefix(OTHER) {
        Some(rest) if rest.bytes().all(|byte| byte == b'_') => format!("{name}_").into(),
        _ => name.into(),
    }
}

/// Selects the tasks to list.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Only in this state.
    pub state: Option<TaskState>,
    /// Only for this agent.
    pub agent: Option<String>,
    /// Only made by this rule.
    pub rule: Option<String>,
    /// Only in this lane.
    pub lane: Option<String>,
    /// Only with this text in the prompt, whatever its case in ASCII.
    pub text: Option<String>,
    /// Only submitted at this moment or later.
    pub since: Option<Timestamp>,
    /// Only submitted before this moment.
    pub until: Option<Timestamp>,
    /// Only ended at this moment or later.
    pub ended_since: Option<Timestamp>,
    /// The order.
    pub order: TaskOrder,
    /// Only older than this one.
    pub before: Option<TaskNo>,
    /// Maximum number.
    pub limit: u32,
    /// Maximum size of their texts together, in bytes; the last task may exceed it.
    pub bytes: usize,
}

/// A part of the list of tasks.
#[derive(Default)]
pub struct TaskPage {
    /// The tasks, the newest first.
    pub tasks: Vec<TaskRow>,
    /// Size of their texts together, in bytes.
    pub bytes: usize,
    /// True if there would be more, were these not so long together.
    pub is_cut: bool,
}

/// Selects the approvals to list.
#[derive(Debug, Clone, Copy)]
pub struct ApprovalFilter {
    /// Only in this state.
    pub state: ApprovalState,
    /// Only of this task.
    pub task: Option<TaskNo>,
    /// Maximum number.
    pub limit: u32,
}

/// From where to look through the events, and which way.
#[derive(Debug, Clone, Copy)]
pub enum From {
    /// Forwards, from the one after this.
    After(u64),
    /// Backwards, from the one before this.
    Before(u64),
}

/// Selects the events to list.
#[derive(Debug, Clone)]
pub struct EventFilter {
    /// Only with a topic that matches; all when none.
    pub topics: Option<Arc<TopicFilter>>,
    /// From where, and which way.
    pub from: From,
    /// Maximum number.
    pub limit: u32,
    /// Maximum size of their payloads together, in bytes; the last event may exceed it. As much memory is unavailable
    /// to others meanwhile.
    pub bytes: usize,
}

/// A part of the event log.
#[derive(Debug)]
pub struct EventPage {
    /// The events that match.
    pub events: Vec<Event>,
    /// Number of events between the start of the query and the first event looked at that are no longer in the log.
    /// Forwards only.
    pub gone: u64,
    /// The number of the last event that was looked at.
    pub scanned: u64,
    /// True if the log ends there.
    pub is_last: bool,
    /// True if there would be more, were those found not so long together.
    pub is_full: bool,
}

/// The members of a queued task on which its class may depend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Classified<'a> {
    /// Its lane.
    pub lane: Option<&'a str>,
    /// Its agent.
    pub agent: Option<&'a str>,
    /// The rule that it counts to: the one that made it, or made the task whose agent submitted it.
    pub rule: Option<&'a str>,
    /// True if no budget keeps it from starting.
    pub ignores_budget: bool,
    /// True if its own environment decides by which login its agent works.
    pub has_own_login: bool,
    /// The profile in whose session it goes on, whatever its account has met.
    pub stays_with: Option<&'a str>,
    /// What it demands of its host; none for nothing.
    pub demand: Option<&'a str>,
}

/// The place of a kind of tasks in the queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// Its class.
    pub class: String,
    /// The number that its lane adds to the priority of a task.
    pub lane_priority: i32,
}

/// Selects tasks.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// In this state.
    pub state: Option<TaskState>,
    /// For this agent.
    pub agent: Option<String>,
    /// Made by this rule.
    pub rule: Option<String>,
    /// Only tasks that have ended since, or were submitted since and have not ended.
    pub since: Option<Timestamp>,
}
