//! A prompt: what the check lets pass can be rendered, or says why not. The last line is the payload, if it is JSON.

use aiwg_protocol::{
    limits::LONGEST_PROMPT,
    types::{Event, EventSource, Json, Timestamp},
};
use aiwg_server::rules::template::{check, on_known_stack, render};

/// Tries one input.
pub fn templates(text: &str) {
    let (prompt, payload) = text.rsplit_once('\n').unwrap_or((text, "null"));
    let payload = Json::from_text(payload.to_owned()).unwrap_or_default();
    if payload.check().is_err() || check(prompt).is_err() {
        return;
    }
    let event = Event {
        seq: 1,
        topic: "a:b".to_owned(),
        payload,
        source: EventSource::Client,
        at: Timestamp::from_millis(0),
        caused_by: None,
        traceparent: None,
    };
    match on_known_stack(|| render(prompt, "rule", &[event], 1)).unwrap() {
        Ok(text) => assert!(text.len() <= LONGEST_PROMPT.max(prompt.len())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
