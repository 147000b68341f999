//! The settings with which an agent asks for what it may not do by its own.

use std::{
    borrow::Cow,
    io,
    path::{Path, PathBuf},
};

use aiwg_agents::OwnSettings;
use aiwg_fs::{at, read_bounded};
use aiwg_protocol::config::AgentConfig;

use crate::profiles::{asks_permissions, program};

/// Name of the command, where it is no file of this process.
const COMMAND: &str = "aiwg";

/// The longest file with settings of an agent's command that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// The settings; none for an agent that does not ask. A file that its command names is looked for in the project's directory.
///
/// # Errors
/// The file cannot be read, or nothing can be added to what is in it.
pub(super) fn asking(agent: &AgentConfig, root: &Path) -> io::Result<Option<String>> {
    if !asks_permissions(agent) {
        return Ok(None);
    }
    let program = program(agent);
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
    let own = std::env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok());
    let own = own.map(|path| PathBuf::from(path.strip_suffix(" (deleted)").unwrap_or(&path)));
    let is_command =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(COMMAND));
    let command =
        own.filter(is_command).map_or_else(|| COMMAND.to_owned(), |path| path.display().to_string());
    let quoted = shlex::try_quote(&command).map_or_else(|_| COMMAND.to_owned(), Cow::into_owned);
    format!("{quoted} hook permission")
}
