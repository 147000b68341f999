//! Messages and interactions, as what has come and from whom.

use aiwg_messaging::{Platform, rights::PersonId, words::Form};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{commands, gateway::Event, interactions};
use crate::What;

/// The bot itself.
#[derive(Debug, Clone)]
pub(super) struct Bot {
    pub(super) id: String,
    pub(super) name: String,
    /// The id of its application, for which commands are registered.
    pub(super) application: String,
}

/// Something that someone has said or done to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    /// The id of the message or the interaction.
    pub(super) id: u64,
    pub(super) channel: Channel,
    pub(super) person: PersonId,
    pub(super) name: Option<String>,
    /// The message that an answer is about.
    pub(super) message: Option<String>,
    pub(super) what: What,
    /// The interaction to be acknowledged; none for a message.
    pub(super) ack: Option<Ack>,
}

/// The channel in which it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) id: String,
    /// True for direct messages with the bot.
    pub(super) is_direct: bool,
    /// The channel that it is a thread of; the outer none if it is not known whether it is one.
    pub(super) parent: Option<Option<String>>,
}

/// An interaction that waits for its acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ack {
    pub(super) id: String,
    /// By which it is answered.
    pub(super) token: String,
    /// True for a pressed button, false for a command.
    pub(super) is_press: bool,
}

/// The kinds of messages that people write: a message, and an answer to one.
const WRITTEN: [u64; 2] = [0, 19];

/// The kinds of channels that are threads.
const THREADS: std::ops::RangeInclusive<u64> = 10..=12;

/// The kind of messages by which Discord tells of a thread in its channel.
const THREAD_CREATED: u64 = 18;

/// The kind of channels that are direct messages with one person.
const DIRECT: u64 = 1;

/// The id of a message, by which one knows what was missed; none if the event is about none.
pub(super) fn message_id(event: &Event) -> Option<u64> {
    (event.kind == "MESSAGE_CREATE").then(|| event.data.get("id")?.as_str()?.parse().ok()).flatten()
}

/// Reads an event; none if it is nothing for the bot, or from nobody whom it would obey.
pub(super) fn event(bot: &Bot, event: &Event) -> Option<Heard> {
    match event.kind.as_str() {
        "MESSAGE_CREATE" => {
            let is_direct = event.data.get("guild_id").is_none_or(Value::is_null);
            message(bot, &event.data, is_direct)
        }
        "INTERACTION_CREATE" => interaction(&event.data),
        _ => None,
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// An id, which is part of addresses.
fn id<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    text(value, key).filter(|id| id.parse::<u64>().is_ok())
}

/// A token of an interaction, which is part of addresses.
fn token(interaction: &Value) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text(interaction, "token").filter(|token| !token.is_empty() && token.bytes().all(is_plain))
}

fn is_there(value: &Value, key: &str) -> bool {
    value.get(key).is_some_and(|value| !value.is_null())
}

/// The kind of a channel, as Discord tells of it.
pub(super) fn channel(channel: &Value) -> Option<Channel> {
    let kind = channel.get("type")?.as_u64()?;
    let parent = match THREADS.contains(&kind) {
        true => id(channel, "parent_id").map(|parent| Some(parent.to_owned())),
        false => Some(None),
    };
    Some(Channel { id: id(channel, "id")?.to_owned(), is_direct: kind == DIRECT, parent })
}

/// The thread that a message has, or tells of.
pub(super) fn thread(message: &Value) -> Option<&str> {
    let told = || {
        let is_told = message.get("type").and_then(Value::as_u64) == Some(THREAD_CREATED);
        message.get("message_reference").filter(|_| is_told).and_then(|to| id(to, "channel_id"))
    };
    message.get("thread").and_then(|thread| id(thread, "id")).or_else(told)
}

