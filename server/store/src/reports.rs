//! Reports of a backend about stored rows that are wrong, while it goes on.

use std::{fmt, sync::Arc};

/// Receives messages about rows that cannot be read and are passed over: for people, with the remedy. By default nobody
/// receives them.
#[derive(Clone, Default)]
pub struct Reports(Option<Arc<dyn Fn(String) + Send + Sync>>);

impl Reports {
    /// Messages go there, from any thread.
    pub fn to(take: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(take)))
    }

    /// Reports a row that cannot be read.
    pub fn report(&self, message: String) {
        if let Some(take) = &self.0 {
            take(message);
        }
    }
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reports").finish_non_exhaustive()
    }
}
