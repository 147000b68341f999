//! The check that the configured agent programs can be started.

use std::path::{Path, PathBuf};

use aiwg_agents::find_program;
use aiwg_protocol::config::Config;

use crate::{
    health::{Health, IssueKind},
    profiles::{Profile, used},
};

/// An agent program does not exist, or cannot be executed.
const AGENT_ISSUE: IssueKind = IssueKind::named("agent");

/// Finds the program of the profile's command, for agents of the project in `root`.
///
/// # Errors
/// As [`find_program`].
fn find(profile: &Profile, root: &Path) -> Result<PathBuf, String> {
    let program = profile.agent.command.first().map_or("", String::as_str);
    find_program(program, root, profile.configured())
}

/// Finds the programs of all profiles that the configuration uses. Each once, in the order in which they are used.
///
/// # Errors
/// The reasons for which some of them cannot be started, with the names of their profiles.
pub(crate) fn find_all(config: &Config, root: &Path) -> Result<Vec<PathBuf>, String> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for profile in used(config) {
        match (find(&profile, root), profile.name) {
            (Ok(path), _) if found.contains(&path) => {}
            (Ok(path), _) => found.push(path),
            (Err(why), None) => wrong.push(why),
            (Err(why), Some(name)) => wrong.push(format!("of the profile {name:?}: {why}")),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong.join("; ")) }
}

/// Reports missing agent programs in the health before a task fails for them.
pub(crate) fn check(config: &Config, root: &Path, health: &Health) {
    match find_all(config, root) {
        Ok(_) => health.clear(AGENT_ISSUE),
        Err(wrong) => health.report(AGENT_ISSUE, wrong),
    }
}
