//! The configuration that a daemon goes by.

use std::path::PathBuf;

/// The configuration that is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InForce {
    /// The file that was named in place of the usual one.
    pub named: Option<PathBuf>,
    /// Its text; none if there was no file, so that the defaults held.
    pub text: Option<String>,
}
