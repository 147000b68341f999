//! Pausing the queue: nothing is started until someone resumes it, over restarts as well.

use aiwg_model::QueueSwitch;
use aiwg_protocol::types::Timestamp;

use super::{Engine, EngineError, call::Call, transaction::Transaction};

impl Engine {
    /// Starts no more tasks until the queue is resumed. Returns the time since which it is paused.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn pause(&self) -> Result<Timestamp, EngineError> {
        self.call(Call::changing(|tx| tx.pause())).await
    }

    /// Starts tasks again. False if the queue was not paused.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn resume(&self) -> Result<bool, EngineError> {
        self.call(Call::changing(|tx| tx.resume())).await
    }
}

impl Transaction<'_> {
    fn pause(&mut self) -> aiwg_store::Result<Timestamp> {
        let since = self.state.paused_since.unwrap_or(self.now);
        self.store.set_queue_switch(QueueSwitch::Paused, Some(since))?;
        self.state.paused_since = Some(since);
        Ok(since)
    }

    fn resume(&mut self) -> aiwg_store::Result<bool> {
        self.store.set_queue_switch(QueueSwitch::Paused, None)?;
        Ok(self.state.paused_since.take().is_some())
    }
}
