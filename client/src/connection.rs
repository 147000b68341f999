//! The beginning and the end of every connection.

use std::{
    io,
    time::{Duration, Instant},
};

use aiwg_protocol::trust;
use tokio::{
    net::UnixStream,
    time::{sleep, timeout},
};

use crate::{
    discover::{Address, connectable},
    error::ClientError,
};

/// Interval between attempts to connect while the daemon's backlog is full.
const TRY_EVERY: Duration = Duration::from_millis(10);

/// Connects to the daemon there: within this time, where one is given.
///
/// # Errors
/// None answers, it is someone else's, or it is too busy to take the connection in time.
pub(crate) async fn connect(address: &Address, within: Option<Duration>) -> Result<UnixStream, ClientError> {
    let socket = &address.socket;
    let failed = |source: io::Error| {
        let path = socket.to_owned();
        if source.kind() == io::ErrorKind::PermissionDenied {
            ClientError::NotAllowed { path, source }
        } else {
            ClientError::NoDaemon { path, source }
        }
    };
    if address.is_found {
        // What the system refuses is no finding about whom to trust.
        let refused = |error: io::Error| match error.raw_os_error() {
            Some(_) => failed(error),
            None => ClientError::NotTrusted(error),
        };
        trust::check_socket(socket).map_err(refused)?;
    }
    let path = connectable(socket).map_err(failed)?;
    let began = Instant::now();
    let stream = loop {
        match UnixStream::connect(&path).await {
            // Somebody listens, who does not get round to it: he hangs, or many want the same at once.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => match within {
                Some(after) if began.elapsed() >= after => return Err(ClientError::Timeout { after }),
                _ => sleep(TRY_EVERY).await,
            },
            other => break other.map_err(failed)?,
        }
    };
    // The kernel's word: what is said here is not for whoever has put a socket of his own in the daemon's place.
    let user = stream.peer_cred().map_err(failed)?.uid();
    if !address.may_be_answered_by(user) {
        return Err(ClientError::Stranger { path: socket.to_owned(), user });
    }
    Ok(stream)
}

/// The result of a future, or an error if it takes longer than the given time.
pub(crate) async fn in_time<T>(
    within: Option<Duration>,
    answer: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    match within {
        None => answer.await,
        // Even where the answer would be there at once.
        Some(after) if after.is_zero() => Err(ClientError::Timeout { after }),
        Some(after) => timeout(after, answer).await.unwrap_or(Err(ClientError::Timeout { after })),
    }
}

pub(crate) fn lost(error: io::Error) -> ClientError {
    ClientError::Disconnected(error.to_string())
}

pub(crate) fn closed() -> ClientError {
    ClientError::Disconnected("the connection was closed".to_owned())
}
