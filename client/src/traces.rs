//! What the crate `tracing` hears of calls.

use std::time::Instant;

use tracing::debug;

use crate::error::ClientError;

/// A call that goes on.
pub(crate) struct Traced {
    method: &'static str,
    began: Instant,
}

impl Traced {
    pub(crate) fn begin(method: &'static str) -> Self {
        debug!(method, "called");
        Self { method, began: Instant::now() }
    }

    /// Tells how it has ended.
    pub(crate) fn end<T>(self, outcome: Result<T, ClientError>) -> Result<T, ClientError> {
        let Self { method, began } = self;
        let duration_ms = began.elapsed().as_secs_f64() * 1000.0;
        match &outcome {
            Ok(_) => debug!(method, duration_ms, "answered"),
            Err(error) => debug!(method, duration_ms, %error, "failed"),
        }
        outcome
    }
}
