//! Telling the engine that matches have settled: its thread has no clock of its own.

use std::time::Duration;

use aiwg_protocol::types::Timestamp;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::Engine;

/// How long to sleep at the most before the engine looks: so late may be noticed that the clock was set, or the machine suspended.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How long to wait before the engine is told again what it could not store.
const RETRY: Duration = Duration::from_secs(1);

/// Tells it whenever something is due, until `stopped`.
pub(crate) async fn fire_when_due(
    engine: Engine,
    mut due: watch::Receiver<Option<Timestamp>>,
    stopped: CancellationToken,
) {
    while !stopped.is_cancelled() {
        let next = *due.borrow_and_update();
        tokio::select! {
            () = until(next) => {
                if let Err(error) = engine.fire_due().await {
                    tracing::warn!(target: "automation", %error, "what has settled could not be stored");
                    sleep(RETRY).await;
                }
            }
            changed = due.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = stopped.cancelled() => {}
        }
    }
}

/// Returns at this moment, or when it is time for a look; never if there is no such moment.
async fn until(next: Option<Timestamp>) {
    let Some(next) = next else { return std::future::pending().await };
    let left = u64::try_from(next.as_millis() - Timestamp::now().as_millis()).unwrap_or(0);
    sleep(Duration::from_millis(left).min(LOOK_EVERY)).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aiwg_protocol::types::{EventSource, Json};

    use super::super::{
        Draft, Policy,
        apply::{State, Turn},
        batch::Batch,
    };
    use super::*;
    use crate::{rules::RuleIndex, store::Store};

    #[test]
    fn a_match_does_not_wait_for_a_clock_that_was_set_back() {
        let rule = r#"{"id": "r", "trigger": {"type": "event", "topic": "a"},
            "condition": {"type": "debounce", "interval_ms": 60000},
            "action": {"type": "submit_task", "prompt": "x"}}"#;
        let rules = Arc::new(RuleIndex::new(vec![serde_json::from_str(rule).unwrap()]).unwrap());
        let policy = Policy { rules, max_parallel: 1, max_queued: None, max_task_depth: 8 };
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("daemon.db")).unwrap();
        let mut state = State::new(policy);
        let mut batch = Batch::default();
        let start = Timestamp::now().as_millis();
        let mut at = |seconds: i64| {
            let now = Timestamp::from_millis(start + seconds * 1000);
            let mut turn = Turn { state: &mut state, store: &mut store, batch: &mut batch, now };
            if seconds == 0 {
                let draft = Draft {
                    topic: "a".to_owned(),
                    payload: Json::default(),
                    source: EventSource::Client,
                    cause: None,
                    happened_at: None,
                };
                assert!(turn.publish_from_outside(draft).is_ok());
            }
            turn.fire_due().unwrap();
            turn.store.queued()
        };
        assert_eq!(at(0), 0);
        assert_eq!(at(40), 0);
        // Set back by less than it waits in all: nobody can tell.
        assert_eq!(at(10), 0);
        assert_eq!(at(-1), 1);
    }
}
