//! Telling the engine that matches have settled: its thread has no clock of its own.

use std::time::Duration;

use aiwg_protocol::types::Timestamp;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::Engine;

/// How long to sleep at the most: so late may be noticed that the clock was set, or the machine suspended.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How long to wait before the engine is told again what it could not store.
const RETRY: Duration = Duration::from_secs(1);

/// Tells it whenever something is due, until `stopped`.
pub(crate) async fn fire_when_due(
    engine: Engine,
    mut due: watch::Receiver<Option<Timestamp>>,
    stopped: CancellationToken,
) {
    while !stopped.is_cancelled() {
        let next = *due.borrow_and_update();
        tokio::select! {
            () = until(next) => {
                if let Err(error) = engine.fire_due().await {
                    tracing::warn!(target: "automation", %error, "what has settled could not be stored");
                    sleep(RETRY).await;
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
