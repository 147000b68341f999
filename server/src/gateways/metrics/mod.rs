//! `GET /metrics`: the metrics over HTTP, for programs that collect them.
//!
//! It is there only where `telemetry.listen` names an address. It answers what anyone may know who reaches the address, and takes nothing in.

mod answer;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiwg_protocol::types::{HealthCheckItem, Subsystems};
use aiwg_store::Reader;
use futures::future::BoxFuture;
use tokio::sync::Notify;

use crate::{
    component::{Component, Components, item},
    config::is_of_this_machine,
    context::Context,
    gateways::http::{Bound, Listening, Place, not_bound},
    health::IssueKind,
};

/// The address cannot be listened to.
const ISSUE: IssueKind = IssueKind::named("metrics");

/// Maximum number of connections at once: one program collects, and someone looks.
const MOST_CONNECTIONS: usize = 16;

/// The listener for those that collect metrics.
pub(crate) struct MetricsGateway {
    components: Components,
    /// The address at which it listens, or the reason for which it does not, for people; none where it is not to.
    state: Mutex<Option<Result<SocketAddr, String>>>,
    /// Rung when the configuration has changed.
    changed: Notify,
}

impl MetricsGateway {
    /// One that asks these components.
    pub(crate) fn new(components: Components) -> Self {
        Self { components, state: Mutex::default(), changed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, Option<Result<SocketAddr, String>>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, context: &Context, state: Option<Result<SocketAddr, String>>) {
        match &state {
            Some(Err(why)) => context.health.report(ISSUE, why.clone()),
            _ => context.health.clear(ISSUE),
        }
        *self.state() = state;
    }

    /// Notes what becomes of the port.
    fn bound(self: &Arc<Self>, context: &Arc<Context>, listen: String) -> Bound {
        let (gateway, context) = (Arc::clone(self), Arc::clone(context));
        Arc::new(move |bound| {
            if let Ok(address) = &bound {
                tracing::info!(%address, "metrics can be collected");
            }
            let why = |error| not_bound("those that collect metrics", "telemetry.listen", &listen, &error);
            gateway.note(&context, Some(bound.map_err(why)));
        })
    }
}

impl Component for MetricsGateway {
    fn name(&self) -> &'static str {
        "metrics over HTTP"
    }

    fn configure(self: Arc<Self>, _: Arc<Context>) -> BoxFuture<'static, ()> {
        self.changed.notify_one();
        Box::pin(std::future::ready(()))
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut listening = Listening::default();
            loop {
                let listen = context.settings.get().config.telemetry.listen.clone();
                let is_off = listen.is_none();
                let is_local = listen.as_deref().and_then(is_of_this_machine) == Some(true);
                let wanted = listen.clone().map(|listen| Place { listen, max_connections: MOST_CONNECTIONS });
                let with = || {
                    let router = answer::router(Arc::clone(&context), self.components.clone(), is_local);
                    (router, self.bound(&context, listen.unwrap_or_default()))
                };
                if listening.move_to(wanted, with).await && is_off {
                    self.note(&context, None);
                }
                tokio::select! {
                    () = self.changed.notified() => {}
                    () = context.stopped.cancelled() => return listening.end().await,
                }
            }
        })
    }

    fn status(&self, _: &Context, _: &dyn Reader, into: &mut Subsystems) -> aiwg_store::Result<()> {
        if let Some(state) = &*self.state() {
            into.telemetry.get_or_insert_default().address =
                state.as_ref().ok().map(|address| address.to_string());
        }
        Ok(())
    }

    fn probe<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        let found = self.state().clone().map(|state| state.map(|address| format!("collected at {address}")));
        let items = found.into_iter().map(|found| item("metrics", found)).collect();
        Box::pin(std::future::ready(items))
    }
}
