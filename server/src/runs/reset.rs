//! The time at which a limit resets, from the words in which a program tells it.

use std::collections::BTreeMap;

use aiwg_agents::limit::{Limit, LocalTime};
use aiwg_protocol::types::Timestamp;
use jiff::{
    SpanRound, ToSpan,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use super::environment::resolved;
use crate::messaging::Secrets;

/// A time by the clock that has passed by no more than this, in hours, has just passed; by more, it is that of the next day.
const JUST_PASSED_HOURS: i64 = 12;

/// The clock by which an agent tells the time.
#[derive(Debug, Clone)]
pub(super) struct AgentClock {
    /// The time now.
    pub(super) now: Timestamp,
    /// The time zone of the agent's process.
    pub(super) zone: TimeZone,
}

impl AgentClock {
    /// The clock of an agent with these variables in its environment, the ones that count first; else that of the daemon.
    pub(super) fn of<'a>(environments: impl IntoIterator<Item = &'a BTreeMap<String, String>>) -> Self {
        let named = environments.into_iter().find_map(|env| env.get("TZ"));
        let zone = named.and_then(|name| zone_named(&resolved(name, &Secrets::of_daemon()).ok()?));
        Self { now: Timestamp::now(), zone: zone.unwrap_or_else(TimeZone::system) }
    }

    /// Time of a limit's reset, if there is one that can be believed.
    pub(super) fn reset_of(&self, limit: &Limit) -> Option<Timestamp> {
        let millis = self.now.as_millis();
        let span =
            || Some(limit.resets_in?.as_secs().saturating_add(u64::try_from(millis).ok()?.div_ceil(1000)));
        let local = || {
            let zone = limit.resets_zone.as_deref().and_then(zone_named);
            u64::try_from(self.by_clock(limit.resets_local?, &zone.unwrap_or_else(|| self.zone.clone()))?)
                .ok()
        };
        let resets_at = limit.resets_at.or_else(local).or_else(span);
        let at = Limit { resets_at, ..Limit::default() }.resets_after(u64::try_from(millis / 1000).ok()?)?;
        Some(Timestamp::from_millis(i64::try_from(at).ok()?.saturating_mul(1000)))
    }

    /// A time by the clock on the wall, in seconds since 1970.
    fn by_clock(&self, time: LocalTime, zone: &TimeZone) -> Option<i64> {
        let now = zone.to_datetime(jiff::Timestamp::from_millisecond(self.now.as_millis()).ok()?);
        let [hour, minute] = [time.hour, time.minute].map(|part| i8::try_from(part).ok());
        let time_of_day = Time::new(hour?, minute?, 0, 0).ok()?;
        let of_date = |year, month: u8, day: u8| {
            let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
            Some(date.to_datetime(time_of_day))
        };
        let at = match time.date {
            Some((Some(year), month, day)) => of_date(year.try_into().ok()?, month, day)?,
            Some((None, month, day)) => {
                let this_year = of_date(now.year(), month, day)?;
                if hours_since(this_year, now)? < JUST_PASSED_HOURS {
                    this_year
                } else {
                    of_date(now.year() + 1, month, day)?
                }
            }
            // Programs leave the date out where it is that of today, or where the time comes within a day.
            None => {
                let today = now.date().to_datetime(time_of_day);
                if hours_since(today, now)? < JUST_PASSED_HOURS {
                    today
                } else {
                    today.checked_add(1.day()).ok()?
                }
            }
        };
        Some(zone.to_timestamp(at).ok()?.as_second())
    }
}

/// Number of whole hours from one time to another.
fn hours_since(at: DateTime, now: DateTime) -> Option<i64> {
    let passed =
        now.since(at).ok()?.round(SpanRound::new().largest(jiff::Unit::Hour).days_are_24_hours()).ok()?;
    Some(i64::from(passed.get_hours()))
}