fn person(user: &Value) -> Option<(PersonId, Option<String>)> {
    let is = |key: &str| user.get(key).and_then(Value::as_bool).unwrap_or(false);
    if is("bot") || is("system") {
        return None;
    }
    let id = text(user, "id")?.to_owned();
    let name = text(user, "global_name").or_else(|| text(user, "username")).map(str::to_owned);
    Some((PersonId { platform: Platform::Discord, id }, name))
}

/// Reads a message that someone has written to the bot: directly, or with its name in it.
pub(super) fn message(bot: &Bot, message: &Value, is_direct: bool) -> Option<Heard> {
    // What others have written, what programs send, and what was changed since.
    let foreign = ["webhook_id", "application_id", "interaction_metadata", "edited_timestamp"];
    let is_forward = message.get("message_reference").and_then(|to| to.get("type")?.as_u64()) == Some(1)
        || message.get("message_snapshots").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    if is_forward || foreign.iter().any(|key| is_there(message, key)) {
        return None;
    }
    if !message.get("type").and_then(Value::as_u64).is_some_and(|kind| WRITTEN.contains(&kind)) {
        return None;
    }
    let (person, name) = person(message.get("author")?)?;
    if person.id == bot.id {
        return None;
    }
    let mentions = message.get("mentions").and_then(Value::as_array);
    let is_called = mentions.into_iter().flatten().any(|user| text(user, "id") == Some(&bot.id));
    if !(is_direct || is_called) {
        return None;
    }
    let message_id = id(message, "id")?;
    Some(Heard {
        id: message_id.parse().ok()?,
        channel: Channel {
            id: id(message, "channel_id")?.to_owned(),
            is_direct,
            parent: is_direct.then_some(None),
        },
        person,
        name,
        message: Some(message_id.to_owned()),
        what: What::Text { text: without_name(text(message, "content")?, &bot.id), form: Form::Bare },
        ack: None,
    })
}

/// A text without the bot's name.
fn without_name(text: &str, bot: &str) -> String {
    let names = [format!("<@{bot}>"), format!("<@!{bot}>")];
    let Some((at, length)) = names.iter().filter_map(|name| Some((text.find(name)?, name.len()))).min()
    else {
        return text.trim().to_owned();
    };
    let before = text.get(..at).unwrap_or_default();
    let mut after = text.get(at + length..).unwrap_or_default();
    if before.trim().is_empty() {
        after = after.trim_start_matches([',', ':']).trim_start();
    }
    format!("{before}{after}").trim().to_owned()
}

/// Reads a command that someone has chosen, or a button that someone has pressed.
fn interaction(interaction: &Value) -> Option<Heard> {
    let interaction_id = id(interaction, "id")?;
    let user = interaction
        .get("member")
        .and_then(|member| member.get("user"))
        .or_else(|| interaction.get("user"))?;
    let (person, name) = person(user)?;
    let data = interaction.get("data")?;
    let (what, message, is_press) = match interaction.get("type")?.as_u64()? {
        2 => {
            let what = What::Text { text: commands::text_of(data)?, form: Form::Slash };
            (what, Some(interactions::name(interaction_id)), false)
        }
        3 => {
            let message =
                interaction.get("message").and_then(|message| text(message, "id")).map(str::to_owned);
            (What::Press(text(data, "custom_id")?.to_owned()), message, true)
        }
        _ => return None,
    };
    let mut channel = match interaction.get("channel").and_then(channel) {
        Some(channel) => channel,
        None => Channel { id: id(interaction, "channel_id")?.to_owned(), is_direct: false, parent: None },
    };
    // Direct messages of others, in which people can use a bot, too, are none with the bot.
    let is_with_bot = interaction.get("context").and_then(Value::as_u64).is_none_or(|context| context == 1);
    channel.is_direct &= is_with_bot && !is_there(interaction, "guild_id");
    let ack = Ack { id: interaction_id.to_owned(), token: token(interaction)?.to_owned(), is_press };
    Some(Heard { id: interaction_id.parse().ok()?, channel, person, name, message, what, ack: Some(ack) })
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
