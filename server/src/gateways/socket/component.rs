//! The socket as a part of the daemon.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aiwg_protocol::types::{HealthCheckItem, IpcSubsystem, Subsystems};
use aiwg_store::Reader;
use futures::future::BoxFuture;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::{Listener, listener::serve};
use crate::{
    api::Api,
    component::{Component, item},
    components::spool::Spool,
    context::Context,
};

/// The longest time that the socket may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Serves the clients that come over the socket.
pub(crate) struct Socket {
    api: Arc<Api>,
    spool: Arc<Spool>,
    /// The listener; none once it is served.
    listener: Mutex<Option<Listener>>,
    clients: AtomicU32,
}

impl Socket {
    /// A socket that has been bound, and is not served yet.
    pub(crate) fn new(listener: Listener, api: Arc<Api>, spool: Arc<Spool>) -> Self {
        Self { api, spool, listener: Mutex::new(Some(listener)), clients: AtomicU32::new(0) }
    }

    /// Counts a connected client as long as the result lives.
    pub(super) fn count_client(self: &Arc<Self>) -> Client {
        self.clients.fetch_add(1, Ordering::Relaxed);
        Client(Arc::clone(self))
    }

    /// The events that were emitted before this client came.
    pub(super) fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    pub(super) fn api(&self) -> &Arc<Api> {
        &self.api
    }
}

/// A connected client.
pub(super) struct Client(Arc<Socket>);

impl Drop for Client {
    fn drop(&mut self) {
        self.0.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Component for Socket {
    fn name(&self) -> &'static str {
        "the last answers"
    }

    fn run(self: Arc<Self>, _: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(listener) = listener else { return };
            if let Err(error) = serve(listener, &self).await {
                tracing::error!(%error, "the socket cannot be served any more");
            }
        })
    }

    fn status(&self, _: &Context, _: &dyn Reader, into: &mut Subsystems) -> aiwg_store::Result<()> {
        into.ipc = IpcSubsystem { clients: self.clients.load(Ordering::Relaxed) };
        Ok(())
    }

    fn probe<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        Box::pin(async { vec![item("socket", check(&context.socket).await)] })
    }
}

/// Checks that the socket answers, to a client like any other.
async fn check(socket: &str) -> Result<String, String> {
    let ping = async {
        let mut stream = BufReader::new(UnixStream::connect(socket).await?);
        stream.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n").await?;
        let mut answer = String::new();
        stream.read_line(&mut answer).await
    };
    let unwell = |why: &dyn std::fmt::Display| {
        format!("the socket {} does not answer ({why}): restart the daemon", socket)
    };
    match timeout(ANSWER_WITHIN, ping).await {
        Ok(Ok(1..)) => Ok("it answers".to_owned()),
        Ok(Ok(0)) => Err(unwell(&"it is closed")),
        Ok(Err(error)) => Err(unwell(&error)),
        Err(late) => Err(unwell(&late)),
    }
}
