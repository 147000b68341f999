//! Work that may block: a file system may not answer, and then nobody else is to wait.

use tokio::task::{JoinHandle, spawn_blocking};

/// Runs it beside the connections, and gives what comes of it.
pub(crate) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    done(spawn_blocking(work)).await
}

/// Gives what comes of work that has been begun beside the connections.
pub(crate) async fn done<T>(work: JoinHandle<T>) -> T {
    match work.await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime ends, and whoever waits here with it.
        Err(_) => std::future::pending().await,
    }
}
