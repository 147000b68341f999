//! The rules' outcomes, for the log: a line for each kind of outcome of a rule in a transaction, written once it is
//! committed.

use std::collections::HashMap;

use aiwg_model::TaskNo;
use aiwg_protocol::types::Event;

/// The lines of a transaction, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Journal {
    lines: Vec<Line>,
    /// Index of a rule's line by its text, so that a hundred thousand changed files do not make as many lines.
    places: HashMap<(String, String), usize>,
}

#[derive(Debug)]
struct Line {
    rule: String,
    text: String,
    is_warning: bool,
    /// The last event that it stands for.
    event: u64,
    topic: String,
    /// Number of events that it stands for.
    events: u64,
    task: Option<TaskNo>,
}

impl Journal {
    /// An event came to this for a rule.
    pub(super) fn note(&mut self, rule: &str, event: &Event, text: impl Into<String>) {
        self.add(rule, event, text.into(), false);
    }

    /// The same, where a person should look at it.
    pub(super) fn warn(&mut self, rule: &str, event: &Event, text: impl Into<String>) {
        self.add(rule, event, text.into(), true);
    }

    fn add(&mut self, rule: &str, event: &Event, text: String, is_warning: bool) {
        let place = *self.places.entry((rule.to_owned(), text.clone())).or_insert(self.lines.len());
        match self.lines.get_mut(place) {
            Some(line) => {
                line.events += 1;
                line.event = event.seq;
                line.topic.clone_from(&event.topic);
            }
            None => self.lines.push(line(rule, event, text, is_warning, 1, None)),
        }
    }

    /// A rule has made a task of so many events, this being the last one.
    pub(super) fn fired(&mut self, rule: &str, event: &Event, events: u64, task: TaskNo) {
        self.lines.push(line(rule, event, "fired".to_owned(), false, events, Some(task)));
    }

    /// Writes them. `grep automation` finds each.
    pub(super) fn write(self) {
        for Line { rule, text, is_warning, event, topic, events, task } in self.lines {
            let task = task.map(tracing::field::display);
            if is_warning {
                tracing::warn!(target: "automation", rule, event, topic, events, task, "{text}");
            } else {
                tracing::info!(target: "automation", rule, event, topic, events, task, "{text}");
            }
        }
    }
}

fn line(
    rule: &str,
    event: &Event,
    text: String,
    is_warning: bool,
    events: u64,
    task: Option<TaskNo>,
) -> Line {
    Line {
        rule: rule.to_owned(),
        text,
        is_warning,
        event: event.seq,
        topic: event.topic.clone(),
        events,
        task,
    }
}
