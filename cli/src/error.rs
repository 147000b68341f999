//! Errors of the command.

use std::{io, path::Path, time::Duration};

use aiwg_client::ClientError;
use aiwg_protocol::{ErrorKind, PROTOCOL_VERSION, SOCKET_ENV, SOCKET_PATH, spool::SPOOL_PATH};
use aiwg_server::project::is_linked;

use crate::visible::{indented, visible};

#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("{}", advice(.0))]
    Client(#[from] ClientError),
    /// The daemon has not answered in time, and has said what it does before.
    #[error(
        "the daemon has not answered within {} s: it takes in the events that wait in {SPOOL_PATH} first, and {left} of their files are left \
         (`aiwg daemon status`); what was asked for may take effect or not; --request-timeout gives it longer",
        .after.as_secs_f64()
    )]
    TakesInSpool { after: Duration, left: u64 },
    /// The daemon has not answered in time, but answers now: what it did before is over.
    #[error(
        "the daemon has not answered within {} s, but it answers now: what was asked for may take effect or not; --request-timeout gives it longer",
        .after.as_secs_f64()
    )]
    AnsweredLate { after: Duration },
    /// Whoever waits would wait for ever: what for, and what to type.
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
    /// The person no longer waits for a task: what becomes of it.
    #[error("{0}")]
    LetGo(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CliError {
    /// Adds the path to an error of the system.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Failed(format!("{}: {error}", path.display()))
    }

    /// Kind of an error that no daemon has answered, by which programs distinguish it: docs/guide.md lists them.
    pub(crate) fn kind(&self) -> &str {
        match self {
            Self::Client(ClientError::Api(error)) => &error.data.kind,
            Self::Client(ClientError::NoDaemon { .. } | ClientError::NoProject { .. }) | Self::Stopped(_) => {
                "no_daemon"
            }
            Self::Client(
                ClientError::NotAllowed { .. } | ClientError::NotTrusted(_) | ClientError::Stranger { .. },
            ) => "not_allowed",
            Self::Client(ClientError::NotSpooled { .. }) => "not_spooled",
            Self::Client(ClientError::SpoolFull { .. }) => "spool_full",
            Self::Client(ClientError::Disconnected(_)) => "disconnected",
            Self::Client(ClientError::Timeout { .. })
            | Self::TakesInSpool { .. }
            | Self::AnsweredLate { .. } => "timeout",
            Self::Client(ClientError::Unreadable(_)) => "unreadable",
            Self::WaitedInVain(_) => "wait_timeout",
            Self::Client(ClientError::Unsendable(_)) | Self::Usage(_) => "usage",
            Self::Io(_) => "io",
            Self::Interrupted | Self::LetGo(_) => "interrupted",
            // Errors that a newer client may distinguish.
            Self::Client(_) | Self::Failed(_) => "failed",
        }
    }

    pub(crate) fn is_closed_pipe(&self) -> bool {
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

/// For an error in a work tree of a task, or of a person: the project whose daemon is meant.
fn of_work_tree(error: &ClientError) -> String {
    let dir = match error {
        ClientError::NoDaemon { path, .. } => path.ancestors().nth(Path::new(SOCKET_PATH).iter().count()),
        ClientError::NoProject { from } => Some(from.as_path()),
        _ => None,
    };
    let main = dir.and_then(is_linked).map(|main| visible(&main.display().to_string()).to_string());
    main.map_or_else(String::new, |main| {
        format!(". This is a work tree of {main}: `aiwg --project {main}` speaks with the daemon there")
    })
}

/// Text of a client's error, and for one that only a person can help with, the remedy.
fn advice(error: &ClientError) -> String {
    let after = match error {
        ClientError::Timeout { after } => after,
        ClientError::Disconnected(_) => {
            return cut(format!("{error}; what was asked for may have taken effect or not"));
        }
        // Of a daemon that does not say itself which protocol it speaks.
        ClientError::Api(error)
            if error.kind() == Some(ErrorKind::MethodNotFound) && !error.message.contains("protocol") =>
        {
            return cut(format!(
                "{}: the daemon does not know a method of protocol {PROTOCOL_VERSION}, which this command speaks, so it is older: \
                 `aiwg daemon restart` puts this version in its place",
                error.message
            ));
        }
        ClientError::Unreadable(why) => {
            return cut(format!(
                "the daemon's answer cannot be understood: {why}; it may be newer than this command: `aiwg self` says what upgrades it"
            ));
        }
        other => return cut(format!("{other}{}", of_work_tree(other))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_cannot_be_understood_says_what_to_upgrade() {
        let error = ClientError::Unreadable("x".to_owned());
        assert!(error.to_string().ends_with("which `cargo update -p aiwg-client` upgrades"));
        assert!(advice(&error).ends_with("`aiwg self` says what upgrades it"));
    }
}
