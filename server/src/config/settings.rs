//! The configuration that is in force.

use std::sync::Arc;

use tokio::sync::watch;

use super::Loaded;

/// The configuration that is in force, which a reload replaces as a whole. Cheap to clone.
///
/// Take it once for each piece of work, so that the piece sees one configuration and not parts of two.
#[derive(Debug, Clone)]
pub struct Settings(Arc<watch::Sender<Arc<Loaded>>>);

impl Settings {
    /// Those to begin with.
    pub fn new(loaded: Loaded) -> Self {
        Self(Arc::new(watch::Sender::new(Arc::new(loaded))))
    }

    /// What holds now.
    pub fn get(&self) -> Arc<Loaded> {
        Arc::clone(&self.0.borrow())
    }

    /// Puts others in their place.
    pub(crate) fn replace(&self, loaded: Loaded) {
        self.0.send_replace(Arc::new(loaded));
    }

    /// Tells of every replacement.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Loaded>> {
        self.0.subscribe()
    }
}
