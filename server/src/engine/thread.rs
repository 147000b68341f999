//! The engine's thread: gather, apply, commit, tell.

use std::{io, sync::Arc, thread::JoinHandle};

use aiwg_protocol::types::Timestamp;
use tokio::sync::{mpsc, watch};

use super::{
    apply::{State, Turn},
    batch::Batch,
    command::{Command, EngineError, Order, Policy},
    handle::Engine,
};
use crate::{
    bus::Bus,
    health::{Health, IssueKind},
    rules::tripped_message,
    store::{Store, is_damage},
};

/// How many commands one transaction holds at the most: more would make the first of them wait.
const MAX_BATCH: usize = 1024;

/// How many commands may wait before those who send more have to wait too.
const MAX_WAITING: usize = 4096;

/// What the engine is made of.
pub struct EngineSetup {
    /// The store.
    pub store: Store,
    /// What the configuration says.
    pub policy: Policy,
    /// Where committed events are published.
    pub bus: Bus,
    /// Where orders go.
    pub orders: mpsc::UnboundedSender<Order>,
    /// Where trouble is noted.
    pub health: Health,
    /// Where it says when matches will have settled, so that someone tells it then.
    pub next_due: watch::Sender<Option<Timestamp>>,
}

struct Thread {
    setup: EngineSetup,
    state: State,
    commands: mpsc::Receiver<Command>,
    /// Whether what is in memory may differ from the store, which could not be read.
    is_stale: bool,
}

/// Starts the engine.
///
/// # Errors
/// The store cannot be read, or there is no thread to be had.
pub fn start(setup: EngineSetup) -> io::Result<(Engine, JoinHandle<()>)> {
    let mut state = State::new(setup.policy.clone());
    state.load(&setup.store).map_err(io::Error::other)?;
    let (sender, commands) = mpsc::channel(MAX_WAITING);
    let thread = Thread { setup, state, commands, is_stale: false };
    let handle = std::thread::Builder::new().name("engine".to_owned()).spawn(move || thread.run())?;
    Ok((Engine::new(sender), handle))
}

impl Thread {
    fn run(mut self) {
        while let Some(first) = self.commands.blocking_recv() {
            let mut batch = Batch::default();
            let done = self.transact(first, &mut batch);
            // It may have come with others.
            let exit = batch.exit;
            match done {
                Ok(has_written) => self.deliver(batch, has_written),
                Err(error) => self.undo(batch, &error),
            }
            if exit {
                if let Err(error) = self.setup.store.checkpoint() {
                    tracing::warn!(%error, "the database's log was left beside it; the next start takes it in");
                }
                return;
            }
        }
    }

    /// Tells whether anything was written.
    fn transact(&mut self, first: Command, batch: &mut Batch) -> rusqlite::Result<bool> {
        if self.is_stale {
            self.state.load(&self.setup.store)?;
            self.is_stale = false;
        }
        self.setup.store.begin()?;
        let mut turn =
            Turn { state: &mut self.state, store: &mut self.setup.store, batch, now: Timestamp::now() };
        let mut next = Some(first);
        let mut count = 0;
        while let Some(command) = next {
            turn.apply(command)?;
            count += 1;
            next = if count < MAX_BATCH { self.commands.try_recv().ok() } else { None };
        }
        turn.settle()?;
        self.setup.store.commit()
    }

    fn deliver(&mut self, batch: Batch, has_written: bool) {
        if has_written {
            self.setup.health.clear(IssueKind::Storage);
        }
        self.report_tripped();
        self.tell_next_due();
        batch.journal.write();
        self.setup.bus.note(&batch.events);
        // First, or whoever asked would wait while the agents are started.
        for answer in batch.answers {
            answer(Ok(&self.state));
        }
        for order in batch.orders {
            // The supervisor goes last at shutdown; with it gone, the order is carried out at the next start.
            let _ = self.setup.orders.send(order);
        }
        self.setup.bus.publish(batch.events, &batch.ended);
    }

    fn report_tripped(&self) {
        // Those that are still in the configuration: nothing can be done about the others, nor need be.
        let rules = &self.state.policy.rules;
        let mut rules: Vec<&str> =
            self.state.memory.tripped().filter(|rule| rules.get(rule).is_some()).collect();
        if rules.is_empty() {
            return self.setup.health.clear(IssueKind::Automation);
        }
        rules.sort_unstable();
        self.setup.health.report(IssueKind::Automation, tripped_message(&rules));
    }

    fn tell_next_due(&self) {
        match self.setup.store.next_due() {
            Ok(next) => {
                self.setup.next_due.send_if_modified(|due| std::mem::replace(due, next) != next);
            }
            Err(error) => tracing::warn!(%error, "it could not be read when matches will have settled"),
        }
    }

    fn undo(&mut self, batch: Batch, error: &rusqlite::Error) {
        tracing::error!(%error, "a transaction failed and was undone");
        let message: Arc<str> = error.to_string().into();
        if is_damage(error) {
            self.setup.store.note_damage();
            self.setup.health.report(
                IssueKind::Damage,
                "the database is damaged: `aiwg daemon restart` sets it aside and begins a new one; running tasks are lost to it",
            );
        }
        self.setup.health.report(
            IssueKind::Storage,
            format!("the database cannot be written: {message}; make room or mend its permissions, then it goes on by itself"),
        );
        if let Some(policy) = batch.policy_before {
            self.state.policy = policy;
        }
        let again = self.setup.store.rollback().and_then(|()| self.state.load(&self.setup.store));
        if let Err(error) = again {
            tracing::error!(%error, "the state could not be read again from the database; the next transaction tries again");
            self.is_stale = true;
        }
        for answer in batch.answers {
            answer(Err(EngineError::Storage(Arc::clone(&message))));
        }
    }
}
