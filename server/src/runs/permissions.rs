//! The settings with which an agent asks for what it may not do by its own.

use std::{
    borrow::Cow,
    io,
    path::{Path, PathBuf},
};

use aiwg_agents::OwnSettings;
use aiwg_fs::{at, read_bounded};
use aiwg_protocol::config::AgentConfig;

use crate::{
    own_program,
    profiles::{asks_permissions, program},
};

/// Name of the command, where it is no file of this process.
const COMMAND: &str = "aiwg";

/// The longest file with settings of an agent's command that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// The settings; none for an agent that does not ask. One that `goes_on` with a call that a person has decided on asks in any case: without, the
/// call would be refused, whatever was decided. A file that its command names is looked for in the project's directory.
///
/// # Errors
/// The file cannot be read, or nothing can be added to what is in it.
pub(super) fn asking(agent: &AgentConfig, root: &Path, goes_on: bool) -> io::Result<Option<String>> {
    let program = program(agent);
    let can_ask = || program.capabilities(&agent.command).asks_permissions;
    if !(asks_permissions(agent) || goes_on && can_ask()) {
        return Ok(None);
    }
    let file;
    let own = match program.own_settings(&agent.command) {
        Some(text) if text.trim_start().starts_with('{') => Some(OwnSettings::Shown(text)),
        Some(path) => {
            file = read(&root.join(path))?;
            Some(OwnSettings::File(&file))
        }
        None => None,
    };
    program.asking(&hook(), own).map(Some).map_err(io::Error::other)
}

fn read(path: &Path) -> io::Result<String> {
    let text =
        |bytes| String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error));
    read_bounded(path, LONGEST).and_then(text).map_err(at(path))
}

/// The command of the hooks, for a shell: that of this process, or of the program that has replaced it.
fn hook() -> String {
    let own = own_program().ok().filter(|path| path.to_str().is_some());
    let is_command =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(COMMAND));
    let command =
        own.filter(is_command).map_or_else(|| COMMAND.to_owned(), |path| path.display().to_string());
    let quoted = shlex::try_quote(&command).map_or_else(|_| COMMAND.to_owned(), Cow::into_owned);
    format!("{quoted} hook permission")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_was_decided_on_goes_on_as_it_was_asked_for() {
        let root = Path::new("/");
        let asks = |ask_permissions, goes_on| {
            let agent = AgentConfig { ask_permissions, ..AgentConfig::default() };
            asking(&agent, root, goes_on).unwrap().is_some()
        };
        assert_eq!([asks(true, false), asks(true, true), asks(false, true)], [true; 3]);
        assert!(!asks(false, false));
        let plain = AgentConfig { command: vec!["./agent".to_owned()], ..AgentConfig::default() };
        assert_eq!(asking(&plain, root, true).unwrap(), None);
    }
}
