//! Up to when changes have been told: what has changed while no daemon watched is told by the next one.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aiwg_model::Cursor;
use aiwg_protocol::types::Timestamp;
use aiwg_store::Reader;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::FileWatcher;
use crate::{context::Context, engine::Publication};

/// The name of this source of events.
const SOURCE: &str = "files";

/// Its one cursor's key.
const KEY: &str = "";

/// Up to when changes of files have been published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchCursor {
    /// All that changed before this moment.
    pub(super) at: Timestamp,
    /// True if the daemon was stopped then, and was not to go on at once.
    pub(super) stopped: bool,
}

/// The same as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// Milliseconds since 1970.
    at: i64,
    stopped: bool,
}

impl WatchCursor {
    /// Where an earlier daemon has left it; none if files were not watched.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn read(reader: &dyn Reader) -> aiwg_store::Result<Option<Self>> {
        let found = reader.cursors(SOURCE)?;
        let stored = found.get(KEY).and_then(|text| serde_json::from_str::<Stored>(text).ok());
        Ok(stored.map(|Stored { at, stopped }| Self { at: Timestamp::from_millis(at), stopped }))
    }

    /// Moves it there; none when files are no longer watched.
    pub(super) fn moved(cursor: Option<Self>) -> Cursor {
        let stored = |Self { at, stopped }| Stored { at: at.as_millis(), stopped };
        let value = cursor.map(|cursor| serde_json::to_string(&stored(cursor)).unwrap_or_default());
        Cursor { value, ..Cursor::moved(SOURCE, KEY, "") }
    }
}

/// Nothing but that it moves there.
pub(super) fn to(cursor: Option<WatchCursor>) -> Publication {
    Publication { cursors: vec![WatchCursor::moved(cursor)], when_closing: true, ..Publication::default() }
}

/// How long a daemon may have been away if it was killed, or is to go on at once, for its changes to be told: a day.
const AWAY: Duration = Duration::from_hours(24);

/// How long if it was stopped: so long takes what stops and starts it again, such as an update or the machine's own restart. Whoever
/// lets it be for longer does not want agents to set about all that was done meanwhile.
const STOPPED: Duration = Duration::from_mins(10);

/// How often it is noted while nothing changes. What needs no telling, such as a new mode of a file, is told after a crash if it came
/// after that.
const NOTE_EVERY: Duration = Duration::from_mins(5);

/// Since when what has changed is to be told, at a start.
pub(super) fn since(told: WatchCursor, now: SystemTime) -> Option<SystemTime> {
    let at = u64::try_from(told.at.as_millis()).ok().map(Duration::from_millis)?;
    let at = UNIX_EPOCH.checked_add(at)?;
    let away = now.duration_since(at).ok()?;
    (away <= if told.stopped { STOPPED } else { AWAY }).then_some(at)
}

pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// Notes it again and again, until the daemon stops.
pub(super) async fn note_told(watcher: Arc<FileWatcher>, context: Arc<Context>) {
    loop {
        tokio::select! {
            () = sleep(NOTE_EVERY) => {}
            () = context.stopped.cancelled() => return,
        }
        let Some(at) = watcher.told_up_to() else { continue };
        if let Err(error) = context.engine.publish_all(to(Some(WatchCursor { at, stopped: false }))).await {
            tracing::warn!(%error, "up to when changes of files have been told could not be stored");
        }
    }
}

/// How long after the watching has failed it restarts, the first time and at the most: what made it fail may still be there.
const RESTART: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(10));

/// Restarts the watching whenever it has failed, until the daemon stops.
pub(super) async fn restart_when_failed(watcher: Arc<FileWatcher>, context: Arc<Context>) {
    let mut wait = RESTART.0;
    loop {
        tokio::select! {
            () = watcher.failed.notified() => {}
            () = context.stopped.cancelled() => return,
        }
        tokio::select! {
            () = sleep(wait) => {}
            () = context.stopped.cancelled() => return,
        }
        wait = (wait * 4).min(RESTART.1);
        watcher.watch_again(&context).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_was_stopped_for_long_tells_nothing_of_that_time() {
        let now = SystemTime::now();
        let told =
            |ago: Duration, stopped| since(WatchCursor { at: timestamp(now - ago), stopped }, now).is_some();
        let minutes = Duration::from_mins;
        assert!(told(minutes(1), true) && told(minutes(1), false));
        assert!(!told(minutes(11), true) && told(minutes(11), false));
        assert!(!told(minutes(24 * 60 + 1), false));
        // The clock was set back since.
        assert_eq!(since(WatchCursor { at: timestamp(now + minutes(1)), stopped: false }, now), None);
    }
}
