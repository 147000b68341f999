//! The configuration's check.

mod args;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use aiwg_client::types::ConfigProblem;
use aiwg_protocol::CONFIG_PATH;
use aiwg_server::{
    boot::{load_config, parse_config},
    config::Loaded,
};
use serde::Serialize;

pub(crate) use self::args::ConfigCommand;
use crate::{
    error::CliError,
    output::{Output, Page},
    project::to_start,
};

/// The argument that stands for standard input.
const STDIN: &str = "-";

/// Output of `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    /// None where there is none and the defaults hold.
    file: Option<PathBuf>,
    ok: bool,
    /// The errors, as `daemon.reload` has them.
    errors: Vec<ConfigProblem>,
    /// Settings that have no effect.
    notices: Vec<String>,
}

/// Works without a daemon.
pub(crate) fn run(
    project: Option<&Path>,
    command: ConfigCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let ConfigCommand::Check { file } = command;
    let checked = check(&to_start(project)?, file)?;
    output.result(&checked, show)?;
    Ok(if checked.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(project: &Path, named: Option<PathBuf>) -> Result<Checked, CliError> {
    let (file, read) = match named {
        Some(file) if file.as_os_str() == STDIN => {
            let text = io::read_to_string(io::stdin())?;
            (Some(file), parse_config(project, STDIN, &text).map(|(_, notices)| notices))
        }
        Some(file) => {
            let read = load_config(project, &file, true).map(|loaded| loaded.notices);
            (Some(file), read)
        }
        None => {
            let file = project.join(CONFIG_PATH);
            match load_config(project, &file, false) {
                Ok(Loaded { path, notices, .. }) => (path, Ok(notices)),
                Err(error) => (Some(file), Err(error)),
            }
        }
    };
    let (errors, notices) = match read {
        Ok(notices) => (Vec::new(), notices),
        Err(error) => (error.problems(), Vec::new()),
    };
    Ok(Checked { file, ok: errors.is_empty(), errors, notices })
}

fn show(out: &mut Page, checked: &Checked) -> io::Result<()> {
    checked.errors.iter().try_for_each(|error| writeln!(out, "{error}"))?;
    checked.notices.iter().try_for_each(|notice| writeln!(out, "! {notice}"))?;
    match &checked.file {
        None => writeln!(out, "There is no {CONFIG_PATH}: the defaults hold; `aiwg init` writes one."),
        Some(file) if checked.ok && file.as_os_str() == STDIN => writeln!(out, "It is fine."),
        Some(file) if checked.ok => writeln!(out, "{} is fine.", file.display()),
        Some(_) => Ok(()),
    }
}
