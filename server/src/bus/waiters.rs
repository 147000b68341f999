//! The callers that wait for a task to end. They are kept apart from the events, so that a thousand of them cost an event nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiwg_model::TaskNo;
use tokio::sync::Notify;

#[derive(Default)]
pub(super) struct Waiters {
    tasks: Mutex<HashMap<TaskNo, Entry>>,
}

#[derive(Default)]
struct Entry {
    ended: Arc<Notify>,
    waiting: usize,
}

/// A caller that waits.
pub struct Waiting {
    waiters: Arc<Waiters>,
    task: TaskNo,
    ended: Arc<Notify>,
}

impl Waiters {
    pub(super) fn register(this: &Arc<Self>, task: TaskNo) -> Waiting {
        let mut tasks = this.lock();
        let entry = tasks.entry(task).or_default();
        entry.waiting += 1;
        Waiting { waiters: Arc::clone(this), task, ended: Arc::clone(&entry.ended) }
    }

    pub(super) fn wake(&self, task: TaskNo) {
        if let Some(entry) = self.lock().get(&task) {
            entry.ended.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TaskNo, Entry>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Completes when the task has ended after this was called; polled once, it is registered.
    pub fn ended(&self) -> tokio::sync::futures::Notified<'_> {
        self.ended.notified()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut tasks = self.waiters.lock();
        if let Some(entry) = tasks.get_mut(&self.task) {
            entry.waiting -= 1;
            if entry.waiting == 0 {
                tasks.remove(&self.task);
            }
        }
    }
}
