//! The pace of notices: the first one after a silence is sent at once, those that follow soon are gathered.

use serde::{Deserialize, Serialize};

/// The pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Time within which notices are gathered after one was sent, in milliseconds; 0 gathers nothing.
    pub window_ms: i64,
    /// The most messages with notices in any minute, at least 1.
    pub max_per_minute: u32,
}

const MINUTE_MS: i64 = 60_000;

/// The times of the latest messages with notices to a place, in milliseconds since 1970, the latest last. It may still be to come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Planned(Vec<i64>);

impl Planned {
    /// Plans a notice of this moment: the time at which it is to be sent. It goes into the message that is planned, if there is one.
    pub fn plan(&mut self, now: i64, pace: &Pace) -> i64 {
        // A clock that was set back must not hold notices for long.
        let longest = pace.window_ms.max(MINUTE_MS);
        self.0.retain(|at| *at <= now.saturating_add(longest));
        let last = self.0.last().copied();
        if let Some(planned) = last.filter(|at| *at > now) {
            return planned;
        }
        let most = usize::try_from(pace.max_per_minute.max(1)).unwrap_or(usize::MAX);
        let after_window = last.map_or(now, |at| at.saturating_add(pace.window_ms));
        let first_of_minute = self.0.len().checked_sub(most).and_then(|place| self.0.get(place));
        let after_minute = first_of_minute.map_or(now, |at| at.saturating_add(MINUTE_MS));
        let at = now.max(after_window).max(after_minute);
        self.0.push(at);
        let surplus = self.0.len().saturating_sub(most);
        self.0.drain(..surplus);
        at
    }
}

/// The times at which the latest messages with notices were given to a platform, in milliseconds since 1970, the latest last. They differ from
/// those that were planned where messages had to wait: for the end of quiet hours, or for the platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Given(Vec<i64>);

impl Given {
    /// Notes that a message is given to the platform at this moment. Where the minute has had as many as it may, that is not noted, and the time
    /// is returned from which the next one may be given.
    pub fn give(&mut self, now: i64, max_per_minute: u32) -> Option<i64> {
        let most = usize::try_from(max_per_minute.max(1)).unwrap_or(usize::MAX);
        // A clock that was set back must not hold notices for long.
        self.0.retain(|at| *at > now.saturating_sub(MINUTE_MS) && *at <= now);
        if self.0.len() >= most {
            return self.0.first().map(|first| first.saturating_add(MINUTE_MS));
        }
        self.0.push(now);
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_is_sent_at_once_and_those_after_it_together() {
        let pace = Pace { window_ms: 30_000, max_per_minute: 6 };
        let mut planned = Planned::default();
        let times = [0, 1_000, 29_999, 30_000, 31_000, 59_000, 61_000, 200_000];
        let sent = times.map(|at| planned.plan(at, &pace));
        assert_eq!(sent, [0, 30_000, 30_000, 60_000, 60_000, 60_000, 90_000, 200_000]);
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nothing_for_long() {
        let pace = Pace { window_ms: 30_000, max_per_minute: 2 };
        let mut planned = Planned::default();
        planned.plan(10_000_000, &pace);
        planned.plan(10_000_001, &pace);
        assert!(planned.plan(1_000, &pace) <= 61_000);
    }

    #[test]
    fn what_has_waited_is_given_at_the_pace_as_well() {
        let mut given = Given::default();
        assert_eq!((given.give(0, 2), given.give(10, 2)), (None, None));
        assert_eq!((given.give(20, 2), given.give(59_999, 2)), (Some(60_000), Some(60_000)));
        assert_eq!((given.give(60_000, 2), given.give(60_001, 2)), (None, Some(60_010)));
        assert_eq!(given.give(30_000, 2), None, "the clock was set back");
        assert_eq!((given.give(300_000, 0), given.give(300_001, 0)), (None, Some(360_000)));
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_it_may(
            gaps in prop::collection::vec(0i64..20_000, 1..200), window in 0i64..40_000, most in 1u32..10,
        ) {
            let pace = Pace { window_ms: window, max_per_minute: most };
            let (mut planned, mut now, mut sent) = (Planned::default(), 0, Vec::new());
            for gap in gaps {
                now += gap;
                let at = planned.plan(now, &pace);
                prop_assert!(at >= now && at <= now + window.max(MINUTE_MS));
                if sent.last() != Some(&at) {
                    sent.push(at);
                }
            }
            prop_assert!(sent.is_sorted());
            if window > 0 {
                for (n, at) in sent.iter().enumerate() {
                    let within = sent[n..].iter().filter(|other| **other < at + MINUTE_MS).count();
                    prop_assert!(within <= most as usize, "{sent:?}");
                }
            }
        }
    }
}
