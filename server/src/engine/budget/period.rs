//! Days and months in the time zone of the budgets.

use aiwg_protocol::types::Timestamp;
use jiff::{civil::Date, tz::TimeZone};

/// The day and the month in which a moment lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Period {
    /// The day: `2026-11-23`.
    pub(super) day: String,
    /// The month: `2026-11`.
    pub(super) month: String,
    /// The first day of the month, and its last one.
    pub(super) days_of_month: (String, String),
    /// Time at which the day begins.
    pub(super) from: Timestamp,
    /// Time at which the next day begins.
    pub(super) day_ends: Timestamp,
    /// Time at which the next month begins.
    pub(super) month_ends: Timestamp,
}

impl Period {
    pub(super) fn of(at: Timestamp, zone: &TimeZone) -> Self {
        let date = date(at, zone);
        let begin = |date: Option<Date>| date.and_then(|date| begin(date, zone)).unwrap_or(never());
        Self {
            day: date.to_string(),
            month: date.strftime("%Y-%m").to_string(),
            days_of_month: (date.first_of_month().to_string(), date.last_of_month().to_string()),
            from: begin(Some(date)).min(at),
            day_ends: begin(date.tomorrow().ok()),
            month_ends: begin(date.last_of_month().tomorrow().ok()),
        }
    }

    /// True if a moment lies on the same day.
    pub(super) fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.day_ends
    }

    /// The part of the day that is over, from 0 to 1.
    pub(super) fn passed(&self, at: Timestamp) -> f64 {
        let since = |at: Timestamp| at.as_millis().saturating_sub(self.from.as_millis()) as f64;
        (since(at) / since(self.day_ends).max(1.0)).clamp(0.0, 1.0)
    }
}

/// The day on which a moment lies, so many days before.
pub(in crate::engine) fn day_before(at: Timestamp, zone: &TimeZone, days: i32) -> String {
    let date = date(at, zone);
    let before = jiff::ToSpan::days(i64::from(days));
    date.checked_sub(before).unwrap_or(Date::MIN).to_string()
}

fn date(at: Timestamp, zone: &TimeZone) -> Date {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned_datetime(zone.clone()).date()
}

/// The end of what has no end.
fn never() -> Timestamp {
    Timestamp::from_millis(i64::MAX)
}

/// The first moment of a day: midnight is skipped in some zones.
fn begin(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let begin = date.to_zoned_datetime(zone.clone()).ok()?;
    Some(Timestamp::from_millis(begin.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(at: &str, zone: &str) -> Period {
        Period::of(at.parse().unwrap(), &aiwg_schedule::time_zone(Some(zone)).unwrap())
    }

    #[test]
    fn a_day_is_the_zones() {
        let berlin = period("2026-11-30T22:59:59Z", "Europe/Berlin");
        assert_eq!((&*berlin.day, &*berlin.month), ("2026-11-30", "2026-11"));
        assert_eq!(berlin.days_of_month, ("2026-11-01".to_owned(), "2026-11-30".to_owned()));
        assert_eq!(berlin.day_ends, "2026-11-30T23:00:00Z".parse().unwrap());
        assert_eq!(berlin.month_ends, berlin.day_ends);
        let after = period("2026-11-30T23:00:00Z", "Europe/Berlin");
        assert_eq!((&*after.day, &*after.month), ("2026-12-01", "2026-12"));
        assert!(!berlin.contains(after.from) && after.contains(after.from));
        assert_eq!(period("2026-11-30T23:00:00Z", "UTC").day, "2026-11-30");
    }

    #[test]
    fn days_are_longer_and_shorter_where_clocks_are_set() {
        let hours = |at: &str, zone: &str| {
            let period = period(at, zone);
            (period.day_ends.as_millis() - period.from.as_millis()) / 3_600_000
        };
        assert_eq!(hours("2026-03-29T12:00:00Z", "Europe/Berlin"), 23);
        assert_eq!(hours("2026-10-25T12:00:00Z", "Europe/Berlin"), 25);
        // Midnight itself is skipped.
        assert_eq!(hours("2026-04-24T12:00:00Z", "Africa/Cairo"), 23);
    }

    #[test]
    fn the_edges_of_time_have_days_too() {
        for at in [i64::MIN, 0, i64::MAX] {
            let at = Timestamp::from_millis(at);
            for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Niue"] {
                let period = Period::of(at, &aiwg_schedule::time_zone(Some(zone)).unwrap());
                assert!(period.contains(at) || period.day_ends == never(), "{period:?}");
                assert!((0.0..=1.0).contains(&period.passed(at)));
            }
        }
    }

    #[test]
    fn days_before_are_counted_on_the_calendar() {
        let at = "2026-03-01T12:00:00Z".parse().unwrap();
        assert_eq!(day_before(at, &TimeZone::UTC, 1), "2026-02-28");
        assert_eq!(day_before(at, &TimeZone::UTC, 0), "2026-03-01");
    }
}
