//! What the calls of one client share, and the service's trait on it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use aiwg_model::TaskNo;
use aiwg_protocol::{
    ApiError, DaemonService, ErrorKind, MAX_WAITING_CALLS, for_each_method,
    types::*,
    wire::{CALL_BYTES, FREE_BYTES, Room, server::Push},
};
use aiwg_store::Reader;
use tarpc::context;
use tokio::{
    sync::{Semaphore, SemaphorePermit, mpsc},
    task::JoinError,
};

use super::{
    Api,
    caller::{Origin, Peer, origin},
    methods,
    permit::permit,
    subscriptions::Subscriptions,
};
use crate::{
    context::{Context, unreadable},
    engine::{EngineError, Wait},
};

/// How many of a connection's calls read at once.
const READS: usize = 2;

/// How many of a connection's calls may wait whatever those of others do.
const FREE_WAITS: usize = FREE_BYTES / CALL_BYTES;

/// Handles the requests of one connection.
pub(crate) struct Handler {
    pub(crate) api: Arc<Api>,
    pub(crate) context: Arc<Context>,
    /// The task whose agent is at the other end, if it is one's.
    pub(crate) origin: Option<Arc<Origin>>,
    /// How many of the connection's calls are waiting for something.
    pub(crate) waiting: Semaphore,
    /// Whether one of its calls has waited.
    pub(crate) has_waited: AtomicBool,
    /// What is pushed over the connection.
    pub(crate) subscriptions: Subscriptions,
    /// How many of the connection's commands are with the engine.
    commands: AtomicUsize,
    /// How many of the connection's calls may read: what they have read waits in memory until there is room for an answer.
    reading: Semaphore,
    /// Held by the one call that matches with what a client has given, or tries all rules.
    pub(crate) matching: Semaphore,
    /// Held by the one long answer of the connection that is in the making.
    pub(crate) long_answer: tokio::sync::Mutex<()>,
    /// Whether answers that wait for others of their batches take as much memory as they may.
    pub(crate) has_gathered_all: AtomicBool,
    /// The memory that the answer which is given next was made in.
    pub(crate) room: Mutex<Option<Room>>,
}

impl Handler {
    /// Of a client that has connected from `peer`; what is pushed to it goes to `pushes`.
    pub(crate) async fn of(peer: Peer, api: Arc<Api>, pushes: mpsc::Sender<Push>) -> Self {
        let context = Arc::clone(&api.context);
        Self {
            subscriptions: Subscriptions::new(Arc::clone(&api), pushes),
            origin: origin(peer, &context).await.map(Arc::new),
            waiting: Semaphore::new(MAX_WAITING_CALLS),
            has_waited: AtomicBool::new(false),
            commands: AtomicUsize::new(0),
            reading: Semaphore::new(READS),
            matching: Semaphore::new(1),
            long_answer: tokio::sync::Mutex::default(),
            has_gathered_all: AtomicBool::new(false),
            room: Mutex::default(),
            api,
            context,
        }
    }

    /// What all that this connection asks for is caused by: the task whose agent is at the other end, if it is one's.
    pub(crate) fn cause(&self) -> Option<Cause> {
        self.origin.as_ref().map(|origin| origin.cause.clone())
    }

    /// Tells the engine that the agent at the other end waits for a task, if it is one's: its slot is lent as long as this lives.
    pub(crate) async fn lend(&self, no: TaskNo) -> Option<Wait> {
        let own = self.origin.as_ref()?.task.filter(|own| *own != no)?;
        Some(self.context.engine.waits_for(own, no).await)
    }

    /// A place among the calls that wait, of this connection and of all; it is free again when this is dropped.
    pub(crate) fn wait(&self) -> Result<(SemaphorePermit<'_>, Option<Room>), ApiError> {
        self.has_waited.store(true, Ordering::Relaxed);
        let place = self.waiting.try_acquire().map_err(|_| {
            let message = "too many calls of this connection are waiting already: open another";
            ApiError::new(ErrorKind::TooManyWaits, message)
        })?;
        let is_one_of_few = self.waiting.available_permits() + FREE_WAITS >= MAX_WAITING_CALLS;
        let room = if is_one_of_few { None } else { Some(self.lasting(CALL_BYTES)?) };
        Ok((place, room))
    }

    /// Memory for what lasts, until this is dropped.
    pub(crate) fn lasting(&self, bytes: usize) -> Result<Room, ApiError> {
        self.api.memory.lasting.try_take(bytes).ok_or_else(|| {
            let message = "the waiting calls and the subscriptions of all connections take as much memory as they may: end some, or \
                           raise daemon.max_memory_mb";
            ApiError::new(ErrorKind::OverMemory, message)
        })
    }

    /// Has the engine do something. The engine has it when this is polled first, in the order in which that happens; so nothing that
    /// brings something about may wait for anything before.
    pub(crate) async fn command<T>(
        &self,
        done: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, ApiError> {
        let _open = Open::new(&self.commands);
        Ok(done.await?)
    }

    /// Waits until all is committed that the connection asked for before this was polled first: what is read then shows it.
    /// Tells the number of the last event by then.
    pub(crate) async fn settled(&self) -> u64 {
        let last = self.context.bus.last_seq();
        if self.commands.load(Ordering::Relaxed) == 0 {
            return last;
        }
        // Where it failed there is nothing to be seen of it, and nothing to wait for.
        self.context.engine.committed().await.unwrap_or(last)
    }

    /// Reads what the connection has asked for before, and what else is there, beside the connections.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Reader) -> aiwg_store::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.settled().await;
        let reader = Arc::clone(&self.context.reader);
        let done = self.apart(move || read(&*reader)).await?;
        done.map_err(|error| unreadable(&error))
    }

    /// Runs what blocks, or takes its time, beside the connections.
    pub(crate) async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _place = self.place().await;
        let failed = |error: JoinError| ApiError::new(ErrorKind::InternalError, error.to_string());
        tokio::task::spawn_blocking(work).await.map_err(failed)
    }

    /// A place among the calls that read: so many of a connection do so at once, and so many of all. It is free again when this is dropped.
    pub(crate) async fn place(&self) -> Place<'_> {
        // They are never closed; without one there would be nothing to wait for.
        let own = self.reading.acquire().await.ok();
        Place { _of_all: self.api.reading.acquire().await.ok(), _own: own }
    }
}

/// A place among the calls that read.
pub(crate) struct Place<'a> {
    _own: Option<SemaphorePermit<'a>>,
    _of_all: Option<SemaphorePermit<'a>>,
}

/// Counts a command that is with the engine.
struct Open<'a>(&'a AtomicUsize);

impl<'a> Open<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The handler as tarpc's trait has it, which hands each request a copy.
#[derive(Clone)]
pub(crate) struct Service(pub(crate) Arc<Handler>);

/// Each method is the function of its name in [`methods`].
macro_rules! handler {
    ($($(#[doc = $doc:literal])* fn $name:ident($params:ty) -> $result:ty;)*) => {
        impl DaemonService for Service {
            $(async fn $name(self, _: context::Context, params: $params) -> Result<$result, ApiError> {
                if self.0.origin.is_some() {
                    permit(&self.0, stringify!($name), &params).await?;
                }
                // Boxed: else every request would be moved about with the room that the largest handler needs.
                Box::pin(methods::$name(&self.0, params)).await
            })*
        }
    };
}
for_each_method!(handler);
