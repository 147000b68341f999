//! Noticing that an agent has told its result but does not exit.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aiwg_agents::claude::{Format, Progress, ResultWatch};
use tokio::time::{Instant, sleep};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Waits for the result, and then for the exit.
pub(super) struct Overdue {
    watch: Arc<Mutex<ResultWatch>>,
    is_needed: bool,
    /// How long the agent may go on after its result.
    grace: Duration,
    /// Since when it has been done, and by how many steps.
    done: Option<(Instant, u64)>,
    /// How much it had written at the last look.
    written: u64,
}

impl Overdue {
    /// For the agent that writes to this file.
    pub(super) fn of(format: Format, stdout: &Path, grace: Duration) -> Self {
        let watch = Arc::new(Mutex::new(ResultWatch::new(stdout, 0, format)));
        Self { watch, is_needed: format != Format::Text, grace, done: None, written: 0 }
    }

    /// Returns when the agent should have exited: it has told its result, nothing that it left in the background runs, and it has not begun
    /// to work again since, whatever else it writes. May be dropped and called again.
    pub(super) async fn passed(&mut self) {
        if !self.is_needed {
            return std::future::pending().await;
        }
        loop {
            let now = Instant::now();
            self.done = match (self.look().await, self.done) {
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

    /// By how many steps it is done, if it is. Reads what is new, which may be much.
    async fn look(&mut self) -> Option<u64> {
        let (watch, before) = (Arc::clone(&self.watch), self.written);
        let look = move || {
            let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
            let mut progress = watch.look();
            if watch.position() == before {
                progress = watch.look_at_silent();
            }
            let done = matches!(progress, Ok(Progress::Done)).then(|| watch.steps());
            (watch.position(), done)
        };
        let (written, done) = tokio::task::spawn_blocking(look).await.ok()?;
        self.written = written;
        done
    }
}
