use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use aiwg_client::ClientError;
use aiwg_fs::{read_bounded, write_atomic};
use aiwg_protocol::{CONFIG_PATH, trust};
use aiwg_server::project::FILES_IGNORED;
use serde::Serialize;

use super::claude;
use crate::{error::CliError, output::Output, project::working_directory};

/// The configuration to begin with: every section, explained, and nothing on that costs money by itself.
const STARTING: &str = include_str!("starting.jsonc");

/// Beside the configuration, for editors to complete and check it.
const SCHEMA_FILE: &str = "daemon.schema.json";

#[derive(Serialize)]
struct Written {
    config: PathBuf,
    schema: PathBuf,
    /// The settings of `claude` in which agents are denied to edit these files.
    #[serde(skip_serializing_if = "Option::is_none")]
    claude_settings: Option<PathBuf>,
}

/// Writes a configuration to begin with, unless there is one.
pub(crate) fn init(
    project: Option<&Path>,
    claude_settings: bool,
    output: &Output,
) -> Result<ExitCode, CliError> {
    // Here, and not in a directory above that is a project already: whoever wants that is there.
    let project = project.map_or_else(working_directory, |dir| Ok(dir.to_owned()))?;
    let claude_settings = claude_settings.then(|| claude::deny(&project)).transpose()?;
    let config = project.join(CONFIG_PATH);
    let dir = config.parent().unwrap_or(&project);
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(CliError::at(dir)(error)),
        // Somebody else's, or a link of theirs, could lead anywhere.
        Err(_) => trust::check(dir).map_err(ClientError::NotTrusted)?,
        Ok(()) => {}
    }
    let file = File::options().write(true).create_new(true).open(&config);
    match file {
        Ok(mut file) => file.write_all(STARTING.as_bytes()).map_err(CliError::at(&config))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && claude_settings.is_some() => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let message = format!("{} exists already; `aiwg config check` checks it", config.display());
            return Err(CliError::Failed(message));
        }
        Err(error) => return Err(CliError::at(&config)(error)),
    }
    keep_from_git(dir)?;
    let schema = dir.join(SCHEMA_FILE);
    let document = serde_json::to_vec_pretty(&aiwg_protocol::schema::config_schema());
    // In the place of whatever is there, be it a link that a cloned repository has brought.
    write_atomic(&schema, &document.map_err(io::Error::from)?).map_err(CliError::at(&schema))?;
    output.result(&Written { config, schema, claude_settings }, |out, written| {
        writeln!(out, "{} explains each setting.", written.config.display())?;
        match &written.claude_settings {
            Some(settings) => writeln!(out, "{} denies agents to edit .aiwg.", settings.display())?,
            None => writeln!(
                out,
                "Agents that may edit files could edit .aiwg as well: `aiwg init --claude-settings` denies it, with\n\
                 {{\"permissions\": {{\"deny\": [{:?}]}}}} in .claude/settings.json.",
                claude::DENIED
            )?,
        }
        writeln!(out, "Next: edit it, aiwg config check, aiwg daemon start")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Keeps from the project's history what a running daemon leaves beside the configuration. What stands there already stays.
fn keep_from_git(dir: &Path) -> Result<(), CliError> {
    let path = dir.join(".gitignore");
    // One that a daemon has made keeps itself out as well; this one is the project's.
    let longest = FILES_IGNORED.len() as u64;
    if read_bounded(&path, longest).is_ok_and(|found| found == FILES_IGNORED.as_bytes()) {
        fs::remove_file(&path).map_err(CliError::at(&path))?;
    }
    match File::options().write(true).create_new(true).open(&path) {
        Ok(mut file) => file.write_all(b"/daemon/\n/daemon.pid\n").map_err(CliError::at(&path)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(CliError::at(&path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignore_file_that_a_daemon_has_made_is_replaced_and_anything_else_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".gitignore");
        fs::write(&path, FILES_IGNORED).unwrap();
        keep_from_git(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "/daemon/\n/daemon.pid\n");
        fs::write(&path, "own").unwrap();
        keep_from_git(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "own");
        // A pipe is not waited for.
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        keep_from_git(dir.path()).unwrap();
        assert!(!path.symlink_metadata().unwrap().is_file());
    }
}