/// The time zone that a value of `TZ`, or a program, names; none where nobody knows it.
fn zone_named(name: &str) -> Option<TimeZone> {
    let name = name.strip_prefix(':').unwrap_or(name);
    if name.is_empty() {
        return Some(TimeZone::UTC);
    }
    TimeZone::get(name).or_else(|_| TimeZone::posix(name)).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn clock() -> AgentClock {
        AgentClock {
            now: "2026-11-29T06:48:00Z".parse().unwrap(),
            zone: TimeZone::fixed(jiff::tz::offset(2)),
        }
    }

    fn reset(limit: &Limit) -> Option<String> {
        clock().reset_of(limit).map(|at| at.to_string())
    }

    #[test]
    fn a_time_by_the_clock_is_one_of_the_agents_zone() {
        let reset = |date, hour, minute| {
            reset(&Limit { resets_local: Some(LocalTime { date, hour, minute }), ..Limit::default() })
        };
        let day = |year: u16, month, day| Some((Some(year), month, day));
        assert_eq!(reset(None, 10, 48).as_deref(), Some("2026-11-29T08:48:00.000Z"));
        assert_eq!(reset(day(2026, 12, 4), 6, 48).as_deref(), Some("2026-12-04T04:48:00.000Z"));
        assert_eq!(reset(Some((None, 12, 4)), 6, 48).as_deref(), Some("2026-12-04T04:48:00.000Z"));
        // It has passed, it does not exist, and no window is so long.
        assert_eq!(
            [
                reset(None, 8, 48),
                reset(day(2026, 2, 30), 1, 0),
                reset(day(2036, 1, 1), 1, 0),
                reset(None, 0, 30)
            ],
            [None, None, None, None]
        );
        assert_eq!(super::tests::reset(&Limit::default()), None);
    }

    #[test]
    fn shortly_before_midnight_it_is_that_of_the_next_day() {
        let late = AgentClock { now: "2026-12-31T21:30:00Z".parse().unwrap(), ..clock() };
        let reset = |date, hour| {
            let limit = Limit { resets_local: Some(LocalTime { date, hour, minute: 0 }), ..Limit::default() };
            late.reset_of(&limit).map(|at| at.to_string())
        };
        assert_eq!(reset(None, 1).as_deref(), Some("2026-12-31T23:00:00.000Z"));
        assert_eq!(reset(None, 23), None);
        assert_eq!(reset(Some((None, 1, 2)), 1).as_deref(), Some("2027-01-01T23:00:00.000Z"));
    }

    #[test]
    fn a_span_counts_from_now() {
        let limit =
            |hours: u64| Limit { resets_in: Some(Duration::from_secs(hours * 3600)), ..Limit::default() };
        assert_eq!(reset(&limit(2)).as_deref(), Some("2026-11-29T08:48:00.000Z"));
        assert_eq!((reset(&limit(0)), reset(&limit(24 * 40)), reset(&limit(1 << 50))), (None, None, None));
    }

    #[test]
    fn the_zone_is_the_one_that_is_told_or_that_of_the_environment() {
        let local = Some(LocalTime { date: None, hour: 10, minute: 0 });
        let told = |zone: &str| {
            reset(&Limit { resets_local: local, resets_zone: Some(zone.to_owned()), ..Limit::default() })
        };
        assert_eq!(told("utc").as_deref(), Some("2026-11-29T10:00:00.000Z"));
        assert_eq!(told("nobody/knows").as_deref(), Some("2026-11-29T08:00:00.000Z"));
        let env = |zone: &str| BTreeMap::from([("TZ".to_owned(), zone.to_owned())]);
        let hour = |environments: &[BTreeMap<String, String>]| {
            let now = "2026-11-29T06:48:00Z".parse().unwrap();
            let clock = AgentClock { now, ..AgentClock::of(environments) };
            clock.reset_of(&Limit { resets_local: local, ..Limit::default() }).map(|at| at.to_string())
        };
        assert_eq!(hour(&[env("EST5")]).as_deref(), Some("2026-11-29T15:00:00.000Z"));
        assert_eq!(hour(&[env(":UTC"), env("EST5")]).as_deref(), Some("2026-11-29T10:00:00.000Z"));
    }
}
