//! Ctrl-C.

use std::io;

/// What comes of something that may take long; none if Ctrl-C is pressed first.
pub(super) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> io::Result<Option<T>> {
    tokio::select! {
        // A Ctrl-C of the same moment counts.
        biased;
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| None),
        done = work => Ok(Some(done)),
    }
}
