//! Deletes the things that are older or more than `retention` allows, a little at a time.

mod age;
mod event_files;
mod outputs;
mod results;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_model::Keep;
use aiwg_protocol::{config::RetentionConfig, types::Timestamp};
use aiwg_store::Reader;
use futures::future::BoxFuture;
use tokio::time::sleep;

use crate::{
    code_pages,
    component::Component,
    components::spool::holds_events,
    context::Context,
    engine::{EngineError, Prune},
};
use age::AgeClock;

/// The time between two rounds.
const ROUND_EVERY: Duration = Duration::from_secs(10 * 60);

/// The time from the start to the first round: a start is in a hurry.
const FIRST_AFTER: Duration = Duration::from_secs(2);

/// The pause for other commands between two deletions.
const PAUSE: Duration = Duration::from_millis(50);

/// The shortest time between two rounds, where many events come.
const NOT_SOONER: Duration = Duration::from_secs(5);

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3600 * 1000;

const MIB: u64 = 1024 * 1024;

/// The component that deletes old things.
pub(crate) struct Retention {
    /// The time up to which things had aged in an earlier daemon; none where there was none.
    pub(crate) aged: Option<Timestamp>,
}

impl Component for Retention {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move { prune_until_stopped(context, self.aged).await })
    }
}

/// Prunes until the daemon has stopped. A reload begins a round, and so does `context.grown`.
async fn prune_until_stopped(context: Arc<Context>, aged: Option<Timestamp>) {
    let mut clock = AgeClock::from(aged.unwrap_or_else(|| context.engine.now()), Instant::now());
    let mut changes = context.settings.changes();
    let mut wait = FIRST_AFTER;
    loop {
        let soonest = sleep(NOT_SOONER);
        tokio::select! {
            () = sleep(wait) => {}
            Ok(()) = changes.changed() => {}
            () = async { soonest.await; context.grown.notified().await } => {}
            () = context.stopped.cancelled() => return,
        }
        let retention = context.settings.get().config.retention.clone();
        let now = clock.look(context.engine.now(), Instant::now());
        // Files make room, also where the database cannot be written.
        if let Err(error) = forget(&context, &retention, now).await {
            tracing::warn!(%error, "what is old could not be forgotten");
        }
        remove_files(&context, &retention, now).await;
        if context.host.is_own() {
            // A round runs code that a daemon which waits does not need.
            code_pages::release();
        }
        wait = ROUND_EVERY;
    }
}

/// Forgets tasks and events, until nothing is left to forget.
async fn forget(
    context: &Arc<Context>,
    retention: &RetentionConfig,
    now: Timestamp,
) -> Result<(), EngineError> {
    let what = Prune {
        tasks: Keep {
            since: cutoff(now, retention.task_days),
            most: retention.task_count.map(u64::from),
            from: None,
        },
        events: Keep {
            since: cutoff(now, retention.event_days),
            most: retention.event_count.map(u64::from),
            from: first_that_fits(context, retention).await,
        },
        aged: now,
        keys: no_event_waits(context).await,
    };
    let mut forgotten = (0, 0);
    loop {
        let pruned = context.engine.prune(what).await?;
        forgotten = (forgotten.0 + pruned.tasks.len(), forgotten.1 + pruned.events);
        if !pruned.more {
            break;
        }
        // The next start goes on.
        if context.stopped.run_until_cancelled(sleep(PAUSE)).await.is_none() {
            return Ok(());
        }
    }
    if forgotten != (0, 0) {
        tracing::info!(tasks = forgotten.0, events = forgotten.1, "forgotten, as `retention` says");
    }
    Ok(())
}

/// True if no event waits in the spool whose call may have taken effect: by its key it is told, however late it is taken in.
async fn no_event_waits(context: &Context) -> bool {
    let spool = context.project.spool();
    tokio::task::spawn_blocking(move || !holds_events(&spool)).await.unwrap_or(false)
}

/// Removes files of tasks and events.
async fn remove_files(context: &Arc<Context>, retention: &RetentionConfig, now: Timestamp) {
    let its = Arc::clone(context);
    let (actions, events_dir) = (context.project.actions_dir(), context.project.events_dir());
    let (reader, retention, stopped) =
        (Arc::clone(&context.reader), retention.clone(), context.stopped.clone());
    let files = tokio::task::spawn_blocking(move || {
        let first = reader.first_event().map_err(std::io::Error::other);
        let removed = outputs::prune(&actions, &*reader, &retention, now, &stopped);
        if let (Some(outputs), Ok(removed)) = (&its.outputs, &removed) {
            outputs.forget(removed);
        }
        let pruned = [
            removed.map(drop),
            first.and_then(|first| event_files::prune(&events_dir, cutoff(now, retention.event_days), first)),
            results::prune(&its.workspaces, &*reader, cutoff(now, retention.result_days)),
        ];
        for error in pruned.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "old files could not all be removed");
        }
    });
    if let Err(error) = files.await {
        tracing::warn!(%error, "old files could not be looked at");
    }
}

/// The first of the latest events that are together no more than `retention.event_mb` allows; none where all are.
async fn first_that_fits(context: &Context, retention: &RetentionConfig) -> Option<u64> {
    let most = u64::from(retention.event_mb?) * MIB;
    let search = move |reader: &dyn Reader| {
        // Nothing to look for, in most databases.
        if reader.size()? <= most {
            return Ok(None);
        }
        let (mut before, mut bytes) = (u64::MAX, 0_u64);
        loop {
            let sizes = reader.event_sizes(before)?;
            let Some((oldest, _)) = sizes.last() else { return Ok(None) };
            for (seq, size) in &sizes {
                bytes = bytes.saturating_add(*size);
                if bytes > most {
                    return Ok(Some(seq.saturating_add(1)));
                }
            }
            before = *oldest;
        }
    };
    context.read(search).await.unwrap_or_else(|error| {
        tracing::warn!(error = error.message, "the total size of the events could not be read");
        None
    })
}

/// The time that is so many days ago.
fn cutoff(now: Timestamp, days: Option<u32>) -> Option<Timestamp> {
    days.map(|days| Timestamp::from_millis(now.as_millis() - i64::from(days) * DAY_MS))
}
