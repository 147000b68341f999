//! Running tasks that wait for other tasks: an agent that waits for a task does nothing meanwhile, so that its slot
//! is lent.
//!
//! Without that, agents that wait for tasks they have submitted could take all slots, and what they wait for would never start. It is not
//! stored: a wait ends with its connection.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiwg_model::TaskNo;

/// Maximum number of pairs. All of them are looked at whenever a task may start, and an agent may open as many waits
/// as it likes: those beyond lend no slot.
const MOST_PAIRS: usize = 4096;

/// Pairs of a task and one that it waits for, each with the number of waits. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waits(Arc<Mutex<HashMap<(TaskNo, TaskNo), usize>>>);

/// A wait, as long as this lives.
#[derive(Debug)]
pub(crate) struct Wait {
    waits: Waits,
    /// None where it is one too many to be noted.
    who: Option<(TaskNo, TaskNo)>,
}

impl Waits {
    /// The agent of `task` waits for the end of `other`.
    pub(super) fn begin(&self, task: TaskNo, other: TaskNo) -> Wait {
        let (mut waits, who) = (self.lock(), (task, other));
        let is_noted = waits.len() < MOST_PAIRS || waits.contains_key(&who);
        if is_noted {
            *waits.entry(who).or_default() += 1;
        }
        Wait { waits: self.clone(), who: is_noted.then_some(who) }
    }

    /// True if no agent waits for another one.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Each pair once, in the order of their numbers.
    pub(super) fn pairs(&self) -> Vec<(TaskNo, TaskNo)> {
        let mut pairs: Vec<_> = self.lock().keys().copied().collect();
        pairs.sort_unstable();
        pairs
    }

    /// The tasks that wait for themselves by way of others, in the order of their numbers.
    pub(super) fn rings(&self) -> Vec<TaskNo> {
        let pairs = self.pairs();
        let waiting: HashSet<TaskNo> = pairs.iter().map(|(task, _)| *task).collect();
        let mut ways: BTreeMap<TaskNo, Vec<TaskNo>> = BTreeMap::new();
        // What waits for nobody is in no ring: an agent may wait for thousands of those.
        // A wait for a person is noted as one for itself, and is no ring.
        let in_rings = |(task, other): &(TaskNo, TaskNo)| task != other && waiting.contains(other);
        for (task, other) in pairs.into_iter().filter(in_rings) {
            ways.entry(task).or_default().push(other);
        }
        ways.keys().copied().filter(|task| comes_back(*task, &ways)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TaskNo, TaskNo), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True if one of the ways from a task leads back to it.
fn comes_back(task: TaskNo, ways: &BTreeMap<TaskNo, Vec<TaskNo>>) -> bool {
    let (mut open, mut reached) = (vec![task], HashSet::new());
    while let Some(from) = open.pop() {
        for to in ways.get(&from).into_iter().flatten() {
            if *to == task {
                return true;
            }
            if reached.insert(*to) {
                open.push(*to);
            }
        }
    }
    false
}

impl Drop for Wait {
    fn drop(&mut self) {
        let (mut waits, Some(who)) = (self.waits.lock(), self.who) else { return };
        if let Some(count) = waits.get_mut(&who) {
            *count -= 1;
            if *count == 0 {
                waits.remove(&who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_those_that_wait_for_themselves() {
        let waits = Waits::default();
        let begin = |task, other| waits.begin(TaskNo(task), TaskNo(other));
        let _line = [begin(1, 2), begin(2, 3), begin(1, 3)];
        assert!(waits.rings().is_empty());
        let back = begin(3, 2);
        assert_eq!(waits.rings(), [TaskNo(2), TaskNo(3)]);
        drop(back);
        assert!(waits.rings().is_empty());
        let _back = begin(3, 1);
        assert_eq!(waits.rings(), [TaskNo(1), TaskNo(2), TaskNo(3)]);
    }

    #[test]
    fn no_more_waits_are_noted_than_can_be_looked_at() {
        let waits = Waits::default();
        let begin = |other| waits.begin(TaskNo(1), TaskNo(other));
        let mut all: Vec<Wait> = (0..2 * MOST_PAIRS as u64).map(begin).collect();
        // One that is noted is noted again, and what is not is not taken back.
        let again = begin(0);
        all.truncate(MOST_PAIRS);
        assert_eq!(waits.pairs().len(), MOST_PAIRS);
        all.clear();
        assert_eq!(waits.pairs(), [(TaskNo(1), TaskNo(0))]);
        drop(again);
        assert!(waits.pairs().is_empty());
    }
}
