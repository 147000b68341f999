//! Helpers of the tests.

use aiwg_schedule::{Schedule, rfc3339};
use jiff::{Timestamp, tz::TimeZone};

pub(crate) fn schedule(text: &str) -> Schedule {
    text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

/// A zone as it was known when the tests were built, whatever the system has.
pub(crate) fn zone(name: &str) -> TimeZone {
    jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Times at which a schedule fires after `from` and before `until`, on clocks of the zone.
pub(crate) fn fires(text: &str, zone: &TimeZone, from: &str, until: &str) -> Vec<String> {
    let until = at(until);
    let schedule = schedule(text);
    let times = schedule.upcoming(at(from), zone).take_while(|&time| time < until);
    times.map(|time| rfc3339(time, zone)).collect()
}

/// The first times of a schedule in UTC, after this one: `2026-01-01 00:00`.
pub(crate) fn firsts(text: &str, from: &str, count: usize) -> Vec<String> {
    let utc = TimeZone::UTC;
    let from = aiwg_schedule::time(from, &utc).unwrap();
    let schedule = schedule(text);
    let times = schedule.upcoming(from, &utc).take(count);
    times.map(|time| time.strftime("%a %Y-%m-%d %H:%M").to_string()).collect()
}
