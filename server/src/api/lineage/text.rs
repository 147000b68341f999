//! Nodes in a few words, for people.

use std::fmt::Write;

use aiwg_model::TracedEvent;
use aiwg_protocol::types::{EventSource, FileEvent, Origin, OriginProcess, ScheduleEvent};

/// The largest number of a payload's characters that is shown.
const PAYLOAD: usize = 200;

/// An event: its topic, and what it is about.
pub(super) fn of_event(event: &TracedEvent) -> String {
    let payload = event.payload.as_str();
    let about = match event.source {
        EventSource::FileWatcher => file(payload),
        EventSource::Client => Some(payload).filter(|payload| *payload != "null").map(shortened),
        // Whatever it is about is the node that it came of.
        _ => None,
    };
    about.map_or_else(|| event.topic.clone(), |about| format!("{} {about}", event.topic))
}

fn file(payload: &str) -> Option<String> {
    let FileEvent { path, from, .. } = serde_json::from_str(payload).ok()?;
    Some(match from {
        Some(from) => format!("{from} -> {path}"),
        None => path,
    })
}

fn shortened(text: &str) -> String {
    let mut head: String = text.chars().take(PAYLOAD).collect();
    if head.len() < text.len() {
        head.push('…');
    }
    head
}

/// What came from outside with an event that no client has sent.
pub(super) fn of_source(event: &TracedEvent) -> String {
    match event.source {
        EventSource::FileWatcher => match (event.topic.strip_prefix("file:"), file(&event.payload)) {
            (Some(how), Some(file)) => format!("the file {file} was {how}"),
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
        EventSource::Automation => "a switch of automation".to_owned(),
        _ => "the daemon itself".to_owned(),
    }
}

/// A client: its process, where it runs, whose it is, and what started it.
pub(super) fn of_origin(origin: &Origin) -> String {
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
