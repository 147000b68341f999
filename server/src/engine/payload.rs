//! The payloads of the events of a task.

use aiwg_model::{Outcome, TaskNo, TaskSpec};
use aiwg_protocol::types::{Json, TaskEvent, TaskState};

/// Maximum bytes of an error in an event: its last ones, which say most.
const ERROR_TAIL: usize = 2000;

/// The event of a task that has come to this state.
pub(super) fn task_event(no: TaskNo, spec: &TaskSpec, state: TaskState, attempt: u32) -> TaskEvent {
    TaskEvent {
        task_id: no.to_string(),
        state,
        agent: spec.agent.clone(),
        priority: spec.priority,
        rule: spec.cause.as_ref().and_then(|cause| cause.rule.clone()),
        host: None,
        attempt,
        duration_ms: None,
        exit_code: None,
        signal: None,
        error: None,
        processes_ended: None,
        processes_left: None,
        cost_usd: None,
        silent_ms: None,
        reason: None,
    }
}

/// The same for a task that has ended.
pub(super) fn with_end(event: TaskEvent, outcome: &Outcome, duration_ms: Option<i64>) -> TaskEvent {
    TaskEvent {
        duration_ms,
        reason: Some(outcome.reason.name().to_owned()),
        exit_code: outcome.exit_code,
        signal: outcome.signal,
        error: outcome.error.as_deref().map(|error| tail(error).to_owned()),
        processes_ended: outcome.processes.map(|processes| processes.ended),
        processes_left: outcome.processes.map(|processes| processes.left),
        cost_usd: outcome.usage.as_ref().and_then(|usage| usage.cost_usd),
        ..event
    }
}

pub(super) fn topic(event: &TaskEvent) -> String {
    let name = match event.state {
        // That it counts as stalled is what the event is about.
        TaskState::Running if event.silent_ms.is_some() => "stalled",
        TaskState::Running => "started",
        other => other.name(),
    };
    format!("task:{name}")
}

pub(super) fn payload(event: &TaskEvent) -> Json {
    Json::new(event).unwrap_or_default()
}

fn tail(text: &str) -> &str {
    let start = (text.len().saturating_sub(ERROR_TAIL)..text.len()).find(|at| text.is_char_boundary(*at));
    &text[start.unwrap_or(0)..]
}
