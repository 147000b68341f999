//! What an agent finds in its environment, and its command line.

use std::{collections::BTreeMap, path::Path};

use aiwg_protocol::{
    SOCKET_ENV,
    config::{AgentConfig, PromptBy},
};

use crate::engine::StartOrder;

/// The task whose agent a process belongs to.
pub const TASK_ENV: &str = "AIWG_TASK_ID";

/// The event that led to the task, as JSON; not set where there was none, or where it is too large for a variable.
const EVENT_ENV: &str = "AIWG_EVENT";

/// A file with the event that led to the task, as JSON.
const EVENT_FILE_ENV: &str = "AIWG_EVENT_FILE";

/// What is in the environment of agents, and of nothing else: a daemon that has it was started by an agent.
pub const AGENT_ENV: [&str; 4] = [SOCKET_ENV, TASK_ENV, EVENT_ENV, EVENT_FILE_ENV];

/// A single variable may have 128 KiB on Linux, its name included.
const LONGEST_EVENT: usize = 120 * 1024;

/// What an agent must not take over from the daemon: it would believe to run within another session of `claude`, or that the event of another
/// project's task led to its own.
pub(super) const REMOVED: [&str; 4] = ["CLAUDECODE", "CLAUDE_CODE_*", EVENT_ENV, EVENT_FILE_ENV];

/// A variable that a task's environment refers to is not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "its environment sets {name} from ${{{missing}}}, which is not in the daemon's environment: start the daemon with it set"
)]
pub(super) struct Missing {
    name: String,
    missing: String,
}

/// What is added to the daemon's own environment.
pub(super) fn environment(
    order: &StartOrder,
    project: &Path,
    socket: &str,
    event_file: Option<&Path>,
    event: Option<&str>,
) -> Result<BTreeMap<String, String>, Missing> {
    let mut all = BTreeMap::new();
    // Where it runs, and not where the daemon was started.
    all.insert("PWD".to_owned(), project.display().to_string());
    for (name, value) in &order.env {
        let value = resolve(value, |missing| std::env::var(missing).ok())
            .map_err(|missing| Missing { name: name.clone(), missing })?;
        all.insert(name.clone(), value);
    }
    all.insert(SOCKET_ENV.to_owned(), socket.to_owned());
    all.insert(TASK_ENV.to_owned(), order.no.to_string());
    if let Some(file) = event_file {
        all.insert(EVENT_FILE_ENV.to_owned(), file.display().to_string());
    }
    if let Some(event) = event.filter(|event| event.len() <= LONGEST_EVENT) {
        all.insert(EVENT_ENV.to_owned(), event.to_owned());
    }
    Ok(all)
}

/// `value` with each `${NAME}` replaced; the name of the first that is not there, otherwise.
fn resolve(value: &str, get: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut resolved = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        resolved.push_str(before);
        resolved.push_str(&get(name).ok_or_else(|| name.to_owned())?);
        rest = after;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// Whether each `${` in a value has its `}`.
pub(crate) fn is_closed(value: &str) -> bool {
    value.rsplit_once("${").is_none_or(|(_, rest)| rest.contains('}'))
}

/// The agent's program and arguments.
pub(super) fn command(config: &AgentConfig, order: &StartOrder) -> Vec<String> {
    let mut command = config.command.clone();
    if let Some(agent) = &order.agent {
        command.extend(["--agent".to_owned(), agent.clone()]);
    }
    if config.prompt == PromptBy::Argument {
        command.push(order.prompt.clone());
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_resolved_wherever_they_stand() {
        let get = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(resolve("x${A}y${A}", get), Ok("x1y1".to_owned()));
        assert_eq!(resolve("$A ${A", get), Ok("$A ${A".to_owned()));
        assert_eq!(resolve("${B}", get), Err("B".to_owned()));
        assert!(is_closed("x${A}y$") && !is_closed("${A}${B"));
    }
}
