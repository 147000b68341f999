//! What the events of a task say.

use aiwg_protocol::types::{Json, TaskState};
use serde::Serialize;

use crate::store::{NewTask, Outcome, TaskNo};

/// How much of an error goes into an event: its last bytes say most.
const ERROR_TAIL: usize = 2000;

/// The payload of every `task:` event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskEvent<'a> {
    pub(super) task_id: String,
    pub(super) state: TaskState,
    pub(super) agent: Option<&'a str>,
    pub(super) priority: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<&'a str>,
    pub(super) attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signal: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) processes_ended: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) processes_left: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cost_usd: Option<f64>,
    /// For how long it has written nothing: that it counts as stalled is what the event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) silent_ms: Option<u64>,
}

impl<'a> TaskEvent<'a> {
    pub(super) fn new(no: TaskNo, order: &'a NewTask, state: TaskState, attempt: u32) -> Self {
        Self {
            task_id: no.to_string(),
            state,
            agent: order.agent.as_deref(),
            priority: order.priority,
            rule: order.cause.as_ref().and_then(|cause| cause.rule.as_deref()),
            attempt,
            duration_ms: None,
            exit_code: None,
            signal: None,
            error: None,
            processes_ended: None,
            processes_left: None,
            cost_usd: None,
            silent_ms: None,
        }
    }

    pub(super) fn ended(mut self, outcome: &'a Outcome, duration_ms: Option<i64>) -> Self {
        self.duration_ms = duration_ms;
        self.exit_code = outcome.exit_code;
        self.signal = outcome.signal;
        self.error = outcome.error.as_deref().map(tail);
        self.processes_ended = outcome.processes.map(|processes| processes.ended);
        self.processes_left = outcome.processes.map(|processes| processes.left);
        self.cost_usd = outcome.usage.as_ref().map(|usage| usage.cost_usd);
        self
    }

    pub(super) fn stalled(mut self, silent_ms: u64) -> Self {
        self.silent_ms = Some(silent_ms);
        self
    }

    pub(super) fn topic(&self) -> String {
        let name = match self.state {
            TaskState::Running if self.silent_ms.is_some() => "stalled",
            TaskState::Running => "started",
            other => other.name(),
        };
        format!("task:{name}")
    }

    pub(super) fn payload(&self) -> Json {
        Json::new(self).unwrap_or_default()
    }
}

fn tail(text: &str) -> &str {
    let start = (text.len().saturating_sub(ERROR_TAIL)..text.len()).find(|at| text.is_char_boundary(*at));
    &text[start.unwrap_or(0)..]
}
