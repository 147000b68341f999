//! Connecting to a server, with its settings.

use std::time::Duration;

use aiwg_store::{ErrorKind, Result, StoreError};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    runtime::Runtime,
    time::timeout,
};
use tokio_postgres::{Client, Connection, NoTls, Socket, tls::TlsStream};

use super::{
    address::Address,
    error::{at, cannot_be_used, check_server},
    password::password,
    tls::Tls,
};

/// Time after which the server ends a transaction in which nothing is done, in milliseconds: whoever is frozen in one keeps others waiting no longer.
const FROZEN_MS: u32 = 3000;

/// Longest wait for a server that takes the connection and says nothing.
const SAYS_NOTHING: Duration = Duration::from_secs(10);

/// Connects. What the connection does goes on whenever the runtime is entered.
pub(super) fn connect(runtime: &Runtime, address: &Address, writes: bool) -> Result<Client> {
    runtime.block_on(connected(address, writes, Silently))
}

/// What is to be done with a connection: it is driven until its end.
pub(super) trait Drive {
    fn drive<T>(self, connection: Connection<Socket, T>)
    where
        T: TlsStream + AsyncRead + AsyncWrite + Unpin + Send + 'static;
}

/// Drives it, and passes over what the server says unasked.
struct Silently;

impl Drive for Silently {
    fn drive<T>(self, connection: Connection<Socket, T>)
    where
        T: TlsStream + AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::spawn(connection);
    }
}

/// Connects within a runtime, which drives the connection from then on.
pub(super) async fn connected(address: &Address, writes: bool, drive: impl Drive) -> Result<Client> {
    let connecting = async {
        let to_error = at(&address.place);
        let wrong = |why: String| StoreError::new(ErrorKind::Other, cannot_be_used(&address.place, &why));
        let mut config = address.config.clone();
        if config.get_password().is_none()
            && let Some(password) = password(&config, address.passwords.as_deref()).map_err(wrong)?
        {
            config.password(password);
        }
        let client = if address.is_encrypted {
            let tls = Tls::of(address).map_err(wrong)?;
            let (client, connection) = config.connect(tls).await.map_err(&to_error)?;
            drive.drive(connection);
            client
        } else {
            let (client, connection) = config.connect(NoTls).await.map_err(&to_error)?;
            drive.drive(connection);
            client
        };
        set_up(&client, address, writes).await.map_err(&to_error)?.map(|()| client)
    };
    timeout(SAYS_NOTHING, connecting).await.unwrap_or_else(|_| {
        let why = format!("it takes the connection, and says nothing for {} s", SAYS_NOTHING.as_secs());
        Err(StoreError::new(ErrorKind::Gone, cannot_be_used(&address.place, &why)))
    })
}

async fn set_up(
    client: &Client,
    address: &Address,
    writes: bool,
) -> Result<Result<()>, tokio_postgres::Error> {
    let found = client
        .query_one(
            "SELECT current_setting('server_version_num')::bigint, NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::bool,
                 current_setting('server_encoding'), current_setting('synchronous_commit')",
            &[],
        )
        .await?;
    let (version, can_write): (i64, bool) = (found.get(0), found.get(1));
    if let Err(refused) = check_server(&address.place, version, can_write || !writes, found.get(2)) {
        return Ok(Err(refused));
    }
    // What is acknowledged is on the disk.
    let is_asynchronous = found.get::<_, &str>(3) == "off";
    let synchronous = if writes && is_asynchronous { "SET synchronous_commit = on;" } else { "" };
    client
        .batch_execute(&format!(
            "SET search_path = \"{}\"; SET idle_in_transaction_session_timeout = {FROZEN_MS}; {synchronous}
             SET client_min_messages = warning; SET statement_timeout = 0; SET standard_conforming_strings = on",
            address.schema
        ))
        .await?;
    Ok(Ok(()))
}
