//! Calls by name.

use aiwg_protocol::{
    types::Json,
    wire::client::{FromServer, ToServer, messages},
};
use futures::{SinkExt, StreamExt};

use crate::{
    connection::{closed, connect, lost},
    discover::Address,
    error::ClientError,
};

/// Calls a method on a connection of its own, which knows no types.
pub(crate) async fn call(address: &Address, method: &str, params: Option<Json>) -> Result<Json, ClientError> {
    let mut wire = messages(connect(address, None).await?);
    wire.send(ToServer::Untyped(1, method.to_owned(), params)).await.map_err(lost)?;
    loop {
        match wire.next().await.ok_or_else(closed)?.map_err(lost)? {
            FromServer::Notification(_) | FromServer::Unreadable(None, _) => {}
            FromServer::Unreadable(Some(_), why) => return Err(ClientError::Unreadable(why)),
            FromServer::Response(_, outcome) => return Ok(Json::from_text(outcome?.get())?),
        }
    }
}
