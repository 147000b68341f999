use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// A look at the files of a project, with all questions to git that belong to it: it takes no longer than its time, and anyone can end it before.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Look {
    until: Instant,
    is_ended: Arc<AtomicBool>,
}

impl Look {
    /// A look that begins now and takes no longer than this.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self { until: Instant::now() + time, is_ended: Arc::default() }
    }

    /// A part of it, which takes no longer than this: the one ends with the other.
    #[must_use]
    pub fn part(&self, time: Duration) -> Self {
        Self { until: self.until.min(Instant::now() + time), is_ended: Arc::clone(&self.is_ended) }
    }

    /// Ends it, for all who take part in it.
    pub fn end(&self) {
        self.is_ended.store(true, Ordering::Relaxed);
    }

    /// True once its time is over, or someone has ended it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_ended.load(Ordering::Relaxed) || Instant::now() >= self.until
    }
}
