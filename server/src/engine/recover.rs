//! What becomes of commands whose transaction has failed.
//!
//! None is lost. Where another process has locked the database they are kept and carried out when it lets go; whoever waits for an answer
//! is told within [`PATIENCE`] that it cannot be had. Where it cannot be written, each is tried by itself: one that is too large for what is
//! left of a disk, or that fails for a reason of its own, does not take others with it. What ends agents needs no store: that they end
//! comes first, and why is stored when it can be.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::ErrorCode;

use super::{
    batch::Batch,
    command::{Command, EngineError, Order, Policy},
    thread::Thread,
};
use crate::{
    health::IssueKind,
    store::{Ending, TaskNo, is_damage},
};

/// How long a command waits for a database that another process has locked, before whoever sent it is told.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long after a failed attempt the next one is made, where the failure itself took no time.
const PAUSE: Duration = Duration::from_millis(20);

impl Thread {
    /// Undoes a transaction that has failed, and deals with its commands.
    pub(super) fn recover(&mut self, batch: Batch, error: &rusqlite::Error) {
        self.undo(batch.policy_before, error);
        if is_locked(error) {
            std::thread::sleep(PAUSE);
            self.take_all();
            return self.give_up(&told(error));
        }
        let commands = std::mem::take(&mut self.taken);
        if commands.len() == 1 {
            return commands.into_iter().for_each(|(command, _)| self.refuse(command, &told(error)));
        }
        self.one_by_one(commands);
    }

    fn one_by_one(&mut self, mut commands: VecDeque<(Command, Instant)>) {
        while let Some(next) = commands.pop_front() {
            self.taken.push_back(next);
            let mut batch = Batch::default();
            match self.transact(&mut batch, 1) {
                Ok(has_written) => self.deliver(batch, has_written),
                Err(error) => {
                    self.undo(batch.policy_before, &error);
                    if is_locked(&error) {
                        // None of the others would fare better.
                        self.taken.append(&mut commands);
                        return;
                    }
                    while let Some((command, _)) = self.taken.pop_front() {
                        self.refuse(command, &told(&error));
                    }
                }
            }
        }
    }

    /// Refuses what has waited for long enough, and at once what needs no store.
    fn give_up(&mut self, why: &Arc<str>) {
        for (command, since) in std::mem::take(&mut self.taken) {
            if since.elapsed() >= PATIENCE || self.needs_no_store(&command) {
                self.refuse(command, why);
            } else {
                self.taken.push_back((command, since));
            }
        }
    }

    fn needs_no_store(&self, command: &Command) -> bool {
        match command {
            Command::Cancel(no, _) => self.state.running.contains(no),
            Command::Close(_) | Command::EndAll(_) | Command::EndRunning(..) => true,
            _ => false,
        }
    }

    /// Does what can be done of a command without the store, and answers it.
    fn refuse(&mut self, command: Command, why: &Arc<str>) {
        match command {
            Command::Cancel(no, reply) if self.state.running.contains(&no) => {
                self.end_unstored(no, Ending::Cancel);
                reply.send(Ok(super::command::being_cancelled()));
            }
            Command::EndRunning(no, ending, reply) if self.state.running.contains(&no) => {
                self.end_unstored(no, ending);
                reply.send(Ok(()));
            }
            Command::EndAll(reply) => {
                let running: Vec<TaskNo> = self.state.running.iter().copied().collect();
                running.into_iter().for_each(|no| self.end_unstored(no, Ending::Stop));
                reply.send(Ok(()));
            }
            Command::Close(reply) => {
                self.state.closing = true;
                reply.send(Ok(()));
            }
            Command::Exit => self.exit = true,
            command => command.refuse(EngineError::Storage(Arc::clone(why))),
        }
    }

    /// Has the agent of a running task ended, though it cannot be stored yet why.
    fn end_unstored(&mut self, no: TaskNo, ending: Ending) {
        let ending = *self.state.endings.entry(no).or_insert(ending);
        self.order(Order::End(no, ending));
    }

    fn undo(&mut self, policy_before: Option<Policy>, error: &rusqlite::Error) {
        self.report(error);
        self.in_trouble = true;
        if let Some(policy) = policy_before {
            self.state.policy = policy;
        }
        let again = self.setup.store.rollback().and_then(|()| self.state.load(&self.setup.store));
        if let Err(error) = again {
            tracing::error!(%error, "the state could not be read again from the database; the next transaction tries again");
            self.is_stale = true;
        }
    }

    fn report(&self, error: &rusqlite::Error) {
        if self.in_trouble {
            tracing::debug!(%error, "another transaction failed and was undone");
        } else {
            tracing::error!(%error, "a transaction failed and was undone");
        }
        if is_damage(error) {
            self.setup.store.note_damage();
            self.setup.health.report(
                IssueKind::Damage,
                "the database is damaged: `aiwg daemon restart` sets it aside and begins a new one; running tasks are lost to it",
            );
        }
        let message = if is_locked(error) {
            format!(
                "the database {} is locked by another process, so that nothing can be stored: end that; \
                 `fuser` names it. Then it goes on by itself",
                self.setup.store.path().display()
            )
        } else {
            format!(
                "the database cannot be written: {error}; make room or mend its permissions, then it goes on by itself"
            )
        };
        self.setup.health.report(IssueKind::Storage, message);
    }
}

/// Whether another process keeps the database to itself.
fn is_locked(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn told(error: &rusqlite::Error) -> Arc<str> {
    error.to_string().into()
}
