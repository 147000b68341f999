//! Gates: what keeps all tasks of a class from starting, though nothing holds any of them.
//!
//! A gate costs nothing in the store, however many tasks wait behind it: the queue is read class by class.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiwg_model::{Head, TaskNo};
use aiwg_protocol::types::{Timestamp, Waiting};

use super::{classes::Class, transaction::Transaction};

/// A closed gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The kind of the gate, as a task's reason for waiting.
    pub waiting: Waiting,
    /// Time at which it opens by itself; none if that is not known.
    pub until: Option<Timestamp>,
}

impl Gate {
    fn of(waiting: Waiting) -> Self {
        Self { waiting, until: None }
    }
}

/// The gates that were closed when the engine last looked, for others to look at as well.
#[derive(Debug, Clone, Default)]
pub struct Gates(Arc<Mutex<Closed>>);

#[derive(Debug, Default)]
struct Closed {
    paused_since: Option<Timestamp>,
    classes: HashMap<String, Gate>,
}

impl Gates {
    /// The gate that keeps a task of this class from starting; none if only a slot is missing.
    pub fn closed(&self, class: &str) -> Option<Gate> {
        let closed = self.lock();
        match closed.paused_since {
            Some(_) => Some(Gate::of(Waiting::Paused)),
            None => closed.classes.get(class).cloned(),
        }
    }

    /// Time since which nothing is started; none if the queue is not paused.
    pub(super) fn paused_since(&self) -> Option<Timestamp> {
        self.lock().paused_since
    }

    /// Notes since when nothing is started.
    pub(super) fn pause(&self, since: Option<Timestamp>) {
        self.lock().paused_since = since;
    }

    /// Time at which the first of the gates of this kind opens, as far as it is known; none if none is closed.
    pub(super) fn opening(&self, waiting: Waiting) -> Option<Option<Timestamp>> {
        let closed = self.lock();
        let of_kind = closed.classes.values().filter(|gate| gate.waiting == waiting);
        of_kind.map(|gate| gate.until).reduce(|one, other| one.into_iter().chain(other).min())
    }

    fn set(&self, classes: HashMap<String, Gate>) {
        self.lock().classes = classes;
    }

    fn lock(&self) -> MutexGuard<'_, Closed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transaction<'_> {
    /// The first task in the queue whose gate is open.
    pub(super) fn next_open(&mut self) -> aiwg_store::Result<Option<TaskNo>> {
        if self.state.resting_since().is_some() {
            return Ok(None);
        }
        let mut heads = self.store.heads()?;
        heads.sort_unstable_by_key(|head| (head.place, head.no));
        let (mut next, mut closed) = (None, HashMap::new());
        let mut for_all = None;
        self.forget_turn();
        for head in heads {
            let mut gate = self.gate(&head)?;
            if gate.is_none() {
                gate = self.budget_gate(&head, &mut for_all)?;
            }
            if gate.is_none() {
                gate = self.account_gate(&head, next.is_none());
            }
            match gate {
                None if next.is_none() => next = Some(head.no),
                None => {}
                Some(gate) => {
                    closed.insert(head.class, gate);
                }
            }
        }
        self.state.gates.set(closed);
        Ok(next)
    }

    /// The gate that keeps the first task of a class from starting, and with it all others of the class.
    fn gate(&self, head: &Head) -> aiwg_store::Result<Option<Gate>> {
        let class = Class::named(&head.class);
        Ok(self.lane_is_full(class.lane).then(|| Gate::of(Waiting::Lane)))
    }

    fn lane_is_full(&self, lane: &str) -> bool {
        let Some(most) = self.state.config.classes.lane(lane).and_then(|lane| lane.max_parallel) else {
            return false;
        };
        let in_lane = |class: &&str| Class::named(class).lane == lane;
        let running = self.state.running.values().map(|slot| slot.class.as_str()).filter(in_lane).count();
        running >= usize::try_from(most).unwrap_or(usize::MAX)
    }
}
