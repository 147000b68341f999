//! The states of rules: switches, pending matches, firings.

use std::collections::HashMap;

use aiwg_protocol::types::Timestamp;

use crate::task_no::TaskNo;

/// A rule's switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// The manual switch; none if nobody has set it, so that the configuration decides.
    pub enabled: Option<bool>,
    /// Time at which it tripped.
    pub tripped_at: Option<Timestamp>,
}

/// Matches of a rule that have not come to a task yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The rule.
    pub rule: String,
    /// Time at which they become a task; none if that is when the rule is no longer busy.
    pub due_at: Option<Timestamp>,
    /// Time of the first of them.
    pub first_at: Timestamp,
    /// Number of matches.
    pub matches: u64,
}

/// A period in which a task of a rule ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusyPeriod {
    /// The task.
    pub task: TaskNo,
    /// Number of tasks between it and what came from outside.
    pub depth: u32,
    /// From its start.
    pub from: Timestamp,
    /// To its end; none while it runs.
    pub until: Option<Timestamp>,
}

/// A task that a rule made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// The rule.
    pub rule: String,
    /// Time of the firing.
    pub at: Timestamp,
    /// The last event that led to it.
    pub event: u64,
    /// Number of matches.
    pub matches: u64,
    /// The task.
    pub task: TaskNo,
    /// True if the circuit breaker counts it.
    pub counts: bool,
}

/// The store's facts about the rules.
#[derive(Debug)]
pub struct RuleFacts {
    /// All switches that were ever set; the one of all automation has an empty name.
    pub switches: HashMap<String, Switch>,
    /// Number of tasks of each rule that are queued or running.
    pub busy: HashMap<String, usize>,
    /// All matches that wait, by rule.
    pub pending: HashMap<String, Pending>,
}
