//! What a connection is made with.

use std::{path::PathBuf, time::Duration};

/// The options of a connection.
///
/// ```
/// # aiwg_testing::example(|_| async move {
/// use std::time::Duration;
///
/// use aiwg_client::{DaemonClient, Options};
///
/// let options = Options { timeout: Some(Duration::from_secs(5)), retry: false, ..Options::default() };
/// let client = DaemonClient::connect_with(options).await?;
/// client.emit("deployment:complete", &"1.2.3").await?;
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    /// The socket; else `AIWG_DAEMON_SOCKET`, else the nearest one upwards.
    pub socket: Option<PathBuf>,
    /// Directory from which to look upwards. Default: the working directory.
    pub cwd: Option<PathBuf>,
    /// Maximum time of connecting, of subscribing and of each call. Default: no limit, as with [`Duration::MAX`]. With
    /// [`Duration::ZERO`] nothing is in time.
    pub timeout: Option<Duration>,
    /// True if calls whose answers were lost are repeated, with growing pauses, until they time out or no daemon has answered for 30 s. Each
    /// takes effect once: the client gives those an `idempotencyKey` that need one. Default: true.
    pub retry: bool,
    /// True if it need not find a daemon, and [`DaemonClient::emit_or_spool`](crate::DaemonClient::emit_or_spool) writes events to the project's spool while there is none. Nothing
    /// is repeated then. Default: false.
    pub offline: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { socket: None, cwd: None, timeout: None, retry: true, offline: false }
    }
}
