//! Events as a stream.

use std::time::{Duration, Instant};

use aiwg_protocol::{
    DaemonServiceRequest, ErrorKind,
    service::{EVENT, EVENT_MISSED},
    types::{Event, EventMissedNotification, EventNotification, EventSubscribeParams, EventSubscribed},
    wire::client::{FromServer, Messages, ToServer, messages},
};
use futures::{SinkExt, Stream, StreamExt, stream};
use tokio::{net::UnixStream, sync::watch, time::sleep};

use crate::{
    connection::{closed, connect, in_time, lost},
    discover::Address,
    error::ClientError,
};

/// First and longest pause before connecting again. If a connection has brought something, or has stood for longer than
/// the longest pause, the first attempt comes without a pause.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// The options of a subscription.
///
/// ```
/// # aiwg_testing::example(|client| async move {
/// use aiwg_client::Subscribe;
///
/// let since = client.emit("release:begun", &"1.2.3").await?.seq;
/// let all_since = Subscribe { since: Some(since - 1), reconnect: true, ..Subscribe::default() };
/// let event = client.wait_for(all_since, |event| event.seq == since).await?;
/// assert_eq!(event.topic, "release:begun");
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct Subscribe {
    /// Only topics that match one of these globs; all when empty.
    pub topics: Vec<String>,
    /// The number of the last event seen: those after it come first. Only live ones when none.
    pub since: Option<u64>,
    /// True to connect again and go on where it stopped when the connection is lost: the daemon restarts, a tunnel
    /// breaks.
    pub reconnect: bool,
    /// Receives `false` when the connection is lost, and `true` when there is one again. Only with `reconnect`.
    pub is_connected: Option<watch::Sender<bool>>,
}

/// An item of a subscription.
///
/// ```
/// # aiwg_testing::example(|client| async move {
/// use aiwg_client::{Pushed, Subscribe};
/// use futures::TryStreamExt;
///
/// let mut events = client.subscribe(Subscribe { since: Some(0), ..Default::default() }).await?;
/// client.emit("deployment:complete", &"1.2.3").await?;
/// while let Some(pushed) = events.try_next().await? {
///     match pushed {
///         Pushed::Event(event) if event.topic == "deployment:complete" => break,
///         Pushed::Event(event) => println!("{} {}", event.seq, event.topic),
///         Pushed::Missed { missed, since } => println!("{missed} events after {since} were passed over"),
///     }
/// }
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Pushed {
    /// Something happened.
    Event(Event),
    /// Events were passed over; `event.list` with `since` replays those that are left. The subscription could not keep
    /// up, retention deleted them before they were sent, or the log was deleted and restarted.
    Missed {
        /// Number of events, of whatever topic.
        missed: u64,
        /// The number of the last event before them.
        since: u64,
    },
}

/// Opens a subscription on a connection of its own: reading it slowly delays no call.
pub(crate) async fn subscribe(
    address: Address,
    options: Subscribe,
    timeout: Option<Duration>,
) -> Result<impl Stream<Item = Result<Pushed, ClientError>> + Send + Unpin + use<>, ClientError> {
    let mut subscription = Subscription {
        address,
        options,
        timeout,
        wire: None,
        number: 0,
        opened: Instant::now(),
        pause: None,
    };
    subscription.open().await?;
    Ok(Box::pin(stream::unfold(Some(subscription), |subscription| async {
        let mut subscription = subscription?;
        match subscription.next().await {
            Ok(pushed) => Some((Ok(pushed), Some(subscription))),
            Err(error) => Some((Err(error), None)),
        }
    })))
}

struct Subscription {
    address: Address,
    options: Subscribe,
    /// Maximum time of subscribing.
    timeout: Option<Duration>,
    wire: Option<Messages<UnixStream>>,
    /// The subscription's number on this connection.
    number: u64,
    /// Time of the last subscription.
    opened: Instant,
    /// Pause before connecting again; none for no pause.
    pause: Option<Duration>,
}

impl Subscription {
    /// Connects and subscribes, from where it stopped, in the client's time.
    async fn open(&mut self) -> Result<(), ClientError> {
        in_time(self.timeout, self.subscribe()).await
    }

