//! The rate of requests.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Lets through so many requests in a second, on average, and as many at once.
pub(super) struct Rate(Mutex<(f64, Instant)>);

impl Rate {
    pub(super) fn new() -> Self {
        Self(Mutex::new((f64::INFINITY, Instant::now())))
    }

    /// True if one more may pass now, where `most` may in a second.
    pub(super) fn lets_through(&self, most: u32, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, at) = *state;
        let most = f64::from(most);
        let left = (left + now.saturating_duration_since(at).as_secs_f64() * most).min(most);
        let passes = left >= 1.0;
        *state = (if passes { left - 1.0 } else { left }, now.max(at));
        passes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn as_many_pass_as_are_due() {
        let (rate, start) = (Rate::new(), Instant::now());
        let passed = |after: u64| {
            let now = start + Duration::from_millis(after);
            (0..50).filter(|_| rate.lets_through(10, now)).count()
        };
        assert_eq!([passed(0), passed(0), passed(100), passed(1100), passed(60_000)], [10, 0, 1, 10, 10]);
    }
}
