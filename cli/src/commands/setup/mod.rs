//! What sets a project or a machine up. None of it takes a daemon.

mod init;
mod service;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use clap::CommandFactory;
pub(crate) use init::init;
pub(crate) use service::service;

use crate::{
    args::{Args, SchemaKind},
    error::CliError,
};

/// Prints one of the two documents.
pub(crate) fn schema(kind: SchemaKind) -> Result<ExitCode, CliError> {
    let document = match kind {
        SchemaKind::Config => aiwg_protocol::schema::config_schema(),
        SchemaKind::Openrpc => aiwg_protocol::schema::openrpc(),
    };
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &document).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what makes a shell complete the command.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<ExitCode, CliError> {
    // By way of a buffer: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "aiwg", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a manual page for each command into a directory.
pub(crate) fn man(dir: &Path) -> Result<ExitCode, CliError> {
    std::fs::create_dir_all(dir)?;
    clap_mangen::generate_to(Args::command(), dir)?;
    writeln!(io::stdout(), "The manual pages are in {0}. Next: man -l {0}/aiwg.1", dir.display())?;
    Ok(ExitCode::SUCCESS)
}
