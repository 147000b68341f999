//! Times and time zones as people write them.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::schedule::Schedule;

/// A time or a time zone that cannot be read. Its text says what can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// No time zone has this name.
    #[error("there is no time zone `{0}`: names are as in Europe/Berlin, or UTC")]
    Zone(String),
    /// The environment's `TZ` is none either.
    #[error(
        "TZ is `{0}` in the environment, which is no time zone: set it to a name as in Europe/Berlin, or unset it"
    )]
    Environment(String),
    /// This is no time.
    #[error("`{0}` is not a time: write 2026-03-29T02:30, or with an offset 2026-03-29T02:30:00+01:00")]
    Time(String),
}

/// The time zone of this name (`Europe/Berlin`); without a name the system's, or UTC if the system has none.
///
/// The system's time zones count; a system without any gets those that were known when this was built.
pub fn time_zone(name: Option<&str>) -> Result<TimeZone, TextError> {
    match name {
        None => TimeZone::try_system().or_else(|_| match std::env::var_os("TZ") {
            Some(name) => Err(TextError::Environment(name.to_string_lossy().into_owned())),
            None => Ok(TimeZone::UTC),
        }),
        Some(name) => TimeZone::get(name).map_err(|_| TextError::Zone(name.to_owned())),
    }
}

/// Reads a time in RFC 3339, or one without an offset, which is then on a clock of the zone. One that comes twice there
/// is the first of the two; one that is skipped is as much later as was skipped.
pub fn time(text: &str, zone: &TimeZone) -> Result<Timestamp, TextError> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let local = text.parse::<DateTime>().and_then(|local| zone.to_timestamp(local));
    local.map_err(|_| TextError::Time(text.to_owned()))
}

/// A time in RFC 3339 with the offset that the zone has at it: `2026-03-29T03:00:00+02:00`.
///
/// Without parts of a second, since schedules have none.
pub fn rfc3339(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

impl Schedule {
    /// The next times after this one at which it fires in a zone, up to `count`, each as [`rfc3339`] writes it.
    ///
    /// Fewer, down to none, if it does not fire as often within 50 years of the one before.
    pub fn next_times(&self, from: Timestamp, zone: &TimeZone, count: usize) -> Vec<String> {
        self.upcoming(from, zone).take(count).map(|time| rfc3339(time, zone)).collect()
    }
}
