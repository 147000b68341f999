//! The status of the watching, as its thread publishes it.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::Status;

type Listener = Box<dyn Fn() + Send>;

/// The latest status, and who is called when it changes whether changes gather.
pub(crate) struct Published {
    status: Mutex<Status>,
    listener: Mutex<Option<Listener>>,
}

impl Published {
    pub(crate) fn of(status: Status) -> Self {
        Self { status: Mutex::new(status), listener: Mutex::new(None) }
    }

    /// The status as it was last said.
    pub(crate) fn latest(&self) -> Status {
        lock(&self.status).clone()
    }

    /// Changes the status, and calls the listener where it is one of what it listens to.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Status) -> T) -> T {
        let (done, is_news) = {
            let mut status = lock(&self.status);
            let before = (status.gathering, status.held_back.is_some());
            let done = change(&mut status);
            (done, before != (status.gathering, status.held_back.is_some()))
        };
        if is_news {
            self.call();
        }
        done
    }

    /// Calls this listener from here on, and once now.
    pub(crate) fn on_gathering(&self, listener: Listener) {
        *lock(&self.listener) = Some(listener);
        self.call();
    }

    fn call(&self) {
        if let Some(listener) = &*lock(&self.listener) {
            listener();
        }
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published").field("status", &self.status).finish_non_exhaustive()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_listener_is_called_when_it_gathers_or_no_longer_and_not_otherwise() {
        let published = Published::of(Status::default());
        let (called, calls) = channel();
        published.on_gathering(Box::new(move || called.send(()).unwrap()));
        published.change(|status| status.files = 3);
        published.change(|status| status.gathering = true);
        published.change(|status| status.gathering = true);
        published.change(|status| status.gathering = false);
        assert_eq!((calls.try_iter().count(), published.latest().files), (3, 3));
    }
}
