//! The connection.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_protocol::{
    ApiError, DaemonServiceClient, ErrorKind,
    spool::{SPOOL_VERSION, SpooledEvent},
    types::{EventEmitParams, EventEmitted, Json, Timestamp},
    wire::no_deadline,
};
use futures::Stream;
use serde::Serialize;
use tarpc::{
    client::RpcError,
    context::{self, Context},
};

use crate::{
    call::call,
    connection::in_time,
    discover::Address,
    error::ClientError,
    link::Link,
    random, resilient,
    spool::Spool,
    subscribe::{Pushed, Subscribe, subscribe},
};

/// A connection to a daemon. Cheap to clone; the connection is closed with the last clone.
///
/// Every method of the service is one of this type's. Dropping the future of a call cancels it in the daemon. When the daemon goes away, the
/// client connects again and repeats, in their order, the calls that have had no answer and can be repeated ([`Options::retry`]); the others
/// fail with [`ClientError::Disconnected`].
#[derive(Debug, Clone)]
pub struct DaemonClient {
    link: Arc<Link>,
    timeout: Option<Duration>,
    spool: Option<Arc<Spool>>,
    traceparent: Option<Arc<str>>,
}

/// The options of a connection.
#[derive(Debug, Clone)]
pub struct Options {
    /// The socket; else `AIWG_DAEMON_SOCKET`, else the nearest one upwards.
    pub socket: Option<PathBuf>,
    /// Directory from which to look upwards. Default: the working directory.
    pub cwd: Option<PathBuf>,
    /// Maximum time of connecting, of subscribing and of each call. Default: no limit, as with [`Duration::MAX`]. With
    /// [`Duration::ZERO`] nothing is in time.
    pub timeout: Option<Duration>,
    /// True if calls whose answers were lost are repeated, with growing pauses, until they time out or no daemon has answered for 30 s. Each
    /// takes effect once: the client gives those an `idempotencyKey` that need one. Default: true.
    pub retry: bool,
    /// True if it need not find a daemon, and [`DaemonClient::emit_or_spool`] writes events to the project's spool while there is none. Nothing
    /// is repeated then. Default: false.
    pub offline: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { socket: None, cwd: None, timeout: None, retry: true, offline: false }
    }
}

