//! What agents write, on its way into a store that other hosts read, too.
//!
//! The files of the runs stay what they are; whatever has not arrived when the store is away goes on from there.

mod carry;
mod files;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aiwg_model::{RunId, TaskNo};
use tokio::{sync::Notify, time::timeout};

pub(crate) use carry::carry;

/// Longest wait of a run's end for what its agent has written. What takes longer arrives later.
const WITHIN: Duration = Duration::from_secs(2);

/// The runs of this host whose output is carried. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Outputs(Arc<Shared>);

#[derive(Default)]
struct Shared {
    wanted: Mutex<Wanted>,
    /// Rung when there is something to do at once.
    rung: Notify,
    /// Rung when a run has nothing more to be carried.
    settled: Notify,
}

#[derive(Default)]
struct Wanted {
    runs: HashMap<RunId, Run>,
    /// Tasks whose output is to be removed.
    forgotten: Vec<TaskNo>,
}

/// A run whose output is carried.
struct Run {
    dir: PathBuf,
    /// True if nothing of it can be stored yet.
    is_new: bool,
    /// True if nobody writes there any more.
    is_over: bool,
}

impl Outputs {
    /// Begins with a run, one that an earlier daemon began with if it `is_found`.
    pub(crate) fn begin(&self, run: RunId, dir: PathBuf, is_found: bool) {
        self.lock().runs.insert(run, Run { dir, is_new: !is_found, is_over: false });
        self.0.rung.notify_one();
    }

    /// Nobody writes what is of this run any more: it is carried to its end.
    pub(crate) fn end(&self, run: RunId) {
        if let Some(run) = self.lock().runs.get_mut(&run) {
            run.is_over = true;
            self.0.rung.notify_one();
        }
    }

    /// The same, and waits for that a while.
    pub(crate) async fn carried(&self, run: RunId) {
        self.end(run);
        let carried = async {
            loop {
                let settled = self.0.settled.notified();
                if !self.lock().runs.contains_key(&run) {
                    return;
                }
                settled.await;
            }
        };
        if timeout(WITHIN, carried).await.is_err() {
            tracing::debug!(%run, "what its agent has written is not in the store yet, and follows");
        }
    }

    /// Removes what the agents of these tasks, which have ended, have written.
    pub(crate) fn forget(&self, tasks: &[TaskNo]) {
        if !tasks.is_empty() {
            self.lock().forgotten.extend(tasks);
            self.0.rung.notify_one();
        }
    }

    /// There is nothing more to be carried of these.
    fn settle(&self, runs: &[RunId]) {
        if !runs.is_empty() {
            self.lock().runs.retain(|run, _| !runs.contains(run));
            self.0.settled.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
