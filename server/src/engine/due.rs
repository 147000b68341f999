//! The engine's timer for pending matches and holds: the engine's thread has no clock of its own.

use std::time::Duration;

use aiwg_protocol::types::Timestamp;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{DueScope, Engine, gathering::Gathered};

/// Longest sleep before the engine looks: so late may be noticed that the clock was set, or the machine suspended.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Pause before the engine tries again what it could not store.
const RETRY: Duration = Duration::from_secs(1);

/// Longest wait for the gathering changes to be published, before the engine looks again: their source should say so
/// itself.
const GATHERS: Duration = Duration::from_secs(1);

/// The times at which pending matches are due, or holds end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Due {
    /// The first of them. It may be past, while changes gather that may belong to it.
    pub(super) first: Option<Timestamp>,
    /// The first that is yet to come.
    pub(super) next: Option<Timestamp>,
}

/// Calls [`Engine::fire_due`] whenever something is due, until `stopped`. Matches of rules that wait for files wait
/// until the changes that gather at that moment have been published: they may belong to it.
pub(crate) async fn fire_when_due(
    engine: Engine,
    mut due: watch::Receiver<Due>,
    mut gathered: Gathered,
    stopped: CancellationToken,
) {
    // What is waited with, and how often changes had been published when that began.
    let mut waits: Option<(Timestamp, u64)> = None;
    while !stopped.is_cancelled() {
        let first = due.borrow_and_update().first;
        tokio::select! {
            () = until(&engine, first) => {}
            changed = due.changed() => {
                if changed.is_err() {
                    return;
                }
                continue;
            }
            () = stopped.cancelled() => return,
        }
        let now = gathered.ask().await;
        let was_published = waits.is_some_and(|(due, before)| Some(due) == first && before != now.published);
        let which = if now.is_held_back || now.is_open && !was_published {
            DueScope::AllButFiles
        } else {
            DueScope::All
        };
        if let Err(error) = engine.fire_due(which).await {
            tracing::warn!(target: "automation", %error, "what has settled could not be stored");
            sleep(RETRY).await;
        }
        if which == DueScope::All {
            continue;
        }
        waits = waits.filter(|(due, _)| Some(*due) == first).or(first.map(|due| (due, now.published)));
        let next = due.borrow_and_update().next;
        tokio::select! {
            () = gathered.changed() => {}
            () = until(&engine, next) => {}
            _ = due.changed() => {}
            () = sleep(GATHERS) => {}
            () = stopped.cancelled() => {}
        }
    }
}

/// Returns at this moment, or when it is time for a look; never if there is no such moment.
async fn until(engine: &Engine, next: Option<Timestamp>) {
    let Some(next) = next else { return std::future::pending().await };
    let left = u64::try_from(next.as_millis().saturating_sub(engine.now().as_millis())).unwrap_or(0);
    sleep(Duration::from_millis(left).min(LOOK_EVERY)).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aiwg_protocol::types::{EventSource, Json};

    use super::super::{
        EngineConfig, NewEvent, effects::Effects, state::State, transaction::Transaction, waits::Waits,
    };
    use super::*;
    use crate::rules::RuleIndex;
    use aiwg_store::Store;

    #[test]
    fn a_match_does_not_wait_for_a_clock_that_was_set_back() {
        let rule = r#"{"id": "r", "trigger": {"type": "event", "topic": "a"},
            "condition": {"type": "debounce", "interval_ms": 60000},
            "action": {"type": "submit_task", "prompt": "x"}}"#;
        let rules = Arc::new(RuleIndex::new(vec![serde_json::from_str(rule).unwrap()]).unwrap());
        let config = EngineConfig { rules, max_parallel: 1, max_task_depth: 8, ..EngineConfig::default() };
        let dir = tempfile::tempdir().unwrap();
        let mut store = aiwg_store_sqlite::SqliteStore::open(&dir.path().join("daemon.db")).unwrap();
        let mut state = State::new(config, Waits::default());
        let mut effects = Effects::default();
        let mut open = store.begin().unwrap();
        let start = Timestamp::now().as_millis();
        let mut at = |seconds: i64| {
            let now = Timestamp::from_millis(start + seconds * 1000);
            let mut tx = Transaction { state: &mut state, store: &mut *open, effects: &mut effects, now };
            if seconds == 0 {
                let new = NewEvent {
                    topic: "a".to_owned(),
                    payload: Json::default(),
                    source: EventSource::Client,
                    cause: None,
                    happened_at: None,
                    traceparent: None,
                };
                assert!(tx.publish_from_outside(&new, None).is_ok());
            }
            tx.fire_due(DueScope::All).unwrap();
            tx.take_new_events().unwrap();
            tx.store.queued()
        };
        assert_eq!(at(0), 0);
        assert_eq!(at(40), 0);
        // Set back by less than it waits in all: that goes unnoticed.
        assert_eq!(at(10), 0);
        assert_eq!(at(-1), 1);
    }
}
