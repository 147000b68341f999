//! Updates, as what has come and from whom.

use aiwg_messaging::{Place, Platform, rights::PersonId, words::Form};
use serde_json::Value;

use crate::{Inbound, Received, What};

/// The bot itself.
#[derive(Debug, Clone)]
pub(super) struct Bot {
    pub(super) id: i64,
    /// The name by which people call it, without the `@`.
    pub(super) name: String,
}

impl Bot {
    /// Reads the answer of `getMe`.
    pub(super) fn read(me: &Value) -> Option<Self> {
        let name = me.get("username").and_then(Value::as_str).unwrap_or_default();
        Some(Self { id: me.get("id")?.as_i64()?, name: name.to_owned() })
    }
}

/// Reads an update. What is not for the bot, or from nobody whom it would obey, is nothing.
pub(super) fn update(bot: &Bot, id: i64, update: &Value, position: Option<String>) -> Received {
    let (inbound, ack) = if let Some(pressed) = update.get("callback_query") {
        let ack = pressed.get("id").and_then(Value::as_str).map(str::to_owned);
        (press(pressed), ack)
    } else {
        (update.get("message").and_then(|message| text(bot, message)), None)
    };
    Received {
        key: format!("telegram:{}:{id}", bot.id),
        position,
        ack,
        inbound: inbound.unwrap_or_else(nothing),
    }
}

fn nothing() -> Inbound {
    let place = Place { platform: Platform::Telegram, chat: String::new(), thread: None };
    Inbound { place, is_direct: false, person: None, name: None, message: None, what: What::Nothing }
}

/// The place of a message.
fn place_of(message: &Value) -> Option<Place> {
    let chat = message.get("chat")?.get("id")?.as_i64()?;
    // Replies in groups without topics have such an id, too.
    let is_topic = message.get("is_topic_message").and_then(Value::as_bool).unwrap_or(false);
    let thread = message.get("message_thread_id").and_then(Value::as_i64).filter(|_| is_topic);
    Some(Place {
        platform: Platform::Telegram,
        chat: chat.to_string(),
        thread: thread.map(|thread| thread.to_string()),
    })
}

/// A person's id and name; none for a bot.
fn person(user: &Value) -> Option<(PersonId, Option<String>)> {
    if user.get("is_bot").and_then(Value::as_bool).unwrap_or(true) {
        return None;
    }
    let id = user.get("id")?.as_i64()?;
    let name = |key: &str| user.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = name("username").map(|name| format!("@{name}")).or_else(|| name("first_name"));
    Some((PersonId { platform: Platform::Telegram, id: id.to_string() }, name))
}

fn is_direct(message: &Value) -> bool {
    message.get("chat").and_then(|chat| chat.get("type")).and_then(Value::as_str) == Some("private")
}

fn message_id(message: &Value) -> Option<String> {
    message.get("message_id").and_then(Value::as_i64).map(|id| id.to_string())
}

/// A message, if it is for the bot and from someone whom it might obey.
fn text(bot: &Bot, message: &Value) -> Option<Inbound> {
    let place = place_of(message)?;
    if let Some(moved) = message.get("migrate_to_chat_id").and_then(Value::as_i64) {
        return Some(Inbound { place, what: What::Moved(moved.to_string()), ..nothing() });
    }
    // Anonymous admins and channels, what others have written, and what came by another bot.
    let foreign =
        ["sender_chat", "forward_origin", "forward_date", "forward_from", "via_bot", "is_automatic_forward"];
    if foreign.iter().any(|key| message.get(key).is_some_and(|value| *value != Value::Bool(false))) {
        return None;
    }
    let (person, name) = person(message.get("from")?)?;
    let is_direct = is_direct(message);
    let text = message.get("text")?.as_str()?;
    let answers_us = message
        .get("reply_to_message")
        .and_then(|before| before.get("from")?.get("id")?.as_i64())
        .is_some_and(|id| id == bot.id);
    let (text, is_called) = without_name(text, &bot.name);
    if !(is_direct || answers_us || is_called || text.trim_start().starts_with('/')) {
        return None;
    }
    Some(Inbound {
        place,
        is_direct,
        person: Some(person),
        name,
        message: message_id(message),
        what: What::Text { text, form: Form::Slash },
    })
}

/// A text without the bot's name as a word of its own, and true if it was there.
fn without_name(text: &str, name: &str) -> (String, bool) {
    if name.is_empty() {
        return (text.to_owned(), false);
    }
    let called = format!("@{name}");
    let is_name = |word: &&str| {
        let word = word.trim_end_matches([',', ':', '.', '!', '?', ';']);
        word.eq_ignore_ascii_case(&called)
    };
    let Some(found) = text.split_whitespace().find(is_name) else { return (text.to_owned(), false) };
    let at = found.as_ptr() as usize - text.as_ptr() as usize;
    let (before, after) =
        (text.get(..at).unwrap_or_default(), text.get(at + found.len()..).unwrap_or_default());
    let rest = format!("{}{}", before, if before.trim().is_empty() { after.trim_start() } else { after });
    (rest.trim().to_owned(), true)
}

/// A pressed button.
fn press(pressed: &Value) -> Option<Inbound> {
    let (person, name) = person(pressed.get("from")?)?;
    let message = pressed.get("message")?;
    Some(Inbound {
        place: place_of(message)?,
        is_direct: is_direct(message),
        person: Some(person),
        name,
        message: message_id(message),
        what: What::Press(pressed.get("data")?.as_str()?.to_owned()),
    })
}
