//! Work that may block: if a file system does not answer, only the call that needs it waits.

use tokio::task::{JoinHandle, spawn_blocking};

/// Runs work beside the connections, and returns its result.
pub(crate) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    done(spawn_blocking(work)).await
}

/// Returns the result of work that has been begun beside the connections.
pub(crate) async fn done<T>(work: JoinHandle<T>) -> T {
    match work.await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime ends, and the caller with it.
        Err(_) => std::future::pending().await,
    }
}
