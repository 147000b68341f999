//! What sets a project or a machine up. None of it takes a daemon.

mod claude;
mod init;
mod man;
mod service;

use std::{io, process::ExitCode};

use clap::CommandFactory;
pub(crate) use init::init;
pub(crate) use man::man;
pub(crate) use service::service;

use crate::{
    args::{Args, SchemaKind},
    error::CliError,
    output::verbatim,
};

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
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<ExitCode, CliError> {
    // By way of a buffer: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "aiwg", &mut script);
    verbatim(&script)?;
    Ok(ExitCode::SUCCESS)
}
