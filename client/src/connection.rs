//! What every connection begins and ends with.

use std::{io, path::Path};

use tokio::net::UnixStream;

use crate::{discover::connectable, error::ClientError};

/// Connects to the daemon at this socket.
pub(crate) async fn connect(socket: &Path) -> Result<UnixStream, ClientError> {
    let failed = |source: io::Error| {
        let path = socket.to_owned();
        if source.kind() == io::ErrorKind::PermissionDenied {
            ClientError::NotAllowed { path, source }
        } else {
            ClientError::NoDaemon { path, source }
        }
    };
    let path = connectable(socket).map_err(failed)?;
    UnixStream::connect(path).await.map_err(failed)
}

pub(crate) fn lost(error: io::Error) -> ClientError {
    ClientError::Disconnected(error.to_string())
}

pub(crate) fn closed() -> ClientError {
    ClientError::Disconnected("the connection was closed".to_owned())
}
