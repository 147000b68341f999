//! Events, and what the rules make of them.

use std::sync::Arc;

use aiwg_protocol::types::{Event, EventEmitted, Timestamp};

use super::{
    apply::{Failure, Turn},
    command::{Draft, EngineError},
};
use crate::store::FilesTold;

impl Turn<'_> {
    pub(super) fn publish_from_outside(&mut self, draft: Draft) -> Result<EventEmitted, Failure> {
        if self.state.closing {
            return Err(EngineError::Closing.into());
        }
        let happened_at = draft.happened_at.unwrap_or(self.now);
        let event = self.numbered(draft);
        // Before anything is stored: an event without the tasks that it was to make would be a broken promise.
        if self.state.policy.max_queued.is_some() {
            let tasks = self.state.policy.rules.matching(&event).len();
            self.room_for(tasks)?;
        }
        let emitted = self.take_in(event, happened_at)?;
        self.take_drafts()?;
        Ok(emitted)
    }

    /// Takes in what the watcher has gathered: it is not refused, a stopping daemon's last look included, since nobody could
    /// try again. What comes of it then stays queued.
    pub(super) fn publish_all(
        &mut self,
        drafts: Vec<Draft>,
        told_up_to: Option<Timestamp>,
    ) -> Result<(), Failure> {
        self.batch.drafts.extend(drafts);
        self.take_drafts()?;
        if let Some(at) = told_up_to {
            self.store.set_files_told(Some(FilesTold { at, stopped: false }))?;
        }
        // What files were changed together makes one task of a rule.
        Ok(self.fire_due()?)
    }

    /// Takes in that a schedule fires for a time; false if it has fired for that time before.
    pub(super) fn schedule_fires(
        &mut self,
        job: &str,
        at: Timestamp,
        draft: Option<Draft>,
    ) -> Result<bool, Failure> {
        if self.state.closing {
            return Err(EngineError::Closing.into());
        }
        let Some(draft) = draft else { return Ok(self.store.schedule_missed(job, at, self.now)?) };
        if !self.store.schedule_fires(job, at, self.now)? {
            return Ok(false);
        }
        self.batch.drafts.push_back(draft);
        self.take_drafts()?;
        Ok(true)
    }

    /// Takes in the events that this transaction itself has caused, and those that they cause.
    pub(super) fn take_drafts(&mut self) -> rusqlite::Result<()> {
        while let Some(draft) = self.batch.drafts.pop_front() {
            let happened_at = draft.happened_at.unwrap_or(self.now);
            let event = self.numbered(draft);
            self.take_in(event, happened_at)?;
        }
        Ok(())
    }

    /// The event with the number that it gets once it is taken in.
    fn numbered(&self, draft: Draft) -> Event {
        let Draft { topic, payload, source, cause: caused_by, happened_at: _ } = draft;
        Event { seq: self.state.last_event + 1, topic, payload, source, at: self.now, caused_by }
    }

    /// Stores an event and what the rules make of it.
    fn take_in(&mut self, event: Event, happened_at: Timestamp) -> rusqlite::Result<EventEmitted> {
        self.state.last_event = event.seq;
        self.store.insert_event(&event)?;
        let rules = self.match_rules(&event, happened_at)?;
        let seq = event.seq;
        self.batch.events.push(Arc::new(event));
        Ok(EventEmitted { seq, rules })
    }
}
