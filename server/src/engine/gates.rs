//! Gates: what keeps all tasks of a class from starting, though nothing holds any of them.
//!
//! A gate costs nothing in the store, however many tasks wait behind it: the queue is read class by class.
//!
//! This is the order in which it is decided whether a queued task starts, and so the order of the reasons that it gives for waiting:
//!
//! 1. its holds, which are rows: dependencies, an approval, a delay, a rest, a person who has it. A held task is not in the queue's index, so no
//!    gate is asked about it;
//! 2. whether anything starts at all: the queue is paused or drains;
//! 3. its host: where several share the store, this one may not be able to run it ([`super::demands`]);
//! 4. its lane, which may be full;
//! 5. the account of its agent, which may have reached a limit;
//! 6. the budgets, which may have too little left. They come this late because a look at them reserves what is left for the task, and may say that
//!    a bound is exhausted: neither is to come of a task that could not start anyway;
//! 7. the probe of an account whose limit should be over: one task of all daemons has it, so it is claimed only for one that would start;
//! 8. a free slot. Without one, no gate is asked. Money is set aside with the start itself.
//!
//! Two pass their lane, and all other gates count for them: a task that a running one waits for, since it starts in that one's slot, and the next
//! round of a task that has its slot. The latter goes back to its place in the queue where a gate is closed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiwg_model::{Head, TaskNo, TaskRow};
use aiwg_protocol::types::{TaskState, Timestamp, Waiting};
use aiwg_store::View;

use super::{classes::Class, hosts::Hosts, state::State, transaction::Transaction};

/// A closed gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The kind of the gate, as a task's reason for waiting.
    pub waiting: Waiting,
    /// Time at which it opens by itself; none if that is not known.
    pub until: Option<Timestamp>,
    /// Time at which the limit resets after which a person is to open it; none for any other gate.
    pub resets_at: Option<Timestamp>,
}

impl Gate {
    pub(super) fn of(waiting: Waiting) -> Self {
        Self { waiting, until: None, resets_at: None }
    }
}

/// The gates that were closed when the engine last looked, for others to look at as well.
#[derive(Debug, Clone, Default)]
pub struct Gates(Arc<Mutex<Closed>>);

#[derive(Debug, Default)]
struct Closed {
    paused_since: Option<Timestamp>,
    draining_since: Option<Timestamp>,
    host_draining_since: Option<Timestamp>,
    classes: HashMap<String, Gate>,
}

impl Gates {
    /// The gate that keeps a task of this class from starting; none if only a slot is missing.
    pub fn closed(&self, class: &str) -> Option<Gate> {
        let closed = self.lock();
        match closed.paused_since {
            Some(_) => Some(Gate::of(Waiting::Paused)),
            None if closed.host_draining_since.is_some() => Some(Gate::of(Waiting::Host)),
            None => closed.classes.get(class).cloned(),
        }
    }

    /// Time since which nothing is started; none if the queue is not paused.
    pub(super) fn paused_since(&self) -> Option<Timestamp> {
        self.lock().paused_since
    }

    /// Time since which the queue drains; none if it does not.
    pub(super) fn draining_since(&self) -> Option<Timestamp> {
        self.lock().draining_since
    }

    /// Time since which this one of several hosts is given no new tasks; none if it is.
    pub(super) fn host_draining_since(&self) -> Option<Timestamp> {
        self.lock().host_draining_since
    }

    /// Notes since when nothing is started, and why.
    pub(super) fn note_rest(&self, state: &State) {
        let mut closed = self.lock();
        closed.paused_since = state.stopped_since();
        closed.draining_since = state.draining_since;
        closed.host_draining_since = state.hosts.draining_since();
    }

    /// Time at which the first of the gates of this kind opens, as far as it is known; none if none is closed.
    pub(super) fn opening(&self, waiting: Waiting) -> Option<Option<Timestamp>> {
        let closed = self.lock();
        let of_kind = closed.classes.values().filter(|gate| gate.waiting == waiting);
        of_kind.map(|gate| gate.until).reduce(|one, other| one.into_iter().chain(other).min())
    }

    /// Forgets all gates: they were those of another configuration.
    pub(super) fn clear(&self) {
        self.set(HashMap::new());
    }

    fn set(&self, classes: HashMap<String, Gate>) {
        self.lock().classes = classes;
    }

    fn lock(&self) -> MutexGuard<'_, Closed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Looks again which tasks no host can run, where the queue is not gone through for what is to start.
    pub(super) fn name_unplaced(&mut self, store: &dyn View) -> aiwg_store::Result<()> {
        if self.hosts.me().is_some() && (self.unplaced.is_some() || self.resting_since().is_some()) {
            let mut heads = if store.queued() == 0 { Vec::new() } else { store.heads()? };
            heads.sort_unstable_by_key(|head| (head.place, head.no));
            self.unplaced = unplaced(&self.hosts, &heads);
        }
        Ok(())
    }
}

