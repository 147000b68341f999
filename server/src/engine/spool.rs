//! Events from the spool: those that were emitted while no daemon was there.
//!
//! The name of a file is stored in the transaction of its event, and forgotten once the file is gone: so each takes effect once, whenever the
//! daemon ends, and however much later the next one begins.

use aiwg_model::{CallKey, Cursor, NewEvent, OnlyIf};
use aiwg_protocol::types::Timestamp;

use super::{
    Engine, EngineError,
    call::Call,
    transaction::{Failure, Transaction},
};

/// The source of the cursors that names of files are stored as.
const SOURCE: &str = "spool";

/// An event of the spool.
#[derive(Debug, Clone)]
pub struct Spooled {
    /// The name of its file.
    pub name: String,
    /// The event.
    pub event: NewEvent,
    /// Time at which it happened, as the emitter's clock has it.
    pub at: Timestamp,
    /// Time at which its file was written, as the system has it.
    pub written_at: Timestamp,
    /// The key of its call.
    pub key: CallKey,
}

/// The outcome of an event of the spool.
#[derive(Debug)]
pub enum Spooling {
    /// It is taken in, now or earlier.
    Taken,
    /// It is refused for good.
    Refused(EngineError),
    /// It, and what comes after it, cannot be taken in now.
    Later(EngineError),
}

impl Engine {
    /// Takes in events of the spool, in this order, up to the first that has to wait: as many outcomes as there are events then. Forgets the names
    /// of files that are gone.
    ///
    /// # Errors
    /// The database could not be written: nothing was taken in.
    pub async fn take_spooled(
        &self,
        events: Vec<Spooled>,
        gone: Vec<String>,
    ) -> Result<Vec<Spooling>, EngineError> {
        let text = events.iter().map(|spooled| spooled.event.payload.as_str().len()).sum();
        self.call(Call::bringing(move |tx| tx.take_spooled(&events, &gone)).with_text(text)).await
    }

    /// The names of files that were taken in and have not been reported as gone.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn spooled(&self) -> Result<Vec<String>, EngineError> {
        Ok(self.cursors(SOURCE).await?.into_keys().collect())
    }
}

impl Transaction<'_> {
    pub(super) fn take_spooled(
        &mut self,
        events: &[Spooled],
        gone: &[String],
    ) -> Result<Vec<Spooling>, Failure> {
        for name in gone {
            self.store.move_cursor(&position(name, None))?;
        }
        let mut all = Vec::new();
        for spooled in events {
            match self.take_one(spooled) {
                Ok(()) => all.push(Spooling::Taken),
                Err(Failure::Refused(error @ (EngineError::QueueFull(_) | EngineError::Closing))) => {
                    all.push(Spooling::Later(error));
                    break;
                }
                Err(Failure::Refused(error)) => all.push(Spooling::Refused(error)),
                Err(error @ Failure::Store(_)) => return Err(error),
            }
        }
        Ok(all)
    }

    fn take_one(&mut self, spooled: &Spooled) -> Result<(), Failure> {
        let Spooled { name, event, at, written_at, key } = spooled;
        if self.store.cursor(SOURCE, name)?.is_some() {
            return Ok(());
        }
        // The call of which only the answer was lost is older than the file, however long that has waited.
        if self.kept_answer_at(key, self.now.min(*at))?.is_none() {
            // Who has written a file is unknown, as with any other: it may have been the agent of a task that ran then. The emitter's own time
            // could be any.
            let cause = event.cause.clone().or_else(|| self.state.memory.cause_at(*written_at, false));
            let emitted = self.publish_at(&NewEvent { cause, ..event.clone() }, None, Some(*at))?;
            self.keep_answer(key, &emitted);
            self.take_new_events()?;
        }
        Ok(self.store.move_cursor(&position(name, Some(String::new())))?)
    }
}

fn position(name: &str, value: Option<String>) -> Cursor {
    Cursor { source: SOURCE, key: name.to_owned(), value, only_if: OnlyIf::Always, until: None }
}
