//! Envelopes: what goes over the sockets, who acknowledges it when, and what is sent again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};

use super::{APP, BOT_USER, State, TEAM};
use crate::server::Shared;

/// An envelope of Socket Mode and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlackEnvelope {
    /// Its `envelope_id`. (A redelivery has the same.)
    pub id: String,
    /// `events_api`, `slash_commands` or `interactive`.
    pub kind: String,
    /// Its payload.
    pub payload: Value,
    /// True if the acknowledgement may carry an answer.
    pub accepts_response_payload: bool,
    /// Number of times that it was sent, over sockets of this bot or of others.
    pub attempts: u32,
    /// Milliseconds from its latest sending to its acknowledgement; none if there was none.
    pub acknowledged_after_ms: Option<u64>,
    /// Payload of the acknowledgement.
    pub response: Option<Value>,
    #[serde(skip)]
    sent_at: Option<Instant>,
}

impl SlackEnvelope {
    fn frame(&self, attempt: u32) -> Value {
        let mut frame = json!({
            "envelope_id": self.id, "type": self.kind, "payload": self.payload,
            "accepts_response_payload": self.accepts_response_payload,
        });
        if self.kind == "events_api" {
            frame["retry_attempt"] = attempt.into();
            frame["retry_reason"] = if attempt == 0 { "" } else { "timeout" }.into();
        }
        frame
    }
}

/// Adds an envelope and sends it. Returns its id.
pub(super) fn send(
    shared: &Arc<Shared>,
    kind: &str,
    payload: Value,
    accepts_response_payload: bool,
) -> String {
    let (id, index) = shared.slack.change(|state| {
        let n = state.next_id();
        let id = format!("5ac0de00-0000-4000-8000-{n:012}");
        state.envelopes.push(SlackEnvelope {
            id: id.clone(),
            kind: kind.to_owned(),
            payload,
            accepts_response_payload,
            attempts: 0,
            acknowledged_after_ms: None,
            response: None,
            sent_at: None,
        });
        let index = state.envelopes.len() - 1;
        match &mut state.held {
            Some(held) => {
                held.push(index);
                (id, None)
            }
            None => (id, Some(index)),
        }
    });
    if let Some(index) = index {
        deliver(shared, index, 0);
    }
    id
}

/// Sends an event of the Events API: <https://docs.slack.dev/apis/events-api/#callback-field>.
pub(super) fn send_event(shared: &Arc<Shared>, event: Value) -> String {
    let (event_id, is_external) = shared.slack.change(|state| {
        let channel = event["channel"].as_str().and_then(|id| state.channels.get(id));
        let is_external = channel.is_some_and(|channel| channel.is_external);
        (format!("Ev{:010}", state.next_id()), is_external)
    });
    let time = event["event_ts"].as_str().and_then(|ts| ts.split('.').next()?.parse::<u64>().ok());
    let payload = json!({
        "token": "verification-token", "team_id": TEAM, "context_team_id": TEAM, "context_enterprise_id": null,
        "api_app_id": APP, "event": event, "type": "event_callback", "event_id": event_id, "event_time": time,
        "authorizations": [{
            "enterprise_id": null, "team_id": TEAM, "user_id": BOT_USER, "is_bot": true, "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": is_external, "event_context": "4-stand-in",
    });
    send(shared, "events_api", payload, false)
}

/// Sends an envelope over the next socket. Where nobody acknowledges it in time, an event is sent again.
pub(super) fn deliver(shared: &Arc<Shared>, index: usize, attempt: u32) {
    let is_event = shared.slack.change(|state| {
        let envelope = &mut state.envelopes[index];
        envelope.attempts += 1;
        envelope.sent_at = Some(Instant::now());
        envelope.acknowledged_after_ms = None;
        let (frame, is_event) = (envelope.frame(attempt), envelope.kind == "events_api");
        match state.next_socket() {
            Some(Some(socket)) => state.sockets[&socket].send(frame),
            // Another program's: it acknowledges.
            Some(None) => state.envelopes[index].acknowledged_after_ms = Some(0),
            None => {}
        }
        is_event
    });
    if is_event {
        let shared_later = Arc::clone(shared);
        shared.runtime.spawn(async move { retry(&shared_later, index, attempt).await });
    }
}

async fn retry(shared: &Arc<Shared>, index: usize, attempt: u32) {
    let settings = &shared.settings;
    tokio::time::sleep(settings.slack_acknowledge_within).await;
    let is_open = || {
        shared.slack.read(|state| {
            let envelope = &state.envelopes[index];
            envelope.acknowledged_after_ms.is_none() && envelope.attempts == attempt + 1
        })
    };
    let Some(wait) = settings.slack_retry_after.get(attempt as usize).copied() else { return };
    if !is_open() {
        return;
    }
    tokio::time::sleep(wait).await;
    if is_open() {
        deliver(shared, index, attempt + 1);
    }
}

impl State {
    /// The socket that takes the next envelope, in turns; `Some(None)` is one of another program. Those that were told to
    /// leave are asked only where there is no other.
    fn next_socket(&mut self) -> Option<Option<u64>> {
        let staying = self.sockets.iter().filter(|(_, socket)| !socket.is_leaving).map(|(id, _)| *id);
        let mut own: Vec<u64> = staying.collect();
        if own.is_empty() {
            own = self.sockets.keys().copied().collect();
        }
        let count = own.len() + self.other_sockets;
        if count == 0 {
            return None;
        }
        self.round += 1;
        Some(own.get(self.round % count).copied())
    }

    /// Notes an acknowledgement; why it is wrong, if it is.
    pub(super) fn acknowledge(&mut self, frame: &Value) -> Result<(), String> {
        let id = frame["envelope_id"].as_str().ok_or("there is no envelope_id")?;
        let envelope = self.envelopes.iter_mut().find(|envelope| envelope.id == id);
        let envelope = envelope.ok_or_else(|| format!("there is no envelope {id}"))?;
        // `@slack/socket-mode` always sends a payload, an empty one where it has nothing to say.
        let is_something = |payload: &&Value| payload.as_object().is_some_and(|members| !members.is_empty());
        let payload = frame.get("payload").filter(is_something);
        if payload.is_some() && !envelope.accepts_response_payload {
            return Err(format!("{} {id} accepts no payload in its acknowledgement", envelope.kind));
        }
        let waited = envelope.sent_at.map_or(Duration::ZERO, |sent| sent.elapsed());
        envelope.acknowledged_after_ms.get_or_insert(u64::try_from(waited.as_millis()).unwrap_or(u64::MAX));
        envelope.response = payload.cloned().or(envelope.response.take());
        Ok(())
    }
}
