//! Hours of the day within which work is resumed.

use aiwg_protocol::types::Timestamp;
use jiff::{
    civil::Time,
    tz::{AmbiguousOffset, AmbiguousTimestamp, Disambiguation, TimeZone},
};

/// Hours of the day: from one time to another, which may lie on the day after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from: Time,
    to: Time,
}

impl Hours {
    /// Hours as they are written: `07:00-22:00`. None if they are no such text, or none at all.
    pub fn parse(text: &str) -> Option<Self> {
        let time = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let is_number = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = |text: &str| is_number(text).then(|| text.parse::<i8>().ok()).flatten();
            Time::new(number(hour)?, number(minute)?, 0, 0).ok()
        };
        let (from, to) = text.split_once('-')?;
        let hours = Self { from: time(from)?, to: time(to)? };
        (hours.from != hours.to).then_some(hours)
    }

    /// The first moment within the hours that is not before this one.
    pub fn first_within(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        let Ok(moment) = jiff::Timestamp::from_millisecond(at.as_millis()) else { return at };
        let local = zone.to_datetime(moment);
        let time = local.time();
        let is_within = if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        };
        if is_within {
            return at;
        }
        let day = if time < self.from { Ok(local.date()) } else { local.date().tomorrow() };
        let begins =
            day.and_then(|day| begin(&zone.to_ambiguous_timestamp(day.to_datetime(self.from)), zone));
        begins.map_or(at, |begins| Timestamp::from_millis(begins.as_millisecond()))
    }
}

/// The first moment at which the clock shows a time, or a later one: a time that it skips is passed when it skips it.
fn begin(time: &AmbiguousTimestamp, zone: &TimeZone) -> Result<jiff::Timestamp, jiff::Error> {
    let skips = || {
        let before = time.disambiguate(Disambiguation::Earlier).ok()?;
        zone.following(before).next().map(|transition| transition.timestamp())
    };
    match time.offset() {
        AmbiguousOffset::Gap { .. } => {
            skips().map_or_else(|| time.disambiguate(Disambiguation::Compatible), Ok)
        }
        _ => time.disambiguate(Disambiguation::Compatible),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_goes_on_within_the_hours() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let first = |hours: &str, at: &str| {
            Hours::parse(hours).unwrap().first_within(at.parse().unwrap(), &zone).to_string()
        };
        assert_eq!(first("07:00-22:00", "2026-11-29T02:10:00Z"), "2026-11-29T06:00:00.000Z");
        assert_eq!(first("07:00-22:00", "2026-11-29T06:00:00Z"), "2026-11-29T06:00:00.000Z");
        assert_eq!(first("07:00-22:00", "2026-11-29T20:59:59Z"), "2026-11-29T20:59:59.000Z");
        assert_eq!(first("07:00-22:00", "2026-11-29T21:00:00Z"), "2026-11-30T06:00:00.000Z");
        assert_eq!(first("22:00-06:00", "2026-11-29T23:30:00Z"), "2026-11-29T23:30:00.000Z");
        assert_eq!(first("22:00-06:00", "2026-11-29T12:00:00Z"), "2026-11-29T21:00:00.000Z");
    }

    #[test]
    fn hours_that_begin_at_a_time_that_the_clock_skips_begin_when_it_does() {
        let zone = aiwg_schedule::time_zone(Some("Europe/Berlin")).unwrap();
        let hours = Hours::parse("02:30-22:00").unwrap();
        let first = |at: &str| hours.first_within(at.parse().unwrap(), &zone).to_string();
        // From 02:00 it goes to 03:00.
        assert_eq!(first("2026-03-28T22:00:00Z"), "2026-03-29T01:00:00.000Z");
        assert_eq!(first("2026-03-29T00:59:59Z"), "2026-03-29T01:00:00.000Z");
        assert_eq!(first("2026-03-29T01:00:00Z"), "2026-03-29T01:00:00.000Z");
        // From 03:00 it goes back to 02:00.
        assert_eq!(first("2026-10-24T23:00:00Z"), "2026-10-25T00:30:00.000Z");
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        for wrong in [
            "",
            "7-22",
            "07:00",
            "07:00-25:00",
            "07:00-07:00",
            "07:60-22:00",
            "+7:00-22:00",
            "07:00-22:00-23:00",
        ] {
            assert_eq!(Hours::parse(wrong), None, "{wrong}");
        }
    }
}
