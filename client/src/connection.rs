//! What every connection begins and ends with.

use std::io;

use tokio::net::UnixStream;

use crate::{
    discover::{Address, connectable},
    error::ClientError,
};

/// Connects to the daemon there.
pub(crate) async fn connect(address: &Address) -> Result<UnixStream, ClientError> {
    let socket = &address.socket;
    let failed = |source: io::Error| {
        let path = socket.to_owned();
        if source.kind() == io::ErrorKind::PermissionDenied {
            ClientError::NotAllowed { path, source }
        } else {
            ClientError::NoDaemon { path, source }
        }
    };
    let path = connectable(socket).map_err(failed)?;
    let stream = UnixStream::connect(path).await.map_err(failed)?;
    // The kernel's word: what is said here is not for whoever has put a socket of his own in the daemon's place.
    let user = stream.peer_cred().map_err(failed)?.uid();
    if !address.may_be_answered_by(user) {
        return Err(ClientError::Stranger { path: socket.to_owned(), user });
    }
    Ok(stream)
}

pub(crate) fn lost(error: io::Error) -> ClientError {
    ClientError::Disconnected(error.to_string())
}

pub(crate) fn closed() -> ClientError {
    ClientError::Disconnected("the connection was closed".to_owned())
}
