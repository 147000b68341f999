//! Limits of the account that an agent works with.

use std::time::Duration;

/// The furthest time of a reset that is believed, from now: no plan has a window that is longer than a month.
const FURTHEST_RESET: Duration = Duration::from_secs(32 * 24 * 60 * 60);

/// A limit that is used up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limit {
    /// Time of its reset by the program's account, in seconds since 1970; none where it tells none. [`resets_after`](Self::resets_after) says
    /// whether it can be believed.
    pub resets_at: Option<u64>,
    /// Time of its reset by the clock on the wall, where the program tells no more than that.
    pub resets_local: Option<LocalTime>,
    /// The time zone of that clock, as the IANA names it, where the program tells it; none for that of the agent's process.
    pub resets_zone: Option<String>,
    /// Time from the end of the run to its reset, where the program tells no more than that.
    pub resets_in: Option<Duration>,
    /// The window that is used up, such as `five_hour` or `seven_day`; none where it does not say.
    pub window: Option<String>,
}

impl Limit {
    /// Time of its reset in seconds since 1970, given that it is `now`; none where there is none that can be believed: it has passed (a clock
    /// may be wrong, and to go on at once would be refused again), or is further off than any window is long.
    #[must_use]
    pub fn resets_after(&self, now: u64) -> Option<u64> {
        self.resets_at.filter(|at| *at > now && at - now <= FURTHEST_RESET.as_secs())
    }
}

/// A time by the clock on the wall, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// Year (none for the next such day), month (from 1) and day (from 1); none for the time that the clock shows next, or has shown just now.
    pub date: Option<(Option<u16>, u8, u8)>,
    /// Hour, from 0 to 23.
    pub hour: u8,
    /// Minute, from 0 to 59.
    pub minute: u8,
}

/// The part of a limit that is used up, as the program last reported it.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitWarning {
    /// The window, such as `five_hour` or `seven_day`.
    pub window: String,
    /// The part that is used up, from 0 to 1.
    pub utilization: f64,
    /// The threshold that was surpassed, from 0 to 1; none where the program does not warn yet.
    pub surpassed_threshold: Option<f64>,
    /// Time of its reset, as in [`Limit::resets_at`].
    pub resets_at: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_time_within_a_window_is_believed() {
        let now = 1_795_888_000;
        let after = |resets_at| Limit { resets_at, ..Limit::default() }.resets_after(now);
        assert_eq!(after(Some(now + 1)), Some(now + 1));
        assert_eq!(after(Some(now + 7 * 86_400)), Some(now + 7 * 86_400));
        let ten_years = now + 10 * 365 * 86_400;
        for unbelievable in
            [None, Some(0), Some(now - 1), Some(now), Some(ten_years), Some(now * 1000), Some(u64::MAX)]
        {
            assert_eq!(after(unbelievable), None, "{unbelievable:?}");
        }
    }
}
