//! Nodes in a few words, for people.

use std::fmt::Write;

use aiwg_model::{ApprovalNo, ApprovalRow, TaskNo, TracedEvent};
use aiwg_protocol::types::{
    ApprovalDecider, ApprovalEvent, ApprovalKind, ApprovalState, EventSource, FileEvent, Origin,
    OriginPerson, OriginProcess, OriginWebhook, ScheduleEvent, TaskEvent, TaskRefusedEvent, TaskSentEvent,
};

/// The largest number of a payload's characters that is shown.
const PAYLOAD: usize = 200;

/// An event: its topic, and what it is about.
pub(super) fn of_event(event: &TracedEvent) -> String {
    let payload = event.payload.as_str();
    let about = match event.source {
        EventSource::FileWatcher => file(payload),
        EventSource::Client | EventSource::Webhook => {
            Some(payload).filter(|payload| *payload != "null").map(shortened)
        }
        EventSource::Supervisor if says_more(event) => said(payload),
        // Of an agent that has done this to another task.
        EventSource::Supervisor if is_done_to(event) => done_to(payload),
        // Whatever it is about is the node that it came of.
        _ => None,
    };
    about.map_or_else(|| event.topic.clone(), |about| format!("{} {about}", event.topic))
}

/// The topics of a message to an agent, and of a task that an agent was refused.
const SENT: &str = "task:sent";
const REFUSED: &str = "task:refused";

/// True if an event about a task says something that the task itself does not.
pub(super) fn says_more(event: &TracedEvent) -> bool {
    event.topic == SENT || event.topic == REFUSED
}

/// What is done to a task without bringing it to another state.
const DONE_TO: [&str; 5] = ["task:edited", "task:held", "task:released", "task:taken", "task:given"];

fn is_done_to(event: &TracedEvent) -> bool {
    DONE_TO.contains(&event.topic.as_str())
}

fn done_to(payload: &str) -> Option<String> {
    serde_json::from_str(payload).ok().map(|TaskEvent { task_id, .. }| task_id)
}

/// The task whose agent has sent a message.
pub(super) fn from_task(event: &TracedEvent) -> Option<TaskNo> {
    (event.topic == SENT).then_some(())?;
    serde_json::from_str::<TaskSentEvent>(&event.payload).ok()?.from?.parse().ok()
}

fn said(payload: &str) -> Option<String> {
    if let Ok(TaskRefusedEvent { reason, prompt }) = serde_json::from_str(payload) {
        return Some(format!("({reason}): {}", shortened(&prompt)));
    }
    let TaskSentEvent { task_id, message, from, .. } = serde_json::from_str(payload).ok()?;
    let from = from.map(|task| format!(" from the agent of {task}")).unwrap_or_default();
    Some(format!("to {task_id}{from}: {}", shortened(&message)))
}

/// The approval that an event is about.
pub(super) fn about_approval(event: &TracedEvent) -> Option<ApprovalNo> {
    event.topic.starts_with("approval:").then_some(())?;
    let ApprovalEvent { approval_id, .. } = serde_json::from_str(&event.payload).ok()?;
    approval_id.parse().ok()
}

/// The request to a person, and the decision on it.
pub(super) fn of_approval(approval: &ApprovalRow) -> String {
    let asked = &approval.asked;
    let mut text = match asked.kind {
        ApprovalKind::Task => "may it start?".to_owned(),
        _ => shortened(&asked.summary),
    };
    let decision = approval.decision.as_ref();
    let by = decision.map(|decision| of_origin(&decider(&decision.by))).unwrap_or_default();
    // Writing to a string does not fail.
    let _ = match approval.state {
        ApprovalState::Pending => write!(text, " nobody has decided yet"),
        ApprovalState::Timeout => {
            write!(text, " nobody has decided in time, which counts as {}", asked.on_timeout.name())
        }
        ApprovalState::Withdrawn => write!(text, " it was no longer asked"),
        ApprovalState::Approved if asked.kind == ApprovalKind::Question => write!(text, " answered by {by}"),
        state => write!(text, " {} by {by}", state.name()),
    };
    let said = decision.and_then(|decision| decision.answer.as_ref().or(decision.reason.as_ref()));
    if let Some(said) = said {
        let _ = write!(text, ": {}", shortened(said));
    }
    text
}