/// What is to be said of the tasks that no host can run; none where there are none.
fn unplaced(hosts: &Hosts, heads: &[Head]) -> Option<String> {
    hosts.me()?;
    hosts.unplaced(heads.iter().map(|head| (head.no, head.class.as_str())))
}

impl Transaction<'_> {
    /// The first task in the queue whose gates are open.
    pub(super) fn next_open(&mut self) -> aiwg_store::Result<Option<TaskNo>> {
        if self.state.resting_since().is_some() {
            return Ok(None);
        }
        let mut heads = self.store.heads()?;
        heads.sort_unstable_by_key(|head| (head.place, head.no));
        let lacking = heads.iter().flat_map(|head| self.state.hosts.unsaid(&head.class)).collect();
        self.say_lacking(lacking)?;
        self.state.unplaced = unplaced(&self.state.hosts, &heads);
        let (mut next, mut closed) = (None, HashMap::new());
        let mut for_all = None;
        self.forget_turn();
        for head in heads {
            let gate = match self.host_gate(head.no, &head.class).or_else(|| self.lane_gate(&head.class)) {
                Some(gate) => Some(gate),
                None => self.gate_beyond_lane(head.no, &head.class, next.is_none(), &mut for_all)?,
            };
            match gate {
                None if next.is_none() => next = Some(head.no),
                None => {}
                Some(gate) => drop(closed.insert(head.class, gate)),
            }
        }
        self.state.gates.set(closed);
        Ok(next)
    }

    /// True if no gate is closed before a queued task that a running one waits for, apart from that of its lane.
    pub(super) fn may_start_awaited(&mut self, no: TaskNo) -> aiwg_store::Result<bool> {
        // One that cannot be read fails when it is its turn.
        let Some(task) = self.store.task_if_readable(no)? else { return Ok(true) };
        let is_ready = task.state == TaskState::Queued
            && !task.is_waiting
            && self.host_gate(no, &task.spec.class).is_none();
        Ok(is_ready && self.may_go_on_working(&task)?)
    }

    /// True if no gate is closed before the next work of a task, apart from that of its lane, in which it has its place already.
    pub(super) fn may_go_on_working(&mut self, task: &TaskRow) -> aiwg_store::Result<bool> {
        Ok(self.gate_beyond_lane(task.no, &task.spec.class, true, &mut None)?.is_none())
    }

    /// The gate before the first task of a class, apart from its lane's. If it `may_start` at once, it may be the one that tries whether a limit is
    /// over. What a budget keeps from all is in `for_all` for those behind it.
    fn gate_beyond_lane(
        &mut self,
        no: TaskNo,
        class: &str,
        may_start: bool,
        for_all: &mut Option<Gate>,
    ) -> aiwg_store::Result<Option<Gate>> {
        if let Some(gate) = self.account_gate(class, may_start) {
            return Ok(Some(gate));
        }
        if let Some(gate) = self.budget_gate(no, class, for_all)? {
            return Ok(Some(gate));
        }
        Ok(self.probe_gate(class))
    }

    /// The gate that keeps a task from starting which was just put into the queue, where there is a slot for it. No probe of an account is claimed.
    pub(super) fn gate_before(&mut self, no: TaskNo) -> aiwg_store::Result<Option<Gate>> {
        let Some(task) = self.store.task_if_readable(no)? else { return Ok(None) };
        let class = &task.spec.class;
        match self
            .host_gate(no, class)
            .or_else(|| self.lane_gate(class))
            .or_else(|| self.account_gate(class, true))
        {
            Some(gate) => Ok(Some(gate)),
            None => self.budget_gate(no, class, &mut None),
        }
    }

    fn lane_gate(&self, class: &str) -> Option<Gate> {
        self.lane_is_full(Class::named(class).lane).then(|| Gate::of(Waiting::Lane))
    }

    fn lane_is_full(&self, lane: &str) -> bool {
        let Some(most) = self.state.config.classes.lane(lane).and_then(|lane| lane.max_parallel) else {
            return false;
        };
        let in_lane = |class: &&str| Class::named(class).lane == lane;
        let running = self.state.running.values().map(|slot| slot.class.as_str()).filter(in_lane).count();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // One that waits for a person lends its place.
        let asking =
            if running < most { 0 } else { self.asking(|slot| Class::named(&slot.class).lane == lane) };
        running.saturating_sub(asking.min(self.most_lent(most))) >= most
    }
}
