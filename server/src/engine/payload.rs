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
    pub(super) error: Option<&'a str>,
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
            error: None,
        }
    }

    pub(super) fn ended(mut self, outcome: &'a Outcome, duration_ms: Option<i64>) -> Self {
        self.duration_ms = duration_ms;
        self.exit_code = outcome.exit_code;
        self.error = outcome.error.as_deref().map(tail);
        self
    }

    pub(super) fn topic(&self) -> String {
        let name = match self.state {
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
