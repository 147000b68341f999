//! The built-in action `health-check`: looks whether everything works, and says so as an event and in the status.

mod disk;

use std::sync::Arc;

use aiwg_protocol::types::{EventSource, Health, HealthCheck, HealthCheckItem, Json, Timestamp};
use futures::future::BoxFuture;

use crate::{
    component::{Component, Components, Duty, item},
    context::Context,
    engine::{NewEvent, Publication},
    health::IssueKind,
    rules::BuiltIn,
};

/// The action `health-check` has found a problem.
const HEALTH_CHECK_ISSUE: IssueKind = IssueKind::named("health_check");

/// Carries out the action `health-check`.
pub(crate) struct HealthChecker {
    /// The components that check their own health.
    pub(crate) components: Components,
}

impl Component for HealthChecker {
    fn name(&self) -> &'static str {
        "the health check"
    }

    fn probe<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<HealthCheckItem>> {
        Box::pin(async { vec![item("disk", disk::check(&context.project))] })
    }

    fn carry_out<'a>(&'a self, duty: &'a Duty, context: &'a Arc<Context>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if duty.action == BuiltIn::HealthCheck {
                check_health(context, &self.components, duty).await;
            }
        })
    }
}

/// Makes all checks, and publishes `health:ok` or `health:degraded`.
async fn check_health(context: &Context, components: &Components, duty: &Duty) {
    let mut check = summed_up(components.probe(context).await);
    // The event is the test of the store: it has to be written.
    let stored = publish(context, &check, duty).await;
    check.checks.insert(0, item("store", stored));
    let check = summed_up(check.checks);
    report(context, &check);
    context.health.note_check(check);
    context.status_changed.notify_one();
}

fn summed_up(checks: Vec<HealthCheckItem>) -> HealthCheck {
    let health = if checks.iter().all(|check| check.ok) { Health::Healthy } else { Health::Degraded };
    HealthCheck { at: Timestamp::now(), health, checks }
}

async fn publish(context: &Context, check: &HealthCheck, duty: &Duty) -> Result<String, String> {
    let topic = if check.health == Health::Healthy { "health:ok" } else { "health:degraded" };
    let payload = Json::new(check).unwrap_or_default();
    let event = NewEvent {
        topic: topic.to_owned(),
        payload,
        source: EventSource::Daemon,
        cause: duty.cause.clone(),
        happened_at: None,
        traceparent: None,
    };
    let emitted = context.engine.publish(event).await.map_err(|error| error.to_string())?;
    if let Some(settled) = duty.settled.clone() {
        // Afterwards: one check too many does no harm.
        let publication = Publication { cursors: vec![settled], ..Publication::default() };
        context.engine.publish_all(publication).await.map_err(|error| error.to_string())?;
    }
    Ok(format!("event {} was stored", emitted.seq))
}

fn report(context: &Context, check: &HealthCheck) {
    let bad: Vec<_> = check.checks.iter().filter(|item| !item.ok).map(|item| item.message.as_str()).collect();
    if bad.is_empty() {
        context.health.clear(HEALTH_CHECK_ISSUE);
        tracing::info!("the health check found all well");
    } else {
        context.health.report(HEALTH_CHECK_ISSUE, bad.join("; "));
        tracing::warn!("the health check found: {}", bad.join("; "));
    }
}