/// The one who has decided, as a client.
pub(super) fn decider(by: &ApprovalDecider) -> Origin {
    let process = by.pid.map(|pid| OriginProcess { pid, program: by.program.clone(), script: None });
    Origin { process, uid: by.uid, user: by.user.clone(), ..Origin::default() }
}

fn file(payload: &str) -> Option<String> {
    let FileEvent { path, from, .. } = serde_json::from_str(payload).ok()?;
    Some(match from {
        Some(from) => format!("{from} -> {path}"),
        None => path,
    })
}

/// The sizes of a changed file, as far as they are known.
fn sizes(payload: &str) -> String {
    let Ok(FileEvent { size_before, size, .. }) = serde_json::from_str(payload) else { return String::new() };
    match (size_before, size) {
        (Some(before), Some(now)) if before == now => format!(", {now} bytes as before"),
        (Some(before), Some(now)) => format!(", {before} -> {now} bytes"),
        (None, Some(now)) => format!(", {now} bytes"),
        (Some(before), None) => format!(", {before} bytes before"),
        (None, None) => String::new(),
    }
}

fn shortened(text: &str) -> String {
    let mut head: String = text.chars().take(PAYLOAD).collect();
    if head.len() < text.len() {
        head.push('…');
    }
    head
}

/// The origin outside of an event that no client has sent.
pub(super) fn of_source(event: &TracedEvent) -> String {
    match event.source {
        EventSource::FileWatcher => match (event.topic.strip_prefix("file:"), file(&event.payload)) {
            (Some(how), Some(file)) => format!("the file {file} was {how}{}", sizes(&event.payload)),
            _ => "a file was changed".to_owned(),
        },
        EventSource::Scheduler => match serde_json::from_str::<ScheduleEvent>(&event.payload) {
            Ok(ScheduleEvent { job, caught_up: true, .. }) => {
                format!("the schedule {job}, late: the daemon was not there in time")
            }
            Ok(ScheduleEvent { job, .. }) => format!("the schedule {job}"),
            Err(_) => "a schedule".to_owned(),
        },
        EventSource::Client => "a client; who, was not recorded".to_owned(),
        EventSource::Webhook => "a webhook; which, was not recorded".to_owned(),
        EventSource::Automation
            if matches!(event.topic.as_str(), "automation:enabled" | "automation:disabled") =>
        {
            "someone who switched automation; who, was not recorded".to_owned()
        }
        _ => "the daemon itself".to_owned(),
    }
}

/// A client: its process, where it runs, whose it is, and what started it.
pub(super) fn of_origin(origin: &Origin) -> String {
    if let Some(OriginPerson { id, name, chat }) = &origin.person {
        let name = name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        return format!("{id}{name} in the chat {chat}");
    }
    if let Some(OriginWebhook { path, kind, signed }) = &origin.webhook {
        let unsigned = if *signed { "" } else { ", unsigned" };
        return format!("a delivery to the webhook {path} ({kind}{unsigned})");
    }
    let mut text = match &origin.process {
        Some(process) => named(process),
        None => "a forwarded client, whose process is not to be seen".to_owned(),
    };
    // Writing to a string does not fail.
    if let Some(cwd) = &origin.cwd {
        let _ = write!(text, " in {cwd}");
    }
    match (&origin.user, origin.uid) {
        (Some(user), _) => drop(write!(text, ", user {user}")),
        (None, Some(uid)) => drop(write!(text, ", user {uid}")),
        (None, None) => {}
    }
    let parents: Vec<String> = origin.parents.iter().map(named).collect();
    if !parents.is_empty() {
        let _ = write!(text, ", started by {}", parents.join(", by "));
    }
    text
}

fn named(process: &OriginProcess) -> String {
    let program = process.program.as_deref().unwrap_or("a process that had ended");
    let script = process.script.as_ref().map(|script| format!(" {script}")).unwrap_or_default();
    format!("{program}{script} (process {})", process.pid)
}
