//! How tasks end.

use aiwg_protocol::types::{TaskState, TaskUsage};

use crate::task::StopReason;

/// How a task ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The final state.
    pub state: TaskState,
    /// What the agent exited with.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why it did not complete.
    pub error: Option<String>,
    /// Its answer.
    pub result: Option<String>,
    /// What became of the processes that it left; none where there was no agent.
    pub processes: Option<Processes>,
    /// What it used.
    pub usage: Option<TaskUsage>,
    /// What its session has cost so far.
    pub session: Option<SessionCost>,
}

/// What an agent's session has cost from its very beginning, as the agent tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionCost {
    /// In US dollars.
    pub total_usd: f64,
    /// Whether the cost that the outcome tells is this one, and not that of this task alone.
    pub is_sessions: bool,
}

/// What became of the processes that an agent left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processes {
    /// How many were ended.
    pub ended: u32,
    /// How many could not be.
    pub left: u32,
}

impl Outcome {
    /// The end of a task without an agent's exit.
    pub fn without_exit(state: TaskState, error: impl Into<String>) -> Self {
        let error = Some(error.into());
        Self {
            state,
            exit_code: None,
            signal: None,
            error,
            result: None,
            processes: None,
            usage: None,
            session: None,
        }
    }

    /// What it comes to when the agent was being ended: that decides, whatever the agent made of it.
    #[must_use]
    pub fn given(mut self, ending: Option<StopReason>) -> Self {
        let (state, why) = match ending {
            // An agent that had told its result was judged by that.
            None | Some(StopReason::Finished) => return self,
            Some(StopReason::Cancel) => (TaskState::Cancelled, "cancelled while it was running"),
            Some(StopReason::Timeout) => (TaskState::Timeout, "it ran longer than its time limit"),
            Some(StopReason::Stalled) => {
                (TaskState::Timeout, "it wrote nothing for as long as daemon.stall_minutes allows")
            }
            Some(StopReason::Stop) => (TaskState::Cancelled, "the daemon was stopped"),
        };
        self.state = state;
        self.error = Some(why.to_owned());
        self
    }
}
