use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use aiwg_protocol::CONFIG_PATH;
use aiwg_server::config::{ConfigError, load};
use serde::Serialize;

use crate::{args::ConfigCommand, error::CliError, output::Output, project::to_start};

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    file: PathBuf,
    ok: bool,
    /// What is wrong: file, line, column and message.
    errors: Vec<String>,
    /// What is asked for in vain.
    notices: Vec<String>,
}

/// Works without a daemon.
pub(crate) fn run(
    project: Option<&Path>,
    command: ConfigCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let ConfigCommand::Check { file } = command;
    let file = match file {
        Some(file) => file,
        None => to_start(project)?.join(CONFIG_PATH),
    };
    let (errors, notices) = match load(&file, true) {
        Ok(loaded) => (Vec::new(), loaded.notices),
        Err(ConfigError::Wrong { problems }) => {
            (problems.iter().map(ToString::to_string).collect(), Vec::new())
        }
        Err(error) => (vec![error.to_string()], Vec::new()),
    };
    let checked = Checked { file, ok: errors.is_empty(), errors, notices };
    output.result(&checked, |out, checked| {
        checked.errors.iter().try_for_each(|error| writeln!(out, "{error}"))?;
        checked.notices.iter().try_for_each(|notice| writeln!(out, "! {notice}"))?;
        if checked.ok { writeln!(out, "{} is fine.", checked.file.display()) } else { Ok(()) }
    })?;
    Ok(if checked.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
