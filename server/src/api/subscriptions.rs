//! The subscriptions of a connection: each is a task that pushes events, at the pace of its client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aiwg_patterns::TopicFilter;
use aiwg_protocol::{
    ApiError, ErrorKind, MAX_SUBSCRIPTIONS,
    service::{EVENT, EVENT_MISSED},
    types::{Event, EventMissedNotification, EventNotification, EventSubscribed},
    wire::{Budget, CALL_BYTES, FREE_BYTES, Room, server::Push},
};
use aiwg_store::{EventFilter, From};
use serde::Serialize;
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc,
    },
    task::AbortHandle,
    time::sleep,
};

use super::Api;
use crate::bus::Committed;

/// The number of events that are read from the store at a time.
const PAGE: u32 = 500;

/// The number of bytes of them after which a page ends; the last event is read whole.
const PAGE_BYTES: usize = FREE_BYTES;

/// The number of pushed lines that may wait to be written.
pub(crate) const PUSHES: usize = 64;

/// The most bytes that they have together, except for a single line that is longer.
const PUSHED_BYTES: usize = 2 * FREE_BYTES;

/// The number of events that a subscriber that was up to date may fall behind before they are passed over.
const MAX_BEHIND: u64 = 10_000;

/// The time before the log is read again after a failure.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// The subscriptions of a connection. They end with it.
pub(crate) struct Subscriptions {
    api: Arc<Api>,
    pushes: Pushes,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last: u64,
    all: HashMap<u64, Subscription>,
}

struct Subscription {
    /// None while it is being opened.
    task: Option<AbortHandle>,
    /// The memory that it takes.
    _room: Option<Room>,
}

/// The way to the connection that all its subscriptions share.
#[derive(Clone)]
struct Pushes {
    lines: mpsc::Sender<Push>,
    bytes: Budget,
    /// Held by the one that has events in memory: those of one connection are written one after the other anyway.
    writing: Arc<tokio::sync::Mutex<()>>,
}

impl Subscriptions {
    /// Without subscriptions yet. They push to `pushes`, which may take as long as it likes.
    pub(crate) fn new(api: Arc<Api>, pushes: mpsc::Sender<Push>) -> Self {
        let pushes = Pushes { lines: pushes, bytes: Budget::new(PUSHED_BYTES), writing: Arc::default() };
        Self { api, pushes, open: Mutex::default() }
    }

    /// Opens a subscription that was begun. It starts with the first event after those that are `settled`, so that earlier events of the connection
    /// are not pushed. Its first event is pushed after the caller has returned to the connection's task.
    pub(crate) async fn open(
        &self,
        opening: Opening<'_>,
        topics: impl Future<Output = Result<Option<Arc<TopicFilter>>, ApiError>>,
        since: Option<u64>,
        settled: impl Future<Output = u64>,
    ) -> Result<EventSubscribed, ApiError> {
        // It listens before it looks where the log ends: nothing is lost between the two.
        let events = self.api.context.bus.listen();
        let newest = settled.await;
        let topics = topics.await?;
        let begin = match since {
            None => Begin::Live,
            Some(since) if since > newest => Begin::OtherLog,
            Some(_) => Begin::InLog,
        };
        let last = since.map_or(newest, |since| since.min(newest));
        let id = opening.id;
        let pump = Pump { id, api: Arc::clone(&self.api), pushes: self.pushes.clone(), topics, last };
        opening.done(|| tokio::spawn(pump.run(events, begin)).abort_handle());
        Ok(EventSubscribed { subscription: id, since: last })
    }

    /// Begins a subscription, which has its number from then on; its filter takes so many bytes. `long_lived` gives the memory, which only the first
    /// one has without, unless it takes much.
    ///
    /// # Errors
    /// There are too many, or there is no memory for another.
    pub(crate) fn begin(
        &self,
        long_lived: impl FnOnce(usize) -> Result<Room, ApiError>,
        bytes: usize,
    ) -> Result<Opening<'_>, ApiError> {
        let mut open = self.lock();
        if open.all.len() >= MAX_SUBSCRIPTIONS {
            let message =
                format!("a connection has {MAX_SUBSCRIPTIONS} subscriptions at the most: open another");
            return Err(ApiError::new(ErrorKind::TooManySubscriptions, message));
        }
        let is_free = open.all.is_empty() && bytes <= FREE_BYTES;
        let room = if is_free { None } else { Some(long_lived(CALL_BYTES + bytes)?) };
        open.last += 1;
        let id = open.last;
        open.all.insert(id, Subscription { task: None, _room: room });
        Ok(Opening { subscriptions: self, id, is_done: false })
    }

    /// Ends the subscription; false if none has this number.
    pub(crate) fn close(&self, id: u64) -> bool {
        self.lock().all.remove(&id).is_some_and(|subscription| {
            if let Some(task) = subscription.task {
                task.abort();
            }
            true
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        for task in self.lock().all.values().filter_map(|subscription| subscription.task.as_ref()) {
            task.abort();
        }
    }
}

/// A subscription that is being opened; it is removed if the call is cancelled.
pub(crate) struct Opening<'a> {
    subscriptions: &'a Subscriptions,
    id: u64,
    is_done: bool,
}

impl Opening<'_> {
    /// Starts it, unless it has been closed again.
    fn done(mut self, start: impl FnOnce() -> AbortHandle) {
        self.is_done = true;
        if let Some(subscription) = self.subscriptions.lock().all.get_mut(&self.id) {
            subscription.task = Some(start());
        }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.subscriptions.close(self.id);
        }
    }
}

/// The connection is gone.
struct Gone;

