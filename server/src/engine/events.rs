//! Events, and what the rules make of them.

use std::sync::Arc;

use aiwg_protocol::types::{Event, EventEmitted, Timestamp};

use super::{
    command::{Draft, EngineError, Settled},
    transaction::{Failure, Transaction},
};
use crate::{
    rules::{Decision, decide},
    store::FilesTold,
};

impl Transaction<'_> {
    pub(super) fn publish_from_outside(&mut self, draft: &Draft) -> Result<EventEmitted, Failure> {
        self.is_open()?;
        let event = self.numbered(draft.clone());
        // Before anything is stored: an event without the tasks that it was to make would be a broken promise.
        if self.state.policy.max_queued.is_some() {
            let tasks = self.tasks_of(&event)?;
            self.room_for(tasks)?;
        }
        Ok(self.store_event(event, draft.happened_at)?)
    }

    /// How many tasks an event makes at once.
    fn tasks_of(&self, event: &Event) -> rusqlite::Result<usize> {
        let mut tasks = 0;
        for rule in self.state.policy.rules.matching(event) {
            let facts = self.facts(rule, event, self.now)?;
            tasks += usize::from(decide(rule, &facts) == Decision::Fire);
        }
        Ok(tasks)
    }

    /// Takes in what the watcher has gathered: it is not refused, a stopping daemon's last look included, since nobody could
    /// try again. What comes of it then stays queued.
    pub(super) fn publish_all(
        &mut self,
        drafts: &[Draft],
        told_up_to: Option<Timestamp>,
    ) -> Result<(), Failure> {
        for draft in drafts {
            let mut draft = draft.clone();
            let changed_at = draft.happened_at.unwrap_or(self.now);
            draft.cause = draft.cause.or_else(|| self.state.memory.cause_at(changed_at));
            self.effects.drafts.push_back(draft);
        }
        self.take_drafts()?;
        // What files were changed together makes one task of a rule.
        let Some(at) = told_up_to else { return Ok(()) };
        self.store.set_files_told(Some(FilesTold { at, stopped: false }))?;
        Ok(self.fire_due(Settled::All)?)
    }

    /// Takes in that a schedule fires for a time; false if it has fired for that time before.
    pub(super) fn schedule_fires(
        &mut self,
        job: &str,
        at: Timestamp,
        draft: &Draft,
    ) -> Result<bool, Failure> {
        self.is_open()?;
        if !self.store.schedule_fires(job, at, self.now)? {
            return Ok(false);
        }
        self.effects.drafts.push_back(draft.clone());
        Ok(true)
    }

    /// Takes in that a schedule has missed a time; false if that has been dealt with before.
    pub(super) fn schedule_missed(&mut self, job: &str, at: Timestamp) -> Result<bool, Failure> {
        self.is_open()?;
        Ok(self.store.schedule_missed(job, at, self.now)?)
    }

    /// Refuses what is new once the daemon stops.
    fn is_open(&self) -> Result<(), EngineError> {
        if self.state.closing { Err(EngineError::Closing) } else { Ok(()) }
    }

    /// Takes in the events that this transaction itself has caused, and those that they cause. The one place where that is done, after each
    /// command: what is done in it only leaves drafts, so that numbers go up in the order in which events are told.
    pub(super) fn take_drafts(&mut self) -> rusqlite::Result<()> {
        while let Some(draft) = self.effects.drafts.pop_front() {
            let happened_at = draft.happened_at;
            let event = self.numbered(draft);
            self.store_event(event, happened_at)?;
        }
        Ok(())
    }

    /// The event with the number that it gets once it is taken in.
    fn numbered(&self, draft: Draft) -> Event {
        let Draft { topic, payload, source, cause: caused_by, happened_at: _ } = draft;
        Event { seq: self.state.last_event + 1, topic, payload, source, at: self.now, caused_by }
    }

    /// Stores an event and what the rules make of it.
    fn store_event(
        &mut self,
        event: Event,
        happened_at: Option<Timestamp>,
    ) -> rusqlite::Result<EventEmitted> {
        let (event, happened_at) = (Arc::new(event), happened_at.unwrap_or(self.now));
        self.state.last_event = event.seq;
        self.store.insert_event(&event)?;
        self.effects.events.push(Arc::clone(&event));
        let matched = self.match_rules(&event, happened_at)?;
        Ok(EventEmitted {
            seq: event.seq,
            rules: matched.taken,
            waiting: matched.waiting,
            refused: matched.refused,
        })
    }
}
