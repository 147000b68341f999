//! Webhooks: a listener for HTTP that makes events of what other services report.
//!
//! It is there only where `gateway.webhooks` names senders: otherwise nothing listens, wakes up or takes memory. A delivery is answered with 200
//! once its event is committed, and with the first one's number where it is repeated: its key is its id, whose owner is the path. So a sender that
//! got no answer may send it again, however the daemon ended.

mod answer;
mod check;
mod deliver;
mod plan;
mod rate;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiwg_protocol::types::{HealthCheckItem, Subsystems, WebhooksSubsystem};
use aiwg_store::Reader;
use futures::future::BoxFuture;
use tokio::sync::Notify;

pub(crate) use check::WebhooksCheck;

use self::plan::Plan;
use crate::{
    component::{Component, item},
    context::Context,
    gateways::http::{Bound, Listening, not_bound},
    health::IssueKind,
    lifecycle::hide_memory,
};

/// Webhooks cannot be listened to, or a secret is missing.
const ISSUE: IssueKind = IssueKind::named("webhooks");

/// The listener, and what it listens for.
#[derive(Default)]
pub(crate) struct Webhooks {
    state: Mutex<State>,
    /// Rung when the plan has changed.
    changed: Notify,
}

#[derive(Default)]
struct State {
    plan: Option<Arc<Plan>>,
    /// The address at which they are listened to.
    address: Option<SocketAddr>,
    /// The reason for which they are not, for people.
    trouble: Option<String>,
}

impl Webhooks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&self) -> Option<Arc<Plan>> {
        self.state().plan.clone()
    }

    /// Notes where they are listened to, or why they are not.
    fn note(&self, context: &Context, listens: Result<SocketAddr, Option<String>>) {
        {
            let mut state = self.state();
            (state.address, state.trouble) = match listens {
                Ok(address) => (Some(address), None),
                Err(trouble) => (None, trouble),
            };
        }
        self.report(context);
    }

    /// Notes what becomes of the port.
    fn bound(self: &Arc<Self>, context: &Arc<Context>) -> Bound {
        let (webhooks, context) = (Arc::clone(self), Arc::clone(context));
        Arc::new(move |bound| {
            if let Ok(address) = &bound {
                tracing::info!(%address, "webhooks are listened to");
            }
            let listen = webhooks.plan().map(|plan| plan.place.listen.clone()).unwrap_or_default();
            let why = |error| Some(not_bound("webhooks", "gateway.webhooks.listen", &listen, &error));
            webhooks.note(&context, bound.map_err(why));
        })
    }

    fn report(&self, context: &Context) {
        match self.troubles().as_slice() {
            [] => context.health.clear(ISSUE),
            troubles => context.health.report(ISSUE, troubles.join("; ")),
        }
    }

    /// All that is wrong.
    fn troubles(&self) -> Vec<String> {
        let state = self.state();
        let secrets =
            state.plan.iter().flat_map(|plan| plan.sources.values()).filter_map(|source| source.trouble());
        state.trouble.iter().cloned().chain(secrets).collect()
    }
}

impl Component for Webhooks {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn configure(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let plan = Plan::of(&context.settings.get().config, self.plan().as_deref());
            if context.host.is_own() && plan.as_ref().is_some_and(Plan::has_secrets) {
                // No agent is to find a secret in it.
                hide_memory();
            }
            self.state().plan = plan.map(Arc::new);
            self.report(&context);
            self.changed.notify_one();
        })
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut listening = Listening::default();
            loop {
                let wanted = self.plan().map(|plan| plan.place.clone());
                let is_off = wanted.is_none();
                let with = || {
                    let router = answer::router(Arc::clone(&self), Arc::clone(&context));
                    (router, self.bound(&context))
                };
                if listening.move_to(wanted, with).await && is_off {
                    self.note(&context, Err(None));
                }
                tokio::select! {
                    () = self.changed.notified() => {}
                    () = context.stopped.cancelled() => return listening.end().await,
                }
            }
        })
    }

    fn status(&self, _: &Context, _: &dyn Reader, into: &mut Subsystems) -> aiwg_store::Result<()> {
        let state = self.state();
        into.webhooks = state.plan.as_ref().map(|plan| WebhooksSubsystem {
            address: state.address.map(|address| address.to_string()),
            sources: plan.in_order().map(|source| source.status()).collect(),
        });
        Ok(())
    }

    fn probe<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        let (troubles, state) = (self.troubles(), self.state());
        let items = state.plan.iter().map(|plan| {
            let unsigned: Vec<&str> =
                plan.in_order().filter(|source| !source.is_signed()).map(|source| source.path()).collect();
            let note = match unsigned.is_empty() {
                true => String::new(),
                false => format!(
                    "; unsigned, so that anyone on this machine may send to them: {}",
                    unsigned.join(", ")
                ),
            };
            let found = match (troubles.as_slice(), state.address) {
                ([], Some(address)) => Ok(format!("listens at {address}{note}")),
                ([], None) => Err("they are not listened to yet".to_owned()),
                (troubles, _) => Err(troubles.join("; ")),
            };
            item("webhooks", found)
        });
        let items = items.collect();
        Box::pin(std::future::ready(items))
    }
}
