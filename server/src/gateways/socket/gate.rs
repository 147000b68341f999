//! The gate of a connection: calls that have to wait for what was there before the client came.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::Context,
    time::{Duration, Instant},
};

use aiwg_protocol::{DaemonServiceRequest, wire::server::CallId};
use futures::future::BoxFuture;
use tokio::time::{Sleep, sleep_until};

use crate::components::spool::TakingIn;

/// The time since its begin for which the calls that need not wait do so all the same: what was there is most often a few events, and the status
/// tells of them then.
const PATIENCE: Duration = Duration::from_secs(1);

type Held = VecDeque<(CallId, DaemonServiceRequest)>;

/// Holds the calls of a connection, in their order. Those by which people see that the daemon lives, and stop it, pass a closed gate.
pub(super) struct Gate {
    closed: Option<Closed>,
    held: Held,
}

struct Closed {
    opens: BoxFuture<'static, ()>,
    /// None once it is over.
    patience: Option<Pin<Box<Sleep>>>,
}

impl Gate {
    /// A gate that is closed until `opens` is over; one that is open if there is nothing to wait for.
    pub(super) fn new(first: Option<TakingIn>) -> Self {
        let closed = first.map(|TakingIn { over, since }| {
            let until: Instant = since + PATIENCE;
            let is_over = until <= Instant::now();
            Closed { opens: over, patience: (!is_over).then(|| Box::pin(sleep_until(until.into()))) }
        });
        Self { closed, held: VecDeque::new() }
    }

    /// Looks whether it opens. To be called each time before calls pass.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        let Some(closed) = &mut self.closed else { return };
        if closed.opens.as_mut().poll(cx).is_ready() {
            self.closed = None;
        } else if let Some(patience) = &mut closed.patience
            && patience.as_mut().poll(cx).is_ready()
        {
            closed.patience = None;
        }
    }

    /// Takes a call that was sent: returned if it passes at once.
    pub(super) fn take(
        &mut self,
        call: CallId,
        request: DaemonServiceRequest,
    ) -> Option<DaemonServiceRequest> {
        let Some(closed) = &self.closed else { return Some(request) };
        if closed.patience.is_none() && passes(&request, self.held.is_empty()) {
            return Some(request);
        }
        self.held.push_back((call, request));
        None
    }

    /// The next of the calls that were held and may pass now.
    pub(super) fn pass(&mut self) -> Option<(CallId, DaemonServiceRequest)> {
        match &self.closed {
            None => self.held.pop_front(),
            Some(Closed { patience: Some(_), .. }) => None,
            Some(_) => {
                let mut held = self.held.iter().enumerate();
                let place = held.find_map(|(at, (_, request))| passes(request, at == 0).then_some(at))?;
                self.held.remove(place)
            }
        }
    }

    /// Forgets a call that was cancelled.
    pub(super) fn forget(&mut self, call: CallId) {
        self.held.retain(|(held, _)| *held != call);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

/// True if a call passes a closed gate. What was sent before a stop takes effect before it.
fn passes(request: &DaemonServiceRequest, is_first: bool) -> bool {
    use DaemonServiceRequest as Request;
    match request {
        Request::Ping { .. } | Request::DaemonStatus { .. } => true,
        Request::DaemonStop { .. } => is_first,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use aiwg_protocol::types::{DaemonStopParams, EventEmitParams, NoParams};
    use futures::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    fn emit() -> DaemonServiceRequest {
        DaemonServiceRequest::EventEmit { params: EventEmitParams::default() }
    }

    fn stop() -> DaemonServiceRequest {
        DaemonServiceRequest::DaemonStop { params: DaemonStopParams::default() }
    }

    fn ping() -> DaemonServiceRequest {
        DaemonServiceRequest::Ping { params: NoParams::default() }
    }

    fn passed(gate: &mut Gate) -> Vec<CallId> {
        gate.poll(&mut Context::from_waker(Waker::noop()));
        std::iter::from_fn(|| gate.pass().map(|(call, _)| call)).collect()
    }

    fn behind(over: BoxFuture<'static, ()>) -> Gate {
        Gate::new(Some(TakingIn { over, since: Instant::now() }))
    }

    #[tokio::test]
    async fn who_looks_at_a_daemon_that_has_taken_in_for_long_waits_for_nothing() {
        let since = Instant::now().checked_sub(PATIENCE).unwrap();
        let mut gate = Gate::new(Some(TakingIn { over: std::future::pending().boxed(), since }));
        gate.poll(&mut Context::from_waker(Waker::noop()));
        assert!(gate.take(1, ping()).is_some() && gate.take(2, emit()).is_none());
    }

    #[tokio::test]
    async fn calls_wait_in_their_order_however_long_but_for_looks_and_a_stop() {
        let (opens, opened) = oneshot::channel::<()>();
        let mut gate = behind(opened.map(drop).boxed());
        let mut stopped = behind(std::future::pending().boxed());
        assert!(stopped.take(1, stop()).is_none());
        for (call, request) in [(1, emit()), (2, ping()), (3, stop()), (4, emit())] {
            assert!(gate.take(call, request).is_none());
        }
        assert_eq!(passed(&mut gate), [0; 0]);
        for gate in [&mut gate, &mut stopped] {
            gate.closed.as_mut().unwrap().patience = None;
        }
        assert_eq!((passed(&mut gate), passed(&mut stopped)), (vec![2], vec![1]));
        assert!(gate.take(5, ping()).is_some() && gate.take(6, emit()).is_none());
        assert_eq!(passed(&mut gate), [0; 0]);
        gate.forget(4);
        opens.send(()).unwrap();
        assert_eq!(passed(&mut gate), [1, 3, 6]);
        assert!(gate.take(7, emit()).is_some() && gate.is_empty());
    }
}
