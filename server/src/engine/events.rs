//! Events, and what the rules make of them.

use std::sync::Arc;

use aiwg_protocol::types::{Event, EventEmitted, Timestamp};

use super::{
    apply::{Failure, Turn},
    command::{Draft, EngineError, Settled},
};
use crate::{
    rules::{Decision, decide},
    store::FilesTold,
};

impl Turn<'_> {
    pub(super) fn publish_from_outside(&mut self, draft: Draft) -> Result<EventEmitted, Failure> {
        if self.state.closing {
            return Err(EngineError::Closing.into());
        }
        // Before anything is stored: an event without the tasks that it was to make would be a broken promise.
        if self.state.policy.max_queued.is_some() {
            let tasks = self.tasks_of(&self.numbered(draft.clone()))?;
            self.room_for(tasks)?;
        }
        Ok(self.take_in(draft)?)
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
        drafts: Vec<Draft>,
        told_up_to: Option<Timestamp>,
    ) -> Result<(), Failure> {
        for mut draft in drafts {
            let changed_at = draft.happened_at.unwrap_or(self.now);
            draft.cause = draft.cause.or_else(|| self.state.memory.cause_at(changed_at));
            self.batch.drafts.push_back(draft);
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
        Ok(true)
    }

    /// Takes in the events that this transaction itself has caused, and those that they cause. The one place where that is done, after each
    /// command: what is done in it only leaves drafts, so that numbers go up in the order in which events are told.
    pub(super) fn take_drafts(&mut self) -> rusqlite::Result<()> {
        while let Some(draft) = self.batch.drafts.pop_front() {
            self.take_in(draft)?;
        }
        Ok(())
    }

    /// The event with the number that it gets once it is taken in.
    fn numbered(&self, draft: Draft) -> Event {
        let Draft { topic, payload, source, cause: caused_by, happened_at: _ } = draft;
        Event { seq: self.state.last_event + 1, topic, payload, source, at: self.now, caused_by }
    }

    /// Stores an event and what the rules make of it.
    fn take_in(&mut self, draft: Draft) -> rusqlite::Result<EventEmitted> {
        let happened_at = draft.happened_at.unwrap_or(self.now);
        let event = Arc::new(self.numbered(draft));
        self.state.last_event = event.seq;
        self.store.insert_event(&event)?;
        self.batch.events.push(Arc::clone(&event));
        let matched = self.match_rules(&event, happened_at)?;
        Ok(EventEmitted {
            seq: event.seq,
            rules: matched.taken,
            waiting: matched.waiting,
            refused: matched.refused,
        })
    }
}
