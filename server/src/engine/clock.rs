//! The clock of the store: that of all who share it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use aiwg_protocol::types::Timestamp;

/// Difference to the machine's clock, in milliseconds, up to which there is none: so long may a question take.
const NONE: i64 = 50;

/// The store's clock, for those who have it not open: whatever is compared with a stored time is taken from it. It is the machine's where the store is on it.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    /// By how much it is ahead of the machine's, in milliseconds.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        let here = Timestamp::now().as_millis();
        Timestamp::from_millis(here.saturating_add(self.ahead.load(Ordering::Relaxed)))
    }

    /// Notes what the store has said just now.
    pub(super) fn note(&self, now: Timestamp) {
        self.set(now, Timestamp::now());
    }

    fn set(&self, now: Timestamp, here: Timestamp) {
        let ahead = now.as_millis().saturating_sub(here.as_millis());
        let ahead = if ahead.abs() <= NONE { 0 } else { ahead };
        self.ahead.store(ahead, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_by_the_stores_and_not_by_the_machines() {
        const HOUR: i64 = 3_600_000;
        let clock = Clock::default();
        let ahead = |clock: &Clock| clock.now().as_millis() - Timestamp::now().as_millis();
        assert!(ahead(&clock).abs() < 1000);
        let now = Timestamp::now().as_millis();
        for by in [HOUR, -HOUR, 0] {
            clock.note(Timestamp::from_millis(now + by));
            assert!((ahead(&clock) - by).abs() < 60_000, "{by}: {}", ahead(&clock));
        }
        clock.set(Timestamp::from_millis(now - NONE), Timestamp::from_millis(now));
        assert_eq!(clock.ahead.load(Ordering::Relaxed), 0, "a question takes its time");
    }
}
