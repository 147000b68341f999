//! The orders of the engine to the supervisor.

use std::{collections::BTreeMap, fmt};

use aiwg_protocol::types::{Event, Timestamp};

use crate::{
    message::Message,
    run::RunId,
    stop_reason::StopReason,
    task_no::TaskNo,
    tree::TreeOrder,
    verify::{ProtectRecord, VerifyTerms},
};

/// A command to the supervisor, sent after the commit.
#[derive(Debug)]
pub enum Order {
    /// Start an agent.
    Start(Box<StartOrder>),
    /// End the agent of a run.
    End(RunId, StopReason),
    /// Give the agent of a run a message, if it takes any.
    Tell(RunId, Message),
    /// Bring back what a run has changed in its work tree.
    Bring(RunId),
}

/// All that is needed to start an agent, or a check.
pub struct StartOrder {
    /// The task.
    pub no: TaskNo,
    /// Number of tasks between it and what came from outside.
    pub depth: u32,
    /// The number of the run within its task, from 1.
    pub launch: u32,
    /// The agent's prompt.
    pub prompt: String,
    /// The session in which the agent goes on; none for a new one.
    pub resume: Option<String>,
    /// The prompt in place of that one where the agent cannot go on in the session; none for the same.
    pub fresh_prompt: Option<String>,
    /// The round that it belongs to, if the task has a check.
    pub round: Option<RoundOrder>,
    /// The work tree in which it runs; none for the project's own directory.
    pub tree: Option<TreeOrder>,
    /// The profile by which the agent runs; none for the section `agent`.
    pub profile: Option<String>,
    /// The agent's role; none for the default one.
    pub agent: Option<String>,
    /// Environment, unresolved.
    pub env: BTreeMap<String, String>,
    /// The most that the run may cost, in US dollars; none for no cap.
    pub cap_usd: Option<f64>,
    /// The time limit in milliseconds; none for the configured one.
    pub timeout_ms: Option<u64>,
    /// The event that led to it.
    pub event: Option<Event>,
    /// The trace that its processes are told, as the header `traceparent` has it; none if there is none.
    pub traceparent: Option<String>,
    /// Time at which it was started.
    pub started_at: Timestamp,
}

/// The round of a task with a check that a run belongs to.
#[derive(Debug, Clone)]
pub struct RoundOrder {
    /// Its number, from 1; 0 for the check before the first one.
    pub n: u32,
    /// True if the check is to be run, and no agent.
    pub is_check: bool,
    /// The part of the agent's time limit that earlier rounds have used up, in milliseconds.
    pub used_ms: u64,
    /// The check.
    pub verify: VerifyTerms,
    /// The record of the protected files; none before there is one.
    pub protected: Option<ProtectRecord>,
    /// True if the protected files are to be put on record before the run.
    pub records: bool,
}

impl RoundOrder {
    /// The check, if that is to be run.
    pub fn check(&self) -> Option<&VerifyTerms> {
        self.is_check.then_some(&self.verify)
    }
}

impl fmt::Debug for StartOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartOrder")
            .field("no", &self.no)
            .field("launch", &self.launch)
            .finish_non_exhaustive()
    }
}
