//! The time by which things age. A clock can be wrong, by mistake or by a bad battery, and things that are deleted as too old are gone for good: so
//! it is not believed at once.

use std::time::{Duration, Instant};

use aiwg_protocol::types::Timestamp;

/// The factor by which this clock may run faster than time, where the system's is ahead: a day in an hour. After a month in which the machine
/// was off, what is too old is forgotten within 30 hours; if a clock is a century ahead for an hour, only a day's worth is forgotten.
const FASTER: u32 = 24;

/// A clock that follows the system's, but never runs far ahead of the time that has really gone by.
#[derive(Debug)]
pub(super) struct AgeClock {
    believed: Timestamp,
    at: Instant,
}

impl AgeClock {
    /// A clock that goes on from the moment up to which it was right.
    pub(super) fn from(believed: Timestamp, at: Instant) -> Self {
        Self { believed, at }
    }

    /// The time that it shows, given the time of the system's clock.
    pub(super) fn look(&mut self, system: Timestamp, at: Instant) -> Timestamp {
        let passed = at.saturating_duration_since(self.at).saturating_mul(FASTER);
        self.at = at;
        self.believed = later(self.believed, passed).min(system);
        self.believed
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.as_millis().saturating_add(by))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const DAY_MS: i64 = 24 * 3600 * 1000;

    #[test]
    fn a_clock_that_is_far_ahead_is_believed_a_day_an_hour() {
        let (start, real) = (Instant::now(), 1_764_000_000_000);
        let mut clock = AgeClock::from(Timestamp::from_millis(real), start);
        let ahead = Timestamp::from_millis(real + 36_500 * DAY_MS);
        assert_eq!(clock.look(ahead, start).as_millis(), real);
        assert_eq!(clock.look(ahead, start + HOUR).as_millis(), real + DAY_MS);
        // Set right again.
        let right = Timestamp::from_millis(real + 2 * 3_600_000);
        assert_eq!(clock.look(right, start + 2 * HOUR), right);
        // And back: nothing gets older.
        let back = Timestamp::from_millis(real - 10 * DAY_MS);
        assert_eq!(clock.look(back, start + 3 * HOUR), back);
    }

    #[test]
    fn a_clock_that_is_right_is_followed() {
        let (start, real) = (Instant::now(), 1_764_000_000_000);
        let mut clock = AgeClock::from(Timestamp::from_millis(real), start);
        for minutes in [10, 20, 600] {
            let now = Timestamp::from_millis(real + minutes * 60_000);
            assert_eq!(clock.look(now, start + Duration::from_secs(minutes.unsigned_abs() * 60)), now);
        }
    }
}