/// The begin of a subscription.
enum Begin {
    /// With the next event.
    Live,
    /// With the event in the log after the last one that the subscriber has seen.
    InLog,
    /// The subscriber has seen more events than there are: those of a log that is no more.
    OtherLog,
}

/// Pushes the events of one subscription.
struct Pump {
    id: u64,
    api: Arc<Api>,
    pushes: Pushes,
    topics: Option<Arc<TopicFilter>>,
    /// The number of the last event that was looked at.
    last: u64,
}

impl Pump {
    /// Runs until the connection is gone.
    async fn run(mut self, mut events: Receiver<Committed>, begin: Begin) {
        let begun = match begin {
            Begin::Live => Ok(()),
            Begin::InLog => self.catch_up().await,
            // Whether it has seen any of this log's events is unknown; so it must hear that it may have missed all.
            Begin::OtherLog => self.report_missed(0, self.last).await,
        };
        if begun.is_err() {
            return;
        }
        loop {
            let done = match events.recv().await {
                Ok(committed) => self.take(&committed).await,
                Err(RecvError::Lagged(_)) => self.fallen_behind().await,
                Err(RecvError::Closed) => Err(Gone),
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// Handles a client that reads slower than events come. They are in the log, so none is lost, and none held in memory; but a client that is far
    /// behind does not have to read old events.
    async fn fallen_behind(&mut self) -> Result<(), Gone> {
        let newest = self.api.context.bus.last_seq();
        let missed = newest.saturating_sub(self.last);
        if missed > MAX_BEHIND {
            self.pass_over(missed).await?;
        }
        self.catch_up().await
    }

    /// Goes on after this many events without pushing them, and reports that, if there are any.
    async fn pass_over(&mut self, missed: u64) -> Result<(), Gone> {
        if missed > 0 {
            self.report_missed(self.last, missed).await?;
            self.last += missed;
        }
        Ok(())
    }

    /// Reports that events after number `since` were passed over.
    async fn report_missed(&self, since: u64, missed: u64) -> Result<(), Gone> {
        let params = EventMissedNotification { subscription: self.id, missed, since };
        self.push(EVENT_MISSED, &params, None).await
    }

    /// Pushes the events in the log after the last one, and reports how many it no longer holds: retention deletes unsent events, too.
    async fn catch_up(&mut self) -> Result<(), Gone> {
        let writing = Arc::clone(&self.pushes.writing);
        let mut filter = EventFilter {
            topics: self.topics.clone(),
            from: From::After(self.last),
            limit: PAGE,
            bytes: PAGE_BYTES,
        };
        loop {
            let guard = writing.lock().await;
            let mut room = self.room(self.api.max_payload() + PAGE_BYTES).await?;
            filter.from = From::After(self.last);
            // Taken before the page is read: an event that comes meanwhile is not missing from the page.
            let newest = self.api.context.bus.last_seq();
            let wanted = filter.clone();
            let Ok(page) = self.api.context.read(move |reader| reader.events(&wanted)).await else {
                drop((room, guard));
                sleep(READ_AGAIN).await;
                continue;
            };
            self.pass_over(page.gone).await?;
            let bytes = page.events.iter().map(|event| event.payload.as_str().len()).sum();
            room.shrink_to(bytes);
            let mut room = Some(room).filter(|_| bytes > FREE_BYTES);
            let mut events = page.events.into_iter().peekable();
            while let Some(event) = events.next() {
                // It goes back when the last of them is written, and with it all that were pushed before.
                let room = if events.peek().is_none() { room.take() } else { None };
                self.push(EVENT, &EventNotification { subscription: self.id, event }, room).await?;
            }
            self.last = self.last.max(page.scanned);
            if page.is_last {
                return self.pass_over(newest.saturating_sub(self.last)).await;
            }
        }
    }

    async fn take(&mut self, committed: &Committed) -> Result<(), Gone> {
        if committed.seq <= self.last {
            return Ok(());
        }
        if committed.seq > self.last + 1 {
            return self.catch_up().await;
        }
        if self.topics.as_ref().is_some_and(|topics| !topics.is_match(&committed.topic)) {
            self.last = committed.seq;
            return Ok(());
        }
        let writing = Arc::clone(&self.pushes.writing);
        let writing = writing.lock().await;
        let Some(event) = self.api.context.bus.recent(committed.seq) else {
            drop(writing);
            return self.catch_up().await;
        };
        let bytes = event.payload.as_str().len();
        let room = if bytes > FREE_BYTES { Some(self.room(bytes).await?) } else { None };
        self.last = committed.seq;
        let event = Event::clone(&event);
        self.push(EVENT, &EventNotification { subscription: self.id, event }, room).await
    }

    /// Waits for memory for a long event.
    async fn room(&self, bytes: usize) -> Result<Room, Gone> {
        self.api.memory.answers.take(bytes).await.ok_or(Gone)
    }

    /// Waits until there is room: a slow client delays this task and no other.
    async fn push(&self, method: &str, params: &impl Serialize, room: Option<Room>) -> Result<(), Gone> {
        #[derive(Serialize)]
        struct Notification<'a, P> {
            jsonrpc: &'a str,
            method: &'a str,
            params: &'a P,
        }
        // These types are strings, numbers and JSON that was JSON before.
        let line = serde_json::to_vec(&Notification { jsonrpc: "2.0", method, params }).unwrap_or_default();
        let own = self.pushes.bytes.take(line.len()).await.ok_or(Gone)?;
        let rooms = std::iter::once(own).chain(room).collect();
        self.pushes.lines.send(Push { line: line.into(), rooms }).await.map_err(|_| Gone)
    }
}
