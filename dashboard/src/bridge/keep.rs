//! The look whether a page is still there: a laptop that sleeps or a tunnel that hangs says nothing of it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// Interval at which a page is asked for a sign; it has as long to give one.
const EVERY: Duration = Duration::from_secs(30);

/// The time at which a page was last heard.
pub(super) struct Heard(Mutex<Instant>);

impl Heard {
    /// Now.
    pub(super) fn now() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// Notes that it was heard.
    pub(super) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn is_since(&self, then: Instant) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) >= then
    }
}

/// The rhythm of the questions.
pub(super) struct Keep {
    ticks: Interval,
    asked: Option<Instant>,
}

impl Keep {
    pub(super) fn new() -> Self {
        let mut ticks = interval_at(Instant::now() + EVERY, EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, asked: None }
    }

    /// Waits until the page is to be asked. False if nothing was heard since it was asked before.
    pub(super) async fn next(&mut self, heard: &Heard) -> bool {
        let now = self.ticks.tick().await;
        self.asked.replace(now).is_none_or(|asked| heard.is_since(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_for_a_whole_interval_is_gone() {
        let heard = Heard::now();
        let mut keep = Keep::new();
        assert!(keep.next(&heard).await);
        tokio::time::advance(Duration::from_millis(5)).await;
        heard.note();
        assert!(keep.next(&heard).await && !keep.next(&heard).await);
    }
}
