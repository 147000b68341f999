//! Events, as they come, and pages of older ones.

use aiwg_client::types::{Event, TaskEvent};

use crate::{
    message::{EVENTS, EVENTS_LOOKED_THROUGH, Effect, Key, Part, ProjectNo},
    state::{Heard, State, View},
};

/// Number of events that are kept of those that come by themselves.
const MOST_EVENTS: usize = 1000;

/// The same where a person goes further back.
const MOST_LOADED: usize = 20_000;

impl State {
    pub(super) fn take_events(&mut self, no: ProjectNo, events: Vec<Event>, is_old: bool) -> Vec<Effect> {
        let mut parts: Vec<Part> = Vec::new();
        // Of other events, the tasks stay as they are.
        self.list.is_stale |=
            self.list.view == View::Events || events.iter().any(|event| event.topic.starts_with("task:"));
        for event in events {
            let Some(project) = self.projects.get_mut(no) else { break };
            if is_old && event.seq <= project.last_event {
                continue;
            }
            project.last_event = event.seq;
            if project.oldest_event.is_none() {
                // The log may begin with any number: old ones are forgotten.
                (project.oldest_event, project.has_older_events) = (Some(event.seq), event.seq > 1);
            }
            if !is_old {
                for part in concerned(&event.topic) {
                    if !parts.contains(part) {
                        parts.push(*part);
                    }
                }
                self.apply(no, &event);
            }
            self.events.push_back(Heard::of(no, &event));
        }
        self.forget_oldest();
        if parts.is_empty() { Vec::new() } else { vec![Effect::Refresh(no, parts)] }
    }

    fn apply(&mut self, no: ProjectNo, event: &Event) {
        if !event.topic.starts_with("task:") {
            return;
        }
        let Ok(said) = event.payload.to::<TaskEvent>() else { return };
        let key = Key::of(no, &said.task_id);
        if let Some(row) = key.and_then(|key| self.tasks.get_mut(&key)) {
            row.take(&said, event.at);
        }
    }

    /// Keeps no more than there is room for; what goes can be asked for again.
    fn forget_oldest(&mut self) {
        let over = self.events.len().saturating_sub(MOST_EVENTS + self.loaded_events);
        for heard in self.events.drain(..over) {
            if let Some(project) = self.projects.get_mut(heard.key.project) {
                project.oldest_event = Some(heard.key.number + 1);
                project.has_older_events = true;
            }
        }
    }

    /// Asks for the events before those that are known: more of them, where few have what is looked for.
    pub(super) fn load_events(&mut self) -> Vec<Effect> {
        let count = if self.list.filter.is_empty() { EVENTS } else { EVENTS_LOOKED_THROUGH };
        if self.events.len() + count as usize > MOST_LOADED {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for (no, project) in self.projects.iter_mut().enumerate() {
            let Some(oldest) = project.oldest_event else { continue };
            if project.has_older_events && !project.is_loading_events && project.is_up() {
                project.is_loading_events = true;
                effects.push(Effect::LoadEvents(no, oldest, count));
            }
        }
        effects
    }

    /// Events from before those that are known have come.
    pub(super) fn take_older_events(&mut self, no: ProjectNo, events: Vec<Event>) -> Vec<Effect> {
        let Some(project) = self.projects.get_mut(no) else { return Vec::new() };
        project.is_loading_events = false;
        let oldest = project.oldest_event.unwrap_or_default();
        let older: Vec<Heard> =
            events.iter().filter(|event| event.seq < oldest).map(|event| Heard::of(no, event)).collect();
        let first = older.first().map(|heard| heard.key.number);
        // An answer that says nothing new was asked for twice.
        let is_known = !events.is_empty() && project.has_older_events;
        project.has_older_events = first.map_or(is_known, |first| first > 1);
        project.oldest_event = first.or(project.oldest_event);
        self.loaded_events += older.len();
        older.into_iter().rev().for_each(|heard| self.events.push_front(heard));
        if self.projects.len() > 1 {
            // Those of several projects stand by their times.
            self.events.make_contiguous().sort_by_key(|heard| heard.at);
        }
        self.list.is_stale = true;
        if self.list.is_to_end {
            return self.go_on_to_end();
        }
        // As long as little is found of what is looked for, it is looked for further back.
        self.settle();
        let is_looked_for = self.list.view == View::Events && !self.list.filter.is_empty();
        if is_looked_for { self.load_older() } else { Vec::new() }
    }
}

/// The parts that may be others after an event of this topic.
fn concerned(topic: &str) -> &'static [Part] {
    use Part::{Approvals, Budget, Newest, Queued, Running, Status};
    let kind = topic.split_once(':').map_or(topic, |(kind, _)| kind);
    match kind {
        "task" => &[Running, Queued, Newest, Budget, Status],
        "approval" => &[Approvals, Queued, Running],
        "budget" => &[Budget, Queued],
        "agent" => &[Queued, Status],
        "daemon" | "health" => &[Status, Queued, Budget],
        "automation" => &[Status],
        _ => &[],
    }
}
