//! The HTTP that gateways have in common: a port, the connections to it, and their bounds.

mod listen;

use std::{io, net::SocketAddr, sync::Arc};

use axum::Router;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The place at which requests are listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The address and the port.
    pub(crate) listen: String,
    /// Maximum number of connections at once. Further ones wait.
    pub(crate) max_connections: usize,
}

/// Receives the address at which requests are listened to, or the reason for which they are not yet.
pub(crate) type Bound = Arc<dyn Fn(Result<SocketAddr, io::Error>) + Send + Sync>;

/// The listener of a gateway, where it has one.
#[derive(Default)]
pub(crate) struct Listening(Option<(Place, CancellationToken, TaskTracker)>);

impl Listening {
    /// Listens at this place and no other: nothing is done where it listens there already. True if that is another place than before.
    pub(crate) async fn move_to(
        &mut self,
        wanted: Option<Place>,
        with: impl FnOnce() -> (Router, Bound),
    ) -> bool {
        if self.0.as_ref().map(|(place, ..)| place) == wanted.as_ref() {
            return false;
        }
        self.end().await;
        if let Some(place) = wanted {
            let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
            let (router, bound) = with();
            tasks.spawn(listen::listen(place.clone(), router, bound, stop.clone(), tasks.clone()));
            self.0 = Some((place, stop, tasks));
        }
        true
    }

    /// Ends it, and lets its last answers go out.
    pub(crate) async fn end(&mut self) {
        let Some((_, stop, tasks)) = self.0.take() else { return };
        stop.cancel();
        tasks.close();
        tasks.wait().await;
    }
}

/// The sentence for people that `what` cannot be listened to, with the remedy: `key` names the setting of the address.
pub(crate) fn not_bound(what: &str, key: &str, listen: &str, error: &io::Error) -> String {
    let remedy = match error.kind() {
        io::ErrorKind::AddrInUse => format!("end the program that has the port, or set {key} to another one"),
        io::ErrorKind::PermissionDenied => format!("set {key} to a port from 1024 on"),
        io::ErrorKind::AddrNotAvailable => format!("set {key} to an address of this machine"),
        _ => format!("set {key} to another address or port"),
    };
    format!("{what} cannot be listened to at {listen}: {error}; {remedy}. It is tried again by itself")
}
