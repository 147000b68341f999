//! State behind one lock, for whose changes threads and tasks can wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// No condition takes this long unless it never comes; a test is not to be about time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A value behind a lock. Each change wakes all who wait.
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    threads: Condvar,
    tasks: Notify,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), threads: Condvar::new(), tasks: Notify::new() }
    }

    // A test that panicked under the lock has failed already; the others should see the true reason.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read<R>(&self, get: impl FnOnce(&T) -> R) -> R {
        get(&self.lock())
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.lock());
        self.wake();
        result
    }

    fn wake(&self) {
        self.threads.notify_all();
        self.tasks.notify_waiters();
    }

    /// Blocks the thread until there is a value.
    ///
    /// # Panics
    ///
    /// After a minute, with what was waited for.
    pub(crate) fn wait<R>(&self, what: &str, mut get: impl FnMut(&T) -> Option<R>) -> R {
        let began = Instant::now();
        let mut value = self.lock();
        loop {
            if let Some(result) = get(&value) {
                return result;
            }
            let left = PATIENCE.saturating_sub(began.elapsed());
            assert!(!left.is_zero(), "waited in vain for {what}");
            value = self.threads.wait_timeout(value, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Suspends the task until there is a value; the function may take it out of the state.
    pub(crate) async fn until<R>(&self, mut take: impl FnMut(&mut T) -> Option<R>) -> R {
        loop {
            let woken = self.tasks.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            if let Some(result) = take(&mut self.lock()) {
                self.wake();
                return result;
            }
            woken.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_change_wakes_a_thread_and_a_task() {
        let watched = Arc::new(Watched::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let other = Arc::clone(&watched);
        let thread = std::thread::spawn(move || other.wait("two", |value| (*value == 2).then_some(())));
        runtime.block_on(async {
            let one = watched.until(|value| (*value == 1).then(|| *value = 2));
            let setting = async { watched.change(|value| *value = 1) };
            futures::join!(one, setting);
        });
        thread.join().unwrap();
    }
}
