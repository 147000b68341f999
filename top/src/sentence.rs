//! What happens, in sentences.

use aiwg_client::types::{
    ApprovalEvent, ApprovalKind, BudgetEvent, BudgetSpan, BudgetStatus, DaemonStatus, Event, Health,
    QueueEvent, Task, TaskEvent, Timestamp,
};
use jiff::tz::TimeZone;

use crate::{
    format::{between, count, moment, money, words},
    text::one_line,
};

/// Number of bytes of a text of others in a sentence.
const MOST: usize = 1000;

fn short(text: &str) -> String {
    one_line(text, MOST)
}

/// What a daemon does.
pub(crate) fn status(status: &DaemonStatus) -> String {
    let supervisor = &status.subsystems.supervisor;
    let running = count(supervisor.running.into(), "task");
    let verb = if supervisor.running == 1 { "runs" } else { "run" };
    let wait = if supervisor.queued == 1 { "waits" } else { "wait" };
    let mut said = format!("The daemon answers: {running} {verb}, {} {wait}", supervisor.queued);
    if supervisor.paused_since.is_some() {
        said.push_str(", and the queue is paused");
    }
    if status.health != Health::Healthy {
        for issue in &status.issues {
            said.push_str(&format!(". It needs someone: {}", short(&issue.message)));
        }
    }
    said
}

/// What was spent.
pub(crate) fn budget(budget: &BudgetStatus) -> String {
    let bounds = budget.bounds.iter().filter(|bound| bound.rule.is_none());
    let bounds: Vec<_> = bounds
        .map(|bound| {
            let span = if bound.span == BudgetSpan::Day { "today" } else { "this month" };
            format!("{} of {} are spent {span}", money(bound.spent_usd), money(bound.limit_usd))
        })
        .collect();
    if bounds.is_empty() { format!("{} are spent today", money(budget.spent_usd)) } else { bounds.join(", ") }
}

/// What a person is asked for.
pub(crate) fn asked(id: &str, task: &str, kind: ApprovalKind, summary: &str) -> String {
    let what = match kind {
        ApprovalKind::Task => "is to be approved",
        ApprovalKind::Permission => "asks whether it may use a tool",
        ApprovalKind::Question => "asks a question",
        _ => "waits for a decision",
    };
    let (id, task) = (short(id), short(task));
    let number = id.trim_start_matches(|c: char| !c.is_ascii_digit() || c == '0');
    let verb = if kind == ApprovalKind::Question { "answer" } else { "approve" };
    format!("{task} {what}, {id}: {}. Next: aiwg approval {verb} {number}", short(summary))
}

/// A task that runs.
pub(crate) fn runs(task: &Task, now: Timestamp) -> String {
    let time = task.started_at.map(|at| format!(" for {}", words(between(at, now)))).unwrap_or_default();
    format!("{} runs{time}: {}", short(&task.id), short(&task.prompt))
}

/// An event. The prompt is that of the task that it is about, where it is known.
pub(crate) fn event(event: &Event, prompt: Option<&str>, zone: &TimeZone) -> String {
    let topic = short(&event.topic);
    let known = match topic.split_once(':') {
        Some(("task", what)) => event.payload.to().ok().and_then(|task| of_task(what, &task, prompt)),
        Some(("approval", what)) => event.payload.to().ok().and_then(|approval| of_approval(what, &approval)),
        Some(("budget", what)) => {
            event.payload.to().ok().and_then(|budget| of_budget(what, &budget, event.at, zone))
        }
        Some(("daemon", what)) => event.payload.to().ok().and_then(|queue| of_queue(what, &queue)),
        _ => None,
    };
    known.unwrap_or_else(|| match event.payload.as_str() {
        "null" => format!("Event {topic}"),
        payload => format!("Event {topic}: {}", short(payload)),
    })
}

fn of_task(what: &str, task: &TaskEvent, prompt: Option<&str>) -> Option<String> {
    let id = short(&task.task_id);
    let about = prompt.map(|prompt| format!(": {}", short(prompt))).unwrap_or_default();
    let time = task.duration_ms.map(|time| format!(" after {}", words(time))).unwrap_or_default();
    let cost = task.cost_usd.map(|cost| format!(", for {}", money(cost))).unwrap_or_default();
    let error = task.error.as_ref().map(|error| format!(": {}", short(error))).unwrap_or_default();
    Some(match what {
        "queued" => {
            let rule =
                task.rule.as_ref().map(|rule| format!(" by the rule {}", short(rule))).unwrap_or_default();
            format!("{id} is queued{rule}{about}")
        }
        "started" => format!("{id} has started{about}"),
        "stalled" => {
            let time = task.silent_ms.map_or(0, |time| i64::try_from(time).unwrap_or(i64::MAX));
            format!("{id} has written nothing for {}", words(time))
        }
        "completed" => format!("{id} has completed{time}{cost}"),
        "failed" => format!("{id} has failed{time}{cost}{error}"),
        "cancelled" => format!("{id} is cancelled{time}{cost}{error}"),
        "timeout" => format!("{id} was ended{time}{cost}{error}"),
        "edited" => format!("{id} was changed"),
        "held" => format!("{id} is held back"),
        "released" => format!("{id} is no longer held back"),
        "taken" => format!("{id} was taken over by a person"),
        "given" => format!("{id} was given back"),
        _ => return None,
    })
}

