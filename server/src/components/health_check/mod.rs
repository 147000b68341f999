//! The built-in action `health-check`: looks whether everything works, and says so as an event and in the status.

mod checks;

use std::sync::{Arc, PoisonError};

use aiwg_protocol::types::{Cause, EventSource, Health, HealthCheck, HealthCheckItem, Json, Timestamp};

use crate::{context::Context, engine::Draft, health::IssueKind};

/// What a check found: that it is well, or what is not and what to do about it.
type Found = Result<String, String>;

/// Makes all checks, and publishes `health:ok` or `health:degraded`.
pub(crate) async fn check_health(context: &Arc<Context>, cause: Option<Cause>) -> HealthCheck {
    let found = [
        ("disk", checks::disk(context)),
        ("socket", checks::socket(context).await),
        ("files", checks::files(context)),
        ("agent", checks::agent(context)),
        ("queue", checks::queue(context).await),
        ("rules", checks::rules(context).await),
    ];
    let items = found.into_iter().map(|(name, found)| item(name, found)).collect();
    let mut check = summed_up(items);
    // The event is the test of the store: it has to be written.
    let stored = publish(context, &check, cause).await;
    check.checks.insert(0, item("store", stored));
    let check = summed_up(check.checks);
    report(context, &check);
    *context.health_check.lock().unwrap_or_else(PoisonError::into_inner) = Some(check.clone());
    context.status_changed.notify_one();
    check
}

fn item(name: &str, found: Found) -> HealthCheckItem {
    let ok = found.is_ok();
    HealthCheckItem { name: name.to_owned(), ok, message: found.unwrap_or_else(|what| what) }
}

fn summed_up(checks: Vec<HealthCheckItem>) -> HealthCheck {
    let health = if checks.iter().all(|check| check.ok) { Health::Healthy } else { Health::Degraded };
    HealthCheck { at: Timestamp::now(), health, checks }
}

async fn publish(context: &Context, check: &HealthCheck, cause: Option<Cause>) -> Found {
    let topic = if check.health == Health::Healthy { "health:ok" } else { "health:degraded" };
    let payload = Json::new(check).unwrap_or_default();
    let draft =
        Draft { topic: topic.to_owned(), payload, source: EventSource::Daemon, cause, happened_at: None };
    context
        .engine
        .publish(draft)
        .await
        .map(|emitted| format!("event {} was stored", emitted.seq))
        .map_err(|error| error.to_string())
}

fn report(context: &Context, check: &HealthCheck) {
    let bad: Vec<_> = check.checks.iter().filter(|item| !item.ok).map(|item| item.message.as_str()).collect();
    if bad.is_empty() {
        context.health.clear(IssueKind::HealthCheck);
        tracing::info!("the health check found all well");
    } else {
        context.health.report(IssueKind::HealthCheck, bad.join("; "));
        tracing::warn!("the health check found: {}", bad.join("; "));
    }
}
