//! What the command can fail with, and its exit codes.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use aiwg_client::ClientError;
use aiwg_protocol::SOCKET_ENV;
use serde_json::{Value, json};

use crate::output::{Page, indented, visible_json};

/// Something did not succeed.
const FAILED: u8 = 1;
/// The command was used in a wrong way: clap's own code for it.
const USAGE: u8 = 2;
/// No daemon runs.
const NO_DAEMON: u8 = 3;
/// What was waited for has not come in the time given: what timeout(1) says then.
const WAITED_IN_VAIN: u8 = 124;
/// It was ended by Ctrl-C: what shells say then.
const INTERRUPTED: u8 = 130;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("{}", told(.0))]
    Client(#[from] ClientError),
    /// Whoever waits would wait for ever: what of, and what to type.
    #[error("the daemon has stopped, and {0}")]
    Stopped(String),
    /// The time that the person gave for a wait is over.
    #[error("{0}")]
    WaitedInVain(String),
    #[error("{0}")]
    Failed(String),
    #[error("{0}")]
    Usage(String),
    #[error("interrupted before the daemon answered")]
    Interrupted,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CliError {
    /// What the system said, and of what.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Failed(format!("{}: {error}", path.display()))
    }

    /// Tells the person, or the program that asked for JSON, and gives the exit code.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        if self.is_closed_pipe() {
            // `aiwg ... | head` has all it wanted.
            return ExitCode::SUCCESS;
        }
        // Nobody may be there to hear it.
        let _ = self.tell(json);
        ExitCode::from(match self {
            Self::Client(error) if error.is_no_daemon() => NO_DAEMON,
            Self::Stopped(_) => NO_DAEMON,
            Self::WaitedInVain(_) => WAITED_IN_VAIN,
            Self::Usage(_) => USAGE,
            Self::Interrupted => INTERRUPTED,
            _ => FAILED,
        })
    }

    fn tell(&self, json: bool) -> io::Result<()> {
        let mut page = Page::stderr();
        if json {
            return writeln!(page, "{}", visible_json(&self.to_json().to_string()));
        }
        page.judged("aiwg", false)?;
        writeln!(page, ": {self}")
    }

    /// The daemon's error answer as it came; of any other error its message and its kind.
    fn to_json(&self) -> Value {
        match self {
            Self::Client(ClientError::Api(error)) => json!({ "error": error }),
            other => json!({ "error": { "message": other.to_string(), "data": { "kind": other.kind() } } }),
        }
    }

    /// What programs tell errors apart by that no daemon has answered: docs/guide.md lists them.
    fn kind(&self) -> &str {
        match self {
            Self::Client(ClientError::Api(error)) => &error.data.kind,
            Self::Client(ClientError::NoDaemon { .. } | ClientError::NoProject { .. }) | Self::Stopped(_) => {
                "no_daemon"
            }
            Self::Client(
                ClientError::NotAllowed { .. } | ClientError::NotTrusted(_) | ClientError::Stranger { .. },
            ) => "not_allowed",
            Self::Client(ClientError::Disconnected(_)) => "disconnected",
            Self::Client(ClientError::Timeout { .. }) => "timeout",
            Self::Client(ClientError::Unreadable(_)) => "unreadable",
            Self::WaitedInVain(_) => "wait_timeout",
            Self::Client(ClientError::Unsendable(_)) | Self::Usage(_) => "usage",
            Self::Io(_) => "io",
            Self::Interrupted => "interrupted",
            // What a newer client may tell apart.
            Self::Client(_) | Self::Failed(_) => "failed",
        }
    }

    fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The longest message of a daemon that people are shown, in bytes.
const LONGEST: usize = 16 * 1024;

/// A message that could be of any length, and could have lines that would be taken for our own.
fn cut(mut message: String) -> String {
    if message.len() > LONGEST {
        message.truncate(message.floor_char_boundary(LONGEST));
        message.push('…');
    }
    indented(&message, 2)
}

/// What a client's error says, and for one that only a person can help with, what to do.
fn told(error: &ClientError) -> String {
    let after = match error {
        ClientError::Timeout { after } => after,
        ClientError::Disconnected(_) => {
            return cut(format!("{error}; what was asked for may have taken effect or not"));
        }
        other => return cut(other.to_string()),
    };
    let is_led = std::env::var_os(SOCKET_ENV).is_some_and(|path| !path.is_empty());
    let remedy = if is_led {
        format!(
            "see that the tunnel stands that {SOCKET_ENV} leads to, and how the daemon is where its project is"
        )
    } else {
        "`aiwg daemon logs` may say why, and `aiwg daemon stop` ends one that hangs".to_owned()
    };
    format!(
        "the daemon does not answer: it has not answered within {} s, and what was asked for may take effect or not; \
         {remedy}; --request-timeout gives it longer",
        after.as_secs_f64()
    )
}
