//! Telling the engine that matches have settled: its thread has no clock of its own.

use std::time::Duration;

use aiwg_protocol::types::Timestamp;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{Engine, Settled};

/// How long to sleep at the most: so late may be noticed that the clock was set, or the machine suspended.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How often to look whether changes of files that gather have been told.
const GATHERED: Duration = Duration::from_millis(20);

/// How long to wait before the engine is told again what it could not store.
const RETRY: Duration = Duration::from_secs(1);

/// Whether changes of files gather that have not been told yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gathering {
    /// Whether there are any.
    pub(crate) is_open: bool,
    /// How often some were told so far.
    pub(crate) told: u64,
}

/// Tells it whenever something is due, until `stopped`. What is due of rules that wait for files waits until the changes that
/// `gather` at that moment have been told: they may belong to it.
pub(crate) async fn fire_when_due(
    engine: Engine,
    mut due: watch::Receiver<Option<Timestamp>>,
    gathering: impl Fn() -> Gathering,
    stopped: CancellationToken,
) {
    // What is waited with, and how often changes had been told when that began.
    let mut waits: Option<(Timestamp, u64)> = None;
    while !stopped.is_cancelled() {
        let next = *due.borrow_and_update();
        tokio::select! {
            () = until(next) => {
                let now = gathering();
                let has_been_told = waits.is_some_and(|(due, told)| Some(due) == next && told != now.told);
                let which = if now.is_open && !has_been_told { Settled::AllButFiles } else { Settled::All };
                if let Err(error) = engine.fire_due(which).await {
                    tracing::warn!(target: "automation", %error, "what has settled could not be stored");
                    sleep(RETRY).await;
                }
                if which == Settled::AllButFiles {
                    waits = waits.filter(|(due, _)| Some(*due) == next).or(next.map(|due| (due, now.told)));
                    sleep(GATHERED).await;
                }
            }
            changed = due.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = stopped.cancelled() => {}
        }
    }
}

/// Returns at this moment, or never.
async fn until(next: Option<Timestamp>) {
    let Some(next) = next else { return std::future::pending().await };
    loop {
        let left = u64::try_from(next.as_millis() - Timestamp::now().as_millis()).unwrap_or(0);
        if left == 0 {
            return;
        }
        sleep(Duration::from_millis(left).min(LOOK_EVERY)).await;
    }
}
