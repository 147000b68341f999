//! Events, and what the rules make of them.

use std::sync::Arc;

use aiwg_model::Sender;
use aiwg_protocol::types::{Event, EventEmitted, Timestamp};

use super::{
    command::{EngineError, NewEvent},
    transaction::{Failure, Transaction},
};
use crate::rules::{Decision, decide};

impl Transaction<'_> {
    /// Takes in an event from outside, be it of a client or of a part of the daemon.
    pub(super) fn publish_from_outside(
        &mut self,
        new: &NewEvent,
        sender: Option<&Arc<Sender>>,
    ) -> Result<EventEmitted, Failure> {
        self.publish_at(new, sender, None)
    }

    /// The same of an event that happened earlier, at this time; a time to come is none.
    pub(super) fn publish_at(
        &mut self,
        new: &NewEvent,
        sender: Option<&Arc<Sender>>,
        at: Option<Timestamp>,
    ) -> Result<EventEmitted, Failure> {
        self.is_open()?;
        let at = at.map_or(self.now, |at| at.min(self.now));
        let event = Event { at, ..self.numbered(new.clone()) };
        // Before anything is stored: an event without the tasks that it was to make would be a broken promise.
        if self.state.config.max_queued.is_some() {
            let tasks = self.tasks_of(&event)?;
            self.room_for(tasks)?;
        }
        let origin = self.origin(sender)?;
        Ok(self.store_event(event, new.happened_at, origin)?)
    }

    /// Number of tasks that an event makes at once.
    fn tasks_of(&self, event: &Event) -> aiwg_store::Result<usize> {
        let mut tasks = 0;
        for rule in self.state.config.rules.matching(event) {
            let facts = self.look().facts(rule, event, self.now)?;
            tasks += usize::from(decide(rule, &facts) == Decision::Fire);
        }
        Ok(tasks)
    }

    /// Refuses what is new once the daemon stops.
    pub(super) fn is_open(&self) -> Result<(), EngineError> {
        if self.state.closing { Err(EngineError::Closing) } else { Ok(()) }
    }

    /// Takes in the events that this transaction itself has caused, and those that they cause. The one place where that is done, after each
    /// command: what is done in it only leaves new events, so that numbers go up in the order in which events are published.
    pub(super) fn take_new_events(&mut self) -> aiwg_store::Result<()> {
        while let Some(new) = self.effects.new_events.pop_front() {
            let happened_at = new.happened_at;
            let event = self.numbered(new);
            self.store_event(event, happened_at, None)?;
        }
        Ok(())
    }

    /// The event with the number that it gets once it is taken in.
    pub(super) fn numbered(&self, new: NewEvent) -> Event {
        let NewEvent { topic, payload, source, cause: caused_by, happened_at: _, traceparent } = new;
        Event { seq: self.state.last_event + 1, topic, payload, source, at: self.now, caused_by, traceparent }
    }

    /// Stores an event and what the rules make of it.
    pub(super) fn store_event(
        &mut self,
        event: Event,
        happened_at: Option<Timestamp>,
        origin: Option<u64>,
    ) -> aiwg_store::Result<EventEmitted> {
        let (event, happened_at) = (Arc::new(event), happened_at.unwrap_or(self.now));
        self.state.last_event = event.seq;
        self.count_start()?;
        self.store.insert_event(&event, origin)?;
        self.effects.events.push(Arc::clone(&event));
        let matched = self.match_rules(&event, happened_at)?;
        self.span_of_event(&event, !matched.taken.is_empty() || !matched.refused.is_empty())?;
        self.notify(&event)?;
        Ok(EventEmitted {
            seq: event.seq,
            rules: matched.taken,
            waiting: matched.waiting,
            refused: matched.refused,
        })
    }
}
