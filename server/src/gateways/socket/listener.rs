//! Accepts connections, only from the daemon's own user.

use std::{io, sync::Arc, time::Duration};

use aiwg_protocol::{ApiError, ErrorKind, wire::error_line};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use super::{Listener, Socket, connection, places::Places};
use crate::{
    api::{Peer, caller_of, origin_of},
    health::{Health, IssueKind},
};

/// Connections could not be accepted.
const CONNECTIONS_ISSUE: IssueKind = IssueKind::named("connections");

/// The file at the socket's path is not this daemon's socket.
const SOCKET_ISSUE: IssueKind = IssueKind::named("socket");

/// The pause after a connection could not be accepted: the first one, and the longest if that happens again and again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The time for which connections may take the last answers when the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// The number of clients that may be refused at once, the time for which each is served for that, and the bytes that it may send meanwhile.
const MOST_REFUSED: usize = 64;
const REFUSING: Duration = Duration::from_secs(1);
const HEARD_OUT: u64 = 1 << 20;

/// The time between two looks whether the socket is still where clients look for it.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Serves every connection until the daemon has stopped.
///
/// # Errors
/// The socket cannot be used.
pub(super) async fn serve(listener: Listener, gateway: &Arc<Socket>) -> io::Result<()> {
    let stopped = &gateway.api().context.stopped;
    let mut place = InPlace { socket: listener.listen()?, listener, is_in_the_way: false };
    let mut clients = Clients::of(gateway);
    let mut look = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = until(clients.again), if clients.again.is_some() => clients.again = None,
            accepted = place.socket.accept(), if clients.again.is_none() => match accepted {
                Ok((stream, _)) => clients.take(stream),
                Err(error) => clients.pause(&error),
            },
            _ = look.tick() => place.look(&gateway.api().context.health)?,
            Some(_) = clients.connections.join_next() => clients.places.look(),
            Some(_) = clients.refused.join_next() => {}
            () = stopped.cancelled() => break,
        }
    }
    let mut connections = clients.connections;
    let _ = timeout(LAST_ANSWERS, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

/// The clients that are connected, and those that are refused.
struct Clients<'a> {
    gateway: &'a Arc<Socket>,
    connections: JoinSet<()>,
    refused: JoinSet<()>,
    places: Places,
    /// Length of the next pause after a connection that could not be accepted.
    next_pause: Duration,
    /// End of the pause; none if connections are accepted.
    again: Option<Instant>,
}

impl<'a> Clients<'a> {
    fn of(gateway: &'a Arc<Socket>) -> Self {
        let context = &gateway.api().context;
        Self {
            gateway,
            connections: JoinSet::new(),
            refused: JoinSet::new(),
            places: Places::new(context.settings.get().config.daemon.max_connections, &context.health),
            next_pause: SHORTEST_PAUSE,
            again: None,
        }
    }

    /// Serves a client, or answers why it is not served.
    fn take(&mut self, stream: UnixStream) {
        let context = &self.gateway.api().context;
        if std::mem::replace(&mut self.next_pause, SHORTEST_PAUSE) != SHORTEST_PAUSE {
            context.health.clear(CONNECTIONS_ISSUE);
        }
        if let Some(who) = stranger(&stream) {
            tracing::warn!("a connection of another user was refused: {who}");
            return;
        }
        let caller = caller_of(&stream, context);
        match self.places.take(caller.is_agents(context), caller.task()) {
            Ok(place) => {
                // Now: what sends something and exits is gone in a moment.
                let origin = origin_of(Peer::of(&stream));
                let served = connection::serve(stream, caller, origin, Arc::clone(self.gateway));
                self.connections.spawn(async move {
                    served.await;
                    drop(place);
                });
            }
            Err(why) if self.refused.len() < MOST_REFUSED => drop(self.refused.spawn(refuse(stream, why))),
            Err(_) => tracing::debug!(
                "too many clients are being refused already: one more was closed without an answer"
            ),
        }
    }

    /// Accepts no connections for a while: most likely there are too many open files, and trying again at once would spin.
    fn pause(&mut self, error: &io::Error) {
        let message = format!(
            "connections cannot be accepted: {error}; the waiting ones are accepted when files are closed"
        );
        tracing::warn!("{message}");
        self.gateway.api().context.health.report(CONNECTIONS_ISSUE, message);
        self.again = Some(Instant::now() + self.next_pause);
        self.next_pause = LONGEST_PAUSE.min(self.next_pause * 2);
    }
}

/// The socket in its place in the project.
struct InPlace {
    listener: Listener,
    socket: UnixListener,
    /// True if another file was in its place at the last look.
    is_in_the_way: bool,
}

impl InPlace {
    /// Binds the socket again where it was removed or replaced.
    fn look(&mut self, health: &Health) -> io::Result<()> {
        match self.listener.bind_again() {
            Ok(false) => {}
            Ok(true) => {
                self.is_in_the_way = false;
                self.socket = self.listener.listen()?;
                health.clear(SOCKET_ISSUE);
                tracing::warn!(
                    "the socket {} was removed or replaced, and is there again",
                    self.listener.path.display()
                );
            }
            // Its directory is gone as well: the state guard ends the daemon.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                tracing::debug!(%error, "the socket was removed, and cannot be bound again");
            }
            Err(error) => {
                let message = format!(
                    "another file is at the path of the socket, so no client can reach this daemon: {error}; remove it"
                );
                // Once, and not with each look.
                if !std::mem::replace(&mut self.is_in_the_way, true) {
                    tracing::warn!("{message}");
                }
                health.report(SOCKET_ISSUE, message);
            }
        }
        Ok(())
    }
}

async fn until(time: Option<Instant>) {
    if let Some(time) = time {
        sleep_until(time).await;
    }
}

/// Answers a client that there are too many connections: after it has sent something, so that it takes the line for the answer, and before its
/// connection is closed, so that its sending does not fail. A client that sends nothing gets the line all the same.
async fn refuse(mut stream: UnixStream, message: String) {
    let line = error_line(&ApiError::new(ErrorKind::TooManyConnections, message));
    // Its content does not matter. Waiting until the stream is readable would not do: that may be reported without any data.
    let _ = timeout(REFUSING, stream.read(&mut [0; 1024])).await;
    let answered = async {
        stream.write_all(&line).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(HEARD_OUT), &mut tokio::io::sink()).await
    };
    if let Ok(Err(error)) = timeout(REFUSING, answered).await {
        tracing::debug!(%error, "the answer that there are too many connections could not be sent");
    }
}

/// The other user at the other end, if it is one. The file's mode keeps others out; this holds even if that was changed. Root may do anything anyway.
fn stranger(stream: &UnixStream) -> Option<String> {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == rustix::process::geteuid().as_raw() || peer.uid() == 0 => None,
        Ok(peer) => Some(format!("user {}", peer.uid())),
        Err(error) => Some(error.to_string()),
    }
}
