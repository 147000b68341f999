//! Noticing by an agent's output that it has told its result but does not exit, and what it has cost so far.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aiwg_agents::WorkWatch;
use aiwg_protocol::config::AgentConfig;
use tokio::time::{Instant, sleep};

use super::cost::PriceList;
use crate::profiles::program;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A fact that an agent's output tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Noticed {
    /// The agent should have exited.
    Overdue,
    /// Its run has cost so much so far, in US dollars; or its session has, if one is named.
    Cost(f64, Option<String>),
    /// It has taken in the messages of these ids.
    Taken(Vec<String>),
    /// It reports on no message, so it gets none while it works: its shim has closed its input.
    Mute,
}

/// Waits for the result, and then for the exit; and for costs, where they matter.
pub(super) struct Overdue {
    /// None where nothing but the exit tells of the end.
    watch: Option<Arc<Mutex<Box<dyn WorkWatch>>>>,
    /// Time for which the agent may go on after its result.
    grace: Duration,
    /// Since when it has been done, and by how many steps.
    done: Option<(Instant, u64)>,
    /// Prices of tokens; none where costs do not matter.
    prices: Option<Arc<PriceList>>,
    /// Cost that was noticed last, in US dollars.
    cost_usd: f64,
    /// Number of messages that were noticed.
    taken: usize,
    /// True once it was noticed that it is mute.
    is_mute: bool,
}

impl Overdue {
    /// For the agent that writes to this file; none for what is no agent. Costs matter where there are `prices`, be they empty.
    pub(super) fn of(agent: Option<&AgentConfig>, stdout: &Path, prices: Option<PriceList>) -> Self {
        let grace = agent.and_then(|agent| Duration::try_from_secs_f64(agent.exit_seconds).ok());
        let grace = grace.unwrap_or_default();
        let watch = agent.and_then(|agent| program(agent).watch(&agent.command, stdout));
        let watch = watch.map(|watch| Arc::new(Mutex::new(watch)));
        Self {
            watch,
            grace,
            done: None,
            prices: prices.map(Arc::new),
            cost_usd: 0.0,
            taken: 0,
            is_mute: false,
        }
    }

    /// Returns when it has taken in messages, has cost more than was noticed before, or should have exited: it has told its result, nothing that it left in the background runs, and it has not begun
    /// to work again since, whatever else it writes. May be dropped and called again.
    pub(super) async fn noticed(&mut self) -> Noticed {
        let Some(watch) = self.watch.clone() else { return std::future::pending().await };
        loop {
            let now = Instant::now();
            let Look { done, cost_usd, session, taken, is_mute } =
                look(Arc::clone(&watch), self.prices.clone(), self.taken).await;
            if !taken.is_empty() {
                self.taken += taken.len();
                return Noticed::Taken(taken);
            }
            if is_mute && !self.is_mute {
                self.is_mute = true;
                return Noticed::Mute;
            }
            if cost_usd > self.cost_usd {
                self.cost_usd = cost_usd;
                return Noticed::Cost(cost_usd, session);
            }
            self.done = match (done, self.done) {
                // For an instant it is done between the end of a command in the background and its next turn.
                (Some(steps), Some((since, before))) if steps == before => Some((since, before)),
                (Some(steps), _) => Some((now, steps)),
                (None, _) => None,
            };
            match self.done {
                Some((since, _)) if since.elapsed() >= self.grace => return Noticed::Overdue,
                Some((since, _)) => sleep(LOOK_EVERY.min(self.grace.saturating_sub(since.elapsed()))).await,
                None => sleep(LOOK_EVERY).await,
            }
        }
    }
}

/// The facts that the output tells at one look.
#[derive(Default)]
struct Look {
    /// The number of its steps, if the agent is done.
    done: Option<u64>,
    /// Cost so far, in US dollars; 0 where it is not known, or does not matter.
    cost_usd: f64,
    /// The session whose cost that is; none where it is that of the run.
    session: Option<String>,
    /// The ids of messages that were taken in, without as many as were noticed before.
    taken: Vec<String>,
    is_mute: bool,
}

/// Reads what is new, which may be much.
async fn look(watch: Arc<Mutex<Box<dyn WorkWatch>>>, prices: Option<Arc<PriceList>>, noticed: usize) -> Look {
    let look = move || {
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        let done = watch.done().ok().flatten();
        let taken = watch.taken().get(noticed..).unwrap_or_default().to_vec();
        let is_mute = watch.is_mute();
        let Some(prices) = prices else { return Look { done, taken, is_mute, ..Look::default() } };
        let spent = watch.spent();
        Look { done, cost_usd: spent.least_usd(&prices), session: spent.session, taken, is_mute }
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}
