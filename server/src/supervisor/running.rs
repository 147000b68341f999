//! The agents that are running, for those who ask.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::store::TaskNo;

/// The running agents' processes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Running {
    pids: Arc<Mutex<HashMap<TaskNo, Option<u32>>>>,
    count: Arc<watch::Sender<usize>>,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self { pids: Arc::default(), count: Arc::new(watch::Sender::new(0)) }
    }

    pub(super) fn insert(&self, no: TaskNo) {
        self.change(|pids| pids.insert(no, None));
    }

    pub(super) fn set_pid(&self, no: TaskNo, pid: u32) {
        self.change(|pids| pids.insert(no, Some(pid)));
    }

    pub(super) fn remove(&self, no: TaskNo) {
        self.change(|pids| pids.remove(&no));
    }

    /// The agent's process, if it runs and is known.
    pub(crate) fn pid(&self, no: TaskNo) -> Option<u32> {
        self.lock().get(&no).copied().flatten()
    }

    /// How many agents are kept.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Waits until no agent is left.
    pub(crate) async fn none_left(&self) {
        // The sender lives in `self`: it cannot be gone.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<TaskNo, Option<u32>>) -> T) {
        let mut pids = self.lock();
        change(&mut pids);
        self.count.send_replace(pids.len());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TaskNo, Option<u32>>> {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
