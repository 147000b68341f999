//! Ctrl-C.

use std::io;

use futures::FutureExt;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Mutex,
};

/// Each Ctrl-C from here on: none ends the process any more.
pub(super) struct Interrupts(Mutex<Signal>);

impl Interrupts {
    /// Takes a runtime around it.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(Mutex::new(signal(SignalKind::interrupt())?)))
    }

    /// Result of something that may take long; none if Ctrl-C is pressed first, or was pressed since the last `forget`.
    pub(super) async fn unless_pressed<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut presses = self.0.lock().await;
        tokio::select! {
            // A Ctrl-C of the same moment counts.
            biased;
            _ = presses.recv() => None,
            done = work => Some(done),
        }
    }

    /// Forgets what was pressed until now: it came too late to be about anything.
    pub(super) async fn forget(&self) {
        while self.0.lock().await.recv().now_or_never().is_some() {}
    }
}
