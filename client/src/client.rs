//! The connection.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aiwg_protocol::{
    ApiError, DaemonServiceClient,
    types::{EventEmitParams, EventEmitted, Json},
    wire::{client::ClientTransport, no_deadline},
};
use futures::Stream;
use serde::Serialize;
use tarpc::{
    client::{Config, NewClient, RpcError},
    context::{self, Context},
};
use tokio::time::timeout;

use crate::{
    call::call,
    connection::connect,
    discover::Address,
    error::ClientError,
    subscribe::{Pushed, Subscribe, subscribe},
};

/// How many calls may be in flight on one connection before more of them wait.
const MAX_IN_FLIGHT: usize = 1000;

/// A connection to a daemon. Cheap to clone; the connection is closed with the last clone.
///
/// Every method of the service is one of this type's. Dropping the future of a call cancels it in the daemon.
#[derive(Debug, Clone)]
pub struct DaemonClient {
    stub: DaemonServiceClient,
    address: Address,
    timeout: Option<Duration>,
}

/// How to connect.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The socket; else `AIWG_DAEMON_SOCKET`, else the nearest one upwards.
    pub socket: Option<PathBuf>,
    /// Where to look upwards from; the working directory unless given.
    pub cwd: Option<PathBuf>,
    /// How long connecting and each call may take; as long as it takes unless given.
    pub timeout: Option<Duration>,
}

impl DaemonClient {
    /// Connects to the daemon of the project that the working directory is in, or to `AIWG_DAEMON_SOCKET`.
    ///
    /// # Errors
    /// No daemon runs there.
    pub async fn connect() -> Result<Self, ClientError> {
        Self::connect_with(Options::default()).await
    }

    /// Connects to the daemon at this socket.
    ///
    /// # Errors
    /// No daemon runs there.
    pub async fn connect_to(socket: impl Into<PathBuf>) -> Result<Self, ClientError> {
        Self::connect_with(Options { socket: Some(socket.into()), ..Options::default() }).await
    }

    /// Connects.
    ///
    /// # Errors
    /// No daemon runs there.
    pub async fn connect_with(options: Options) -> Result<Self, ClientError> {
        let cwd = match options.cwd {
            Some(cwd) => cwd,
            None => std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        };
        let address = Address::find(options.socket.as_deref(), &cwd)?;
        let stream = connect(&address, options.timeout).await?;
        let mut config = Config::default();
        config.max_in_flight_requests = MAX_IN_FLIGHT;
        config.pending_request_buffer = MAX_IN_FLIGHT;
        let NewClient { client, dispatch } = DaemonServiceClient::new(config, ClientTransport::new(stream));
        // It ends with the last clone of the client, or with the connection; calls in flight are told.
        tokio::spawn(dispatch);
        Ok(Self { stub: client, address, timeout: options.timeout })
    }

    /// The same connection, each of whose calls may take this long.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The socket that this is connected to.
    pub fn socket(&self) -> &Path {
        &self.address.socket
    }

    /// Tells the daemon that something happened: [`Self::event_emit`] with any payload that serde can write.
    ///
    /// # Errors
    /// Those of `event.emit`.
    pub async fn emit(&self, topic: &str, payload: &impl Serialize) -> Result<EventEmitted, ClientError> {
        let payload = Some(Json::new(payload)?);
        self.event_emit(EventEmitParams { topic: topic.to_owned(), payload }).await
    }

    /// Calls a method by its name on the wire: one of a newer daemon, which this version does not know, or with params that
    /// are at hand as JSON. Nothing is checked here.
    ///
    /// The call has a connection of its own, which dropping its future closes.
    ///
    /// # Errors
    /// The daemon's answer, or that there was none.
    pub async fn call(&self, method: &str, params: Option<Json>) -> Result<Json, ClientError> {
        let answer = call(&self.address, method, params);
        match self.timeout {
            None => answer.await,
            Some(after) => timeout(after, answer).await.unwrap_or(Err(ClientError::Timeout { after })),
        }
    }

    /// Every event from now on that matches one of `topics`, or from [`Subscribe::since`] on, without a gap or a repeat.
    ///
    /// The stream has a connection of its own and ends with an error: that of the daemon, or that the connection was lost
    /// (unless [`Subscribe::reconnect`] is set).
    ///
    /// # Errors
    /// Those of `event.subscribe`.
    pub async fn subscribe(
        &self,
        options: Subscribe,
    ) -> Result<impl Stream<Item = Result<Pushed, ClientError>> + Send + Unpin + use<>, ClientError> {
        subscribe(self.address.clone(), options).await
    }

    pub(crate) fn stub(&self) -> &DaemonServiceClient {
        &self.stub
    }

    pub(crate) fn context(&self) -> Context {
        let mut context = context::current();
        context.deadline = self.timeout.map_or_else(no_deadline, |timeout| Instant::now() + timeout);
        context
    }

    pub(crate) fn outcome<T>(&self, answer: Result<Result<T, ApiError>, RpcError>) -> Result<T, ClientError> {
        match answer {
            Ok(result) => Ok(result?),
            Err(RpcError::DeadlineExceeded) => {
                Err(ClientError::Timeout { after: self.timeout.unwrap_or_default() })
            }
            Err(RpcError::Shutdown) => Err(ClientError::Disconnected("the connection was closed".to_owned())),
            Err(error) => Err(ClientError::Disconnected(error.to_string())),
        }
    }
}
