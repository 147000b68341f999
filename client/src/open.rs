//! A connection without a client on it.

use std::path::PathBuf;

use tokio::net::UnixStream;

use crate::{connection::connect, discover::Address, error::ClientError, options::Options};

/// Connects to a daemon, found and checked as [`DaemonClient::connect_with`](crate::DaemonClient::connect_with) does, for a program that carries
/// the lines of others there and back. Of the options, `retry` and `offline` do not count.
///
/// ```
/// # aiwg_testing::example(|_| async move {
/// use aiwg_client::{Options, open_socket};
/// use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
///
/// let mut socket = BufReader::new(open_socket(Options::default()).await?);
/// socket.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n").await.expect("it takes a line");
/// let mut answer = String::new();
/// socket.read_line(&mut answer).await.expect("it answers");
/// assert!(answer.contains("pong"));
/// # Ok(())
/// # });
/// ```
///
/// # Errors
/// No daemon runs there, or it is not to be trusted.
pub async fn open_socket(options: Options) -> Result<UnixStream, ClientError> {
    let cwd = match options.cwd {
        Some(cwd) => cwd,
        None => std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
    };
    let address = Address::find(options.socket.as_deref(), &cwd)?;
    connect(&address, options.timeout).await
}
