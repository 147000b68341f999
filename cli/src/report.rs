//! Reports errors, and gives the exit codes.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::ClientError;
use serde_json::{Value, json};

use crate::{error::CliError, output::Page, visible::visible_json};

/// Something did not succeed.
const FAILED: u8 = 1;
/// The command was used in a wrong way: clap's own code for it.
const USAGE: u8 = 2;
/// No daemon runs.
const NO_DAEMON: u8 = 3;
/// The wait was over before what was waited for had come: timeout(1) exits so, too.
const WAITED_IN_VAIN: u8 = 124;
/// Exit code after Ctrl-C, as of shells.
const INTERRUPTED: u8 = 130;

impl CliError {
    /// Reports the error to the person, or to the program that asked for JSON, and gives the exit code.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        if self.is_closed_pipe() {
            // `aiwg ... | head` has all it wanted.
            return ExitCode::SUCCESS;
        }
        // Nobody may be there to hear it.
        let _ = self.print(json);
        ExitCode::from(match self {
            Self::Client(error) if error.is_no_daemon() => NO_DAEMON,
            Self::Stopped(_) => NO_DAEMON,
            Self::WaitedInVain(_) => WAITED_IN_VAIN,
            Self::Usage(_) => USAGE,
            Self::Interrupted | Self::LetGo(_) => INTERRUPTED,
            _ => FAILED,
        })
    }

    fn print(&self, json: bool) -> io::Result<()> {
        let mut page = Page::stderr();
        if json {
            return writeln!(page, "{}", visible_json(&self.to_json().to_string()));
        }
        if matches!(self, Self::LetGo(_)) {
            // Not a failure.
            return writeln!(page, "{self}");
        }
        page.marked("aiwg", false)?;
        writeln!(page, ": {self}")
    }

    /// The daemon's error answer as it came; of any other error its message and its kind.
    fn to_json(&self) -> Value {
        match self {
            Self::Client(ClientError::Api(error)) => json!({ "error": error }),
            other => json!({ "error": { "message": other.to_string(), "data": { "kind": other.kind() } } }),
        }
    }
}
