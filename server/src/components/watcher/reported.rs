//! The watch cursor: the changes while no daemon watched are reported by the next one.

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
use crate::{
    context::Context,
    engine::{FILES, Publication},
};

/// The name of this source of events.
const SOURCE: &str = FILES;

/// Its one cursor's key.
const KEY: &str = "";

/// The time up to which changes of files have been published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchCursor {
    /// The moment: all changes before it have been published.
    pub(super) at: Timestamp,
    /// True if the daemon was stopped then, and was not to go on at once.
    pub(super) stopped: bool,
}

/// The cursor as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// Milliseconds since 1970.
    at: i64,
    stopped: bool,
}

impl WatchCursor {
    /// The cursor that an earlier daemon has left; none if files were not watched.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn read(reader: &dyn Reader) -> aiwg_store::Result<Option<Self>> {
        let found = reader.cursors(SOURCE)?;
        let stored = found.get(KEY).and_then(|text| serde_json::from_str::<Stored>(text).ok());
        Ok(stored.map(|Stored { at, stopped }| Self { at: Timestamp::from_millis(at), stopped }))
    }

    /// The change of the stored cursor to this one; none when files are no longer watched.
    pub(super) fn moved(cursor: Option<Self>) -> Cursor {
        let stored = |Self { at, stopped }| Stored { at: at.as_millis(), stopped };
        let value = cursor.map(|cursor| serde_json::to_string(&stored(cursor)).unwrap_or_default());
        Cursor { value, ..Cursor::moved(SOURCE, KEY, "") }
    }
}

/// A publication that only moves the cursor.
pub(super) fn to(cursor: Option<WatchCursor>) -> Publication {
    Publication { cursors: vec![WatchCursor::moved(cursor)], when_closing: true, ..Publication::default() }
}

/// The longest time without a daemon for which changes are reported, if it was killed or was to go on at once: a day.
const AWAY: Duration = Duration::from_hours(24);

/// The longest time if the daemon was stopped. Covers an update or reboot; older changes are skipped, since agents should not set about all that was
/// done while the daemon was off on purpose.
const STOPPED: Duration = Duration::from_mins(10);

/// The time between two moves of the cursor while nothing changes. A change that is no event, such as a new mode of a file, is reported after a
/// crash if it came later than the cursor.
const NOTE_EVERY: Duration = Duration::from_mins(5);

/// The time since which changes are to be reported, at a start; none if the cursor is too old.
pub(super) fn since(cursor: WatchCursor, now: SystemTime) -> Option<SystemTime> {
    let at = u64::try_from(cursor.at.as_millis()).ok().map(Duration::from_millis)?;
    let at = UNIX_EPOCH.checked_add(at)?;
    let away = now.duration_since(at).ok()?;
    (away <= if cursor.stopped { STOPPED } else { AWAY }).then_some(at)
}

pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// Moves the cursor again and again, until the daemon stops.
pub(super) async fn store_cursor(watcher: Arc<FileWatcher>, context: Arc<Context>) {
    loop {
        tokio::select! {
            () = sleep(NOTE_EVERY) => {}
            () = context.stopped.cancelled() => return,
        }
        let Some(at) = watcher.reported_up_to() else { continue };
        if let Err(error) = context.engine.publish_all(to(Some(WatchCursor { at, stopped: false }))).await {
            tracing::warn!(%error, "the watch cursor could not be stored");
        }
    }
}

/// The time from a failure of the watching to its restart, the first time and at the most: the reason of the failure may still be there.
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
    fn a_daemon_that_was_stopped_for_long_reports_nothing_of_that_time() {
        let now = SystemTime::now();
        let reports =
            |ago: Duration, stopped| since(WatchCursor { at: timestamp(now - ago), stopped }, now).is_some();
        let minutes = Duration::from_mins;
        assert!(reports(minutes(1), true) && reports(minutes(1), false));
        assert!(!reports(minutes(11), true) && reports(minutes(11), false));
        assert!(!reports(minutes(24 * 60 + 1), false));
        // The clock was set back since.
        assert_eq!(since(WatchCursor { at: timestamp(now + minutes(1)), stopped: false }, now), None);
    }
}
