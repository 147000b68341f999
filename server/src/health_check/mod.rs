//! The built-in action `health-check`: looks whether everything works, and says so as an event and in the status.

mod checks;

use std::sync::{Arc, PoisonError};

use aiwg_protocol::types::{Cause, EventSource, Health, HealthCheck, HealthCheckItem, Json, Timestamp};

use crate::{engine::Draft, health::IssueKind, ipc::Daemon};

/// What a check found: that it is well, or what is not and what to do about it.
type Found = Result<String, String>;

/// Makes all checks, and publishes `health:ok` or `health:degraded`.
pub(crate) async fn check_health(daemon: &Arc<Daemon>, cause: Option<Cause>) -> HealthCheck {
    let found = [
        ("disk", checks::disk(daemon)),
        ("socket", checks::socket(daemon).await),
        ("files", checks::files(daemon)),
        ("agent", checks::agent(daemon)),
        ("queue", checks::queue(daemon).await),
        ("rules", checks::rules(daemon).await),
    ];
    let items = found.into_iter().map(|(name, found)| item(name, found)).collect();
    let mut check = summed_up(items);
    // The event is the test of the store: it has to be written.
    let stored = publish(daemon, &check, cause).await;
    check.checks.insert(0, item("store", stored));
    let check = summed_up(check.checks);
    report(daemon, &check);
    *daemon.health_check.lock().unwrap_or_else(PoisonError::into_inner) = Some(check.clone());
    daemon.status_changed.notify_one();
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

async fn publish(daemon: &Daemon, check: &HealthCheck, cause: Option<Cause>) -> Found {
    let topic = if check.health == Health::Healthy { "health:ok" } else { "health:degraded" };
    let payload = Json::new(check).unwrap_or_default();
    let draft =
        Draft { topic: topic.to_owned(), payload, source: EventSource::Daemon, cause, happened_at: None };
    daemon
        .engine
        .publish(draft)
        .await
        .map(|emitted| format!("event {} was stored", emitted.seq))
        .map_err(|error| error.to_string())
}

fn report(daemon: &Daemon, check: &HealthCheck) {
    let bad: Vec<_> = check.checks.iter().filter(|item| !item.ok).map(|item| item.message.as_str()).collect();
    if bad.is_empty() {
        daemon.health.clear(IssueKind::HealthCheck);
        tracing::info!("the health check found all well");
    } else {
        daemon.health.report(IssueKind::HealthCheck, bad.join("; "));
        tracing::warn!("the health check found: {}", bad.join("; "));
    }
}
