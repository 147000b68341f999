//! The wait for what others write.

use std::{future::poll_fn, sync::Arc, time::Duration};

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
    connect::{Drive, PATIENCE, connected, first_row, longest_answer},
    error::{lost, of},
    store::Known,
};

/// Longest time between two looks: a notification can be lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Tells when somebody else has written, on a connection of its own, since such a connection can go through no pool.
pub struct Listener {
    address: Address,
    known: Known,
}

/// Drives a connection, and rings at each notification.
struct Ring(Arc<Notify>);

impl Drive for Ring {
    fn drive<T>(self, mut connection: Connection<Socket, T>) -> JoinHandle<()>
    where
        T: TlsStream + AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if matches!(message, AsyncMessage::Notification(_)) {
                    self.0.notify_one();
                }
            }
            self.0.notify_one();
        })
    }
}

impl Listener {
    /// One for a writer that knows of `known`.
    pub fn new(address: Address, known: Known) -> Self {
        Self { address, known }
    }

    /// Returns never, and calls `woken` whenever there is something of which the writer does not know, or the server does not answer: then it tries again. Within a
    /// runtime.
    pub async fn run(self, woken: impl Fn()) {
        loop {
            if let Err(error) = self.listen(&woken).await {
                tracing::debug!(%error, "nobody says what others write");
                // The writer is to see whether it can reach the server.
                woken();
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn listen(&self, woken: &impl Fn()) -> Result<()> {
        let rung = Arc::new(Notify::new());
        let (client, _) = connected(&self.address, false, Ring(Arc::clone(&rung))).await?;
        let Address { schema, project, .. } = &self.address;
        let ask = async |sql: &str| {
            let asked = timeout(longest_answer(PATIENCE), client.simple_query(sql)).await;
            asked.map_err(|_| lost())?.map_err(of)
        };
        ask(&format!("LISTEN \"{schema}\"")).await?;
        let look = format!("SELECT version FROM project WHERE id = '{project}'");
        loop {
            let found = ask(&look).await?;
            // The writer says what is wrong with one that is none.
            let version = first_row(&found)?.first().and_then(|version| version.parse().ok());
            if version != Some(self.known.get()) {
                woken();
            }
            let _ = timeout(LOOK_EVERY, rung.notified()).await;
        }
    }
}
