//! The commands that set a project or a machine up. None of them needs a daemon.

mod claude;
mod init;
mod man;
mod service;

use std::{io, process::ExitCode};

pub(crate) use init::init;
pub(crate) use man::man;
pub(crate) use service::service;

use crate::{error::CliError, output::verbatim, values::SchemaKind};

/// Prints one of the two documents.
pub(crate) fn schema(kind: SchemaKind) -> Result<ExitCode, CliError> {
    let document = match kind {
        SchemaKind::Config => aiwg_protocol::schema::config_schema(),
        SchemaKind::Openrpc => aiwg_protocol::schema::openrpc(),
    };
    let text = serde_json::to_string_pretty(&document).map_err(io::Error::from)?;
    verbatim(format!("{text}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what makes a shell complete the command.
pub(crate) fn completions(
    shell: clap_complete::Shell,
    mut command: clap::Command,
) -> Result<ExitCode, CliError> {
    // By way of a buffer: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "aiwg", &mut script);
    verbatim(&script)?;
    Ok(ExitCode::SUCCESS)
}
