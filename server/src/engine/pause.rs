//! Pausing and draining the queue: nothing is started until someone resumes it.

use std::{sync::Arc, time::Duration};

use aiwg_model::{Cursor, QueueSwitch, Sender};
use aiwg_protocol::types::{Cause, EventSource, Json, QueueEvent, QueuePaused, Timestamp};
use aiwg_shim::Process;
use aiwg_store::{Store, View};

use super::{
    Engine, EngineError, call::Call, command::NewEvent, cursors::Cursors, hosts::Hosts, state::State,
    transaction::Transaction,
};

/// The source of the cursors with the time since which each host drains, where several share the store.
pub(super) const DRAINING: &str = "draining";

/// The state of a queue that drains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draining {
    /// So many tasks run that must end first.
    Busy(u32),
    /// No task runs any more.
    Empty,
    /// Someone has resumed the queue.
    Resumed,
}

/// Who pauses the queue, or has it go on: an agent, by the cause of what it does, or a client.
#[derive(Debug, Clone, Default)]
pub struct By {
    /// The cause, if it is an agent.
    pub cause: Option<Cause>,
    /// The client, if it is none.
    pub sender: Option<Arc<Sender>>,
}

impl Engine {
    /// Starts no more tasks until the queue is resumed, over restarts as well. Returns since when it is paused, and how many tasks go on.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn pause(&self, by: By) -> Result<QueuePaused, EngineError> {
        self.call(Call::changing(move |tx| {
            let since = tx.pause(&by)?;
            Ok::<_, aiwg_store::StoreError>(tx.paused(since))
        }))
        .await
    }

    /// Starts no more tasks until the queue is resumed or the daemon ends, be it after a restart or a crash. Returns since when it drains, and how many tasks go on.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn drain(&self, by: By) -> Result<QueuePaused, EngineError> {
        self.call(Call::changing(move |tx| {
            let before = tx.state.draining_since;
            let since = before.unwrap_or(tx.now);
            note_draining(tx.store, &tx.state.hosts, Some(since))?;
            tx.state.draining_since = Some(since);
            if before.is_none() {
                tx.publish_queue("paused", &by)?;
            }
            let running = u32::try_from(tx.state.running_here()).unwrap_or(u32::MAX);
            Ok::<_, aiwg_store::StoreError>(QueuePaused { since, running })
        }))
        .await
    }

    /// The state of a queue that drains. With `exit` the daemon must be about to end after it; else a queue that is only paused counts as well.
    ///
    /// # Errors
    /// The engine has ended.
    pub async fn draining(&self, exit: bool) -> Result<Draining, EngineError> {
        self.call(Call::reading(move |look| {
            let state = look.state;
            // Where several hosts share the queue, it is paused for all of them, and one that ends does so by itself.
            let (since, running) = match exit {
                true => (state.draining_since, state.running_here()),
                false => (state.stopped_since(), state.running.len()),
            };
            Ok::<_, EngineError>(match (since, running) {
                (None, _) => Draining::Resumed,
                (Some(_), 0) => Draining::Empty,
                (Some(_), running) => Draining::Busy(u32::try_from(running).unwrap_or(u32::MAX)),
            })
        }))
        .await
    }

    /// Starts tasks again. False if the queue was neither paused nor draining.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn resume(&self, by: By) -> Result<bool, EngineError> {
        self.call(Call::changing(move |tx| tx.resume(&by))).await
    }
}

impl State {
    /// Goes on with what an earlier daemon has drained that has come to no orderly end, as long as tasks run that it has waited for. Otherwise that is
    /// over: so is what was begun before the machine was started.
    pub(super) fn go_on_draining(&mut self, store: &mut dyn Store) -> aiwg_store::Result<()> {
        let Some(since) = self.draining_since else { return Ok(()) };
        let machine = Process::of(1).and_then(|first| first.age());
        if self.running_here() > 0 && !is_before_start(since, machine, self.clock.now()) {
            tracing::info!(%since, "the queue still drains: the daemon ends once no task runs any more");
            return Ok(());
        }
        self.draining_since = None;
        let mut open = store.begin()?;
        note_draining(&mut *open, &self.hosts, None)?;
        open.commit().map(drop)
    }
}

