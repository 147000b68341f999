//! A schedule: its next times go up, and looking back finds the last of them. The first line is the schedule, the second a time in seconds,
//! the third a zone.

use aiwg_schedule::{Schedule, time, time_zone};
use jiff::{Timestamp, tz::TimeZone};

/// Tries one input.
pub fn schedules(text: &str) {
    let mut lines = text.split('\n');
    let schedule = lines.next().unwrap_or_default().parse::<Schedule>();
    let from =
        lines.next().and_then(|line| Timestamp::from_second(line.parse().ok()?).ok()).unwrap_or_default();
    let zone = lines.next().and_then(|line| time_zone(Some(line)).ok()).unwrap_or(TimeZone::UTC);
    let _ = time(lines.next().unwrap_or_default(), &zone);
    let schedule = match schedule {
        Ok(schedule) => schedule,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let times: Vec<Timestamp> = schedule.upcoming(from, &zone).take(5).collect();
    assert!(times.is_sorted_by(|one, next| one < next) && times.first().is_none_or(|first| *first > from));
    if let Some(last) = times.last() {
        assert_eq!(schedule.last_between(from, *last, &zone), Some(*last));
    }
    schedule.next_times(from, &zone, 2);
}
