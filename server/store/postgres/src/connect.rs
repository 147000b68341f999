//! Connecting to a server, with its settings.

use std::time::Duration;

use aiwg_store::{ErrorKind, Result, StoreError};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    runtime::Runtime,
    task::JoinHandle,
    time::timeout,
};
use tokio_postgres::{Client, Connection, NoTls, SimpleQueryMessage, SimpleQueryRow, Socket, tls::TlsStream};

use super::{
    address::Address,
    error::{at, cannot_be_used, check_server},
    password::password,
    tls::Tls,
};

/// Time after which the server ends a transaction in which nothing is done, in milliseconds: whoever is frozen in one keeps others waiting no longer.
const FROZEN_MS: u32 = 3000;

/// Longest wait for what others have locked, unless it is set otherwise.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Longest time that a statement may take beside that.
const STATEMENT: Duration = Duration::from_secs(15);

/// Time for the server's word that a statement took too long.
const WORD: Duration = Duration::from_secs(5);

/// Longest wait for a server that takes the connection and says nothing. It is less than anybody waits for an answer of the daemon.
const SAYS_NOTHING: Duration = Duration::from_secs(5);

/// What a writer asks for it finds by an index, and quickly whatever the server knows of the tables: of new ones it knows nothing, and would rather read all of them.
const BY_INDEX: &str =
    "SET jit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;";

/// Sets how long the server lets a statement wait for what others have locked, and go on at all.
pub(super) fn limits(patience: Duration) -> String {
    // None at all would be without end.
    let ms = |time: Duration| time.as_millis().clamp(1, i32::MAX.unsigned_abs().into());
    format!(
        "SET lock_timeout = {}; SET statement_timeout = {}",
        ms(patience),
        ms(patience.saturating_add(STATEMENT))
    )
}

/// Longest wait for the answer to a statement: a server that works has ended it before.
pub(super) fn longest_answer(patience: Duration) -> Duration {
    patience.saturating_add(STATEMENT).saturating_add(WORD)
}

/// The last row of what statements have given, each column as a text.
pub(super) fn last_row(found: &[SimpleQueryMessage]) -> Result<Vec<String>> {
    let row = found.iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = row.ok_or_else(|| StoreError::new(ErrorKind::Other, "a statement has given no row"))?;
    (0..row.len()).map(|column| text(row, column)).collect()
}

fn text(row: &SimpleQueryRow, column: usize) -> Result<String> {
    let text = row.try_get(column).map_err(|error| StoreError::new(ErrorKind::Other, error.to_string()))?;
    Ok(text.unwrap_or_default().to_owned())
}

/// Connects. What the connection does goes on whenever the runtime is entered; it ends with its task.
pub(super) fn connect(
    runtime: &Runtime,
    address: &Address,
    writes: bool,
) -> Result<(Client, JoinHandle<()>)> {
    runtime.block_on(connected(address, writes, Silently))
}

/// What is to be done with a connection: it is driven until its end.
pub(super) trait Drive {
    fn drive<T>(self, connection: Connection<Socket, T>) -> JoinHandle<()>
    where
        T: TlsStream + AsyncRead + AsyncWrite + Unpin + Send + 'static;
}

/// Drives it, and passes over what the server says unasked.
pub(super) struct Silently;

impl Drive for Silently {
    fn drive<T>(self, connection: Connection<Socket, T>) -> JoinHandle<()>
    where
        T: TlsStream + AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::spawn(async move {
            // Whoever has the client hears of it.
            let _ = connection.await;
        })
    }
}

/// Connects within a runtime, which drives the connection from then on.
pub(super) async fn connected(
    address: &Address,
    writes: bool,
    drive: impl Drive,
) -> Result<(Client, JoinHandle<()>)> {
    let connecting = async {
        let to_error = at(&address.place);
        let wrong = |why: String| StoreError::new(ErrorKind::Other, cannot_be_used(&address.place, &why));
        let mut config = address.config.clone();
        if config.get_password().is_none()
            && let Some(password) = password(&config, address.passwords.as_deref()).map_err(wrong)?
        {
            config.password(password);
        }
        let (client, driven) = if address.is_encrypted {
            let tls = Tls::of(address).map_err(wrong)?;
            let (client, connection) = config.connect(tls).await.map_err(&to_error)?;
            (client, drive.drive(connection))
        } else {
            let (client, connection) = config.connect(NoTls).await.map_err(&to_error)?;
            (client, drive.drive(connection))
        };
        set_up(&client, address, writes).await.map_err(&to_error)??;
        Ok((client, driven))
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
        .simple_query(
            "SELECT current_setting('server_version_num'), NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::bool,
                 current_setting('server_encoding'), current_setting('synchronous_commit')",
        )
        .await?;
    let is_asynchronous = match check(&found, address, writes) {
        Ok(is_asynchronous) => is_asynchronous,
        Err(refused) => return Ok(Err(refused)),
    };
    // What is acknowledged is on the disk.
    let synchronous = if writes && is_asynchronous { "SET synchronous_commit = on;" } else { "" };
    let by_index = if writes { BY_INDEX } else { "" };
    client
        .batch_execute(&format!(
            "SET search_path = \"{}\"; SET idle_in_transaction_session_timeout = {FROZEN_MS}; {synchronous} {by_index}
             SET client_min_messages = warning; {}; SET standard_conforming_strings = on",
            address.schema,
            limits(PATIENCE)
        ))
        .await?;
    Ok(Ok(()))
}

/// Refuses a server that will not do, by what it says of itself. True if it acknowledges what is not on the disk.
fn check(found: &[SimpleQueryMessage], address: &Address, writes: bool) -> Result<bool> {
    let said = last_row(found)?;
    let [version, can_write, encoding, commits] = &*said else {
        return Err(StoreError::new(ErrorKind::Other, "the server says nothing of itself"));
    };
    let version = version.parse().map_err(|_| {
        let why = format!("its version is {version:?}, so that it is no PostgreSQL");
        StoreError::new(ErrorKind::Other, cannot_be_used(&address.place, &why))
    })?;
    check_server(&address.place, version, can_write == "t" || !writes, encoding)?;
    Ok(commits == "off")
}
