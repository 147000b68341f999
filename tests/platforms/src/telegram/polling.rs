//! `getUpdates`, as `Client::process_get_updates_query` answers it.

use std::time::Duration;

use serde_json::Value;

use super::queue::Polled;
use super::{error, ok};
use crate::answer::Answer;
use crate::incoming::Incoming;
use crate::server::Shared;

/// `LONG_POLL_MAX_TIMEOUT` of Client.h.
const MAX_TIMEOUT_SECONDS: u64 = 50;

const OTHER_POLL: &str =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const WEBHOOK: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

pub(super) async fn get_updates(shared: &Shared, incoming: &Incoming, params: &Value) -> Answer {
    let offset = params["offset"].as_i64().unwrap_or(0);
    let limit = usize::try_from(params["limit"].as_u64().unwrap_or(100).clamp(1, 100)).unwrap_or(100);
    let timeout = params["timeout"].as_u64().unwrap_or(0).min(MAX_TIMEOUT_SECONDS);
    let begun = shared.telegram.change(|state| {
        if state.webhook.is_some() {
            return None;
        }
        if let Some(kinds) = params["allowed_updates"].as_array() {
            state.queue.allow(kinds.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect());
        }
        state.add_poll(&incoming.connection);
        Some(state.queue.begin(offset, limit, timeout > 0))
    });
    match begun {
        None => conflict(shared, WEBHOOK).await,
        Some(Ok(updates)) => ok(updates),
        Some(Err(number)) => wait(shared, number, limit, Duration::from_secs(timeout)).await,
    }
}

async fn wait(shared: &Shared, number: u64, limit: usize, timeout: Duration) -> Answer {
    let polled = shared.telegram.until(|state| state.queue.poll(number, limit));
    match tokio::time::timeout(timeout, polled).await {
        Ok(Polled::Updates(updates)) => ok(updates),
        Ok(Polled::Conflict) => conflict(shared, OTHER_POLL).await,
        Err(_) => {
            shared.telegram.change(|state| state.queue.end(number));
            ok(Value::Array(vec![]))
        }
    }
}

async fn conflict(shared: &Shared, description: &str) -> Answer {
    let delay = shared.telegram.change(|state| state.queue.conflict_delay());
    tokio::time::sleep(delay).await;
    error(409, description)
}
