//! Recovery of commands whose transaction has failed.
//!
//! None is lost. Where another process has locked the database they are kept and carried out when it lets go, and so they are where one on another machine does
//! not answer; whoever waits for an answer gets an error within [`PATIENCE`]. Where it cannot be written, each is tried by itself: one that
//! is too large for what is left of a disk, or that fails for a reason of its own, does not take others with it.
//! Agents are ended without the store, at once; the reason is stored when it can be.
//!
//! Of a disk that fills up, some room is kept for the ends of what runs: they are stored when nothing else can be, so that no daemon that
//! comes after takes what was cancelled for lost, and runs it again.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_store::{ErrorKind, StoreError};

use super::{
    call::Command,
    command::{EngineConfig, EngineError},
    effects::Effects,
    thread::{Thread, heard_of},
    unstored::Unstored,
};
use crate::health::IssueKind;

/// Longest wait of a command for a database that another process has locked, or that does not answer, before its sender gets an error.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause between a failed transaction and the next one, where the failure itself took no time.
const PAUSE: Duration = Duration::from_millis(20);

/// The same, between two attempts to connect.
const PAUSE_OF_CONNECTIONS: Duration = Duration::from_millis(200);

impl Thread {
    /// Looks whether there is room for what is new. Where there is not, that is refused, so that what is kept is there for what ends.
    pub(super) fn look_for_room(&mut self) {
        let had_room = std::mem::replace(&mut self.state.has_room, self.setup.store.has_room());
        if self.state.has_room {
            return;
        }
        self.in_trouble = true;
        let error = StoreError::full();
        if had_room {
            tracing::error!(%error, "nothing new is taken in, and nothing started");
            // What is not to be kept makes room.
            self.setup.grown.notify_one();
        }
        self.setup.health.report(IssueKind::STORAGE, self.advice(&error));
        self.take_all();
        let why = message(&error);
        for (command, since) in std::mem::take(&mut self.taken) {
            if command.brings_more() {
                command.refuse(EngineError::Storage(Arc::clone(&why)));
            } else {
                self.taken.push_back((command, since));
            }
        }
    }

    /// Undoes a transaction that has failed, and deals with its commands.
    pub(super) fn recover(&mut self, effects: Effects, error: &StoreError) {
        self.undo(effects.config_before, error);
        if self.is_away(error) {
            std::thread::sleep(if error.kind() == ErrorKind::Gone { PAUSE_OF_CONNECTIONS } else { PAUSE });
            self.take_all();
            return self.give_up(&message(error));
        }
        let commands = std::mem::take(&mut self.taken);
        if commands.len() == 1 {
            return commands.into_iter().for_each(|(command, _)| self.refuse(command, &message(error)));
        }
        self.one_by_one(commands);
    }

    fn one_by_one(&mut self, mut commands: VecDeque<(Command, Instant)>) {
        while let Some(next) = commands.pop_front() {
            self.taken.push_back(next);
            let mut effects = Effects::default();
            match self.transact(&mut effects, 1) {
                Ok(has_written) => self.deliver(effects, has_written),
                Err(error) => {
                    self.undo(effects.config_before, &error);
                    if self.is_away(&error) {
                        // None of the others would fare better.
                        self.taken.append(&mut commands);
                        return;
                    }
                    while let Some((command, _)) = self.taken.pop_front() {
                        self.refuse(command, &message(&error));
                    }
                }
            }
        }
    }

    /// Refuses what has waited for long enough, and does at once what needs no store.
    fn give_up(&mut self, why: &Arc<str>) {
        for (mut command, since) in std::mem::take(&mut self.taken) {
            let is_given_up = since.elapsed() >= PATIENCE;
            if command.changes_nothing() {
                // What is before it cannot be committed now.
                self.read(command);
            } else if self.without_store(&mut command, is_given_up) {
                command.answer();
            } else if is_given_up {
                command.refuse(EngineError::Storage(Arc::clone(why)));
            } else {
                self.taken.push_back((command, since));
            }
        }
    }

    /// Does as much of a command as is possible without the store, and answers it.
    fn refuse(&mut self, mut command: Command, why: &Arc<str>) {
        if self.without_store(&mut command, true) {
            command.answer();
        } else {
            command.refuse(EngineError::Storage(Arc::clone(why)));
        }
    }

    fn without_store(&mut self, command: &mut Command, is_given_up: bool) -> bool {
        let Self { state, setup, exit, .. } = self;
        command.without_store(&mut Unstored { state, orders: &setup.orders, exit, is_given_up })
    }

    fn undo(&mut self, config_before: Option<EngineConfig>, error: &StoreError) {
        self.report(error);
        self.in_trouble = true;
        if let Some(config) = config_before {
            self.state.config = config;
        }
        if error.kind() == ErrorKind::Gone && self.is_away(error) {
            // The next transaction reads it, whenever there is one.
            self.is_stale = true;
            return;
        }
        // The transaction is undone by now, or it is tried once more.
        let again = match self.setup.store.view() {
            Ok(view) => self.state.catch_up(&*view, &self.setup.bus),
            Err(error) => Err(error),
        };
        let again = again.map(|others| heard_of(others, (&self.setup.orders, &self.setup.messages)));
        if let Err(error) = again {
            tracing::error!(%error, "the state could not be read again from the database; the next transaction tries again");
            self.is_stale = true;
        }
    }

    fn report(&self, error: &StoreError) {
        if self.in_trouble {
            tracing::debug!(%error, "another transaction failed and was undone");
        } else {
            tracing::error!(%error, "a transaction failed and was undone");
        }
        if error.kind() == ErrorKind::Damaged {
            self.setup.store.note_damage();
            self.setup.health.report(IssueKind::DAMAGE, self.setup.store.remedy(error));
        }
        self.setup.health.report(IssueKind::STORAGE, self.advice(error));
    }

    fn advice(&self, error: &StoreError) -> String {
        let is_full = !self.state.has_room && !self.is_away(error);
        if is_full { self.setup.store.remedy(&StoreError::full()) } else { self.setup.store.remedy(error) }
    }

    /// True if nothing can be stored before others let go of the store, or it answers again: no command would fare better than another.
    fn is_away(&self, error: &StoreError) -> bool {
        match error.kind() {
            ErrorKind::Busy => true,
            // A file that is gone does not come back.
            ErrorKind::Gone => self.setup.store.files().is_empty(),
            _ => false,
        }
    }
}

fn message(error: &StoreError) -> Arc<str> {
    error.to_string().into()
}
