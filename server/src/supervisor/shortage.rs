//! Agents that cannot be started since the system is short of something: room, files, processes, memory. That is no task's fault, and over at
//! some time: the task goes back to its place in the queue, nothing is started meanwhile, and then one by one until that works again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::launch::RETRY;
use crate::{
    engine::{Engine, Starts},
    health::{Health, IssueKind},
};

/// How long to wait before the first try. Each further one waits twice as long.
const FIRST: Duration = Duration::from_secs(1);

/// How long to wait at the most.
const LONGEST: Duration = Duration::from_secs(30);

/// What is known of the shortage. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shortage {
    engine: Engine,
    health: Health,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// How often in a row it was met.
    met: u32,
    /// Whether someone waits for the next try.
    waits: bool,
}

impl Shortage {
    pub(crate) fn new(engine: Engine, health: Health) -> Self {
        Self { engine, health, state: Arc::default() }
    }

    /// An agent could not be started for this reason, and its task is queued again. After a while one is tried.
    pub(super) fn met(&self, why: &str) {
        let message = format!(
            "no agents can be started: {why}. Make room, or end what takes so much; the queue goes on by itself, and no attempt is lost"
        );
        tracing::warn!("{message}");
        self.health.report(IssueKind::Shortage, message);
        let wait = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::replace(&mut state.waits, true) {
                return;
            }
            state.met = state.met.saturating_add(1);
            FIRST.saturating_mul(1 << (state.met - 1).min(5)).min(LONGEST)
        };
        let this = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            this.state.lock().unwrap_or_else(PoisonError::into_inner).waits = false;
            this.allow(Starts::One).await;
        });
    }

    /// An agent was started, or could not be for another reason.
    pub(super) fn over(&self) {
        let met = std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).met);
        if met == 0 {
            return;
        }
        tracing::info!("agents can be started again");
        self.health.clear(IssueKind::Shortage);
        let this = self.clone();
        tokio::spawn(async move { this.allow(Starts::All).await });
    }

    async fn allow(&self, starts: Starts) {
        while self.engine.allow(starts).await.is_err_and(|error| error.is_storage()) {
            tokio::time::sleep(RETRY).await;
        }
    }
}
