use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_protocol::{ApiError, ErrorKind, PROJECT_DIR, SOCKET_ENV, START_COMMAND};

/// Reason for which a call has no result.
///
/// ```
/// # aiwg_testing::example(|client| async move {
/// use aiwg_client::{ClientError, ErrorKind, types::TaskGetParams};
///
/// match client.task_get(TaskGetParams { task_id: "task-9999".into(), ..TaskGetParams::default() }).await {
///     Ok(task) => println!("{}", task.state),
///     Err(error) if error.kind() == Some(ErrorKind::TaskNotFound) => println!("{error}"),
///     Err(ClientError::Disconnected(why)) => println!("nobody knows: {why}"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The daemon answered with an error.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// No daemon runs where it was looked for.
    #[error("no daemon answers at {}: {source}; {}", path.display(), what_to_do(path))]
    NoDaemon {
        /// The socket that was tried.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The daemon is another user's.
    #[error(
        "the daemon's socket {path} cannot be opened: {source}; only the user who started the daemon can, and root",
        path = path.display()
    )]
    NotAllowed {
        /// The socket that was tried.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The working directory is in no project.
    #[error(
        "no daemon runs for {from}: neither it nor a directory above it has a {PROJECT_DIR}; start one with `{START_COMMAND}`",
        from = from.display()
    )]
    NoProject {
        /// Directory where the search began.
        from: PathBuf,
    },
    /// The project that the working directory is in could be anyone's.
    #[error("{0}")]
    NotTrusted(#[source] io::Error),
    /// Somebody else answers at the project's socket.
    #[error(
        "the socket {path} is answered by user {user}, so nothing was sent to it; if that is meant, name it with {SOCKET_ENV}",
        path = path.display()
    )]
    Stranger {
        /// The socket.
        path: PathBuf,
        /// The user whose process answers.
        user: u32,
    },
    /// The daemon went away before it answered. What was asked for may have taken effect or not. So it is as well where the connection had
    /// been lost before, and there is no daemon to connect to again.
    #[error("the daemon went away before it answered: {0}")]
    Disconnected(String),
    /// The daemon's answer cannot be understood. What was asked for may have taken effect; the connection goes on.
    #[error(
        "the daemon's answer cannot be understood: {0}; it may be newer than this program's client, which `cargo update -p aiwg-client` upgrades"
    )]
    Unreadable(String),
    /// The answer did not come within the time that the caller gave.
    #[error("the daemon has not answered within {} ms", after.as_millis())]
    Timeout {
        /// Time after which the wait was given up.
        after: Duration,
    },
    /// The event cannot be written to the spool of events for the next daemon.
    #[error("no daemon answers, and the event cannot be written to {}: {source}", path.display())]
    NotSpooled {
        /// The spool, or a file in it.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The spool has as many events as it may.
    #[error(
        "no daemon answers, and the spool {} is full: it has {files} events with {bytes} bytes; {}",
        path.display(),
        "the next daemon takes them in, so start one with `aiwg daemon start`"
    )]
    SpoolFull {
        /// The spool.
        path: PathBuf,
        /// Number of events in it.
        files: usize,
        /// Their size together, in bytes.
        bytes: u64,
    },
    /// The payload or params cannot be written as JSON.
    #[error("this cannot be sent as JSON: {0}")]
    Unsendable(#[from] serde_json::Error),
}

/// A daemon that the environment leads to is another machine's as a rule: it cannot be started from here.
fn what_to_do(socket: &Path) -> String {
    if std::env::var_os(SOCKET_ENV).is_some_and(|named| named == socket) {
        format!(
            "{SOCKET_ENV} leads there: see that the daemon runs where its project is and that the tunnel to it stands, or unset the variable"
        )
    } else {
        format!("start it with `{START_COMMAND}`")
    }
}

impl ClientError {
    /// The kind of an error answer, if this is one of a kind that this version knows.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use aiwg_client::{ErrorKind, types::TaskGetParams};
    ///
    /// let error = client.task_get(TaskGetParams { task_id: "task-9999".into(), ..TaskGetParams::default() }).await.unwrap_err();
    /// assert_eq!(error.kind(), Some(ErrorKind::TaskNotFound));
    /// # Ok(())
    /// # });
    /// ```
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Api(error) => error.kind(),
            _ => None,
        }
    }

    /// The code of an error answer.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use aiwg_client::types::TaskGetParams;
    ///
    /// let error = client.task_get(TaskGetParams { task_id: "task-9999".into(), ..TaskGetParams::default() }).await.unwrap_err();
    /// assert_eq!(error.code(), Some(-32001));
    /// # Ok(())
    /// # });
    /// ```
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Api(error) => Some(error.code),
            _ => None,
        }
    }

    /// True if there was no daemon to ask.
    ///
    /// ```
    /// # aiwg_testing::example(|_| async move {
    /// let error = aiwg_client::DaemonClient::connect_to("no-daemon.sock").await.unwrap_err();
    /// assert!(error.is_no_daemon());
    /// # Ok(())
    /// # });
    /// ```
    pub fn is_no_daemon(&self) -> bool {
        matches!(self, Self::NoDaemon { .. } | Self::NoProject { .. })
    }
}
