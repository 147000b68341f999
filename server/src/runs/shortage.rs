//! Agents that cannot be started since the system is short of something (room, files, processes, memory), the tasks' directories cannot be
//! made, or the agent's program is just being written. That is no task's fault, and over at some time: the task goes back to its place in the queue, nothing is started meanwhile, and then one by one until that works again.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::launch::RETRY;
use crate::{
    engine::{Engine, Starts},
    health::{Health, IssueKind},
};

/// Pause before the first try. Each further one waits twice as long.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause before a try.
const LONGEST: Duration = Duration::from_secs(30);

/// The remedy for a shortage that the system has reported as this.
pub(super) fn what_to_do(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::ReadOnlyFilesystem => "have that disk mounted so that it can be written to",
        _ => "make room, or end what takes so much",
    }
}

/// The shortage, as far as it is known. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shortage {
    engine: Engine,
    health: Health,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Number of times in a row that it was met.
    met: u32,
    /// True if someone waits for the next try.
    waits: bool,
}

impl State {
    /// It was met: how long to wait before the next try, unless someone waits for that already.
    fn meet(&mut self) -> Option<Duration> {
        if std::mem::replace(&mut self.waits, true) {
            // It counts all the same: whoever finds that it is over has to say so.
            self.met = self.met.max(1);
            return None;
        }
        self.met = self.met.saturating_add(1);
        Some(FIRST.saturating_mul(1 << (self.met - 1).min(5)).min(LONGEST))
    }

    /// It is over; tells whether that is news.
    fn is_over(&mut self) -> bool {
        std::mem::take(&mut self.met) > 0
    }
}

impl Shortage {
    pub(crate) fn new(engine: Engine, health: Health) -> Self {
        Self { engine, health, state: Arc::default() }
    }

    /// An agent could not be started for this reason, which says what to do about it, and its task is queued again. After a while one is tried.
    pub(super) fn met(&self, why: &str) {
        let message =
            format!("no agents can be started: {why}; the queue goes on by itself, and no attempt is lost");
        tracing::warn!("{message}");
        self.health.report(IssueKind::SHORTAGE, message);
        let wait = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            match state.meet() {
                Some(wait) => wait,
                None => return,
            }
        };
        let this = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            this.state.lock().unwrap_or_else(PoisonError::into_inner).waits = false;
            this.allow(Starts::One).await;
        });
    }

    /// An agent was just started, or could not be for another reason.
    pub(super) fn over(&self) {
        if !self.state.lock().unwrap_or_else(PoisonError::into_inner).is_over() {
            return;
        }
        tracing::info!("agents can be started again");
        self.health.clear(IssueKind::SHORTAGE);
        let this = self.clone();
        tokio::spawn(async move { this.allow(Starts::All).await });
    }

    async fn allow(&self, starts: Starts) {
        while self.engine.allow(starts).await.is_err_and(|error| error.is_storage()) {
            tokio::time::sleep(RETRY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_twice_as_long_up_to_half_a_minute() {
        let mut state = State::default();
        let mut waits = (0..8).map(|_| {
            state.waits = false;
            state.meet().unwrap().as_secs()
        });
        assert_eq!(waits.by_ref().take(8).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn one_that_is_met_while_its_end_is_waited_for_has_an_end_as_well() {
        let mut state = State::default();
        assert!(!state.is_over());
        assert!(state.meet().is_some());
        assert!(state.is_over() && !state.is_over());
        // Someone still waits for the first try.
        assert!(state.meet().is_none());
        assert!(state.is_over());
    }
}
