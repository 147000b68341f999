//! Sending messages, and looking whether one was sent.

use aiwg_messaging::{Place, Platform, part::Part, render, split::at_most, text::Styled, words::Button};
use serde_json::{Value, json};

use super::{
    api::{Api, Outcome},
    missed::{Unreadable, first},
    seen::ts_of,
};
use crate::{Outbound, SendFailure, Sent};

/// The type of the metadata of our messages.
const EVENT_TYPE: &str = "aiwg_message";

/// The longest text of a section, in UTF-16 units.
const LONGEST_SECTION: usize = 3000;

/// Pages of a channel's messages in which one is looked for.
const PAGES: usize = 20;

/// Time by which the clocks of Slack and of this machine may differ, in microseconds.
const SKEW: u64 = 600 * 1_000_000;

/// The method and the parameters that send a message.
pub(super) fn request(message: &Outbound) -> (&'static str, Value) {
    let Outbound { place, part, .. } = message;
    let text = shown(&part.text);
    let mut params = json!({
        "channel": place.chat,
        "text": render::slack(&text),
        "metadata": metadata(message),
    });
    if !part.buttons.is_empty() {
        params["blocks"] = blocks(&text, &part.buttons);
    }
    if let Some(edits) = &part.edits {
        params["ts"] = edits.as_str().into();
        if part.buttons.is_empty() {
            // Blocks stay where an edit names none.
            params["blocks"] = json!([]);
        }
        return ("chat.update", params);
    }
    params["unfurl_links"] = false.into();
    params["unfurl_media"] = false.into();
    if let Some(thread) = &place.thread {
        params["thread_ts"] = thread.as_str().into();
    }
    ("chat.postMessage", params)
}

/// The message's number and a digest of its text, by which it is found again: a new store counts from 1.
fn metadata(message: &Outbound) -> Value {
    let text = render::slack(&shown(&message.part.text));
    let digest = hmac_sha256::Hash::hash(text.as_bytes());
    let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    json!({"event_type": EVENT_TYPE, "event_payload": {"no": message.no.to_string(), "text": digest}})
}

/// The text as it is sent: never without a visible sign.
fn shown(text: &Styled) -> Styled {
    if text.is_blank() { Styled::plain("(nothing)") } else { text.clone() }
}

fn blocks(text: &Styled, buttons: &[Button]) -> Value {
    let section =
        |part: &Styled| json!({"type": "section", "text": {"type": "mrkdwn", "text": render::slack(part)}});
    let mut blocks: Vec<Value> =
        at_most(Platform::Slack, text, LONGEST_SECTION).iter().map(section).collect();
    let button = |button: &Button| {
        json!({
            "type": "button",
            "text": {"type": "plain_text", "text": button.label, "emoji": false},
            "action_id": button.data,
            "value": button.data,
        })
    };
    let buttons: Vec<Value> = buttons.iter().map(button).collect();
    blocks.push(json!({"type": "actions", "elements": buttons}));
    blocks.into()
}

/// The result of sending a message.
pub(super) fn sent(outcome: &Outcome, message: &Outbound, bot: &str) -> Result<Sent, SendFailure> {
    if let Some(body) = outcome.body() {
        return Ok(Sent { id: body.get("ts").and_then(Value::as_str).map(str::to_owned) });
    }
    if let Some(pause) = outcome.pause() {
        return Err(SendFailure::RetryAfter(pause));
    }
    if outcome.is_broken() {
        return Err(SendFailure::Unknown(format!("Slack answers {}", outcome.what())));
    }
    let error = outcome.error().unwrap_or_default();
    match error {
        // There is none any more.
        "message_not_found" | "cant_update_message" if message.part.edits.is_some() => Ok(Sent::default()),
        "missing_scope" => Err(SendFailure::Closed(outcome.lacks_scope())),
        _ => match outcome.refused() {
            Some(why) => Err(SendFailure::Stop(why)),
            None if CLOSED.contains(&error) => {
                Err(SendFailure::Closed(remedy(error, &outcome.what(), &message.place, bot)))
            }
            None => Err(SendFailure::Refused(remedy(error, &outcome.what(), &message.place, bot))),
        },
    }
}

/// True if the bot is not where a message was to go.
pub(super) fn is_absent(outcome: &Outcome) -> bool {
    matches!(outcome.error(), Some("not_in_channel" | "channel_not_found"))
}

/// Errors that say that a channel takes nothing of the bot, until someone changes that.
const CLOSED: [&str; 4] = ["not_in_channel", "channel_not_found", "is_archived", "restricted_action"];

/// The remedy for a channel that takes no message.
fn remedy(error: &str, what: &str, place: &Place, bot: &str) -> String {
    let chat = &place.chat;
    match error {
        "not_in_channel" => {
            format!("the bot is not in the channel {chat}: invite it there with /invite @{bot}")
        }
        "channel_not_found" => format!(
            "there is no channel {chat} for the bot: if it is a private one, invite it there with /invite @{bot}; /aiwg whoami says a channel's id"
        ),
        "is_archived" => format!("the channel {chat} is archived: set another one"),
        "restricted_action"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel" => {
            format!(
                "the channel {chat} lets only some people write ({what}): allow the bot to, in the channel's settings"
            )
        }
        _ => format!("Slack does not take a message for the channel {chat}: {what}"),
    }
}

/// Looks for a message among those of its place since it was decided on.
///
/// # Errors
/// They cannot be read.
pub(super) async fn find(api: &Api, message: &Outbound) -> Result<Option<Sent>, Unreadable> {
    // An edit is the same however often it is made.
    if message.part.edits.is_some() {
        return Ok(None);
    }
    let created =
        u64::try_from(api.http.clock().theirs(message.created_ms)).unwrap_or(0).saturating_mul(1000);
    let oldest = ts_of(created.saturating_sub(SKEW));
    let mut params = vec![("channel", message.place.chat.as_str()), ("oldest", oldest.as_str())];
    let method = match &message.place.thread {
        Some(thread) => {
            params.push(("ts", thread));
            "conversations.replies"
        }
        None => "conversations.history",
    };
    let wanted = metadata(message);
    let is_it = |one: &Value| one.get("metadata").is_some_and(|metadata| is_same(metadata, &wanted));
    let found = first(api, method, &params, PAGES, is_it).await?;
    let id = found.and_then(|one| one.get("ts")?.as_str().map(str::to_owned));
    Ok(id.map(|id| Sent { id: Some(id) }))
}

fn is_same(metadata: &Value, wanted: &Value) -> bool {
    ["event_type", "event_payload"].iter().all(|name| metadata.get(name) == wanted.get(name))
}

/// A message that only one person sees.
pub(super) fn ephemeral(part: &Part) -> Value {
    json!({"response_type": "ephemeral", "replace_original": false, "text": render::slack(&shown(&part.text))})
}
