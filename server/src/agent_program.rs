//! The check that the configured agent program can be started.

use std::path::{Path, PathBuf};

use aiwg_agents::find_program;
use aiwg_protocol::config::AgentConfig;

use crate::health::{Health, IssueKind};

/// The agent program does not exist, or cannot be executed.
const AGENT_ISSUE: IssueKind = IssueKind::named("agent");

/// Finds the program of the configured command, for agents of the project in `root`.
///
/// # Errors
/// As [`find_program`].
pub(crate) fn find(agent: &AgentConfig, root: &Path) -> Result<PathBuf, String> {
    find_program(agent.command.first().map_or("", String::as_str), root)
}

/// Reports a missing agent program in the health before a task fails for it.
pub(crate) fn check(agent: &AgentConfig, root: &Path, health: &Health) {
    match find(agent, root) {
        Ok(_) => health.clear(AGENT_ISSUE),
        Err(wrong) => health.report(AGENT_ISSUE, wrong),
    }
}
