//! The configuration that a daemon goes by.

use std::path::PathBuf;

/// The configuration that is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InForce {
    /// The file that was named in place of the usual one.
    pub named: Option<PathBuf>,
    /// What it said; none where there was no file, and the defaults held.
    pub text: Option<String>,
}
