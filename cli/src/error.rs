//! What the command can fail with, and its exit codes.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::ClientError;

use crate::output::judged;

/// Something did not succeed.
const FAILED: u8 = 1;
/// The command was used in a wrong way: clap's own code for it.
const USAGE: u8 = 2;
/// No daemon runs.
const NO_DAEMON: u8 = 3;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{0}")]
    Failed(String),
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CliError {
    /// Tells the person, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if self.is_closed_pipe() {
            // `aiwg ... | head` has all it wanted.
            return ExitCode::SUCCESS;
        }
        let _ = writeln!(anstream::stderr(), "{}: {self}", judged("aiwg", false));
        ExitCode::from(match self {
            Self::Client(error) if error.is_no_daemon() => NO_DAEMON,
            Self::Usage(_) => USAGE,
            _ => FAILED,
        })
    }

    fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