/// Time since which the queue drains, as it is stored; none if it does not. Each host drains by itself.
pub(super) fn draining(
    store: &dyn View,
    cursors: &mut Cursors,
    hosts: &Hosts,
) -> aiwg_store::Result<Option<Timestamp>> {
    let Some(me) = hosts.me() else { return store.queue_switch(QueueSwitch::Draining) };
    let since = cursors.take(DRAINING).remove(me);
    Ok(since.and_then(|since| since.parse().ok()).map(Timestamp::from_millis))
}

fn note_draining(
    store: &mut dyn aiwg_store::Transaction,
    hosts: &Hosts,
    since: Option<Timestamp>,
) -> aiwg_store::Result<()> {
    let Some(me) = hosts.me() else { return store.set_queue_switch(QueueSwitch::Draining, since) };
    let value = since.map(|since| since.as_millis().to_string());
    store.move_cursor(&Cursor { value, ..Cursor::moved(DRAINING, me, "") })
}

/// True if this time was before the machine was started, so long ago.
fn is_before_start(since: Timestamp, machine: Option<Duration>, now: Timestamp) -> bool {
    let age = machine.and_then(|age| i64::try_from(age.as_millis()).ok());
    age.is_some_and(|age| since.as_millis() < now.as_millis().saturating_sub(age))
}

impl Transaction<'_> {
    pub(super) fn pause(&mut self, by: &By) -> aiwg_store::Result<Timestamp> {
        let before = self.state.paused_since;
        let since = before.unwrap_or(self.now);
        self.store.set_queue_switch(QueueSwitch::Paused, Some(since))?;
        self.state.paused_since = Some(since);
        if before.is_none() {
            self.publish_queue("paused", by)?;
        }
        Ok(since)
    }

    /// Publishes that the queue is paused, drains, or goes on.
    fn publish_queue(&mut self, what: &str, by: &By) -> aiwg_store::Result<()> {
        let payload = QueueEvent {
            running: u32::try_from(self.state.running.len()).unwrap_or(u32::MAX),
            draining: self.state.draining_since.is_some(),
        };
        let new = NewEvent {
            topic: format!("daemon:{what}"),
            payload: Json::new(&payload).unwrap_or_default(),
            source: EventSource::Daemon,
            cause: by.cause.clone(),
            happened_at: None,
            traceparent: None,
        };
        let origin = self.origin(by.sender.as_ref())?;
        let event = self.numbered(new);
        self.store_event(event, None, origin).map(drop)
    }

    fn paused(&self, since: Timestamp) -> QueuePaused {
        QueuePaused { since, running: u32::try_from(self.state.running.len()).unwrap_or(u32::MAX) }
    }

    pub(super) fn resume(&mut self, by: &By) -> aiwg_store::Result<bool> {
        self.store.set_queue_switch(QueueSwitch::Paused, None)?;
        let was_paused = self.state.paused_since.take().is_some();
        let is_resumed = self.forget_drain()? || was_paused;
        if is_resumed {
            self.publish_queue("resumed", by)?;
        }
        Ok(is_resumed)
    }

    /// Forgets that the queue drains. False if it does not.
    pub(super) fn forget_drain(&mut self) -> aiwg_store::Result<bool> {
        if self.state.draining_since.is_none() {
            return Ok(false);
        }
        note_draining(self.store, &self.state.hosts, None)?;
        Ok(self.state.draining_since.take().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drained_before_the_machine_was_started_is_over() {
        let now = Timestamp::from_millis(1_795_888_000_000);
        let is_over = |age| is_before_start(Timestamp::from_millis(now.as_millis() - 60_000), age, now);
        assert!(is_over(Some(Duration::from_secs(59))));
        assert!(!is_over(Some(Duration::from_secs(61))));
        assert!(!is_over(None), "nobody knows");
    }
}
