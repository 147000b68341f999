//! A connection: the transport, the executor on it, and the handler of its requests.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aiwg_protocol::{types::Origin, wire::server::ServerTransport};
use tokio::{net::UnixStream, sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{Socket, executor::Executor, until::UntilCancelled};
use crate::api::{Caller, Handler, PUSHES, Peer};

/// The time for which a client that has waited may still call once the daemon has stopped: it has just heard that an output has ended, and asks for
/// the outcome of the task.
const LAST_QUESTIONS: Duration = Duration::from_millis(250);

/// Serves a connection until it is closed, or the daemon has stopped and the last answers are written.
pub(super) async fn serve(stream: UnixStream, caller: Caller, origin: Origin, gateway: Arc<Socket>) {
    let _client = gateway.count_client();
    let (api, context) = (gateway.api(), &gateway.api().context);
    // A client that has spooled events, and finds a daemon now, has emitted them before all that it asks for here.
    let first = gateway.spool().before_client(context);
    let (pushes, pushes_out) = mpsc::channel(PUSHES);
    let handler = Arc::new(Handler::of(caller, Peer::of(&stream), origin, Arc::clone(api), pushes).await);
    let (reader, writer) = stream.into_split();
    // When the daemon has stopped, nothing more is read; the connection ends when the calls in flight have been answered.
    let unread = CancellationToken::new();
    let reader = UntilCancelled::new(reader, unread.clone());
    let limits = api.memory.limits(context.settings.get().config.daemon.max_message_mb);
    let transport = ServerTransport::new(reader, writer, limits, pushes_out);
    tokio::select! {
        () = Executor::new(transport, Arc::clone(&handler), first) => {}
        never = stop_reading(&context.stopped, &handler.has_waited, &unread) => match never {}
    }
    drop(handler);
    api.memory.give_back();
}

/// Waits until the daemon has stopped, and a moment more if the client has waited for something. Then nothing more is to be read.
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
