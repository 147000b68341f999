//! What is asked of a store.

use std::sync::Arc;

use aiwg_model::{TaskNo, TaskRow};
use aiwg_patterns::TopicFilter;
use aiwg_protocol::types::{Event, TaskState, Timestamp};

/// How much text one list reads, in bytes, and then what is left of the row.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Which tasks to list.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Only in this state.
    pub state: Option<TaskState>,
    /// Only for this agent.
    pub agent: Option<String>,
    /// Only older than this one.
    pub before: Option<TaskNo>,
    /// How many at the most.
    pub limit: u32,
    /// How many bytes their texts have together at the most, but for the last of them.
    pub bytes: usize,
}

/// A part of the list of tasks.
#[derive(Default)]
pub struct TaskPage {
    /// The tasks, the newest first.
    pub tasks: Vec<TaskRow>,
    /// How many bytes their texts have together.
    pub bytes: usize,
    /// Whether there would be more, but for how long these are together.
    pub is_cut: bool,
}

/// From where to look through the events, and which way.
#[derive(Debug, Clone, Copy)]
pub enum From {
    /// Forwards, from the one after this.
    After(u64),
    /// Backwards, from the one before this.
    Before(u64),
}

/// Which events to list.
#[derive(Debug, Clone)]
pub struct EventFilter {
    /// Only with a topic that matches; all when none.
    pub topics: Option<Arc<TopicFilter>>,
    /// From where, and which way.
    pub from: From,
    /// How many at the most.
    pub limit: u32,
    /// How many bytes their payloads have together at the most, but for the last of them: so much memory nobody else can use meanwhile.
    pub bytes: usize,
}

/// A part of the event log.
#[derive(Debug)]
pub struct EventPage {
    /// Those that match.
    pub events: Vec<Event>,
    /// How many events there were before the first that was looked at, and after where it began, that are in the log no more. Forwards only.
    pub gone: u64,
    /// The number of the last event that was looked at.
    pub scanned: u64,
    /// Whether the log ends there.
    pub is_last: bool,
    /// Whether there would be more, but for how long those found are together.
    pub is_full: bool,
}

/// Which tasks.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// In this state.
    pub state: Option<TaskState>,
    /// For this agent.
    pub agent: Option<String>,
    /// Made by this rule.
    pub rule: Option<String>,
    /// That have ended since, or were submitted since and have not ended.
    pub since: Option<Timestamp>,
}
