//! Publications of sources: events, together with the source's cursors.

use std::collections::HashMap;

use aiwg_model::{Cursor, NewEvent};
use aiwg_protocol::types::EventSource;

use super::{
    DueScope, Engine, EngineError,
    call::Call,
    transaction::{Failure, Transaction},
};

/// The source of the cursor up to which changes of files were published.
pub(crate) const FILES: &str = "files";

/// The events that a source publishes at once: all of them are taken in, or none.
#[derive(Debug, Clone, Default)]
pub struct Publication {
    /// The events, in this order.
    pub events: Vec<NewEvent>,
    /// The source's new cursors. Nothing is taken in unless each is where it must be.
    pub cursors: Vec<Cursor>,
    /// True if nothing is to come that belongs to the events: rules that wait for more of them go on. False by default.
    pub is_complete: bool,
    /// True if a stopping daemon takes it in as well, since nobody could publish it again. What comes of it stays queued. False by default.
    pub when_closing: bool,
}

impl Publication {
    /// About how much text it brings, in bytes.
    fn text(&self) -> usize {
        let events = self.events.iter().map(|event| event.payload.as_str().len());
        events.chain(self.cursors.iter().map(|cursor| cursor.value.as_ref().map_or(0, String::len))).sum()
    }
}

impl Engine {
    /// Takes in what a source publishes, with its cursors. False if one of them is not where it must be: then nothing was taken in, and
    /// the source has to look again.
    ///
    /// # Errors
    /// The database could not be written, or the daemon is stopping: nothing was taken in.
    pub async fn publish_all(&self, publication: Publication) -> Result<bool, EngineError> {
        let text = publication.text();
        self.call(Call::bringing(move |tx| tx.publish_all(&publication)).with_text(text)).await
    }

    /// The cursors of a source by their keys, once all that was sent before is committed.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn cursors(&self, source: &'static str) -> Result<HashMap<String, String>, EngineError> {
        self.call(Call::reading(move |tx| tx.store.cursors(source))).await
    }
}

impl Transaction<'_> {
    /// Takes in what a source publishes, unless one of its cursors is not where it must be.
    pub(super) fn publish_all(&mut self, publication: &Publication) -> Result<bool, Failure> {
        if !publication.when_closing {
            self.is_open()?;
        }
        let is_of_files = publication.events.iter().any(|event| event.source == EventSource::FileWatcher)
            || publication.cursors.iter().any(|cursor| cursor.source == FILES);
        if is_of_files && !self.state.hosts.leads() {
            // Another host has taken that over meanwhile.
            return Ok(false);
        }
        // First all of them: what is moved already is not moved back.
        for cursor in &publication.cursors {
            if !self.store.may_move(cursor)? {
                return Ok(false);
            }
        }
        for cursor in &publication.cursors {
            self.store.move_cursor(cursor)?;
        }
        for event in &publication.events {
            let mut event = event.clone();
            if event.source == EventSource::FileWatcher && event.cause.is_none() {
                // The author of a change of a file is unknown.
                let at = event.happened_at.unwrap_or(self.now);
                event.cause = self.state.memory.cause_at(at, self.state.only_a_check_ran_at(at));
            }
            self.effects.new_events.push_back(event);
        }
        self.take_new_events()?;
        if publication.is_complete {
            // What has come together makes one task of a rule.
            self.fire_due(DueScope::All)?;
        }
        Ok(true)
    }
}
