//! Pausing and draining the queue: nothing is started until someone resumes it.

use aiwg_model::QueueSwitch;
use aiwg_protocol::types::{QueuePaused, Timestamp};

use super::{Engine, EngineError, call::Call, transaction::Transaction};

/// The state of a queue that drains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draining {
    /// Tasks run that must end first.
    Busy,
    /// No task runs any more.
    Empty,
    /// Someone has resumed the queue.
    Resumed,
}

impl Engine {
    /// Starts no more tasks until the queue is resumed, over restarts as well. Returns since when it is paused, and how many tasks go on.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn pause(&self) -> Result<QueuePaused, EngineError> {
        self.call(Call::changing(|tx| {
            let since = tx.pause()?;
            Ok::<_, aiwg_store::StoreError>(tx.paused(since))
        }))
        .await
    }

    /// Starts no more tasks until the queue is resumed or the daemon ends. Returns since when it drains, and how many tasks go on.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn drain(&self) -> Result<QueuePaused, EngineError> {
        self.call(Call::changing(|tx| {
            let since = *tx.state.draining_since.get_or_insert(tx.now);
            Ok::<_, EngineError>(tx.paused(since))
        }))
        .await
    }

    /// The state of a queue that drains.
    ///
    /// # Errors
    /// The engine has ended.
    pub async fn draining(&self) -> Result<Draining, EngineError> {
        self.call(Call::reading(|look| {
            Ok::<_, EngineError>(match look.state.draining_since {
                None => Draining::Resumed,
                Some(_) if look.state.running.is_empty() => Draining::Empty,
                Some(_) => Draining::Busy,
            })
        }))
        .await
    }

    /// Starts tasks again. False if the queue was neither paused nor draining.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn resume(&self) -> Result<bool, EngineError> {
        self.call(Call::changing(|tx| tx.resume())).await
    }
}

impl Transaction<'_> {
    pub(super) fn pause(&mut self) -> aiwg_store::Result<Timestamp> {
        let since = self.state.paused_since.unwrap_or(self.now);
        self.store.set_queue_switch(QueueSwitch::Paused, Some(since))?;
        self.state.paused_since = Some(since);
        Ok(since)
    }

    fn paused(&self, since: Timestamp) -> QueuePaused {
        QueuePaused { since, running: u32::try_from(self.state.running.len()).unwrap_or(u32::MAX) }
    }

    pub(super) fn resume(&mut self) -> aiwg_store::Result<bool> {
        self.store.set_queue_switch(QueueSwitch::Paused, None)?;
        let was_paused = self.state.paused_since.take().is_some();
        Ok(self.state.draining_since.take().is_some() || was_paused)
    }
}
