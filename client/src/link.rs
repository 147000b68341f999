//! The connection that calls share, which is made again if it is lost.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use aiwg_protocol::DaemonServiceClient;
use tarpc::client::{Config, NewClient};
use tokio::task::AbortHandle;

use crate::{connection::connect, discover::Address, error::ClientError, resilient::Resilient};

/// Maximum number of calls in flight on one connection; more of them wait.
const MAX_IN_FLIGHT: usize = 1000;

/// Maximum number of calls that wait to be sent. So many that none waits for a place, whose order would be that in which they are polled
/// again: their memory is the caller's.
const MAX_WAITING: usize = 1 << 24;

/// The way to a daemon. It is closed with its last owner.
#[derive(Debug)]
pub(crate) struct Link {
    address: Address,
    /// True if calls whose answers are lost are repeated.
    retry: bool,
    /// The connection; none if there was no daemon so far.
    current: Mutex<Option<Connected>>,
    /// Held by whoever connects again, so that only one does.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Connected {
    stub: DaemonServiceClient,
    is_open: Arc<AtomicBool>,
    task: AbortHandle,
}

/// Says that a connection is no longer open, however the task ends that it lives in: with it, or with its runtime.
struct Open(Arc<AtomicBool>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
    }
}

impl Link {
    /// Connects.
    pub(crate) async fn new(
        address: Address,
        within: Option<Duration>,
        retry: bool,
    ) -> Result<Self, ClientError> {
        let connected = Connected::new(&address, within, retry).await?;
        let link = Self::unconnected(address, retry);
        *link.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(connected);
        Ok(link)
    }

    /// One that connects with its first call.
    pub(crate) fn unconnected(address: Address, retry: bool) -> Self {
        Self { address, retry, current: Mutex::default(), connecting: tokio::sync::Mutex::default() }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The stub to make a call with, if the connection stands.
    pub(crate) fn open(&self) -> Option<DaemonServiceClient> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let current = current.as_ref()?;
        current.is_open.load(Relaxed).then(|| current.stub.clone())
    }

    /// The same of a new connection, where it does not.
    pub(crate) async fn reopened(
        &self,
        within: Option<Duration>,
    ) -> Result<DaemonServiceClient, ClientError> {
        let _alone = self.connecting.lock().await;
        if let Some(stub) = self.open() {
            return Ok(stub);
        }
        // Where none was there before, nothing is in doubt.
        let was_there = self.current.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let gone = |error| if was_there { still_gone(error) } else { error };
        let connected = Connected::new(&self.address, within, self.retry).await.map_err(gone)?;
        let stub = connected.stub.clone();
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(connected);
        Ok(stub)
    }

    /// Ends the connection that stands: calls in flight fail.
    pub(crate) fn close(&self) {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = &*current {
            current.is_open.store(false, Relaxed);
            current.task.abort();
        }
    }
}

impl Connected {
    async fn new(address: &Address, within: Option<Duration>, retry: bool) -> Result<Self, ClientError> {
        let stream = connect(address, within).await?;
        let transport = Resilient::new(address.clone(), stream, retry);
        let mut config = Config::default();
        config.max_in_flight_requests = MAX_IN_FLIGHT;
        config.pending_request_buffer = MAX_WAITING;
        let NewClient { client: stub, dispatch } = DaemonServiceClient::new(config, transport);
        let is_open = Arc::new(AtomicBool::new(true));
        let open = Open(is_open.clone());
        // It ends with the last stub, or with the connection; calls in flight get an error.
        let task = tokio::spawn(async move {
            // Why it ended, the calls have heard.
            let _ended = dispatch.await;
            drop(open);
        });
        Ok(Self { stub, is_open, task: task.abort_handle() })
    }
}

/// Replaces the error that there is no daemon by the one that the connection was lost.
fn still_gone(error: ClientError) -> ClientError {
    match error {
        error @ ClientError::NoDaemon { .. } => ClientError::Disconnected(error.to_string()),
        other => other,
    }
}
