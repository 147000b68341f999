//! Moments for people: on the clock of this machine, with its offset from UTC.

use std::time::Duration;

use aiwg_client::types::Timestamp;
use aiwg_schedule::{rfc3339, time_zone};
use jiff::tz::TimeZone;

use crate::visible::visible;

/// A moment on this machine's clock: `2026-11-23T15:33:23+01:00`.
pub(crate) fn local(at: Timestamp) -> String {
    local_in(at, &time_zone(None).unwrap_or(TimeZone::UTC))
}

/// The same on a clock of that zone.
pub(crate) fn local_in(at: Timestamp, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(|_| "-".to_owned(), |at| rfc3339(at, zone))
}

/// Time since then: `3 minutes ago`.
pub(crate) fn ago(at: Timestamp) -> String {
    let since = Timestamp::now().as_millis().saturating_sub(at.as_millis());
    timeago::Formatter::new().convert(Duration::from_millis(u64::try_from(since).unwrap_or(0)))
}

/// A moment, and how long ago that was.
pub(crate) fn moment(at: Timestamp) -> String {
    format!("{} ({})", local(at), ago(at))
}

/// The mark of a git operation that changes of files wait for, and the time since when.
pub(crate) fn git_operation(mark: &str, since: Option<Timestamp>) -> String {
    let since = since.map(|at| format!(" since {}", moment(at))).unwrap_or_default();
    format!("a git operation: {}{since}", visible(mark))
}
