//! The open transaction, within which commands are carried out.

use std::{cell::RefCell, collections::BTreeSet};

use aiwg_model::{InForce, StopReason, TaskNo, TaskRow};
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::{self, StoreError, View};

use super::{
    command::{EngineConfig, EngineError, Prune, Pruned, Starts},
    effects::Effects,
    state::{Slot, State},
};

/// Maximum number of tasks, and of events, that one transaction deletes.
const PRUNED_AT_ONCE: u64 = 500;

/// A command's own error, or the store's, which undoes the whole transaction.
pub(super) enum Failure {
    Refused(EngineError),
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Refused(error)
    }
}

/// The state and an open transaction.
pub(super) struct Transaction<'a> {
    pub(super) state: &'a mut State,
    pub(super) store: &'a mut (dyn aiwg_store::Transaction + 'a),
    pub(super) effects: &'a mut Effects,
    pub(super) now: Timestamp,
}

/// The state and what is stored, to look at: what is committed, or an open transaction.
pub(super) struct Look<'a> {
    pub(super) state: &'a State,
    pub(super) store: &'a dyn View,
    pub(super) now: Timestamp,
}

impl Transaction<'_> {
    /// The same, to look at.
    pub(super) fn look(&self) -> Look<'_> {
        Look { state: self.state, store: self.store, now: self.now }
    }

    /// Stores the stop reasons of tasks that could not be stored when their agents were ended.
    pub(super) fn store_endings(&mut self) -> aiwg_store::Result<()> {
        for (run, ending) in &self.state.endings {
            let goes_on = |task: &TaskRow| task.state == TaskState::Running && task.run() == *run;
            // Another run of it may be under way by now, on another host.
            let is_meant = |task: TaskRow| goes_on(&task) && task.ending.is_none();
            if self.store.task_if_readable(run.task)?.is_some_and(is_meant) {
                self.store.mark_ending(run.task, *ending)?;
            }
        }
        Ok(())
    }

    /// Starts tasks while there are slots, and takes in what that leads to. Belongs to the end of every transaction, so that a task that can
    /// start at once is queued and started with one sync.
    pub(super) fn settle(&mut self) -> aiwg_store::Result<()> {
        loop {
            let has_started = self.fill_slots()?;
            let has_news = self.publish_accounts()? | self.report_missed()?;
            if !has_started && !has_news {
                self.state.name_unplaced(self.store)?;
                return self.keep_unshared();
            }
            self.take_new_events()?;
        }
    }

    /// Puts another configuration in force, and keeps it for starts that nobody asks for.
    pub(super) fn configure(
        &mut self,
        config: &EngineConfig,
        in_force: &InForce,
    ) -> aiwg_store::Result<Vec<String>> {
        self.store.set_in_force(in_force)?;
        self.set_labels(&config.labels)?;
        self.publish_config(&config.digest, true)?;
        let before = std::mem::replace(&mut self.state.config, config.clone());
        self.state.revisions.clear();
        let without_lane = if before.classes == config.classes { BTreeSet::new() } else { self.classify()? };
        if before.classes != config.classes || before.budgets != config.budgets {
            self.change_budgets()?;
        }
        self.effects.config_before.get_or_insert(before);
        // What was held back may be sent now.
        self.effects.messages |= self.state.config.messaging.is_some();
        self.state.gates.clear();
        self.state.unstarted.clear();
        let notice = |lane: String| {
            format!(
                "the lane {lane:?} is no longer in the configuration: the tasks in it go on without its limit and its priority"
            )
        };
        Ok(without_lane.into_iter().map(notice).collect())
    }

    /// Puts the queued and the running tasks into the classes of the configuration. Returns the lanes of these that it does
    /// not have.
    pub(super) fn classify(&mut self) -> aiwg_store::Result<BTreeSet<String>> {
        let classes = self.state.config.classes.clone();
        let without_lane: RefCell<BTreeSet<String>> = RefCell::default();
        self.store.classify(&|task| {
            if let Some(lane) = task.lane.filter(|lane| classes.lane(lane).is_none()) {
                without_lane.borrow_mut().insert(lane.to_owned());
            }
            classes.place_of(task)
        })?;
        for (no, slot) in &mut self.state.running {
            if let Some(task) = self.store.task_if_readable(*no)? {
                slot.class = task.spec.class;
            }
        }
        Ok(without_lane.into_inner())
    }

    /// Sets the limit on tasks that may start.
    pub(super) fn allow(&mut self, starts: Starts) -> Result<(), EngineError> {
        self.state.starts = self.state.starts.with(starts);
        Ok(())
    }

    /// Takes in no more from outside, and starts no more.
    pub(super) fn close(&mut self) -> Result<(), EngineError> {
        self.state.closing = true;
        Ok(())
    }

    /// Ends the thread with this transaction. The next daemon starts tasks, unless this one only `restarts` and its queue drains.
    pub(super) fn exit(&mut self, restarts: bool) -> Result<(), Failure> {
        self.effects.exit = true;
        if !restarts {
            self.forget_drain()?;
            self.leave()?;
        }
        Ok(())
    }

    /// Ends the agents of all tasks that run on this host.
    pub(super) fn end_all(&mut self) -> Result<(), Failure> {
        let is_here = |(no, slot): (&TaskNo, &Slot)| (!slot.is_elsewhere).then_some(*no);
        let running: Vec<TaskNo> = self.state.running.iter().filter_map(is_here).collect();
        running.into_iter().try_for_each(|no| self.end_running(no, StopReason::Stop))
    }

    /// Forgets some of what is not to be kept.
    pub(super) fn prune(&mut self, what: Prune) -> aiwg_store::Result<Pruned> {
        self.store.set_aged(what.aged)?;
        let tasks = self.store.prune_tasks(what.tasks, PRUNED_AT_ONCE)?;
        let events = self.store.prune_events(what.events, PRUNED_AT_ONCE)?;
        let cursors = self.store.prune_cursors(self.now, PRUNED_AT_ONCE)?;
        let answers = if what.keys { self.store.prune_answers(self.now, PRUNED_AT_ONCE)? } else { 0 };
        let messages = self.prune_messages(PRUNED_AT_ONCE)?;
        let days = self.prune_spending(what.aged, PRUNED_AT_ONCE)?;
        if events > 0 || !tasks.is_empty() {
            // Senders may have gone with them.
            self.state.generation += 1;
        }
        let more = self.store.give_back()?;
        Ok(Pruned {
            more: more
                || events > 0
                || cursors > 0
                || answers > 0
                || messages > 0
                || days > 0
                || !tasks.is_empty(),
            tasks,
            events,
        })
    }
}