    async fn subscribe(&mut self) -> Result<(), ClientError> {
        let mut wire = messages(connect(&self.address, self.timeout).await?);
        let topics = (!self.options.topics.is_empty()).then(|| self.options.topics.clone());
        let params = EventSubscribeParams { topics, since: self.options.since };
        let request = ToServer::Request(1, DaemonServiceRequest::EventSubscribe { params });
        wire.send(request).await.map_err(lost)?;
        loop {
            match wire.next().await.ok_or_else(closed)?.map_err(lost)? {
                // Nothing is pushed before the answer: what says so is no daemon, and nothing of it is kept.
                FromServer::Notification(early) if [EVENT, EVENT_MISSED].contains(&&*early.method) => {
                    return Err(early_event());
                }
                FromServer::Notification(_) => {}
                FromServer::Response(_, Err(error)) => return Err(error.into()),
                FromServer::Unreadable(None, _) => {}
                FromServer::Unreadable(Some(_), why) => return Err(ClientError::Unreadable(why)),
                FromServer::Response(_, Ok(result)) => {
                    let subscribed: EventSubscribed =
                        serde_json::from_str(result.get()).map_err(unreadable)?;
                    self.options.since = Some(subscribed.since);
                    (self.number, self.opened) = (subscribed.subscription, Instant::now());
                    break;
                }
            }
        }
        self.wire = Some(wire);
        Ok(())
    }

    async fn next(&mut self) -> Result<Pushed, ClientError> {
        loop {
            match self.receive().await {
                Ok(Some(pushed)) => {
                    self.pause = None;
                    return Ok(pushed);
                }
                Ok(None) => {}
                Err(error) if self.options.reconnect && may_come_back(&error) => {
                    self.note_connected(false);
                    self.reopen().await?;
                    self.note_connected(true);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn note_connected(&self, is_connected: bool) {
        if let Some(noted) = &self.options.is_connected {
            noted.send_replace(is_connected);
        }
    }

    async fn receive(&mut self) -> Result<Option<Pushed>, ClientError> {
        let wire = self.wire.as_mut().ok_or_else(closed)?;
        let notification = match wire.next().await.ok_or_else(closed)?.map_err(lost)? {
            FromServer::Notification(notification) => notification,
            FromServer::Response(..) | FromServer::Unreadable(..) => return Ok(None),
        };
        // One of another number is not this one's.
        Ok(match notification.method.as_str() {
            EVENT => {
                let EventNotification { subscription, event } =
                    notification.params.to().map_err(unreadable)?;
                if subscription != self.number {
                    return Ok(None);
                }
                self.options.since = Some(event.seq);
                Some(Pushed::Event(event))
            }
            EVENT_MISSED => {
                let EventMissedNotification { subscription, missed, since } =
                    notification.params.to().map_err(unreadable)?;
                if subscription != self.number {
                    return Ok(None);
                }
                self.options.since = Some(since.saturating_add(missed));
                Some(Pushed::Missed { missed, since })
            }
            _ => None,
        })
    }

    /// Until there is a daemon again.
    async fn reopen(&mut self) -> Result<(), ClientError> {
        self.wire = None;
        let (first, longest) = BACKOFF;
        if self.opened.elapsed() > longest {
            self.pause = None;
        }
        loop {
            if let Some(pause) = self.pause {
                sleep(pause).await;
            }
            // A subscription alone is no success: a tunnel may take it and close.
            self.pause = Some(self.pause.map_or(first, |pause| longest.min(pause * 2)));
            match self.open().await {
                Err(error) if may_come_back(&error) => {}
                other => return other,
            }
        }
    }
}

/// True if another attempt may succeed: the daemon is being restarted, or reports that it cannot answer just now.
fn may_come_back(error: &ClientError) -> bool {
    match error {
        ClientError::NoDaemon { .. } | ClientError::Disconnected(_) | ClientError::Timeout { .. } => true,
        error => error.kind().is_some_and(ErrorKind::retryable),
    }
}

fn early_event() -> ClientError {
    ClientError::Disconnected("it pushed events before it answered".to_owned())
}

fn unreadable(error: serde_json::Error) -> ClientError {
    ClientError::Unreadable(error.to_string())
}
