//! The list of the daemon's parts.

use std::path::Path;

use aiwg_protocol::config::Config;

use crate::{
    components::{scheduler::ScheduleCheck, watcher::WatchCheck},
    config::{self, Checks, ConfigError, Loaded},
    rules::RulesCheck,
};

/// What each part knows about the configuration beyond its schema.
pub(super) const CHECKS: Checks = Checks(&[&WatchCheck, &ScheduleCheck, &RulesCheck]);

/// Reads a project's configuration from this file. Where `required` is false and there is none, the defaults hold.
///
/// # Errors
/// It cannot be read, or is wrong.
pub fn load_config(project: &Path, path: &Path, required: bool) -> Result<Loaded, ConfigError> {
    config::load(project, path, required, CHECKS)
}

/// Reads the text of a project's configuration: JSON, with comments and trailing commas allowed. Gives the configuration, and what it
/// asks for that is not acted upon.
///
/// # Errors
/// It is wrong: all that is.
pub fn parse_config(project: &Path, file: &str, text: &str) -> Result<(Config, Vec<String>), ConfigError> {
    config::parse(project, file, text, CHECKS)
}
