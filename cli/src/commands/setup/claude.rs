//! The rule with which `claude` keeps agents from the daemon's own files.

use std::path::{Path, PathBuf};

use crate::{claude_settings::ClaudeSettings, error::CliError};

/// Path at which `claude` looks for a project's settings.
const SETTINGS: &str = ".claude/settings.json";

/// Permission that agents are denied: whoever edits these files decides what runs.
pub(super) const DENIED: &str = "Edit(/.aiwg/**)";

/// Adds the rule to the project's settings, and leaves all else in them as it is.
///
/// # Errors
/// They cannot be read or written, or are not as `claude` has them.
pub(super) fn deny(project: &Path) -> Result<PathBuf, CliError> {
    let mut settings = ClaudeSettings::read(project.join(SETTINGS))?;
    settings.add("deny", DENIED)?;
    settings.write()
}
