//! Pauses of an account, and how long they are.

use std::hash::{DefaultHasher, Hash, Hasher};

use aiwg_protocol::types::Timestamp;
use serde::{Deserialize, Serialize};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// Waits where no time of a reset is known, in milliseconds: for the first time in a row, the second, and all further ones.
const WITHOUT_A_TIME: [u64; 3] = [5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS];

/// The longest wait that is believed of each window, by the beginning of its name, in milliseconds; a little more than the window is long.
const LONGEST: [(&str, u64); 2] = [("seven_day", 8 * 24 * HOUR_MS), ("five_hour", 6 * HOUR_MS)];

/// The wait for the reset of any other window of which nobody knows better, in milliseconds.
const OF_OTHERS: u64 = HOUR_MS;

/// The longest wait that is believed of any other window where an agent tells it, in milliseconds: no plan has a window longer than a month.
const LONGEST_TOLD: u64 = 32 * 24 * HOUR_MS;

/// The most that is waited beyond a reset, in milliseconds, so that not all daemons go on in the same moment.
const MOST_JITTER: u64 = MINUTE_MS;

/// Reason for which an account is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// A limit is used up.
    Limited,
    /// The login was refused: a person must act.
    Auth,
    /// There is no credit: a person must act.
    Billing,
}

impl PauseReason {
    /// Its name, as that of the end of a run.
    pub fn name(self) -> &'static str {
        match self {
            Self::Limited => "limited",
            Self::Auth => "auth",
            Self::Billing => "billing",
        }
    }
}

/// A pause of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// The reason.
    pub reason: PauseReason,
    /// Time of its beginning.
    pub since: Timestamp,
    /// Time at which someone may try again; none for when a person says so.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// The window that is used up.
    #[serde(default)]
    pub window: Option<String>,
    /// Number of limits in a row without work between them.
    #[serde(default)]
    pub times: u32,
    /// The run that met it last.
    #[serde(default)]
    pub by: String,
    /// True if a person has mended it, by their account, at the time in `until`: one task is to try that.
    #[serde(default)]
    pub is_mended: bool,
}

/// Time at which someone may try again after a limit was met, so many `times` in a row, by a run that began at `began`; it is `now`. A time of a
/// reset that had passed by then, or is further off than its window is long, is not believed. One that has passed since, as while no daemon ran, is
/// believed once: a program that tells such a time again and again has a clock of its own.
pub(super) fn next_try(
    window: Option<&str>,
    resets_at: Option<Timestamp>,
    times: u32,
    id: &str,
    (began, now): (Timestamp, Timestamp),
) -> Timestamp {
    let wait = match resets_at {
        Some(at) if at > now => believed(
            window,
            u64::try_from(at.as_millis().saturating_sub(now.as_millis())).unwrap_or_default(),
        ),
        Some(at) if at > began && times <= 1 => 0,
        _ => {
            let place = usize::try_from(times.saturating_sub(1)).unwrap_or(usize::MAX);
            WITHOUT_A_TIME.get(place).copied().unwrap_or(HOUR_MS)
        }
    };
    now.after_ms(wait + jitter(wait, id, now))
}

/// The length of a window, in milliseconds, or a little more; none where that is not known.
fn length(window: Option<&str>) -> Option<u64> {
    let known = LONGEST.iter().find(|(name, _)| window.is_some_and(|window| window.starts_with(name)));
    known.map(|(_, longest)| *longest)
}

/// The wait for the reset of a window of which no time is told, in milliseconds.
pub(super) fn untold(window: &str) -> u64 {
    length(Some(window)).unwrap_or(OF_OTHERS)
}

/// The wait that is believed where an agent tells this one of a window, in milliseconds.
pub(super) fn believed(window: Option<&str>, wait: u64) -> u64 {
    match length(window) {
        Some(longest) => wait.min(longest),
        None if wait <= LONGEST_TOLD => wait,
        None => OF_OTHERS,
    }
}

/// A wait beyond a reset, in milliseconds: a twentieth of the wait at the most.
fn jitter(wait: u64, id: &str, now: Timestamp) -> u64 {
    let mut hasher = DefaultHasher::new();
    (id, now.as_millis(), std::process::id()).hash(&mut hasher);
    hasher.finish() % ((wait / 20).min(MOST_JITTER) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_888_000_000;

    fn wait(window: Option<&str>, resets_in_ms: Option<i64>, times: u32) -> u64 {
        let now = Timestamp::from_millis(NOW);
        let resets_at = resets_in_ms.map(|ms| Timestamp::from_millis(NOW.saturating_add(ms)));
        let next = next_try(window, resets_at, times, "a", (now, now));
        u64::try_from(next.as_millis() - NOW).unwrap()
    }

    fn assert_about(wait: u64, expected: u64) {
        let most = expected + (expected / 20).min(MOST_JITTER);
        assert!((expected..=most).contains(&wait), "{wait}, not {expected}");
    }

    #[test]
    fn a_reset_is_waited_for_and_a_little_longer() {
        assert_about(wait(Some("five_hour"), Some(1000), 1), 1000);
        assert_about(wait(Some("five_hour"), Some(5 * 3_600_000), 1), 5 * HOUR_MS);
        assert_about(wait(Some("seven_day_opus"), Some(6 * 86_400_000), 1), 6 * 24 * HOUR_MS);
    }

    #[test]
    fn a_told_time_of_a_window_of_unknown_length_is_believed() {
        for (window, days) in [(None, 1), (Some("overage"), 3), (Some("unknown"), 20)] {
            assert_about(
                wait(window, Some(days * 86_400_000), 1),
                u64::try_from(days).unwrap() * 24 * HOUR_MS,
            );
        }
        assert_about(wait(None, Some(2 * 3_600_000), 1), 2 * HOUR_MS);
    }

    #[test]
    fn no_time_that_cannot_be_is_believed() {
        let ten_years = Some(10 * 365 * 86_400_000);
        assert_about(wait(Some("five_hour"), ten_years, 1), 6 * HOUR_MS);
        assert_about(wait(Some("seven_day"), ten_years, 1), 8 * 24 * HOUR_MS);
        assert_about(wait(Some("odd"), ten_years, 1), HOUR_MS);
        assert_about(wait(None, Some(i64::MAX), 1), HOUR_MS);
        for passed in [Some(0), Some(-1), Some(-86_400_000), Some(i64::MIN / 2), None] {
            assert_about(wait(Some("five_hour"), passed, 1), 5 * MINUTE_MS);
        }
    }

    #[test]
    fn a_reset_that_has_passed_since_the_run_began_is_believed_once() {
        let (began, now) = (Timestamp::from_millis(NOW - 60_000), Timestamp::from_millis(NOW));
        let next = |passed_ms, times| {
            let resets_at = Some(Timestamp::from_millis(NOW - passed_ms));
            next_try(Some("five_hour"), resets_at, times, "a", (began, now))
        };
        assert_eq!((next(1000, 1), next(0, 1)), (now, now));
        assert!(next(1000, 2) >= now.after_ms(15 * MINUTE_MS), "it was not true the first time");
        assert!(next(60_000, 1) >= now.after_ms(5 * MINUTE_MS), "it had passed when the run began");
    }

    #[test]
    fn without_a_time_waits_grow() {
        for (times, minutes) in [(0, 5), (1, 5), (2, 15), (3, 60), (4, 60), (u32::MAX, 60)] {
            assert_about(wait(None, None, times), minutes * MINUTE_MS);
        }
    }
}
