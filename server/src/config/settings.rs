//! The configuration that is in force.

use std::sync::Arc;

use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::{Checks, ConfigError, Loaded, file_look::Seen, load_for};
use crate::project::Project;

/// The configuration that is in force, which a reload replaces as a whole. Cheap to clone.
///
/// Take it once for each piece of work, so that the piece sees one configuration and not parts of two.
#[derive(Clone)]
pub struct Settings {
    in_force: Arc<watch::Sender<Arc<Loaded>>>,
    named: Option<Arc<Path>>,
    checks: Checks,
    pub(super) seen: Arc<Seen>,
}

impl Settings {
    /// The settings at the start; `named` is the file that was named at the start in place of the usual one.
    pub(crate) fn new(loaded: Loaded, named: Option<PathBuf>, checks: Checks) -> Self {
        Self {
            in_force: Arc::new(watch::Sender::new(Arc::new(loaded))),
            named: named.map(Into::into),
            checks,
            seen: Arc::default(),
        }
    }

    /// The file that was named at the start in place of the usual one.
    pub(crate) fn named(&self) -> Option<PathBuf> {
        self.named.as_deref().map(Path::to_owned)
    }

    /// The configuration file.
    pub(super) fn file(&self, project: &Project) -> PathBuf {
        self.named().unwrap_or_else(|| project.config())
    }

    /// The configuration as it stands in the file, if it is good.
    ///
    /// # Errors
    /// It cannot be read, or is wrong; or there is no file any more.
    pub(crate) fn read_again(&self, project: &Project) -> Result<Loaded, ConfigError> {
        let loaded = load_for(project, self.named.as_deref(), self.checks)?;
        match &self.get().path {
            Some(gone) if loaded.path.is_none() => Err(ConfigError::gone(gone)),
            _ => Ok(loaded),
        }
    }

    /// The checks of the parts of the daemon.
    pub(crate) fn checks(&self) -> Checks {
        self.checks
    }

    /// The configuration in force.
    pub fn get(&self) -> Arc<Loaded> {
        Arc::clone(&self.in_force.borrow())
    }

    /// Puts others in their place.
    pub(crate) fn replace(&self, loaded: Loaded) {
        self.in_force.send_replace(Arc::new(loaded));
    }

    /// Reports every replacement.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Loaded>> {
        self.in_force.subscribe()
    }
}
