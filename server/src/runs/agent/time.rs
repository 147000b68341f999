//! The time that a run may take. While its agent waits for a person, that does not run.

use std::{collections::BTreeMap, time::Duration};

use aiwg_protocol::{config::DaemonConfig, types::Timestamp};
use tokio::time::Instant;

use super::Agent;
use crate::{rules::minutes_to_ms, running::Paused};

/// Time that a shim has to end a check whose time is up, before the daemon asks it to.
const CHECK_SLACK: Duration = Duration::from_secs(2);

/// The shortest time until the next look at whether an agent still waits for a person, when its time would be up.
const LOOK_AT_PAUSE: Duration = Duration::from_secs(1);

/// Thirty years stand for no limit, where adding would overflow the clock.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// The variable of an environment that sets the time zone, if it has one.
pub(super) fn own_zone(env: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    env.get_key_value("TZ").map(|(name, zone)| BTreeMap::from([(name.clone(), zone.clone())]))
}

impl Agent {
    /// Time that it may take, in milliseconds.
    pub(super) fn limit_ms(&self, daemon: &DaemonConfig) -> u64 {
        match self.check() {
            Some(check) => check.timeout_ms(),
            None => {
                let all = self.timeout_ms.unwrap_or_else(|| minutes_to_ms(daemon.action_timeout_minutes));
                all.saturating_sub(self.used_ms).max(1)
            }
        }
    }

    /// End of its time: counted from its start, `passed` ago, also over a restart of the daemon.
    pub(super) fn time_limit(&self, daemon: &DaemonConfig, passed: Duration) -> Instant {
        let limit = Duration::from_millis(self.limit_ms(daemon)).min(FOR_EVER);
        // The shim of a check looks at its time.
        let limit = limit + if self.is_check { CHECK_SLACK } else { Duration::ZERO };
        let now = Instant::now();
        match limit.checked_sub(passed) {
            Some(left) => now + left,
            // It lies back, by as much as pauses may make up for.
            None => now.checked_sub(passed.saturating_sub(limit)).unwrap_or(now),
        }
    }

    /// Time since its start, by the store's clock, which says `now`.
    pub(super) fn ran_for(&self, now: Timestamp) -> Duration {
        let ms = now.as_millis().saturating_sub(self.started_at.as_millis());
        Duration::from_millis(u64::try_from(ms).unwrap_or_default())
    }
}

/// The end of a run's time, given its pauses. While one goes on, that is to be looked at again.
pub(super) fn with_pauses(limit: Instant, paused: Paused) -> Instant {
    let later = limit + paused.total.min(FOR_EVER);
    if paused.is_waiting { later.max(Instant::now() + LOOK_AT_PAUSE) } else { later }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_moves_the_end_and_one_that_goes_on_keeps_it_away() {
        let limit = Instant::now() - Duration::from_secs(1);
        let paused =
            |seconds, is_waiting| Paused { total: Duration::from_secs(seconds), is_waiting, ran_on: None };
        assert_eq!(with_pauses(limit, Paused::default()), limit);
        assert_eq!(with_pauses(limit, paused(60, false)), limit + Duration::from_secs(60));
        assert!(with_pauses(limit, paused(0, true)) > Instant::now());
        assert!(with_pauses(limit, paused(u64::MAX, false)) > limit);
    }
}
