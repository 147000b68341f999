//! The message that says that an agent works: it is edited while it does, and gone when the answer comes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aiwg_messaging::Place;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{api::Api, read::Bot};

/// Time after which the message appears: a quick answer needs none.
const PATIENCE: Duration = Duration::from_secs(3);

/// Pause after it could not be written.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// Interval between its edits.
const EDIT_EVERY: Duration = Duration::from_secs(20);

/// Time without a sign of work after which it goes. Signs come every four seconds.
const SILENCE: Duration = Duration::from_secs(10);

/// The type of its metadata.
const EVENT_TYPE: &str = "aiwg_work";

/// Work in a place.
struct Work {
    since: Instant,
    seen: Instant,
    /// Time from which on the message may be written: later, once that has failed.
    from: Instant,
    /// The message's `ts`, and when it was written or edited.
    message: Option<(String, Instant)>,
}

/// The places where agents work.
#[derive(Clone, Default)]
pub(super) struct Works {
    places: Arc<Mutex<HashMap<Place, Arc<tokio::sync::Mutex<Work>>>>>,
}

/// True if this message of the bot is one that an earlier daemon has left.
pub(super) fn is_leftover(bot: &Bot, message: &Value) -> bool {
    let is_own = message.get("user").and_then(Value::as_str) == Some(&bot.user);
    let kind = message.get("metadata").and_then(|metadata| metadata.get("event_type")?.as_str());
    is_own && kind == Some(EVENT_TYPE)
}

impl Works {
    /// An agent works in this place.
    pub(super) async fn show(&self, api: &Api, place: &Place) {
        let now = Instant::now();
        let work = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            let work = Work { since: now, seen: now, from: now + PATIENCE, message: None };
            let new = || Arc::new(tokio::sync::Mutex::new(work));
            Arc::clone(places.entry(place.clone()).or_insert_with(new))
        };
        // Whoever is at it already does it.
        let Ok(mut work) = work.try_lock() else { return };
        work.seen = now;
        let lasts = now.duration_since(work.since);
        let may_write = now >= work.from;
        match &mut work.message {
            None if may_write => {
                work.message = post(api, place, lasts).await.map(|ts| (ts, now));
                work.from = now + TRY_AGAIN;
            }
            None => {}
            Some((ts, edited)) if now.duration_since(*edited) >= EDIT_EVERY => {
                *edited = now;
                let params =
                    json!({"channel": place.chat, "ts": ts, "text": words(lasts), "metadata": metadata()});
                call(api, "chat.update", &params).await;
            }
            Some(_) => {}
        }
    }

    /// The answer comes: the message goes.
    pub(super) async fn end(&self, api: &Api, place: &Place) {
        let work = self.places.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
        if let Some(work) = work {
            remove(api, place, &work).await;
        }
    }

    /// Takes the messages away where no agent works any more.
    pub(super) fn sweep(&self, api: &Api) {
        let now = Instant::now();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |work: &Arc<tokio::sync::Mutex<Work>>| {
            work.try_lock().is_ok_and(|work| now.duration_since(work.seen) >= SILENCE)
        };
        let over: Vec<Place> =
            places.iter().filter(|(_, work)| is_over(work)).map(|(place, _)| place.clone()).collect();
        for place in over {
            if let Some(work) = places.remove(&place) {
                let api = api.clone();
                tokio::spawn(async move { remove(&api, &place, &work).await });
            }
        }
    }
}

async fn remove(api: &Api, place: &Place, work: &tokio::sync::Mutex<Work>) {
    // Taken, so that whoever is still at it finds nothing to edit.
    let message = work.lock().await.message.take();
    if let Some((ts, _)) = message {
        delete(api, &place.chat, &ts).await;
    }
}

/// Deletes a message of the bot.
pub(super) async fn delete(api: &Api, channel: &str, ts: &str) {
    call(api, "chat.delete", &json!({"channel": channel, "ts": ts})).await;
}

async fn post(api: &Api, place: &Place, lasts: Duration) -> Option<String> {
    let mut params = json!({"channel": place.chat, "text": words(lasts), "metadata": metadata()});
    if let Some(thread) = &place.thread {
        params["thread_ts"] = thread.as_str().into();
    }
    let body = call(api, "chat.postMessage", &params).await?;
    body.get("ts").and_then(Value::as_str).map(str::to_owned)
}

fn metadata() -> Value {
    json!({"event_type": EVENT_TYPE, "event_payload": {"shows": "work"}})
}

fn words(lasts: Duration) -> String {
    let seconds = lasts.as_secs();
    match seconds {
        0..20 => "_An agent works on it…_".to_owned(),
        20..60 => format!("_An agent works on it, for {seconds} seconds so far…_"),
        _ => format!("_An agent works on it, for {} min so far…_", seconds / 60),
    }
}

/// It only shows something: whatever fails, the answer comes.
async fn call(api: &Api, method: &str, params: &Value) -> Option<Value> {
    match api.post(method, params).await {
        Ok(outcome) => {
            if let Some(error) = outcome.error() {
                tracing::debug!(method, error, "it could not be shown that an agent works");
            }
            outcome.body().cloned()
        }
        Err(failed) => {
            tracing::debug!(method, why = failed.why, "it could not be shown that an agent works");
            None
        }
    }
}
