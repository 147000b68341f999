//! Connecting to a server, with its settings.

use aiwg_store::{ErrorKind, Result, StoreError};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

use super::{
    address::Address,
    error::{at, cannot_be_used, check_server},
    tls::Tls,
};

/// Time after which the server ends a transaction in which nothing is done, in milliseconds: whoever is frozen in one keeps others waiting no longer.
const FROZEN_MS: u32 = 3000;

/// Connects. What the connection does goes on whenever the runtime is entered.
pub(super) fn connect(runtime: &Runtime, address: &Address, writes: bool) -> Result<Client> {
    runtime.block_on(async {
        let to_error = at(&address.place);
        let client = if address.is_encrypted {
            let tls = Tls::of_the_system().map_err(|error| {
                StoreError::new(ErrorKind::Other, cannot_be_used(&address.place, &error.to_string()))
            })?;
            let (client, connection) = address.config.connect(tls).await.map_err(&to_error)?;
            runtime.spawn(connection);
            client
        } else {
            let (client, connection) = address.config.connect(NoTls).await.map_err(&to_error)?;
            runtime.spawn(connection);
            client
        };
        set_up(&client, address, writes).await.map_err(&to_error)?.map(|()| client)
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
