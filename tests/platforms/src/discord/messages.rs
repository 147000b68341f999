//! Messages of the bot, and reading those of others.

use serde_json::{Value, json};

use super::channels::Channel;
use super::session::Event;
use super::{State, error, now};
use crate::answer::Answer;

/// "Message contents (up to 2000 characters)"; the OpenAPI document allows the 4,000 that paying people have.
const MAX_CONTENT: usize = 2_000;

/// Runs if the bot may see the channel.
pub(super) fn in_channel(state: &mut State, id: &str, run: impl FnOnce(&mut State) -> Answer) -> Answer {
    match state.channels.get(id) {
        None => error(404, 10_003, "Unknown Channel"),
        Some(channel) if !channel.is_accessible => error(403, 50_001, "Missing Access"),
        Some(_) => run(state),
    }
}

/// An id. Discord takes numbers too, which discord.py sends; its document and this stand-in's check want texts.
fn text(id: &Value) -> Option<String> {
    id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|id| id.to_string()))
}

/// The refusal of content that may not be sent.
pub(super) fn refused(body: &Value) -> Option<Answer> {
    let content = body["content"].as_str().unwrap_or_default();
    if content.chars().count() > MAX_CONTENT {
        let errors = json!({ "content": { "_errors": [{
            "code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length.",
        }] } });
        return Some(Answer::json(
            400,
            &json!({ "message": "Invalid Form Body", "code": 50_035, "errors": errors }),
        ));
    }
    let has_other = ["embeds", "components", "sticker_ids", "poll"]
        .iter()
        .any(|name| body[name].as_array().is_some_and(|list| !list.is_empty()) || body[name].is_object());
    (content.trim().is_empty() && !has_other).then(|| error(400, 50_006, "Cannot send an empty message"))
}

impl State {
    /// A message of the bot in a channel.
    pub(super) fn own_message(&mut self, channel: &str, body: &Value) -> Value {
        let id = self.next_id();
        let mut message = json!({
            "id": id, "channel_id": channel, "author": self.bot(), "content": body["content"].as_str().unwrap_or_default(),
            "timestamp": now(), "edited_timestamp": null, "tts": false, "mention_everyone": pings_everyone(body),
            "mentions": [], "mention_roles": [], "attachments": [], "pinned": false, "type": 0, "flags": 0,
            "embeds": body["embeds"].as_array().cloned().unwrap_or_default(),
            "components": body["components"].as_array().cloned().unwrap_or_default(),
        });
        for name in ["nonce", "flags", "allowed_mentions", "enforce_nonce"] {
            if let Some(value) = body.get(name).filter(|value| !value.is_null()) {
                message[name] = value.clone();
            }
        }
        message
    }

    /// Adds a message and tells the bot of it, as Discord does of its own, too.
    pub(super) fn add_message(&mut self, channel: &str, message: &Value) -> Vec<String> {
        let channel = self.channel(channel);
        channel.messages.push(message.clone());
        let (guild, is_direct) = (channel.guild.clone(), channel.is_direct());
        let mut event = message.clone();
        if let Some(guild) = guild {
            event["guild_id"] = guild.into();
            event["member"] = super::guild::member();
        }
        self.dispatch(Event::message("MESSAGE_CREATE", event, is_direct))
    }
}

/// True if the text would ping everyone: what `allowed_mentions` is there to prevent.
fn pings_everyone(body: &Value) -> bool {
    let content = body["content"].as_str().unwrap_or_default();
    let parses = body.get("allowed_mentions").filter(|value| !value.is_null()).is_none_or(|allowed| {
        allowed["parse"].as_array().is_some_and(|parse| parse.iter().any(|one| one == "everyone"))
    });
    parses && (content.contains("@everyone") || content.contains("@here"))
}

/// The bot's message with the same nonce, of the last minutes: "If a message with the same nonce was created by the same
/// author, the existing message is returned and no new message is created."
fn same_nonce(channel: &Channel, author: &Value, body: &Value) -> Option<Value> {
    let nonce = body.get("nonce").filter(|nonce| !nonce.is_null())?;
    if body["enforce_nonce"] != true {
        return None;
    }
    channel
        .messages
        .iter()
        .rev()
        .find(|one| one["author"]["id"] == author["id"] && one["nonce"] == *nonce)
        .cloned()
}

