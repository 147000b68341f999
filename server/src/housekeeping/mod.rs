//! Forgetting what is older or more than `retention` allows, a little at a time.

mod event_files;
mod outputs;

use std::{sync::Arc, time::Duration};

use aiwg_protocol::{config::RetentionConfig, types::Timestamp};
use tokio::time::sleep;

use crate::{engine::EngineError, ipc::Daemon, store::Keep};

/// How long between two rounds.
const ROUND_EVERY: Duration = Duration::from_secs(10 * 60);

/// How long after the start the first round is: a start is in a hurry.
const FIRST_AFTER: Duration = Duration::from_secs(2);

/// How long others have between two batches.
const BETWEEN_BATCHES: Duration = Duration::from_millis(50);

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Keeps house until the daemon has stopped. A reload begins a round.
pub(crate) async fn keep_house(daemon: Arc<Daemon>) {
    let mut changes = daemon.settings.changes();
    let mut wait = FIRST_AFTER;
    loop {
        tokio::select! {
            () = sleep(wait) => {}
            Ok(()) = changes.changed() => {}
            () = daemon.stopped.cancelled() => return,
        }
        let retention = daemon.settings.get().config.retention.clone();
        if let Err(error) = round(&daemon, &retention).await {
            tracing::warn!(%error, "what is old could not be forgotten");
        }
        wait = ROUND_EVERY;
    }
}

async fn round(daemon: &Arc<Daemon>, retention: &RetentionConfig) -> Result<(), EngineError> {
    let (tasks, events) = limits(retention);
    let mut forgotten = (0, 0);
    loop {
        let (pruned, dropped) = daemon.engine.prune(tasks, events).await?;
        if pruned.is_empty() && dropped == 0 {
            break;
        }
        forgotten = (forgotten.0 + pruned.len(), forgotten.1 + dropped);
        // The next start goes on.
        if daemon.stopped.run_until_cancelled(sleep(BETWEEN_BATCHES)).await.is_none() {
            return Ok(());
        }
    }
    if forgotten != (0, 0) {
        tracing::info!(tasks = forgotten.0, events = forgotten.1, "forgotten, as `retention` says");
    }
    let (actions, events_dir) = (daemon.project.actions_dir(), daemon.project.events_dir());
    let (reader, retention, stopped) =
        (Arc::clone(&daemon.reader), retention.clone(), daemon.stopped.clone());
    let files = tokio::task::spawn_blocking(move || {
        let pruned = [
            outputs::prune(&actions, &reader, &retention, &stopped),
            event_files::prune(&events_dir, cutoff(retention.event_days)),
        ];
        for error in pruned.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "old files could not all be removed");
        }
    });
    if let Err(error) = files.await {
        tracing::warn!(%error, "old files could not be looked at");
    }
    Ok(())
}

fn limits(retention: &RetentionConfig) -> (Keep, Keep) {
    (
        Keep { since: cutoff(retention.task_days), most: retention.task_count.map(u64::from) },
        Keep { since: cutoff(retention.event_days), most: retention.event_count.map(u64::from) },
    )
}

/// So many days ago.
fn cutoff(days: Option<u32>) -> Option<Timestamp> {
    days.map(|days| Timestamp::from_millis(Timestamp::now().as_millis() - i64::from(days) * DAY_MS))
}