/// The outcome of [`DaemonClient::emit_or_spool`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Emission {
    /// A daemon has the event.
    Taken(EventEmitted),
    /// The event is in the project's spool, in the file of this name, until the next daemon takes it in.
    Spooled(String),
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
        let spool = options.offline.then(|| Arc::new(Spool::of(&address.socket)));
        let retry = options.retry && !options.offline;
        let link = match Link::new(address.clone(), options.timeout, retry).await {
            Err(error) if options.offline && is_away(&error) => Link::unconnected(address, retry),
            connected => connected?,
        };
        Ok(Self { link: Arc::new(link), timeout: options.timeout, spool, traceparent: None })
    }

    /// The same connection, each of whose calls may take this long; as long as it takes with [`Duration::MAX`].
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same connection, whose [`Self::emit`], [`Self::emit_event`] and [`Self::emit_or_spool`] carry this trace context, as W3C's header
    /// `traceparent` has it: with the crate `tracing-opentelemetry` that of the current span. The event has it, and each task that a rule makes
    /// of it. A task that is submitted has the one in its `metadata`.
    ///
    /// ```no_run
    /// # async fn example(client: aiwg_client::DaemonClient) -> Result<(), aiwg_client::ClientError> {
    /// let client = client.with_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    /// client.emit("deployment:complete", &"1.2.3").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_traceparent(mut self, traceparent: &str) -> Self {
        self.traceparent = Some(traceparent.into());
        self
    }

    /// The trace context of the events that it emits.
    pub(crate) fn traceparent(&self) -> Option<String> {
        self.traceparent.as_deref().map(str::to_owned)
    }

    /// The socket that this is connected to.
    pub fn socket(&self) -> &Path {
        &self.link.address().socket
    }

    /// Emits an event: [`Self::event_emit`] with any payload that serde can write.
    ///
    /// # Errors
    /// The errors of `event.emit`.
    pub async fn emit(&self, topic: &str, payload: &impl Serialize) -> Result<EventEmitted, ClientError> {
        let payload = Some(Json::new(payload)?);
        let (topic, traceparent) = (topic.to_owned(), self.traceparent());
        self.event_emit(EventEmitParams { topic, payload, traceparent, ..Default::default() }).await
    }

    /// Emits an event, and where no daemon answers writes it to the project's spool, from which the next daemon takes it in, once, with the time
    /// at which it was emitted. For a client that was made with [`Options::offline`].
    ///
    /// # Errors
    /// The daemon refuses it; or there is none, and the event cannot be written: there is no project, or the spool is full.
    pub async fn emit_or_spool(&self, mut params: EventEmitParams) -> Result<Emission, ClientError> {
        let at = Timestamp::now();
        let key = params.idempotency_key.get_or_insert_with(random::key).clone();
        params.traceparent = params.traceparent.or_else(|| self.traceparent());
        let error = match self.event_emit(params.clone()).await {
            Ok(emitted) => return Ok(Emission::Taken(emitted)),
            Err(error) => error,
        };
        let Some(spool) = self.spool.clone().filter(|_| is_away(&error)) else { return Err(error) };
        let event = SpooledEvent {
            version: SPOOL_VERSION,
            topic: params.topic,
            payload: params.payload.unwrap_or_default(),
            at,
            idempotency_key: key,
            traceparent: params.traceparent,
        };
        let written = tokio::task::spawn_blocking(move || spool.write(&event)).await;
        let written = written.map_err(|error| ClientError::Disconnected(error.to_string()))?;
        written.map(Emission::Spooled).map_err(|not_spooled| match not_spooled {
            ClientError::NotSpooled { path, source } if may_have_been_taken(&error) => {
                let why =
                    format!("{source}; the daemon that was asked first ({error}) may have taken it or not");
                ClientError::NotSpooled { path, source: io::Error::new(source.kind(), why) }
            }
            other => other,
        })
    }

    /// Calls a method by its name on the wire: one of a newer daemon, which this version does not know, or with params that
    /// are at hand as JSON. Nothing is checked here.
    ///
    /// The call has a connection of its own, which dropping its future closes.
    ///
    /// # Errors
    /// The daemon's answer, or that there was none.
    pub async fn call(&self, method: &str, params: Option<Json>) -> Result<Json, ClientError> {
        in_time(self.timeout, call(self.link.address(), method, params)).await
    }

    /// Every event from now on that matches one of `topics`, or from [`Subscribe::since`] on, without a gap or a repeat.
    ///
    /// The stream has a connection of its own and ends with an error: that of the daemon, or that the connection was lost
    /// (unless [`Subscribe::reconnect`] is set).
    ///
    /// # Errors
    /// `event.subscribe` has failed, or the daemon has not answered in the client's time.
    pub async fn subscribe(
        &self,
        options: Subscribe,
    ) -> Result<impl Stream<Item = Result<Pushed, ClientError>> + Send + Unpin + use<>, ClientError> {
        subscribe(self.link.address().clone(), options, self.timeout).await
    }

    /// Ends the connection: calls in flight fail, and the next call connects again. For whoever has reason to believe that what stands
    /// leads nowhere any more, such as a tunnel that has gone silently.
    pub fn disconnect(&self) {
        self.link.close();
    }

    /// The stub and the deadline to make a call with.
    pub(crate) async fn ready(&self) -> Result<(DaemonServiceClient, Context), ClientError> {
        if let Some(after) = self.timeout.filter(Duration::is_zero) {
            return Err(ClientError::Timeout { after });
        }
        let mut context = context::current();
        let latest = no_deadline();
        let own = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        context.deadline = own.map_or(latest, |own| own.min(latest));
        let stub = match self.link.open() {
            Some(stub) => stub,
            None => in_time(self.timeout, self.link.reopened(self.timeout)).await?,
        };
        Ok((stub, context))
    }

    pub(crate) fn outcome<T>(&self, answer: Result<Result<T, ApiError>, RpcError>) -> Result<T, ClientError> {
        match answer {
            Ok(result) => Ok(result?),
            Err(RpcError::DeadlineExceeded) => {
                Err(ClientError::Timeout { after: self.timeout.unwrap_or_default() })
            }
            Err(RpcError::Server(error)) if error.kind == resilient::LOST => {
                Err(ClientError::Disconnected(error.detail))
            }
            Err(RpcError::Server(error)) => Err(ClientError::Unreadable(error.detail)),
            Err(RpcError::Shutdown) => Err(ClientError::Disconnected("the connection was closed".to_owned())),
            Err(error) => Err(ClientError::Disconnected(root(&error).to_string())),
        }
    }
}

/// True if there is no daemon, or it may not have taken a call in: the same event in the spool takes effect once.
fn is_away(error: &ClientError) -> bool {
    match error {
        ClientError::NoDaemon { .. } | ClientError::Disconnected(_) | ClientError::Timeout { .. } => true,
        error => error.kind() == Some(ErrorKind::ShuttingDown),
    }
}

/// True if a daemon was asked, and what has become of that is unknown.
fn may_have_been_taken(error: &ClientError) -> bool {
    matches!(error, ClientError::Disconnected(_) | ClientError::Timeout { .. })
}

/// The innermost cause of an error: tarpc's own text says no more than that there was one.
fn root<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Write},
        os::unix::net::UnixListener,
        sync::mpsc,
    };

    use super::*;

    /// A daemon of the first release refuses a member that it does not know.
    #[tokio::test]
    async fn an_old_daemon_gets_events_without_their_traces() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let (asked, traces) = mpsc::channel();
        std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok) {
                let has_trace = line.contains("traceparent");
                let id = serde_json::from_str::<serde_json::Value>(&line).unwrap()["id"].take();
                asked.send(has_trace).unwrap();
                let answer = match has_trace {
                    true => {
                        r#""error":{"code":-32602,"message":"no","data":{"kind":"invalid_params","member":"traceparent"}}"#
                    }
                    false => r#""result":{"seq":1,"rules":[]}"#,
                };
                stream
                    .write_all(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},{answer}}}\n").as_bytes())
                    .unwrap();
            }
        });
        let client = DaemonClient::connect_to(&socket).await.unwrap();
        let traced =
            client.clone().with_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        traced.emit("a:b", &1).await.unwrap();
        traced.emit("a:b", &2).await.unwrap();
        let wrong = client.with_traceparent("none").emit("a:b", &3).await.unwrap_err();
        assert_eq!(wrong.kind(), Some(ErrorKind::InvalidParams));
        assert_eq!(traces.try_iter().collect::<Vec<_>>(), [true, false, false, true]);
    }
}