pub(super) fn create(state: &mut State, channel: &str, body: &Value) -> Answer {
    in_channel(state, channel, |state| {
        if let Some(refused) = refused(body) {
            return refused;
        }
        if let Some(message) = same_nonce(&state.channels[channel], &state.bot(), body) {
            return Answer::json(200, &message);
        }
        let mut message = state.own_message(channel, body);
        if let Some(reference) = body.get("message_reference").filter(|value| !value.is_null()) {
            let found = text(&reference["message_id"]).and_then(|id| state.channels[channel].message(&id));
            match found {
                None if reference["fail_if_not_exists"] != false => {
                    let errors = json!({ "message_reference": { "_errors": [{
                        "code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message",
                    }] } });
                    let body = json!({ "message": "Invalid Form Body", "code": 50_035, "errors": errors });
                    return Answer::json(400, &body);
                }
                found => {
                    message["referenced_message"] = found.cloned().unwrap_or_default();
                    message["message_reference"] = json!({
                        "message_id": text(&reference["message_id"]), "channel_id": channel, "type": 0,
                        "guild_id": state.channels[channel].guild,
                    });
                    message["type"] = 19.into();
                }
            }
        }
        state.add_message(channel, &message);
        Answer::json(200, &message)
    })
}

pub(super) fn get(state: &mut State, channel: &str, id: &str) -> Answer {
    in_channel(state, channel, |state| match state.channels[channel].message(id) {
        Some(message) => Answer::json(200, message),
        None => error(404, 10_008, "Unknown Message"),
    })
}

fn number(id: &Value) -> u64 {
    id.as_str().and_then(|id| id.parse().ok()).unwrap_or(0)
}

/// Up to 100 messages, by default 50, the latest first; after `after` those that follow it.
pub(super) fn list(state: &mut State, channel: &str, query: &Value) -> Answer {
    in_channel(state, channel, |state| {
        let limit =
            query["limit"].as_str().and_then(|limit| limit.parse().ok()).unwrap_or(50_usize).clamp(1, 100);
        let all = &state.channels[channel].messages;
        let mut found: Vec<Value> = if query["after"].is_string() {
            all.iter()
                .filter(|one| number(&one["id"]) > number(&query["after"]))
                .take(limit)
                .cloned()
                .collect()
        } else {
            let before = query["before"].as_str().map_or(u64::MAX, |_| number(&query["before"]));
            let earlier: Vec<Value> = all.iter().filter(|one| number(&one["id"]) < before).cloned().collect();
            earlier[earlier.len().saturating_sub(limit)..].to_vec()
        };
        found.reverse();
        Answer::json(200, &found.into())
    })
}

/// Runs with a message of the bot.
fn own(state: &mut State, channel: &str, id: &str, run: impl FnOnce(&mut Value) -> Answer) -> Answer {
    in_channel(state, channel, |state| {
        let bot = state.application.clone();
        match state.channel(channel).message_mut(id) {
            None => error(404, 10_008, "Unknown Message"),
            Some(message) if message["author"]["id"] != bot => {
                error(403, 50_005, "Cannot edit a message authored by another user")
            }
            Some(message) => run(message),
        }
    })
}

pub(super) fn edit(state: &mut State, channel: &str, id: &str, body: &Value) -> Answer {
    own(state, channel, id, |message| {
        let mut edited = message.clone();
        for name in ["content", "embeds", "components", "flags"] {
            if let Some(value) = body.get(name).filter(|value| !value.is_null()) {
                edited[name] = value.clone();
            }
        }
        if let Some(refused) = refused(&edited) {
            return refused;
        }
        edited["mention_everyone"] = pings_everyone(body).into();
        edited["edited_timestamp"] = now().into();
        message.clone_from(&edited);
        Answer::json(200, &edited)
    })
}

pub(super) fn delete(state: &mut State, channel: &str, id: &str) -> Answer {
    own(state, channel, id, |_| Answer::empty(204)).then_if(204, || {
        state.channel(channel).messages.retain(|message| message["id"] != id);
    })
}

pub(super) fn react(state: &mut State, channel: &str, id: &str, emoji: &str) -> Answer {
    in_channel(state, channel, |state| match state.channel(channel).message_mut(id) {
        None => error(404, 10_008, "Unknown Message"),
        Some(message) => {
            let mut reactions = message["reactions"].as_array().cloned().unwrap_or_default();
            reactions.push(json!({ "count": 1, "me": true, "emoji": { "id": null, "name": emoji } }));
            message["reactions"] = reactions.into();
            Answer::empty(204)
        }
    })
}

/// A thread from a message has the message's id.
pub(super) fn thread(state: &mut State, channel: &str, id: &str, _: &Value) -> Answer {
    in_channel(state, channel, |state| {
        if state.channels[channel].message(id).is_none() {
            return error(404, 10_008, "Unknown Message");
        }
        if state.channels.contains_key(id) {
            return error(400, 160_004, "A thread has already been created for this message");
        }
        let thread = Channel::thread(id, &state.guild, channel);
        let json = thread.json();
        state.channels.insert(id.to_owned(), thread);
        Answer::json(201, &json)
    })
}