fn of_approval(what: &str, approval: &ApprovalEvent) -> Option<String> {
    let id = short(&approval.approval_id);
    let by = approval.by.as_ref().map(|by| format!(" by {}", short(by))).unwrap_or_default();
    let why = approval.reason.as_ref().map(|why| format!(": {}", short(why))).unwrap_or_default();
    Some(match what {
        "requested" => asked(&id, &approval.task_id, approval.kind, &approval.summary),
        "approved" if approval.kind == ApprovalKind::Question => format!("{id} is answered{by}"),
        "approved" => format!("{id} is approved{by}{why}"),
        "rejected" => format!("{id} is rejected{by}{why}"),
        "timeout" => format!("Nobody has decided on {id} in time"),
        "withdrawn" => format!("{id} is no longer asked for"),
        _ => return None,
    })
}

fn of_queue(what: &str, queue: &QueueEvent) -> Option<String> {
    Some(match what {
        "paused" if queue.draining => {
            "The daemon ends once no task runs any more, and starts none".to_owned()
        }
        "paused" => "The queue is paused".to_owned(),
        "resumed" => "The queue goes on".to_owned(),
        _ => return None,
    })
}

fn of_budget(what: &str, budget: &BudgetEvent, at: Timestamp, zone: &TimeZone) -> Option<String> {
    let span = if budget.span == BudgetSpan::Day { "day" } else { "month" };
    let of = budget.rule.as_ref().map(|rule| format!(" of the rule {}", short(rule))).unwrap_or_default();
    let spent = format!("{} of {} are spent", money(budget.spent_usd), money(budget.limit_usd));
    Some(match what {
        "warning" => format!("Budget{of} for this {span}: {spent}"),
        "exhausted" => {
            let until = moment(budget.ends_at, at, zone);
            format!("The budget{of} for this {span} is used up, {spent}; tasks wait until {until}")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(topic: &str, payload: serde_json::Value, prompt: Option<&str>) -> String {
        let of = serde_json::json!({
            "seq": 1, "topic": topic, "payload": payload, "source": "supervisor", "at": "2026-11-28T14:33:23.042Z",
        });
        event(&serde_json::from_value(of).unwrap(), prompt, &TimeZone::UTC)
    }

    #[test]
    fn events_are_sentences_without_control_codes() {
        let task = |state: &str| {
            serde_json::json!({
                "taskId": "task-0012", "state": state, "agent": null, "priority": 0, "attempt": 1, "durationMs": 185_000,
                "costUsd": 0.123, "error": "it\x1b[31m broke\n",
            })
        };
        assert_eq!(
            said("task:started", task("running"), Some("Fix\x1b]0;x\x07 it")),
            "task-0012 has started: Fix\\u{1b}]0;x\\u{7} it"
        );
        assert_eq!(said("task:queued", task("queued"), None), "task-0012 is queued");
        assert_eq!(
            said("task:completed", task("completed"), None),
            "task-0012 has completed after 3 minutes, for $0.12"
        );
        assert_eq!(
            said("task:failed", task("failed"), None),
            "task-0012 has failed after 3 minutes, for $0.12: it\\u{1b}[31m broke"
        );
        assert_eq!(said("task:held", task("queued"), Some("Fix it")), "task-0012 is held back");
        let queue = |draining: bool| serde_json::json!({ "running": 1, "draining": draining });
        assert_eq!(said("daemon:paused", queue(false), None), "The queue is paused");
        assert_eq!(
            said("daemon:paused", queue(true), None),
            "The daemon ends once no task runs any more, and starts none"
        );
        let asked = serde_json::json!({
            "approvalId": "approval-0010", "taskId": "task-0012", "kind": "permission", "summary": "Bash: git push",
        });
        assert_eq!(
            said("approval:requested", asked, None),
            "task-0012 asks whether it may use a tool, approval-0010: Bash: git push. Next: aiwg approval approve 10"
        );
        assert_eq!(
            said("deployment:complete", serde_json::json!({ "v": "\u{202e}1" }), None),
            "Event deployment:complete: {\"v\":\"\\u{202e}1\"}"
        );
        assert_eq!(said("task:unheard-of", serde_json::Value::Null, None), "Event task:unheard-of");
        let budget = serde_json::json!({
            "span": "day", "period": "2026-11-28", "limitUsd": 25, "spentUsd": 24.5, "reservedUsd": 0, "leftUsd": 0.5,
            "endsAt": "2026-11-29T00:00:00.000Z",
        });
        assert_eq!(
            said("budget:exhausted", budget, None),
            "The budget for this day is used up, $24.50 of $25.00 are spent; tasks wait until 11-29 00:00"
        );
    }
}
