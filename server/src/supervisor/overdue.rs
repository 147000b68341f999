//! Noticing that an agent has told its result but does not exit.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};

use crate::agent_output::{Format, ResultWatch};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Waits for the result, and then for the exit.
pub(super) struct Overdue {
    watch: Arc<Mutex<ResultWatch>>,
    is_needed: bool,
    /// How long the agent may go on after its result.
    grace: Duration,
    /// When that is over, once the result is there.
    until: Option<Instant>,
}

impl Overdue {
    /// For the agent that writes to this file.
    pub(super) fn of(format: Format, stdout: &Path, grace: Duration) -> Self {
        let watch = ResultWatch::of(format, stdout);
        Self { is_needed: watch.is_needed(), watch: Arc::new(Mutex::new(watch)), grace, until: None }
    }

    /// Returns when the agent should have exited. May be dropped and called again.
    pub(super) async fn passed(&mut self) {
        if !self.is_needed {
            return std::future::pending().await;
        }
        let until = loop {
            if let Some(until) = self.until {
                break until;
            }
            if self.has_result().await {
                self.until = Some(Instant::now() + self.grace);
            } else {
                sleep(LOOK_EVERY).await;
            }
        };
        sleep_until(until).await;
    }

    /// Reads what is new, which may be much.
    async fn has_result(&self) -> bool {
        let watch = Arc::clone(&self.watch);
        let look = move || watch.lock().unwrap_or_else(PoisonError::into_inner).has_result();
        tokio::task::spawn_blocking(look).await.unwrap_or(false)
    }
}
