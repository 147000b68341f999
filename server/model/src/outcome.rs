//! The outcomes of tasks.

use aiwg_protocol::types::{Json, TaskState, TaskUsage, Timestamp};

use crate::{end_reason::EndReason, message::Received, spending::RunCost, stop_reason::StopReason};

/// The end of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The final state.
    pub state: TaskState,
    /// The end reason of its run.
    pub reason: EndReason,
    /// Exit code of the agent.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The reason for which it did not complete.
    pub error: Option<String>,
    /// Its answer.
    pub result: Option<String>,
    /// The processes that it left; none if there was no agent.
    pub processes: Option<Processes>,
    /// Its usage.
    pub usage: Option<TaskUsage>,
    /// The extent to which the usage has the cost.
    pub cost: RunCost,
    /// Cost of its session so far.
    pub session: Option<SessionCost>,
    /// Further facts that its run has left, as JSON, to be kept with the run; none for nothing.
    pub detail: Option<Json>,
    /// What it was done by, as far as that is known; it is not kept.
    pub by: Option<UsedBy>,
    /// The messages of the task that it has reported on.
    pub received: Received,
    /// Time at which a limit resets that its agent has met; none if it has met none, or has told no time that can be believed.
    pub resets_at: Option<Timestamp>,
}

/// Cost of an agent's session from its very beginning, as the agent reports it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionCost {
    /// In US dollars.
    pub total_usd: f64,
    /// True if the cost in the outcome's usage is the session's, and not that of this task alone.
    pub is_sessions: bool,
    /// True if the configured command itself resumes a session, whichever task it was begun by.
    pub is_resumed: bool,
    /// The totals of the other sessions that the run was in, by their ids, in US dollars.
    pub others: Vec<(String, f64)>,
}

/// Usage and cost of a run, and the messages that it has used up, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Used {
    /// Its usage.
    pub usage: Option<TaskUsage>,
    /// The extent to which the usage has the cost.
    pub cost: RunCost,
    /// Cost of its session so far.
    pub session: Option<SessionCost>,
    /// What it was done by.
    pub by: Option<UsedBy>,
    /// The messages of its task that it has reported on.
    pub received: Received,
}

/// The program that has worked, and its model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsedBy {
    /// The program: `claude`.
    pub program: &'static str,
    /// The model that its command asks for.
    pub request_model: Option<String>,
    /// The model that has done most of the work, as it has reported.
    pub response_model: Option<String>,
}

/// The processes that an agent left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processes {
    /// Number of processes that were ended.
    pub ended: u32,
    /// Number of processes that could not be ended.
    pub left: u32,
}

impl Outcome {
    /// The end of a task without an agent's exit.
    pub fn without_exit(state: TaskState, error: impl Into<String>) -> Self {
        let error = Some(error.into());
        Self {
            state,
            reason: EndReason::of_state(state),
            exit_code: None,
            signal: None,
            error,
            result: None,
            processes: None,
            usage: None,
            cost: RunCost::default(),
            session: None,
            detail: None,
            by: None,
            received: Received::default(),
            resets_at: None,
        }
    }

    /// The same outcome of a run that has used this.
    #[must_use]
    pub fn with(self, used: Used) -> Self {
        let Used { usage, cost, session, by, received } = used;
        Self { usage, cost, session, by, received, ..self }
    }

    /// Usage and cost of its run, and the messages that it has reported on.
    pub fn used(&self) -> Used {
        let received = self.received.clone();
        let (usage, session, by) = (self.usage.clone(), self.session.clone(), self.by.clone());
        Used { usage, cost: self.cost, session, by, received }
    }

    /// The outcome if the agent was being ended: the reason for that decides, whatever the agent made of it.
    #[must_use]
    pub fn given(mut self, ending: Option<StopReason>) -> Self {
        let Some(ending) = ending else { return self };
        let (state, why) = match ending {
            // An agent that had reported its result was evaluated by that.
            StopReason::Finished => return self,
            StopReason::Cancel => (TaskState::Cancelled, "cancelled while it was running"),
            StopReason::Timeout => (TaskState::Timeout, "it ran longer than its time limit"),
            StopReason::Stalled => {
                (TaskState::Timeout, "it wrote nothing for as long as daemon.stall_minutes allows")
            }
            StopReason::Budget => (
                TaskState::Failed,
                "it has cost as much as the budgets or its profile allow; `aiwg budget` shows what is left: raise it, and retry it",
            ),
            StopReason::Take => (TaskState::Failed, "a person took it over while it was running"),
            StopReason::Stop => (TaskState::Cancelled, "the daemon was stopped"),
        };
        self.reason = EndReason::stopped(ending);
        self.state = state;
        self.error = Some(why.to_owned());
        self
    }
}
