//! A connection without a client on it.

use std::path::PathBuf;

use tokio::net::UnixStream;

use crate::{client::Options, connection::connect, discover::Address, error::ClientError};

/// Connects to a daemon, found and checked as [`DaemonClient::connect_with`](crate::DaemonClient::connect_with) does, for a program that carries
/// the lines of others there and back. Of the options, `retry` and `offline` do not count.
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
