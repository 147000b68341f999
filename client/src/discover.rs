//! Finding the daemon's socket, the same way in every language.

use std::{
    io,
    path::{Path, PathBuf},
};

use aiwg_protocol::{MAX_SOCKET_PATH, SOCKET_ENV, SOCKET_PATH};

use crate::error::ClientError;

/// Where the socket was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Socket {
    /// At this path.
    At(PathBuf),
    /// In this directory and those above it.
    From(PathBuf),
}

/// The socket to connect to: `explicit`, else `AIWG_DAEMON_SOCKET`, else the nearest `.aiwg/daemon/daemon.sock` in `cwd` or
/// above it.
///
/// # Errors
/// There is none.
pub fn discover(explicit: Option<&Path>, cwd: &Path) -> Result<PathBuf, ClientError> {
    let named = explicit
        .map(Path::to_owned)
        .or_else(|| std::env::var_os(SOCKET_ENV).filter(|path| !path.is_empty()).map(Into::into));
    if let Some(path) = named {
        return Ok(path);
    }
    let found = cwd.ancestors().map(|dir| dir.join(SOCKET_PATH)).find(|path| path.symlink_metadata().is_ok());
    found.ok_or_else(|| ClientError::NoProject { from: cwd.to_owned() })
}

/// The path to give to the system: a long one is a link to a short one.
pub(crate) fn connectable(path: &Path) -> io::Result<PathBuf> {
    if path.as_os_str().len() > MAX_SOCKET_PATH { path.canonicalize() } else { Ok(path.to_owned()) }
}
