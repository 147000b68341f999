//! The callers that wait for a task to end, or for a decision. They are kept apart from the events, so that a thousand of them cost an event nothing.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// The callers that wait for something to end, by its number.
pub(super) struct Waiters<K> {
    waiting: Mutex<HashMap<K, Entry>>,
}

impl<K> Default for Waiters<K> {
    fn default() -> Self {
        Self { waiting: Mutex::default() }
    }
}

#[derive(Default)]
struct Entry {
    ended: Arc<Notify>,
    waiting: usize,
}

/// A caller that waits.
pub struct Waiting<K: Copy + Eq + Hash> {
    waiters: Arc<Waiters<K>>,
    what: K,
    ended: Arc<Notify>,
}

impl<K: Copy + Eq + Hash> Waiters<K> {
    pub(super) fn register(this: &Arc<Self>, what: K) -> Waiting<K> {
        let mut waiting = this.lock();
        let entry = waiting.entry(what).or_default();
        entry.waiting += 1;
        Waiting { waiters: Arc::clone(this), what, ended: Arc::clone(&entry.ended) }
    }

    pub(super) fn wake(&self, what: K) {
        if let Some(entry) = self.lock().get(&what) {
            entry.ended.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Entry>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Waiting<K> {
    /// Completes when it has ended after this was called; polled once, it is registered.
    pub fn ended(&self) -> tokio::sync::futures::Notified<'_> {
        self.ended.notified()
    }
}

impl<K: Copy + Eq + Hash> Drop for Waiting<K> {
    fn drop(&mut self) {
        let mut waiting = self.waiters.lock();
        if let Some(entry) = waiting.get_mut(&self.what) {
            entry.waiting -= 1;
            if entry.waiting == 0 {
                waiting.remove(&self.what);
            }
        }
    }
}
