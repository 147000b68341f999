//! The program that runs agents: where it is, and what to say where it is missing.

use std::{
    ffi::OsStr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use aiwg_protocol::config::AgentConfig;

use crate::health::{Health, IssueKind};

/// Where the system would find it when an agent starts in the project directory `root`.
///
/// # Errors
/// It is not there: what to do about it.
pub(crate) fn find(agent: &AgentConfig, root: &Path) -> Result<PathBuf, String> {
    let program = agent.command.first().map_or("", String::as_str);
    search(program, root).ok_or_else(|| not_found(program))
}

/// Notes in the health whether it is there: whoever asks how the daemon is learns so before a task fails for it.
pub(crate) fn note(agent: &AgentConfig, root: &Path, health: &Health) {
    match find(agent, root) {
        Ok(_) => health.clear(IssueKind::Agent),
        Err(missing) => health.report(IssueKind::Agent, missing),
    }
}

fn search(program: &str, root: &Path) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return Some(root.join(program)).filter(is_program);
    }
    let path = std::env::var_os("PATH");
    let path = path.as_deref().unwrap_or(OsStr::new("/usr/bin:/bin"));
    std::env::split_paths(path).map(|dir| dir.join(program)).find(is_program)
}

/// What to do where the program is missing.
pub(crate) fn not_found(program: &str) -> String {
    format!(
        "the agent command {program:?} was not found: install it (npm install -g @anthropic-ai/claude-code), or name another in \
         .aiwg/daemon.json as \"agent\": {{\"command\": [...]}}"
    )
}
