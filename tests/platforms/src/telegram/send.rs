//! Messages of the bot.

use serde_json::{Value, json};

use super::chats::{Chat, now};
use super::methods::in_chat;
use super::{State, bad_request, ok, too_many_requests};
use crate::answer::Answer;
use crate::settings::RateLimit;

/// "1-4096 characters after entities parsing", in UTF-16 code units.
const MAX_TEXT: usize = 4096;

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The refusal of a text that may not be sent.
fn refused_text(params: &Value) -> Option<Answer> {
    let text = params["text"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Some(bad_request("message text is empty"));
    }
    let length = units(text);
    if length > MAX_TEXT {
        return Some(bad_request("message is too long"));
    }
    let entities = params["entities"].as_array().map(Vec::as_slice).unwrap_or_default();
    let end =
        |entity: &Value| entity["offset"].as_u64().unwrap_or(0) + entity["length"].as_u64().unwrap_or(0);
    if entities.iter().any(|entity| end(entity) > length as u64 || entity["length"] == 0) {
        return Some(bad_request("ENTITY_BOUNDS_INVALID"));
    }
    refused_markup(&params["reply_markup"])
}

/// "1-64 bytes" of callback data.
fn refused_markup(markup: &Value) -> Option<Answer> {
    let rows = markup["inline_keyboard"].as_array().into_iter().flatten();
    let mut buttons = rows.flat_map(|row| row.as_array().into_iter().flatten());
    let is_refused =
        |button: &Value| button["callback_data"].as_str().is_some_and(|data| !(1..=64).contains(&data.len()));
    buttons.any(is_refused).then(|| bad_request("BUTTON_DATA_INVALID"))
}

pub(super) fn send(state: &mut State, params: &Value, limit: Option<RateLimit>) -> Answer {
    in_chat(state, params, |state, id| {
        if let Some(refused) = refused_text(params) {
            return refused;
        }
        let allowance = limit.map(|limit| state.limiter.take(&id.to_string(), limit));
        if let Some(allowance) = allowance.filter(|allowance| !allowance.is_allowed) {
            return too_many_requests(allowance.reset_after.as_secs_f64());
        }
        let bot = state.bot();
        match message_of(state.chats.get_mut(&id).expect("checked"), bot, params) {
            Ok(message) => ok(message),
            Err(refused) => refused,
        }
    })
}

fn message_of(chat: &mut Chat, bot: Value, params: &Value) -> Result<Value, Answer> {
    let mut message =
        json!({ "message_id": 0, "from": bot, "chat": chat.json(), "date": now(), "text": params["text"] });
    for name in ["entities", "link_preview_options"] {
        if let Some(value) = params.get(name) {
            message[name] = value.clone();
        }
    }
    // Only inline keyboards are a part of the message; the others belong to the person's keyboard.
    if params["reply_markup"].get("inline_keyboard").is_some() {
        message["reply_markup"] = params["reply_markup"].clone();
    }
    if let Some(topic) = params["message_thread_id"].as_i64() {
        if !chat.topics.contains(&topic) {
            return Err(bad_request("message thread not found"));
        }
        message["message_thread_id"] = topic.into();
        message["is_topic_message"] = true.into();
    }
    if let Some(reply) = params["reply_parameters"]["message_id"].as_i64() {
        match chat.message(reply) {
            Some(original) => message["reply_to_message"] = original.clone(),
            None if params["reply_parameters"]["allow_sending_without_reply"] == true => {}
            None => return Err(bad_request("message to be replied not found")),
        }
    }
    message["message_id"] = chat.next_message().into();
    chat.messages.push(message.clone());
    Ok(message)
}

/// Runs with a message of the bot.
fn own_message(state: &mut State, params: &Value, run: impl FnOnce(&mut Value) -> Answer) -> Answer {
    in_chat(state, params, |state, id| {
        let bot_id = state.bot_id;
        let chat = state.chats.get_mut(&id).expect("checked");
        match params["message_id"].as_i64().and_then(|id| chat.message_mut(id)) {
            None => bad_request("message to edit not found"),
            Some(message) if message["from"]["id"] != bot_id => bad_request("message can't be edited"),
            Some(message) => run(message),
        }
    })
}

// https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp, `fail_query_with_error`.
const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the same as a \
    current content and reply markup of the message";

/// Sets members of a message, or takes them away where the parameters have none.
fn edit(message: &mut Value, params: &Value, names: &[&str]) -> Answer {
    let mut edited = message.clone();
    for name in names {
        match params.get(name) {
            Some(value) => edited[name] = value.clone(),
            None => {
                edited.as_object_mut().expect("a message").remove(*name);
            }
        }
    }
    if edited == *message {
        return bad_request(NOT_MODIFIED);
    }
    edited["edit_date"] = now().into();
    message.clone_from(&edited);
    ok(edited)
}

pub(super) fn edit_text(state: &mut State, params: &Value) -> Answer {
    if let Some(refused) = refused_text(params) {
        return refused;
    }
    own_message(state, params, |message| edit(message, params, &["text", "entities", "reply_markup"]))
}

pub(super) fn edit_markup(state: &mut State, params: &Value) -> Answer {
    if let Some(refused) = refused_markup(&params["reply_markup"]) {
        return refused;
    }
    own_message(state, params, |message| edit(message, params, &["reply_markup"]))
}

pub(super) fn delete(state: &mut State, params: &Value) -> Answer {
    in_chat(state, params, |state, id| {
        let chat = state.chats.get_mut(&id).expect("checked");
        let before = chat.messages.len();
        chat.messages.retain(|message| message["message_id"] != params["message_id"]);
        if chat.messages.len() == before { bad_request("message to delete not found") } else { ok(true) }
    })
}
