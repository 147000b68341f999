//! A project's daemon: one connection for calls, one for all its events.

use std::{
    sync::PoisonError,
    time::{Duration, Instant},
};

use aiwg_client::{
    ClientError, DaemonClient, Options, Pushed, Subscribe,
    types::{Event, EventListParams, NoParams},
};
use futures::{Stream, StreamExt};
use tokio::{
    sync::mpsc::{Sender, UnboundedReceiver},
    time::{sleep, timeout},
};

use super::{Shared, refresh::Refresh};
use crate::message::{Message, Part, ProjectNo};

/// Number of events from before the view was opened.
const HISTORY: u32 = 100;

/// Maximum number of events in one message.
const BATCH: usize = 256;

/// Interval at which the daemon is asked for a sign of life, and time that it may take: a machine that has slept, and a tunnel that has
/// lost its other end, do not tell.
const PULSE: Duration = Duration::from_secs(20);
const PULSE_WITHIN: Duration = Duration::from_secs(8);

/// First and longest pause before another try.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// A project's daemon, as messages.
pub(super) struct Source {
    pub(super) no: ProjectNo,
    pub(super) options: Options,
    pub(super) client: Shared,
    pub(super) to: Sender<Message>,
}

/// What has ended a connection.
enum End {
    Lost(ClientError),
    /// Nobody listens any more.
    Over,
}

impl From<ClientError> for End {
    fn from(error: ClientError) -> Self {
        Self::Lost(error)
    }
}

impl Source {
    /// Connects again and again, until nobody listens any more.
    pub(super) async fn run(self, mut asked: UnboundedReceiver<Vec<Part>>) {
        let (first, longest) = PAUSES;
        let (mut pause, mut since) = (first, None);
        loop {
            let began = Instant::now();
            let End::Lost(error) = self.connection(&mut asked, &mut since).await else { return };
            self.set_client(None);
            if self.to.send(Message::Away(self.no, error.to_string())).await.is_err() {
                return;
            }
            pause = if began.elapsed() > longest { first } else { longest.min(pause * 2) };
            sleep(pause).await;
        }
    }

    fn set_client(&self, client: Option<DaemonClient>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    async fn tell(&self, message: Message) -> Result<(), End> {
        self.to.send(message).await.map_err(|_| End::Over)
    }

    /// One connection, to its end. `since` is the number of the last event seen.
    async fn connection(&self, asked: &mut UnboundedReceiver<Vec<Part>>, since: &mut Option<u64>) -> End {
        match self.connected(asked, since).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn connected(
        &self,
        asked: &mut UnboundedReceiver<Vec<Part>>,
        since: &mut Option<u64>,
    ) -> Result<std::convert::Infallible, End> {
        let options = Options { retry: false, ..self.options.clone() };
        let client = DaemonClient::connect_with(options).await?;
        let status = client.daemon_status(NoParams {}).await?;
        if since.is_none() {
            let params = EventListParams { limit: Some(HISTORY), ..EventListParams::default() };
            let events = client.event_list(params).await?;
            *since = Some(events.last().map_or(0, |event| event.seq));
            self.tell(Message::Events(self.no, events, true)).await?;
        }
        let subscribe = Subscribe { since: *since, ..Subscribe::default() };
        let events = client.subscribe(subscribe).await?;
        let mut events = events.ready_chunks(BATCH);
        self.set_client(Some(client.clone()));
        // What was asked for of the connection before is asked for anyway.
        while asked.try_recv().is_ok() {}
        self.tell(Message::Connected(self.no)).await?;
        self.tell(Message::Status(self.no, Box::new(status))).await?;
        let mut refresh = Refresh::new(self.no, client.clone());
        loop {
            tokio::select! {
                parts = asked.recv() => refresh.want(&parts.ok_or(End::Over)?),
                known = refresh.next() => self.tell(known?).await?,
                batch = pulsed(&client, &mut events) => {
                    let batch = batch?;
                    self.take(batch, since).await?;
                }
            }
        }
    }

    /// Passes on what has happened.
    async fn take(
        &self,
        batch: Vec<Result<Pushed, ClientError>>,
        since: &mut Option<u64>,
    ) -> Result<(), End> {
        let mut events: Vec<Event> = Vec::with_capacity(batch.len());
        for pushed in batch {
            match pushed? {
                Pushed::Event(event) => {
                    *since = Some(event.seq);
                    events.push(event);
                }
                Pushed::Missed { missed, since: from } => {
                    *since = Some(from.saturating_add(missed));
                    if !events.is_empty() {
                        self.tell(Message::Events(self.no, std::mem::take(&mut events), false)).await?;
                    }
                    self.tell(Message::Missed(self.no, missed)).await?;
                }
            }
        }
        if !events.is_empty() {
            self.tell(Message::Events(self.no, events, false)).await?;
        }
        Ok(())
    }
}

/// The next events; while there are none, the daemon is asked for a sign of life now and then.
async fn pulsed(
    client: &DaemonClient,
    events: &mut (impl Stream<Item = Vec<Result<Pushed, ClientError>>> + Unpin),
) -> Result<Vec<Result<Pushed, ClientError>>, ClientError> {
    loop {
        match timeout(PULSE, events.next()).await {
            Ok(Some(batch)) => return Ok(batch),
            Ok(None) => return Err(ClientError::Disconnected("the connection was closed".to_owned())),
            Err(_) => {
                client.clone().with_timeout(PULSE_WITHIN).ping(NoParams {}).await?;
            }
        }
    }
}
