//! What rules remember: switches, matches that wait, firings.

use std::collections::HashMap;

use aiwg_protocol::types::Timestamp;

use crate::task::TaskNo;

/// A rule's switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// What someone has switched it to; none where nobody has, so that the configuration says it.
    pub enabled: Option<bool>,
    /// When it tripped.
    pub tripped_at: Option<Timestamp>,
}

/// Matches of a rule that have not come to a task yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The rule.
    pub rule: String,
    /// When they will; when the rule is no longer busy, if none.
    pub due_at: Option<Timestamp>,
    /// When the first of them came.
    pub first_at: Timestamp,
    /// How many there are.
    pub matches: u64,
}

/// When a task of a rule ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The task.
    pub task: TaskNo,
    /// How many tasks lay between it and what came from outside.
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
    /// When.
    pub at: Timestamp,
    /// The last event that led to it.
    pub event: u64,
    /// How many there were.
    pub matches: u64,
    /// The task.
    pub task: TaskNo,
    /// Whether the circuit breaker counts it.
    pub counts: bool,
}

/// What the store knows of the rules.
#[derive(Debug)]
pub struct RuleFacts {
    /// All switches that were ever set; the one of all automation has an empty name.
    pub switches: HashMap<String, Switch>,
    /// How many tasks of each rule are queued or running.
    pub busy: HashMap<String, usize>,
    /// All matches that wait, by rule.
    pub pending: HashMap<String, Pending>,
}
