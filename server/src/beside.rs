//! Work that may block: a file system may not answer, and then nobody else is to wait.

/// Runs it beside the connections, and gives what comes of it.
pub(crate) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime ends, and whoever waits here with it.
        Err(_) => std::future::pending().await,
    }
}
