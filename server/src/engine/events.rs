//! Events, and what the rules make of them.

use std::sync::Arc;

use aiwg_protocol::types::{Event, EventEmitted};

use super::{
    apply::{Failure, Turn},
    command::{Draft, EngineError},
};
use crate::rules::MAX_DEPTH;

impl Turn<'_> {
    pub(super) fn publish_from_outside(&mut self, draft: Draft) -> Result<EventEmitted, Failure> {
        if self.state.closing {
            return Err(EngineError::Closing.into());
        }
        let event = self.numbered(draft);
        // Before anything is stored: an event without the tasks that it was to make would be a broken promise.
        if self.state.policy.max_queued.is_some() {
            let tasks = self.state.policy.rules.matching(&event).len();
            self.room_for(tasks)?;
        }
        let emitted = self.take_in(event)?;
        self.take_drafts()?;
        Ok(emitted)
    }

    /// Takes in the events that this transaction itself has caused, and those that they cause.
    pub(super) fn take_drafts(&mut self) -> rusqlite::Result<()> {
        while let Some(draft) = self.batch.drafts.pop_front() {
            let event = self.numbered(draft);
            self.take_in(event)?;
        }
        Ok(())
    }

    /// The event with the number that it gets once it is taken in.
    fn numbered(&self, draft: Draft) -> Event {
        let Draft { topic, payload, source, cause: caused_by } = draft;
        Event { seq: self.state.last_event + 1, topic, payload, source, at: self.now, caused_by }
    }

    /// Stores an event and what the rules make of it.
    fn take_in(&mut self, event: Event) -> rusqlite::Result<EventEmitted> {
        self.state.last_event = event.seq;
        self.store.insert_event(&event)?;
        let rules = self.fire_rules(&event)?;
        let seq = event.seq;
        self.batch.events.push(Arc::new(event));
        Ok(EventEmitted { seq, rules })
    }

    /// Gives the ids of the rules that fired.
    fn fire_rules(&mut self, event: &Event) -> rusqlite::Result<Vec<String>> {
        let rules = Arc::clone(&self.state.policy.rules);
        let matches = rules.matching(event);
        let mut fired = Vec::with_capacity(matches.len());
        for found in matches {
            let rule = &found.rule.id;
            if event.caused_by.as_ref().is_some_and(|cause| cause.depth >= MAX_DEPTH) {
                tracing::warn!(target: "automation", rule, event = event.seq, "refused: the chain of tasks is {MAX_DEPTH} deep");
                continue;
            }
            // Only for the daemon's own events: what comes from outside has been refused as a whole.
            match self.room_for(1) {
                Ok(()) => {}
                Err(Failure::Refused(why)) => {
                    tracing::warn!(target: "automation", rule, event = event.seq, topic = event.topic, "refused: {why}");
                    continue;
                }
                Err(Failure::Store(error)) => return Err(error),
            }
            let no = self.enqueue(&found.task(event))?;
            tracing::info!(target: "automation", rule, event = event.seq, topic = event.topic, task = %no, "fired");
            fired.push(rule.clone());
        }
        Ok(fired)
    }
}
