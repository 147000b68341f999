//! The bot's messages.

use std::sync::Arc;

use serde_json::{Value, json};

use super::methods::in_channel;
use super::{APP, BOT, BOT_USER, State, TEAM, check_blocks, envelopes, error, ok, parsed, rate_limited};
use crate::answer::Answer;
use crate::server::{Call, Shared};

/// chat.postMessage: "msg_too_long", over this many characters.
const MAX_TEXT: usize = 40_000;

/// The refusal of content that may not be sent.
fn refused(params: &Value) -> Option<Answer> {
    let text = params["text"].as_str().unwrap_or_default();
    let has_other = ["blocks", "attachments", "markdown_text"].iter().any(|name| params.get(name).is_some());
    if text.is_empty() && !has_other {
        return Some(error("no_text"));
    }
    if text.chars().count() > MAX_TEXT {
        return Some(error("msg_too_long"));
    }
    if params.get("blocks").is_some_and(|blocks| !check_blocks(&parsed(blocks)).is_empty()) {
        return Some(error("invalid_blocks"));
    }
    let metadata = params.get("metadata").map(parsed)?;
    let is_metadata = metadata["event_type"].is_string() && metadata["event_payload"].is_object();
    (!is_metadata).then(|| error("invalid_metadata_format"))
}

/// Members of a message that are as they were sent.
const AS_SENT: [&str; 3] = ["text", "thread_ts", "unfurl_links"];
const PARSED: [&str; 3] = ["blocks", "attachments", "metadata"];

fn message_of(params: &Value, ts: &str) -> Value {
    let mut message = json!({
        "type": "message", "user": BOT_USER, "bot_id": BOT, "app_id": APP, "team": TEAM, "ts": ts, "text": "",
        "bot_profile": { "id": BOT, "app_id": APP, "name": "aiwg", "deleted": false, "team_id": TEAM },
    });
    for (name, value) in params.as_object().into_iter().flatten() {
        if AS_SENT.contains(&name.as_str()) {
            message[name] = value.clone();
        } else if PARSED.contains(&name.as_str()) {
            message[name] = parsed(value);
        }
    }
    message
}

pub(super) fn post(shared: &Arc<Shared>, call: &Call) -> Answer {
    let params = &call.params;
    let mut event = None;
    let answer = shared.slack.change(|state| {
        in_channel(state, params, |state, id| {
            if let Some(refused) = refused(params) {
                return refused;
            }
            let limit = shared.settings.slack_messages;
            let allowance = limit.map(|limit| state.limiter.take(id, limit));
            if let Some(allowance) = allowance.filter(|allowance| !allowance.is_allowed) {
                return rate_limited(allowance.reset_after.as_secs_f64());
            }
            let ts = state.next_ts();
            let message = message_of(params, &ts);
            add(shared, state, id, &message, call);
            event = Some(state.message_event(id, &message));
            ok(json!({ "channel": id, "ts": ts, "message": message }))
        })
    });
    // Slack tells an app of its own messages, too.
    if let Some(event) = event {
        envelopes::send_event(shared, event);
    }
    answer
}

fn add(shared: &Shared, state: &mut State, id: &str, message: &Value, call: &Call) {
    let channel = state.channel(id);
    channel.messages.push(message.clone());
    let Some(parent) = message["thread_ts"].as_str() else { return };
    match channel.message(parent) {
        // "Avoid using a reply's ts value; use its parent instead." (chat.postMessage, thread_ts)
        Some(found) if found["thread_ts"].as_str().is_none_or(|thread| thread == parent) => {
            channel.count_reply(parent)
        }
        Some(_) => shared.violate(call.number, format!("thread_ts {parent} is a reply's, not the parent's")),
        None => shared.violate(call.number, format!("thread_ts {parent} is no message of {id}")),
    }
}

pub(super) fn update(shared: &Arc<Shared>, params: &Value) -> Answer {
    shared.slack.change(|state| {
        in_channel(state, params, |state, id| {
            let ts = params["ts"].as_str().unwrap_or_default();
            let edit_ts = state.next_ts();
            let Some(message) = state.channel(id).message_mut(ts) else { return error("message_not_found") };
            if message["bot_id"] != BOT {
                return error("cant_update_message");
            }
            if let Some(refused) = refused(params) {
                return refused;
            }
            for (name, value) in message_of(params, ts).as_object().expect("a message") {
                message[name] = value.clone();
            }
            // Blocks stay where an edit names only a text, unless it names none on purpose: `blocks: []`.
            message["edited"] = json!({ "user": BOT, "ts": edit_ts });
            ok(json!({ "channel": id, "ts": ts, "text": message["text"], "message": message }))
        })
    })
}

pub(super) fn delete(state: &mut State, params: &Value) -> Answer {
    in_channel(state, params, |state, id| {
        let ts = params["ts"].as_str().unwrap_or_default();
        let channel = state.channel(id);
        match channel.message(ts) {
            None => error("message_not_found"),
            Some(message) if message["bot_id"] != BOT => error("cant_delete_message"),
            Some(_) => {
                channel.messages.retain(|message| message["ts"] != ts);
                ok(json!({ "channel": id, "ts": ts }))
            }
        }
    })
}

pub(super) fn post_ephemeral(state: &mut State, params: &Value) -> Answer {
    in_channel(state, params, |state, _| {
        if let Some(refused) = refused(params) {
            return refused;
        }
        let ts = state.next_ts();
        let mut message = params.clone();
        message["ts"] = ts.clone().into();
        state.ephemeral.push(message);
        ok(json!({ "message_ts": ts }))
    })
}
