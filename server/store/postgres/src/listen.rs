//! The wait for what others write.

use std::{
    future::poll_fn,
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_store::Result;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Connection, Socket, tls::TlsStream};

use super::{
    address::Address,
    connect::{Drive, PATIENCE, connected, last_row, longest_answer},
    error::{lost, of},
    hosts::Joined,
    store::{Known, MOMENT},
};

/// Longest time between two looks: a notification can be lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Time between two heartbeats of a host.
const BEAT_EVERY: Duration = Duration::from_secs(10);

/// Least time between two looks at what others have written, for each host that there is: the more hosts look at each commit, the less often each of them does.
const GAP: Duration = Duration::from_millis(5);

/// Tells when somebody else has written, on a connection of its own, since such a connection can go through no pool.
pub struct Listener {
    address: Address,
    known: Known,
    host: Joined,
}

/// Whoever is told by a [`Listener`].
pub trait Hears {
    /// The writer is to try a transaction: the server does not answer, or this host may have no part in the store any more.
    fn woken(&self);

    /// There is something of which the writer does not know. By default the same as [`Hears::woken`].
    fn moved(&self) {
        self.woken();
    }

    /// The time as [`Hears::heard`] wants it.
    fn clock(&self) -> u64 {
        0
    }

    /// The server has noted that this host lives: the sign was sent at this time. Of the hosts that are there, one was not heard of for `silent_ms`.
    fn heard(&self, _sent: u64, _silent_ms: u64) {}
}

impl<F: Fn()> Hears for F {
    fn woken(&self) {
        self();
    }
}

/// Drives a connection, and rings at each notification of another instance than this one's.
struct Ring {
    rung: Arc<Notify>,
    instance: u64,
}

impl Drive for Ring {
    fn drive<T>(self, mut connection: Connection<Socket, T>) -> JoinHandle<()>
    where
        T: TlsStream + AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(said) = message
                    && sender(said.payload()) != Some(self.instance)
                {
                    self.rung.notify_one();
                }
            }
            self.rung.notify_one();
        })
    }
}

/// The instance that has committed something, by the words of a notification.
fn sender(payload: &str) -> Option<u64> {
    payload.split(' ').next()?.parse().ok()
}

impl Listener {
    /// One for a writer that knows of `known`, which says for this host that it lives.
    pub fn new(address: Address, known: Known, host: Joined) -> Self {
        Self { address, known, host }
    }

    /// Returns never. It calls [`Hears::woken`] whenever there is something of which the writer does not know, or the server does not answer: then it tries again.
    /// Within a runtime.
    pub async fn run(self, hears: impl Hears) {
        loop {
            if let Err(error) = self.listen(&hears).await {
                tracing::debug!(%error, "nobody says what others write");
                // The writer is to see whether it can reach the server.
                hears.woken();
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn listen(&self, hears: &impl Hears) -> Result<()> {
        let rung = Arc::new(Notify::new());
        let ring = Ring { rung: Arc::clone(&rung), instance: self.host.instance };
        let (client, _) = connected(&self.address, false, ring).await?;
        let Address { schema, project, .. } = &self.address;
        let ask = async |sql: &str| {
            let asked = timeout(longest_answer(PATIENCE), client.simple_query(sql)).await;
            asked.map_err(|_| lost())?.map_err(of)
        };
        ask(&format!("LISTEN \"{schema}\"")).await?;
        let look = format!("SELECT version FROM project WHERE id = '{project}'");
        let row = self.host.is_its_row();
        let beat = format!("UPDATE host SET seen_at = {MOMENT} WHERE {row} AND lost_at IS NULL RETURNING 1");
        let silent = format!(
            "SELECT coalesce(max({MOMENT} - seen_at), 0), count(*) FROM host WHERE lost_at IS NULL AND left_at IS NULL"
        );
        let mut last_beat: Option<Instant> = None;
        let mut gap = GAP;
        loop {
            if last_beat.is_none_or(|last| last.elapsed() >= BEAT_EVERY) {
                last_beat = Some(Instant::now());
                let sent = hears.clock();
                match last_row(&ask(&beat).await?) {
                    Ok(_) => {
                        let silent = last_row(&ask(&silent).await?)?;
                        let number = |at: usize| silent.get(at).and_then(|text| text.parse().ok());
                        hears.heard(sent, number(0).unwrap_or(0));
                        let hosts = number(1).and_then(|hosts| hosts.try_into().ok()).unwrap_or(1);
                        gap = GAP.saturating_mul(hosts).min(LOOK_EVERY);
                    }
                    // It was given up, or another one has its id: the writer says which.
                    Err(_) => hears.woken(),
                }
            }
            let found = ask(&look).await?;
            // The writer says what is wrong with one that is none.
            let version = last_row(&found)?.first().and_then(|version| version.parse().ok());
            if version != Some(self.known.get()) {
                hears.moved();
                // Whoever writes much is looked at together.
                sleep(gap).await;
            }
            let _ = timeout(LOOK_EVERY, rung.notified()).await;
        }
    }
}
