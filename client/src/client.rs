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
    options::Options,
    random, resilient,
    spool::Spool,
    subscribe::{Pushed, Subscribe, subscribe},
};

/// A connection to a daemon. Cheap to clone; the connection is closed with the last clone.
///
/// Every method of the service is one of this type's. Dropping the future of a call cancels it in the daemon. When the daemon goes away, the
/// client connects again and repeats, in their order, the calls that have had no answer and can be repeated ([`Options::retry`]); the others
/// fail with [`ClientError::Disconnected`].
///
/// ```
/// # aiwg_testing::example(|_| async move {
/// use aiwg_client::{DaemonClient, types::NoParams};
///
/// let client = DaemonClient::connect().await?;
/// let other = client.clone();
/// let (pong, status) = tokio::try_join!(client.ping(NoParams {}), other.daemon_status(NoParams {}))?;
/// println!("{} {:?}", pong.timestamp, status.health);
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct DaemonClient {
    link: Arc<Link>,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
    spool: Option<Arc<Spool>>,
    traceparent: Option<Arc<str>>,
}

/// The outcome of [`DaemonClient::emit_or_spool`].
///
/// ```
/// # aiwg_testing::example(|client| async move {
/// use aiwg_client::{Emission, types::EventEmitParams};
///
/// let params = EventEmitParams { topic: "commit:made".into(), ..Default::default() };
/// match client.emit_or_spool(params).await? {
///     Emission::Taken(emitted) => println!("event {}", emitted.seq),
///     Emission::Spooled(file) => println!("waits in .aiwg/spool/{file}"),
/// }
/// # Ok(())
/// # });
/// ```
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
    /// ```
    /// # aiwg_testing::example(|_| async move {
    /// let client = aiwg_client::DaemonClient::connect().await?;
    /// println!("connected to {}", client.socket().display());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// No daemon runs there.
    pub async fn connect() -> Result<Self, ClientError> {
        Self::connect_with(Options::default()).await
    }

    /// Connects to the daemon at this socket.
    ///
    /// ```
    /// # aiwg_testing::example(|_| async move {
    /// let client = aiwg_client::DaemonClient::connect_to(".aiwg/daemon/daemon.sock").await?;
    /// client.emit("deployment:complete", &"1.2.3").await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// No daemon runs there.
    pub async fn connect_to(socket: impl Into<PathBuf>) -> Result<Self, ClientError> {
        Self::connect_with(Options { socket: Some(socket.into()), ..Options::default() }).await
    }

    /// Connects.
    ///
    /// ```
    /// # aiwg_testing::example(|_| async move {
    /// use aiwg_client::{DaemonClient, Options};
    ///
    /// // Finds no daemon, and needs none.
    /// let client = DaemonClient::connect_with(Options { offline: true, ..Options::default() }).await?;
    /// client.emit("deployment:complete", &"1.2.3").await?;
    /// # Ok(())
    /// # });
    /// ```
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
        Ok(Self { link: Arc::new(link), timeout: options.timeout, deadline: None, spool, traceparent: None })
    }

    /// The same connection, each of whose calls may take this long; as long as it takes with [`Duration::MAX`].
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use std::time::Duration;
    ///
    /// let hasty = client.clone().with_timeout(Duration::from_secs(2));
    /// hasty.emit("deployment:complete", &"1.2.3").await?;
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same connection, whose calls must be answered by this moment, each and all together. With a time-out as well, what comes first counts.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use std::time::{Duration, Instant};
    ///
    /// let client = client.with_deadline(Instant::now() + Duration::from_secs(10));
    /// for step in 1..=3 {
    ///     client.emit("release:step", &step).await?;
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The same connection, whose calls may take as long as they do, but for the deadline.
    pub(crate) fn without_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// The same connection, whose calls may take as long as they do.
    pub(crate) fn without_limits(self) -> Self {
        Self { deadline: None, ..self.without_timeout() }
    }

    /// The time that there is until the deadline.
    pub(crate) fn until_deadline(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The time that a call which begins now may take.
    pub(crate) fn within(&self) -> Option<Duration> {
        [self.timeout, self.until_deadline()].into_iter().flatten().min()
    }

    /// The same connection, whose [`Self::emit`], [`Self::emit_event`] and [`Self::emit_or_spool`] carry this trace context, as W3C's header
    /// `traceparent` has it: with the crate `tracing-opentelemetry` that of the current span. The event has it, and each task that a rule makes
    /// of it. A task that is submitted has the one in its `metadata`.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// let client = client.with_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    /// client.emit("deployment:complete", &"1.2.3").await?;
    /// # Ok(())
    /// # });
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
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// println!("connected to {}", client.socket().display());
    /// # Ok(())
    /// # });
    /// ```
    pub fn socket(&self) -> &Path {
        &self.link.address().socket
    }

    /// Emits an event: [`Self::event_emit`] with any payload that serde can write.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// let emitted = client.emit("deployment:complete", &serde_json::json!({ "version": "1.2.3" })).await?;
    /// println!("event {} matched {:?}", emitted.seq, emitted.rules);
    /// # Ok(())
    /// # });
    /// ```
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
    /// ```
    /// # aiwg_testing::example(|_| async move {
    /// use aiwg_client::{DaemonClient, Emission, Options, types::{EventEmitParams, Json}};
    ///
    /// let client = DaemonClient::connect_with(Options { offline: true, ..Options::default() }).await?;
    /// let params = EventEmitParams { topic: "commit:made".into(), payload: Some(Json::new(&"main")?), ..Default::default() };
    /// if let Emission::Spooled(file) = client.emit_or_spool(params).await? {
    ///     println!("waits for a daemon in .aiwg/spool/{file}");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// The daemon refuses it; or there is none, and each would, since the payload cannot be read, or the event cannot be written: there is no project,
    /// or the spool is full.
    pub async fn emit_or_spool(&self, mut params: EventEmitParams) -> Result<Emission, ClientError> {
        let at = Timestamp::now();
        let key = params.idempotency_key.get_or_insert_with(random::key).clone();
        params.traceparent = params.traceparent.or_else(|| self.traceparent());
        let error = match self.event_emit(params.clone()).await {
            Ok(emitted) => return Ok(Emission::Taken(emitted)),
            Err(error) => error,
        };
        let Some(spool) = self.spool.clone().filter(|_| is_away(&error)) else { return Err(error) };
        if let Some(Err(unreadable)) = params.payload.as_ref().map(Json::check) {
            // The next daemon would refuse it, when nobody looks any more.
            return Err(ClientError::Api(ApiError::unreadable_member("payload", &unreadable)));
        }
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
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// let status = client.call("daemon.status", None).await?;
    /// println!("{}", status.as_str());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// The daemon's answer, or that there was none.
    pub async fn call(&self, method: &str, params: Option<Json>) -> Result<Json, ClientError> {
        in_time(self.within(), call(self.link.address(), method, params)).await
    }

    /// Every event from now on that matches one of `topics`, or from [`Subscribe::since`] on, without a gap or a repeat.
    ///
    /// The stream has a connection of its own and ends with an error: that of the daemon, or that the connection was lost
    /// (unless [`Subscribe::reconnect`] is set).
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use aiwg_client::{Pushed, Subscribe};
    /// use futures::TryStreamExt;
    ///
    /// let mut events = client.subscribe(Subscribe { topics: vec!["deployment:*".into()], ..Default::default() }).await?;
    /// client.emit("deployment:complete", &"1.2.3").await?;
    /// if let Some(Pushed::Event(event)) = events.try_next().await? {
    ///     println!("{} {}", event.seq, event.topic);
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `event.subscribe` has failed, or the daemon has not answered in the client's time.
    pub async fn subscribe(
        &self,
        options: Subscribe,
    ) -> Result<impl Stream<Item = Result<Pushed, ClientError>> + Send + Unpin + use<>, ClientError> {
        subscribe(self.link.address().clone(), options, self.within()).await
    }

    /// Ends the connection: calls in flight fail, and the next call connects again. For whoever has reason to believe that what stands
    /// leads nowhere any more, such as a tunnel that has gone silently.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// client.disconnect();
    /// // Connects again.
    /// client.emit("deployment:complete", &"1.2.3").await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn disconnect(&self) {
        self.link.close();
    }

    /// The stub and the deadline to make a call with that may take this long.
    pub(crate) async fn ready(
        &self,
        within: Option<Duration>,
    ) -> Result<(DaemonServiceClient, Context), ClientError> {
        if let Some(after) = within.filter(Duration::is_zero) {
            return Err(ClientError::Timeout { after });
        }
        let mut context = context::current();
        let latest = no_deadline();
        let own = within.and_then(|within| Instant::now().checked_add(within));
        context.deadline = own.map_or(latest, |own| own.min(latest));
        let stub = match self.link.open() {
            Some(stub) => stub,
            None => in_time(within, self.link.reopened(within)).await?,
        };
        Ok((stub, context))
    }

    /// The outcome of a call that could take this long.
    pub(crate) fn outcome<T>(
        within: Option<Duration>,
        answer: Result<Result<T, ApiError>, RpcError>,
    ) -> Result<T, ClientError> {
        match answer {
            Ok(result) => Ok(result?),
            Err(RpcError::DeadlineExceeded) => {
                Err(ClientError::Timeout { after: within.unwrap_or_default() })
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
