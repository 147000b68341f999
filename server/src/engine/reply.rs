//! Where the answer to a command goes.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::command::EngineError;

/// Where the answer to a command goes, once it is committed. Its clones share the one answer, so that a command can be kept and carried out
/// again.
pub struct Reply<T>(Arc<Mutex<Option<Sender<T>>>>);

type Sender<T> = oneshot::Sender<Result<T, EngineError>>;

impl<T> Reply<T> {
    /// Answers, unless that has been done.
    pub(super) fn send(&self, answer: Result<T, EngineError>) {
        if let Some(sender) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Whoever asked may have gone.
            let _ = sender.send(answer);
        }
    }
}

impl<T> Clone for Reply<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<Sender<T>> for Reply<T> {
    fn from(sender: Sender<T>) -> Self {
        Self(Arc::new(Mutex::new(Some(sender))))
    }
}
