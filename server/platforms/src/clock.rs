//! The platform's clock: its ids and times are compared with no other.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use reqwest::header::{DATE, HeaderMap};

/// A smaller difference is none, in milliseconds: the header has whole seconds, and an answer takes its time.
const LEAST: i64 = 5_000;

/// The difference between the platform's clock and this machine's, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    /// Notes the time that an answer has: <https://www.rfc-editor.org/rfc/rfc9110#name-date>.
    pub(crate) fn note(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        if let Some(date) = date {
            let ahead = millis(date).saturating_sub(millis(SystemTime::now()));
            self.0.store(if ahead.abs() < LEAST { 0 } else { ahead }, Ordering::Relaxed);
        }
    }

    /// This time by the platform's clock, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.theirs(millis(SystemTime::now()))
    }

    /// A time of this machine by the platform's clock, both in milliseconds since 1970.
    pub(crate) fn theirs(&self, ours_ms: i64) -> i64 {
        ours_ms.saturating_add(self.0.load(Ordering::Relaxed))
    }
}

fn millis(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_platforms_clock_is_that_of_its_answers() {
        let clock = Clock::default();
        let of = |date: &str| HeaderMap::from_iter([(DATE, date.parse().unwrap())]);
        let now = SystemTime::now();
        clock.note(&of(&httpdate::fmt_http_date(now - Duration::from_secs(3600))));
        let behind = millis(now) - clock.theirs(millis(now));
        assert!((3_600_000 - LEAST..3_600_000 + LEAST).contains(&behind), "{behind}");
        for none in ["", "yesterday", "9999999999"] {
            clock.note(&of(none));
            assert_eq!(millis(now) - clock.theirs(millis(now)), behind, "{none:?} says nothing");
        }
        clock.note(&of(&httpdate::fmt_http_date(now)));
        assert_eq!(clock.theirs(7), 7);
    }
}
