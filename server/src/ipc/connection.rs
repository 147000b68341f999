//! One connection: the transport, tarpc's channel on it, and the handler of its requests.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aiwg_protocol::{
    ApiError, DaemonService, ErrorKind, MAX_WAITING_CALLS, for_each_method,
    types::*,
    wire::{Room, server::ServerTransport},
};
use tarpc::context::Context;
use tokio::{net::UnixStream, sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{engine::Wait, store::TaskNo};

use super::{
    Daemon,
    executor::Executor,
    methods,
    origin::{Origin, origin},
    permit::permit,
    subscriptions::{PUSHES, Subscriptions},
    until::UntilCancelled,
};
use crate::{engine::EngineError, store::Reader};

/// How many of a connection's calls read from the store at once.
const READS: usize = 4;

/// How long a client that has waited for something may still ask once the daemon has stopped: it has just been told that an output has ended,
/// and wants to know how the task did.
const LAST_QUESTIONS: Duration = Duration::from_millis(250);

/// Handles the requests of one connection.
pub(super) struct Handler {
    pub(super) daemon: Arc<Daemon>,
    /// The task whose agent is at the other end, if it is one's.
    pub(super) origin: Option<Arc<Origin>>,
    /// How many of the connection's calls are waiting for something.
    pub(super) waiting: tokio::sync::Semaphore,
    /// Whether one of its calls has waited.
    pub(super) has_waited: AtomicBool,
    /// What is pushed over the connection.
    pub(super) subscriptions: Subscriptions,
    /// How many of the connection's commands are with the engine.
    commands: AtomicUsize,
    /// How many of the connection's calls may read from the store: what they have read waits in memory until there is room for an answer.
    reading: tokio::sync::Semaphore,
    /// Held by the one long answer of the connection that is in the making.
    long_answer: tokio::sync::Mutex<()>,
    /// Whether answers that wait for others of their batches take as much memory as they may.
    has_gathered_all: AtomicBool,
    /// The memory that the answer which is given next was made in.
    room: Mutex<Option<Room>>,
}

impl Handler {
    /// What all that this connection asks for is caused by: the task whose agent is at the other end, if it is one's.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.origin.as_ref().map(|origin| origin.cause.clone())
    }

    /// Tells the engine that the agent at the other end waits for a task, if it is one's: its slot is lent as long as this lives.
    pub(super) async fn lend(&self, no: TaskNo) -> Option<Wait> {
        let own = self.origin.as_ref()?.task.filter(|own| *own != no)?;
        Some(self.daemon.engine.waits_for(own, no).await)
    }

    /// A place among the calls that wait; it is free again when this is dropped.
    pub(super) fn wait(&self) -> Result<tokio::sync::SemaphorePermit<'_>, ApiError> {
        self.has_waited.store(true, Ordering::Relaxed);
        self.waiting.try_acquire().map_err(|_| {
            let message = "too many calls of this connection are waiting already: open another";
            ApiError::new(ErrorKind::TooManyWaits, message)
        })
    }

    /// Has the engine do something. The engine has it when this is polled first, in the order in which that happens; so nothing that
    /// brings something about may wait for anything before.
    pub(super) async fn command<T>(
        &self,
        done: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, ApiError> {
        let _open = Open::new(&self.commands);
        Ok(done.await?)
    }

    /// Waits until all is committed that the connection asked for before this was polled first: what is read then shows it.
    /// Tells the number of the last event by then.
    pub(super) async fn settled(&self) -> u64 {
        let last = self.daemon.bus.last_seq();
        if self.commands.load(Ordering::Relaxed) == 0 {
            return last;
        }
        // Where it failed there is nothing to be seen of it, and nothing to wait for.
        self.daemon.engine.committed().await.unwrap_or(last)
    }

    /// Reads from the store what the connection has asked for before, and what else is there, beside the connections.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.settled().await;
        let _place = self.reading.acquire().await;
        self.daemon.read(read).await
    }

    /// Makes a long answer in memory of the budget: `most` bytes of it at first, then as many as the answer has. One of each
    /// connection is made at a time, so that a client which asks for many takes no more than one that asks for one.
    pub(super) async fn long_answer<T>(
        &self,
        most: usize,
        make: impl Future<Output = Result<(T, usize), ApiError>>,
    ) -> Result<T, ApiError> {
        let _one = self.long_answer.lock().await;
        if self.has_gathered_all.load(Ordering::Relaxed) {
            let message = "the answers to batches of this connection take as much memory as they may: ask for less in one batch";
            return Err(ApiError::new(ErrorKind::OverMemory, message));
        }
        let Some(mut room) = self.daemon.memory.answers.take(most).await else {
            return Err(EngineError::Closing.into());
        };
        let (answer, bytes) = make.await?;
        room.shrink_to(bytes);
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = Some(room);
        Ok(answer)
    }

    /// Notes whether answers that wait for others of their batches take as much memory as they may.
    pub(super) fn note_gathered(&self, all: bool) {
        self.has_gathered_all.store(all, Ordering::Relaxed);
    }

    /// The memory of the answer that has just been given.
    pub(super) fn take_room(&self) -> Option<Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
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

/// Serves a connection until it is closed, or the daemon has stopped and the last answers are written.
pub(super) async fn serve(stream: UnixStream, daemon: Arc<Daemon>) {
    let _client = daemon.count_client();
    let (pushes, pushes_out) = mpsc::channel(PUSHES);
    let handler = Arc::new(Handler {
        subscriptions: Subscriptions::new(Arc::clone(&daemon), pushes),
        origin: origin(&stream, &daemon).await.map(Arc::new),
        waiting: tokio::sync::Semaphore::new(MAX_WAITING_CALLS),
        has_waited: AtomicBool::new(false),
        commands: AtomicUsize::new(0),
        reading: tokio::sync::Semaphore::new(READS),
        long_answer: tokio::sync::Mutex::default(),
        has_gathered_all: AtomicBool::new(false),
        room: Mutex::default(),
        daemon: Arc::clone(&daemon),
    });
    let (reader, writer) = stream.into_split();
    // With the daemon stopped nothing more is read; the connection ends when what is in flight has been answered.
    let unread = CancellationToken::new();
    let reader = UntilCancelled::new(reader, unread.clone());
    let limits = daemon.memory.limits(daemon.settings.get().config.daemon.max_message_mb);
    let transport = ServerTransport::new(reader, writer, limits, pushes_out);
    tokio::select! {
        () = Executor::new(transport, Arc::clone(&handler)) => {}
        never = stop_reading(&daemon.stopped, &handler.has_waited, &unread) => match never {}
    }
}

/// Once the daemon has stopped, nothing more is to be read: after a moment where the client has waited for something.
async fn stop_reading(
    stopped: &CancellationToken,
    has_waited: &AtomicBool,
    unread: &CancellationToken,
) -> Infallible {
    stopped.cancelled().await;
    if has_waited.load(Ordering::Relaxed) {
        sleep(LAST_QUESTIONS).await;
    }
    unread.cancel();
    pending().await
}

/// The handler as tarpc's trait has it, which hands each request a copy.
#[derive(Clone)]
pub(super) struct Service(pub(super) Arc<Handler>);

/// Each method is the function of its name in [`methods`].
macro_rules! handler {
    ($($(#[doc = $doc:literal])* fn $name:ident($params:ty) -> $result:ty;)*) => {
        impl DaemonService for Service {
            $(async fn $name(self, _: Context, params: $params) -> Result<$result, ApiError> {
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
