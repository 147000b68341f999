//! The state that the calls of one client share, and the service's trait on it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use aiwg_model::{Sender, TaskNo};
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
    caller::{Caller, CallingAgent, calling_agent},
    methods,
    peer::Peer,
    permit::permit,
    subscriptions::Subscriptions,
};
use crate::{
    context::{Context, unreadable},
    engine::{EngineError, Wait},
};

/// The number of a connection's calls that read at once.
const READS: usize = 2;

/// The number of a connection's calls that may wait regardless of the calls of other connections.
const FREE_WAITS: usize = FREE_BYTES / CALL_BYTES;

/// Handles the requests of one connection.
pub(crate) struct Handler {
    pub(crate) api: Arc<Api>,
    pub(crate) context: Arc<Context>,
    /// The task whose agent is at the other end, if it is one's.
    pub(crate) agent: Option<Arc<CallingAgent>>,
    /// The process at the other end.
    pub(crate) peer: Peer,
    /// The client, as it is stored with what comes from it.
    sender: Arc<Sender>,
    /// One permit for each of the connection's calls that may wait for something.
    pub(crate) waiting: Semaphore,
    /// True if one of its calls has waited.
    pub(crate) has_waited: AtomicBool,
    /// The subscriptions whose events are pushed over the connection.
    pub(crate) subscriptions: Subscriptions,
    /// The number of the connection's commands that the engine has.
    commands: AtomicUsize,
    /// One permit for each of the connection's calls that may read: the result waits in memory until there is room for an answer.
    reading: Semaphore,
    /// Held by the one call that matches with a pattern of the client's, or dry-runs all rules.
    pub(crate) matching: Semaphore,
    /// Held by the one long answer of the connection that is in the making.
    pub(crate) long_answer: tokio::sync::Mutex<()>,
    /// True if the answers that wait for others of their batches take as much memory as they may.
    pub(crate) has_gathered_all: AtomicBool,
    /// The memory that holds the next answer.
    pub(crate) room: Mutex<Option<Room>>,
}

impl Handler {
    /// The handler of a client that has connected as `caller`; its events are pushed to `pushes`.
    pub(crate) async fn of(
        caller: Caller,
        peer: Peer,
        origin: Origin,
        api: Arc<Api>,
        pushes: mpsc::Sender<Push>,
    ) -> Self {
        let context = Arc::clone(&api.context);
        Self {
            subscriptions: Subscriptions::new(Arc::clone(&api), pushes),
            agent: calling_agent(caller, &context).await.map(Arc::new),
            peer,
            sender: Arc::new(Sender::new(origin)),
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

    /// The cause of all that this connection asks for: the task whose agent calls, if an agent does.
    pub(crate) fn cause(&self) -> Option<Cause> {
        self.agent.as_ref().map(|agent| agent.cause.clone())
    }

    /// The client from which all comes that this connection asks for; none of an agent, whose task is the cause.
    pub(crate) fn sender(&self) -> Option<Arc<Sender>> {
        let is_known = self.agent.as_ref().is_some_and(|agent| agent.cause.task.is_some());
        (!is_known).then(|| Arc::clone(&self.sender))
    }

    /// The one who calls, for people: the agent of a task, or a user with a program.
    pub(crate) fn in_words(&self) -> String {
        if let Some(agent) = &self.agent {
            return agent.task.map_or_else(|| "an agent".to_owned(), |no| format!("the agent of {no}"));
        }
        self.peer.in_words()
    }

    /// Reports to the engine that the calling agent, if it is one, waits for a task: its slot is lent as long as the result lives.
    pub(crate) async fn lend(&self, no: TaskNo) -> Option<Wait> {
        let own = self.agent.as_ref()?.task.filter(|own| *own != no)?;
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
        let room = if is_one_of_few { None } else { Some(self.long_lived(CALL_BYTES)?) };
        Ok((place, room))
    }

    /// Memory for a subscription or a waiting call, until the result is dropped.
    pub(crate) fn long_lived(&self, bytes: usize) -> Result<Room, ApiError> {
        self.api.memory.long_lived.try_take(bytes).ok_or_else(|| {
            let message = "the waiting calls and the subscriptions of all connections take as much memory as they may: end some, or \
                           raise daemon.max_memory_mb";
            ApiError::new(ErrorKind::OverMemory, message)
        })
    }

    /// Sends a command to the engine, and waits for its answer. The engine has it when this is polled first, in the
    /// order of the first polls; so a call that changes something may wait for nothing before.
    pub(crate) async fn command<T>(
        &self,
        done: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, ApiError> {
        let _open = Open::new(&self.commands);
        Ok(self.context.in_time(done).await??)
    }

    /// Waits until all is committed that the connection asked for before this was polled first, so that a read then shows it.
    /// Returns the number of the last event by then.
    pub(crate) async fn settled(&self) -> u64 {
        let last = self.context.bus.last_seq();
        if self.commands.load(Ordering::Relaxed) == 0 {
            return last;
        }
        // A command that failed has changed nothing, so there is nothing to wait for.
        self.context.engine.committed().await.unwrap_or(last)
    }

    /// Reads from the store beside the connections, after all earlier commands of this connection are committed.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Reader) -> aiwg_store::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        let reader = Arc::clone(&self.context.reader);
        let done = async {
            self.settled().await;
            self.apart(move || read(&*reader)).await
        };
        self.context.in_time(done).await??.map_err(|error| unreadable(&error))
    }

    /// Runs work that blocks, or takes its time, beside the connections.
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
    ($($(#[doc = $doc:literal])* fn $name:ident = $wire:literal($params:ty) -> $result:ty;)*) => {
        impl DaemonService for Service {
            $(async fn $name(self, _: context::Context, params: $params) -> Result<$result, ApiError> {
                if self.0.agent.is_some() {
                    permit(&self.0, stringify!($name), &params).await?;
                }
                // Boxed: else every request would be moved about with the room that the largest handler needs.
                Box::pin(methods::$name(&self.0, params)).await
            })*
        }
    };
}
for_each_method!(handler);
