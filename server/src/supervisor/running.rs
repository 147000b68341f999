//! The agents that are running, for those who ask, and for those who have one end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::store::{Ending, TaskNo};

/// The running agents. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Running {
    kept: Arc<Mutex<HashMap<TaskNo, Kept>>>,
    count: Arc<watch::Sender<usize>>,
}

/// What is known of a running task, and how its keeper is reached. The next launch of a task may be ordered while the keeper of the one before
/// is still finishing: whatever a keeper says here counts only for its own launch.
struct Kept {
    launch: u32,
    agent: Option<u32>,
    shim: Option<u32>,
    end: watch::Sender<Option<Ending>>,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self { kept: Arc::default(), count: Arc::new(watch::Sender::new(0)) }
    }

    /// From here on this launch of a task is kept. Its keeper is told through the receiver that its agent is to end, and why.
    pub(super) fn begin(
        &self,
        no: TaskNo,
        launch: u32,
        ending: Option<Ending>,
    ) -> watch::Receiver<Option<Ending>> {
        let (end, ended) = watch::channel(ending);
        self.change(|kept| kept.insert(no, Kept { launch, agent: None, shim: None, end }));
        ended
    }

    /// This launch of a task is not kept any more.
    pub(super) fn finished(&self, no: TaskNo, launch: u32) {
        self.change(|kept| {
            if kept.get(&no).is_some_and(|one| one.launch == launch) {
                kept.remove(&no);
            }
        });
    }

    /// The processes of this launch, as far as they are known.
    pub(super) fn set_pids(&self, no: TaskNo, launch: u32, shim: Option<u32>, agent: Option<u32>) {
        if let Some(one) = self.lock().get_mut(&no).filter(|one| one.launch == launch) {
            (one.shim, one.agent) = (shim, agent);
        }
    }

    /// Has the agent of a task end, if one is kept.
    pub(super) fn end(&self, no: TaskNo, ending: Ending) {
        if let Some(one) = self.lock().get(&no) {
            // Its keeper may just have finished.
            let _ = one.end.send(Some(ending));
        }
    }

    /// The agent's process, if it runs and is known.
    pub(crate) fn pid(&self, no: TaskNo) -> Option<u32> {
        self.lock().get(&no)?.agent
    }

    /// Which launch of a task is kept.
    pub(crate) fn launch(&self, no: TaskNo) -> Option<u32> {
        self.lock().get(&no).map(|one| one.launch)
    }

    /// The task whose shim or agent this process is.
    pub(crate) fn task_of(&self, pid: u32) -> Option<TaskNo> {
        let kept = self.lock();
        let found = kept.iter().find(|(_, one)| one.shim == Some(pid) || one.agent == Some(pid));
        found.map(|(no, _)| *no)
    }

    /// The tasks whose agents are kept, in no order.
    pub(crate) fn tasks(&self) -> Vec<TaskNo> {
        self.lock().keys().copied().collect()
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

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<TaskNo, Kept>) -> T) {
        let mut kept = self.lock();
        change(&mut kept);
        self.count.send_replace(kept.len());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TaskNo, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_one_launch_says_nothing_about_the_next() {
        let (running, no) = (Running::new(), TaskNo(1));
        let _first = running.begin(no, 1, None);
        running.set_pids(no, 1, Some(10), Some(11));
        // Ordered before the keeper of the first has come to its end.
        let second = running.begin(no, 2, None);
        running.finished(no, 1);
        running.set_pids(no, 1, Some(10), Some(11));
        assert_eq!((running.count(), running.launch(no), running.pid(no)), (1, Some(2), None));
        running.end(no, Ending::Cancel);
        assert_eq!(*second.borrow(), Some(Ending::Cancel));
        running.finished(no, 2);
        assert_eq!(running.count(), 0);
    }

    #[test]
    fn a_task_is_known_by_its_shim_and_by_its_agent() {
        let running = Running::new();
        let _end = running.begin(TaskNo(3), 1, None);
        running.set_pids(TaskNo(3), 1, Some(10), Some(11));
        assert_eq!((running.task_of(10), running.task_of(11)), (Some(TaskNo(3)), Some(TaskNo(3))));
        assert_eq!(running.task_of(12), None);
        assert_eq!(running.tasks(), [TaskNo(3)]);
    }
}
