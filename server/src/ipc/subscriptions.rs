//! The subscriptions of a connection: each is a task that pushes events, at the pace of its client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiwg_patterns::TopicFilter;
use aiwg_protocol::{
    ApiError, ErrorKind, MAX_SUBSCRIPTIONS,
    service::{EVENT, EVENT_MISSED},
    types::{Event, EventMissedNotification, EventNotification, EventSubscribed},
};
use bytes::Bytes;
use serde::Serialize;
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc,
    },
    task::AbortHandle,
};

use super::Daemon;
use crate::store::{EventFilter, From};

/// How many events are read from the store at a time.
const PAGE: u32 = 500;

/// How many events a subscriber that was up to date may fall behind before they are passed over.
const MAX_BEHIND: u64 = 10_000;

/// The subscriptions of a connection. They end with it.
pub(super) struct Subscriptions {
    daemon: Arc<Daemon>,
    pushes: mpsc::Sender<Bytes>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last: u64,
    tasks: HashMap<u64, AbortHandle>,
}

impl Subscriptions {
    /// None yet; what they push goes to `pushes`, which may take as long as it likes.
    pub(super) fn new(daemon: Arc<Daemon>, pushes: mpsc::Sender<Bytes>) -> Self {
        Self { daemon, pushes, open: Mutex::default() }
    }

    /// Opens one. Its first event is pushed after the caller has returned to the connection's task.
    pub(super) fn open(
        &self,
        topics: Option<TopicFilter>,
        since: Option<u64>,
    ) -> Result<EventSubscribed, ApiError> {
        let mut open = self.lock();
        if open.tasks.len() >= MAX_SUBSCRIPTIONS {
            let message =
                format!("a connection has {MAX_SUBSCRIPTIONS} subscriptions at the most: open another");
            return Err(ApiError::new(ErrorKind::TooManySubscriptions, message));
        }
        open.last += 1;
        let id = open.last;
        // It listens before it looks where the log ends: nothing is lost between the two.
        let events = self.daemon.bus.listen();
        let newest = self.daemon.bus.last_seq();
        let begin = match since {
            None => Begin::Live,
            Some(since) if since > newest => Begin::OtherLog,
            Some(_) => Begin::InLog,
        };
        let last = since.map_or(newest, |since| since.min(newest));
        let pump = Pump { id, daemon: Arc::clone(&self.daemon), pushes: self.pushes.clone(), topics, last };
        open.tasks.insert(id, tokio::spawn(pump.run(events, begin)).abort_handle());
        Ok(EventSubscribed { subscription: id, since: last })
    }

    /// Ends one; false if there is none of this number.
    pub(super) fn close(&self, id: u64) -> bool {
        self.lock().tasks.remove(&id).is_some_and(|task| {
            task.abort();
            true
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        for task in self.lock().tasks.values() {
            task.abort();
        }
    }
}

/// The connection is gone.
struct Gone;

/// Where a subscription begins.
enum Begin {
    /// With what happens from now on.
    Live,
    /// With what the log holds after the last event that the subscriber has seen.
    InLog,
    /// The subscriber has seen more events than there are: those of a log that is no more.
    OtherLog,
}

/// Pushes the events of one subscription.
struct Pump {
    id: u64,
    daemon: Arc<Daemon>,
    pushes: mpsc::Sender<Bytes>,
    topics: Option<TopicFilter>,
    /// The number of the last event that was looked at.
    last: u64,
}

impl Pump {
    /// Runs until the connection is gone.
    async fn run(mut self, mut events: Receiver<Arc<Event>>, begin: Begin) {
        let begun = match begin {
            Begin::Live => Ok(()),
            Begin::InLog => self.catch_up().await,
            // Whether it has seen any of this log's events nobody knows; that it has not is what it must hear of.
            Begin::OtherLog => self.tell_missed(0, self.last).await,
        };
        if begun.is_err() {
            return;
        }
        loop {
            let done = match events.recv().await {
                Ok(event) => self.take(&event).await,
                Err(RecvError::Lagged(_)) => self.fallen_behind().await,
                Err(RecvError::Closed) => Err(Gone),
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// The client reads slower than events come. They are in the log, so nothing is lost, and nothing held in memory; but one that is
    /// far behind is not made to read what is long past.
    async fn fallen_behind(&mut self) -> Result<(), Gone> {
        let newest = self.daemon.bus.last_seq();
        let missed = newest.saturating_sub(self.last);
        if missed > MAX_BEHIND {
            self.tell_missed(self.last, missed).await?;
            self.last = newest;
        }
        self.catch_up().await
    }

    /// Tells that events after number `since` were passed over.
    async fn tell_missed(&self, since: u64, missed: u64) -> Result<(), Gone> {
        let params = EventMissedNotification { subscription: self.id, missed, since };
        self.push(EVENT_MISSED, &params).await
    }

    /// Pushes what the log holds after the last event.
    async fn catch_up(&mut self) -> Result<(), Gone> {
        loop {
            let filter =
                EventFilter { topics: self.topics.clone(), from: From::After(self.last), limit: PAGE };
            let Ok(page) = self.daemon.read(move |reader| reader.events(&filter)).await else {
                // What cannot be read now comes with the next time it falls behind, or is asked for again.
                return Ok(());
            };
            for event in &page.events {
                self.push(EVENT, &EventNotification { subscription: self.id, event: event.clone() }).await?;
            }
            self.last = self.last.max(page.scanned);
            if page.is_last {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, event: &Arc<Event>) -> Result<(), Gone> {
        if event.seq <= self.last {
            return Ok(());
        }
        self.last = event.seq;
        match &self.topics {
            Some(topics) if !topics.is_match(&event.topic) => Ok(()),
            _ => {
                self.push(EVENT, &EventNotification { subscription: self.id, event: (**event).clone() }).await
            }
        }
    }

    /// Waits until there is room: the client's pace is this task's, and nobody else's.
    async fn push(&self, method: &str, params: &impl Serialize) -> Result<(), Gone> {
        #[derive(Serialize)]
        struct Notification<'a, P> {
            jsonrpc: &'a str,
            method: &'a str,
            params: &'a P,
        }
        // These types are strings, numbers and JSON that was JSON before.
        let line = serde_json::to_vec(&Notification { jsonrpc: "2.0", method, params }).unwrap_or_default();
        self.pushes.send(line.into()).await.map_err(|_| Gone)
    }
}
