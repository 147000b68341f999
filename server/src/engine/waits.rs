//! Which running tasks wait for which: an agent that waits for a task does nothing meanwhile, so that its slot is lent.
//!
//! Without that, agents that wait for tasks they have submitted could take all slots, and what they wait for would never start. It is not
//! stored: a wait ends with its connection.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::store::TaskNo;

/// Who waits for whom, and how often. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waits(Arc<Mutex<HashMap<(TaskNo, TaskNo), usize>>>);

/// A wait, as long as this lives.
#[derive(Debug)]
pub(crate) struct Wait {
    waits: Waits,
    who: (TaskNo, TaskNo),
}

impl Waits {
    /// The agent of `task` waits for the end of `other`.
    pub(super) fn begin(&self, task: TaskNo, other: TaskNo) -> Wait {
        *self.lock().entry((task, other)).or_default() += 1;
        Wait { waits: self.clone(), who: (task, other) }
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
        let mut tasks: Vec<TaskNo> = pairs.iter().map(|(task, _)| *task).collect();
        tasks.dedup();
        tasks.retain(|task| comes_back(*task, &pairs));
        tasks
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TaskNo, TaskNo), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the way from a task, along these waits, leads back to it.
fn comes_back(task: TaskNo, pairs: &[(TaskNo, TaskNo)]) -> bool {
    let mut reached = vec![task];
    let mut next = 0;
    while let Some(from) = reached.get(next).copied() {
        next += 1;
        for (_, to) in pairs.iter().filter(|(who, _)| *who == from) {
            if *to == task {
                return true;
            }
            if !reached.contains(to) {
                reached.push(*to);
            }
        }
    }
    false
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = self.waits.lock();
        if let Some(count) = waits.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                waits.remove(&self.who);
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
}
