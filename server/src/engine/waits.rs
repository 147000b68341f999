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

    fn lock(&self) -> MutexGuard<'_, HashMap<(TaskNo, TaskNo), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
