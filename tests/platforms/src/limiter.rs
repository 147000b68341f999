//! Limits of requests in a time.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::settings::RateLimit;

/// The requests of late, by what they are limited by.
#[derive(Default)]
pub(crate) struct Limiter {
    latest: HashMap<String, VecDeque<Instant>>,
}

/// A request within its limit, or beyond it.
pub(crate) struct Allowance {
    pub(crate) is_allowed: bool,
    pub(crate) remaining: u32,
    /// Time until the first of those that count is forgotten.
    pub(crate) reset_after: Duration,
}

impl Limiter {
    /// Counts a request. One beyond the limit does not count.
    pub(crate) fn take(&mut self, key: &str, limit: RateLimit) -> Allowance {
        let now = Instant::now();
        let latest = self.latest.entry(key.to_owned()).or_default();
        while latest.front().is_some_and(|first| now.duration_since(*first) >= limit.window) {
            latest.pop_front();
        }
        let is_allowed = latest.len() < limit.requests as usize;
        if is_allowed {
            latest.push_back(now);
        }
        let used = u32::try_from(latest.len()).unwrap_or(u32::MAX);
        let reset_after =
            latest.front().map_or(Duration::ZERO, |first| limit.window - now.duration_since(*first));
        Allowance { is_allowed, remaining: limit.requests.saturating_sub(used), reset_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_limit_says_when_to_come_again() {
        let limit = RateLimit { requests: 2, window: Duration::from_secs(3600) };
        let mut limiter = Limiter::default();
        assert_eq!(limiter.take("a", limit).remaining, 1);
        assert_eq!(limiter.take("a", limit).remaining, 0);
        let beyond = limiter.take("a", limit);
        assert!(!beyond.is_allowed && beyond.reset_after > Duration::from_secs(3000));
        assert!(limiter.take("b", limit).is_allowed);
    }
}
