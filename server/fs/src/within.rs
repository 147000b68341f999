//! Work on file systems that may never answer: those that are served by a program, or by another machine.

use std::{io, sync::mpsc::channel, time::Duration};

/// Does work beside the calling thread, and returns its result. If it does not end in time it goes on, with its
/// thread, until it does.
///
/// # Errors
/// It has not ended in time ([`io::ErrorKind::TimedOut`]), or has panicked, or there is no thread for it.
pub fn within<T: Send + 'static>(time: Duration, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (sender, receiver) = channel();
    std::thread::Builder::new().spawn(move || sender.send(work()))?;
    receiver.recv_timeout(time).map_err(|error| io::Error::new(io::ErrorKind::TimedOut, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_not_waited_for() {
        assert_eq!(within(Duration::MAX, || 1).unwrap(), 1);
        let (_open, never) = channel::<()>();
        let waited = within(Duration::from_millis(1), move || never.recv());
        assert_eq!(waited.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
