//! Calls with an effect, which are made again where their answer was lost: by their keys each takes effect once.

use std::time::Instant;

use aiwg_client::{ClientError, DaemonClient, Options, new_idempotency_key};
use tokio::time::sleep;

use crate::project::{SEEK_EVERY, is_gone, request_timeout};

/// The key of a call: the one that the person gave, else a new one.
pub(crate) fn key(given: Option<String>) -> Option<String> {
    Some(given.unwrap_or_else(new_idempotency_key))
}

/// The answer to a call whose params have a key. Where the daemon has gone away before it answered, the next one is asked once more, if it comes
/// within the time of a request.
///
/// # Errors
/// That of the call; where none answers again, that its answer was lost.
pub(crate) async fn repeated<T>(
    client: &DaemonClient,
    call: impl AsyncFn(&DaemonClient) -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let lost = match call(client).await {
        Err(error @ ClientError::Disconnected(_)) => error,
        answer => return answer,
    };
    let began = Instant::now();
    while began.elapsed() < request_timeout() {
        sleep(SEEK_EVERY).await;
        let options = Options {
            socket: Some(client.socket().to_owned()),
            timeout: Some(request_timeout()),
            retry: false,
            ..Options::default()
        };
        let again = async { call(&DaemonClient::connect_with(options).await?).await };
        match again.await {
            Err(error) if is_gone(&error) => {}
            answer => return answer,
        }
    }
    Err(lost)
}
