//! Moments for people: on the clock of this machine, with its offset from UTC.

use std::time::Duration;

use aiwg_client::types::Timestamp;
use aiwg_schedule::{rfc3339, time_zone};
use jiff::tz::TimeZone;

use crate::visible::visible;

/// Less than this from now, in milliseconds, is now.
const SOON_MS: u64 = 1000;

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
    since(at, Timestamp::now())
}

fn since(at: Timestamp, now: Timestamp) -> String {
    let since = now.as_millis().saturating_sub(at.as_millis());
    timeago::Formatter::new().convert(Duration::from_millis(u64::try_from(since).unwrap_or(0)))
}

/// A moment, and how long ago that was, or how far off it is.
pub(crate) fn moment(at: Timestamp) -> String {
    format!("{} ({})", local(at), from(at, Timestamp::now()))
}

/// Time since a moment, or until it: `3 minutes ago`, `in 2 hours 59 minutes`.
fn from(at: Timestamp, now: Timestamp) -> String {
    let left = u64::try_from(at.as_millis().saturating_sub(now.as_millis())).unwrap_or(0);
    if left < SOON_MS {
        return since(at, now);
    }
    let mut words = timeago::Formatter::new();
    words.num_items(2).ago("");
    format!("in {}", words.convert(Duration::from_millis(left)))
}

/// The mark of a git operation that changes of files wait for, and the time since when.
pub(crate) fn git_operation(mark: &str, since: Option<Timestamp>) -> String {
    let since = since.map(|at| format!(" since {}", moment(at))).unwrap_or_default();
    format!("a git operation: {}{since}", visible(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_to_come_is_one() {
        let now = Timestamp::from_millis(1_795_888_000_000);
        let of = |seconds: i64| from(Timestamp::from_millis(now.as_millis() + seconds * 1000), now);
        assert_eq!(of(3 * 3600), "in 3 hours");
        assert_eq!(of(3 * 3600 - 60), "in 2 hours 59 minutes");
        assert_eq!(of(20 * 86_400), "in 2 weeks 6 days");
        assert_eq!(
            (of(5).as_str(), of(0).as_str(), of(-180).as_str()),
            ("in 5 seconds", "now", "3 minutes ago")
        );
        assert!(from(Timestamp::from_millis(i64::MAX), now).starts_with("in "));
    }
}
