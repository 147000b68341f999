//! One connection: the transport, tarpc's channel on it, and the handler of its requests.

use std::{
    convert::Infallible,
    future::pending,
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aiwg_protocol::{
    ApiError, DaemonService, ErrorKind, MAX_WAITING_CALLS, for_each_method, types::*,
    wire::server::ServerTransport,
};
use bytes::Bytes;
use futures::StreamExt;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tarpc::{
    context::Context,
    server::{BaseChannel, Channel},
};
use tokio::{net::UnixStream, sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Daemon, methods,
    origin::{Origin, origin},
    permit::permit,
    subscriptions::Subscriptions,
    until::UntilCancelled,
};

/// How many lines that were not asked for may wait to be written.
const PUSHES: usize = 64;

/// How often to look whether a client that has closed its sending side is still there to receive.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long a client that has waited for something may still ask once the daemon has stopped: it has just been told that an output has ended,
/// and wants to know how the task did.
const LAST_QUESTIONS: Duration = Duration::from_millis(250);

/// Handles the requests of one connection.
#[derive(Clone)]
pub(super) struct Handler {
    pub(super) daemon: Arc<Daemon>,
    /// The task whose agent is at the other end, if it is one's.
    pub(super) origin: Option<Arc<Origin>>,
    /// How many of the connection's calls are waiting for something.
    pub(super) waiting: Arc<tokio::sync::Semaphore>,
    /// Whether one of its calls has waited.
    pub(super) has_waited: Arc<AtomicBool>,
    /// What is pushed over the connection.
    pub(super) subscriptions: Arc<Subscriptions>,
}

impl Handler {
    /// What all that this connection asks for is caused by: the task whose agent is at the other end, if it is one's.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.origin.as_ref().map(|origin| origin.cause.clone())
    }

    /// A place among the calls that wait; it is free again when this is dropped.
    pub(super) fn wait(&self) -> Result<tokio::sync::SemaphorePermit<'_>, ApiError> {
        self.has_waited.store(true, Ordering::Relaxed);
        self.waiting.try_acquire().map_err(|_| {
            let message = "too many calls of this connection are waiting already: open another";
            ApiError::new(ErrorKind::TooManyWaits, message)
        })
    }
}

/// Serves a connection until it is closed, or the daemon has stopped and the last answers are written.
pub(super) async fn serve(stream: UnixStream, daemon: Arc<Daemon>) {
    let _client = daemon.count_client();
    let Ok(watched) = stream.as_fd().try_clone_to_owned() else { return };
    let (pushes, pushes_out) = mpsc::channel::<Bytes>(PUSHES);
    let handler = Handler {
        subscriptions: Arc::new(Subscriptions::new(Arc::clone(&daemon), pushes)),
        origin: origin(&stream, &daemon).await.map(Arc::new),
        waiting: Arc::new(tokio::sync::Semaphore::new(MAX_WAITING_CALLS)),
        has_waited: Arc::default(),
        daemon: Arc::clone(&daemon),
    };
    let (reader, writer) = stream.into_split();
    // With the daemon stopped nothing more is read; the channel ends when what is in flight has been answered.
    let unread = CancellationToken::new();
    let reader = UntilCancelled::new(reader, unread.clone());
    let has_waited = Arc::clone(&handler.has_waited);
    let max_line = usize::try_from(daemon.settings.get().config.daemon.max_message_mb)
        .unwrap_or(usize::MAX)
        .saturating_mul(1024 * 1024);
    let transport = ServerTransport::new(reader, writer, Some(max_line), pushes_out);
    // Handlers run within this task: a task of its own for each would cost a third of the throughput.
    let requests = BaseChannel::with_defaults(transport).execute(handler.serve());
    let served = requests.for_each_concurrent(None, |response| response);
    tokio::select! {
        () = served => {}
        () = hung_up(&watched) => {}
        never = stop_reading(&daemon.stopped, &has_waited, &unread) => match never {}
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

/// Waits until the other end is closed for good, both ways. A client that has only closed its sending side still gets its
/// answers; one that is gone has its waits cancelled, even though nothing is written to it that would show it.
async fn hung_up(socket: &impl AsFd) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let mut fds = [PollFd::new(socket, PollFlags::empty())];
        let polled = poll(&mut fds, Some(&Timespec::default()));
        if polled.is_err() || fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) {
            return;
        }
    }
}

/// Each method is the function of its name in [`methods`].
macro_rules! handler {
    ($($(#[doc = $doc:literal])* fn $name:ident($params:ty) -> $result:ty;)*) => {
        impl DaemonService for Handler {
            $(async fn $name(self, _: Context, params: $params) -> Result<$result, ApiError> {
                if self.origin.is_some() {
                    permit(&self, stringify!($name), &params).await?;
                }
                // Boxed: else every request would be moved about with the room that the largest handler needs.
                Box::pin(methods::$name(&self, params)).await
            })*
        }
    };
}
for_each_method!(handler);
