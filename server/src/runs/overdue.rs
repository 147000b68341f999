//! Noticing that an agent has told its result but does not exit.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aiwg_agents::{WorkWatch, program_of};
use tokio::time::{Instant, sleep};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Waits for the result, and then for the exit.
pub(super) struct Overdue {
    /// None where nothing but the exit tells of the end.
    watch: Option<Arc<Mutex<Box<dyn WorkWatch>>>>,
    /// How long the agent may go on after its result.
    grace: Duration,
    /// Since when it has been done, and by how many steps.
    done: Option<(Instant, u64)>,
}

impl Overdue {
    /// For the agent that writes to this file.
    pub(super) fn of(command: &[String], stdout: &Path, grace: Duration) -> Self {
        let watch = program_of(command).watch(command, stdout).map(|watch| Arc::new(Mutex::new(watch)));
        Self { watch, grace, done: None }
    }

    /// Returns when the agent should have exited: it has told its result, nothing that it left in the background runs, and it has not begun
    /// to work again since, whatever else it writes. May be dropped and called again.
    pub(super) async fn passed(&mut self) {
        let Some(watch) = self.watch.clone() else { return std::future::pending().await };
        loop {
            let now = Instant::now();
            self.done = match (look(Arc::clone(&watch)).await, self.done) {
                // For an instant it is done between the end of a command in the background and its next turn.
                (Some(steps), Some((since, before))) if steps == before => Some((since, before)),
                (Some(steps), _) => Some((now, steps)),
                (None, _) => None,
            };
            match self.done {
                Some((since, _)) if since.elapsed() >= self.grace => return,
                Some((since, _)) => sleep(LOOK_EVERY.min(self.grace.saturating_sub(since.elapsed()))).await,
                None => sleep(LOOK_EVERY).await,
            }
        }
    }
}

/// The number of its steps, if the agent is done. Reads what is new, which may be much.
async fn look(watch: Arc<Mutex<Box<dyn WorkWatch>>>) -> Option<u64> {
    let look = move || watch.lock().unwrap_or_else(PoisonError::into_inner).done();
    tokio::task::spawn_blocking(look).await.ok()?.ok().flatten()
}
