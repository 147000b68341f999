//! What every connection begins and ends with.

use std::{io, path::Path};

use tokio::net::UnixStream;

use crate::{discover::connectable, error::ClientError};

/// Connects to the daemon at this socket.
pub(crate) async fn connect(socket: &Path) -> Result<UnixStream, ClientError> {
    let no_daemon = |source| ClientError::NoDaemon { path: socket.to_owned(), source };
    let path = connectable(socket).map_err(no_daemon)?;
    UnixStream::connect(path).await.map_err(no_daemon)
}

pub(crate) fn lost(error: io::Error) -> ClientError {
    ClientError::Disconnected(error.to_string())
}

pub(crate) fn closed() -> ClientError {
    ClientError::Disconnected("the connection was closed".to_owned())
}
