//! Envelopes and messages, as what has come and from whom.

use aiwg_messaging::{Place, Platform, rights::PersonId, words::Form};
use serde_json::Value;

use super::{seen::micros, text::plain};
use crate::{Inbound, What};

/// The bot itself.
#[derive(Debug, Clone)]
pub(super) struct Bot {
    /// The id of the workspace.
    pub(super) team: String,
    /// The id of its user, as mentions have it.
    pub(super) user: String,
    /// Its name.
    pub(super) name: String,
}

impl Bot {
    /// Reads the answer of `auth.test`.
    pub(super) fn read(me: &Value) -> Option<Self> {
        let text = |name: &str| me.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            team: text("team_id")?,
            user: text("user_id")?,
            name: text("user").unwrap_or_else(|| "aiwg".to_owned()),
        })
    }

    /// The id under which the positions of this bot are kept.
    pub(super) fn id(&self) -> String {
        format!("{}:{}", self.team, self.user)
    }

    /// The key of a message, by whatever way it comes: as `message`, as `app_mention`, or of the history.
    pub(super) fn key_of(&self, channel: &str, ts: &str) -> String {
        format!("slack:{}:{channel}:{ts}", self.id())
    }
}

/// An envelope that came over a socket.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    /// Its id, by which it is acknowledged.
    pub(super) id: String,
    /// The message or interaction in it; none if there is none.
    pub(super) inbound: Option<Inbound>,
    /// The message's `ts`, if it is one.
    pub(super) ts: Option<String>,
    /// The address for answers that only the person sees.
    pub(super) response_url: Option<String>,
    /// True if it is a command, which does not show in the channel.
    pub(super) is_command: bool,
    /// The channel, and true if another organization is in it, too; none where the platform does not say.
    pub(super) foreign: Option<(String, bool)>,
}

/// Reads an envelope; none if it is none.
pub(super) fn envelope(bot: &Bot, frame: &Value) -> Option<Envelope> {
    let id = text(frame, "envelope_id").filter(|id| !id.is_empty())?.to_owned();
    let envelope = Envelope { id: id.clone(), ..Envelope::default() };
    let Some(payload) = frame.get("payload") else { return Some(envelope) };
    Some(match text(frame, "type") {
        Some("events_api") => event(bot, payload, envelope),
        Some("slash_commands") => Envelope {
            // It shows in no channel: its only id is that of the envelope.
            inbound: command(bot, payload).map(|inbound| Inbound { message: Some(id), ..inbound }),
            response_url: text(payload, "response_url").map(str::to_owned),
            is_command: true,
            ..envelope
        },
        Some("interactive") => Envelope {
            inbound: press(bot, payload),
            response_url: text(payload, "response_url").map(str::to_owned),
            ..envelope
        },
        _ => envelope,
    })
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn is_true(value: &Value, name: &str) -> bool {
    value.get(name) == Some(&Value::Bool(true))
}

/// True if this is the id of a message, which is its time.
fn is_ts(ts: &&str) -> bool {
    micros(ts).is_some()
}

pub(super) fn is_direct(channel: &str) -> bool {
    channel.starts_with('D')
}

fn event(bot: &Bot, payload: &Value, envelope: Envelope) -> Envelope {
    let Some(event) = payload.get("event") else { return envelope };
    let channel = text(event, "channel").filter(|channel| Platform::Slack.is_chat(channel));
    let Some(channel) = channel else { return envelope };
    let is_shared = payload.get("is_ext_shared_channel").and_then(Value::as_bool);
    let envelope =
        Envelope { foreign: is_shared.map(|is_shared| (channel.to_owned(), is_shared)), ..envelope };
    if is_shared == Some(true) {
        return envelope;
    }
    if !matches!(text(event, "type"), Some("message" | "app_mention")) {
        return envelope;
    }
    let inbound = message(bot, channel, event);
    Envelope { ts: text(event, "ts").map(str::to_owned), inbound, ..envelope }
}

/// A message, of an event or of the history, if it is for the bot and from someone whom it might obey.
pub(super) fn message(bot: &Bot, channel: &str, message: &Value) -> Option<Inbound> {
    // All that is no new message of a person: edits, bots, people who join.
    let is_plain = matches!(text(message, "subtype"), None | Some("thread_broadcast" | "file_share"));
    let foreign = ["bot_id", "bot_profile", "edited", "hidden"];
    if !is_plain || foreign.iter().any(|name| message.get(name).is_some_and(|value| !value.is_null())) {
        return None;
    }
    let is_shared = |attachment: &Value| is_true(attachment, "is_share");
    if message.get("attachments").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_shared)) {
        return None;
    }
    let teams = ["team", "user_team", "source_team"];
    if teams.iter().any(|name| text(message, name).is_some_and(|team| team != bot.team)) {
        return None;
    }
    let person = person(bot, text(message, "user")?)?;
    let ts = text(message, "ts").filter(is_ts)?;
    let (said, is_called) = plain(text(message, "text")?, &bot.user);
    let is_direct = is_direct(channel);
    if !is_direct && !is_called {
        return None;
    }
    // Whoever only calls it wants to know what it can do.
    let said = if said.is_empty() && is_called { "help".to_owned() } else { said };
    // Where many write, each question has its thread.
    let thread = text(message, "thread_ts").filter(is_ts).or_else(|| (!is_direct).then_some(ts));
    Some(Inbound {
        place: place(channel, thread)?,
        is_direct,
        person: Some(person),
        name: None,
        message: Some(ts.to_owned()),
        what: What::Text { text: said, form: Form::Bare },
    })
}

fn place(channel: &str, thread: Option<&str>) -> Option<Place> {
    if !Platform::Slack.is_chat(channel) {
        return None;
    }
    Some(Place { platform: Platform::Slack, chat: channel.to_owned(), thread: thread.map(str::to_owned) })
}

fn person(bot: &Bot, id: &str) -> Option<PersonId> {
    let is_person = Platform::Slack.is_person(id) && id != bot.user && id != "USLACKBOT";
    is_person.then(|| PersonId { platform: Platform::Slack, id: id.to_owned() })
}

/// A command.
fn command(bot: &Bot, payload: &Value) -> Option<Inbound> {
    if text(payload, "team_id") != Some(&bot.team) {
        return None;
    }
    let channel = text(payload, "channel_id")?;
    let (said, _) = plain(text(payload, "text").unwrap_or_default(), &bot.user);
    let said = if said.is_empty() { "help".to_owned() } else { said };
    Some(Inbound {
        place: place(channel, None)?,
        is_direct: is_direct(channel),
        person: Some(person(bot, text(payload, "user_id")?)?),
        name: text(payload, "user_name").map(|name| format!("@{name}")),
        message: None,
        what: What::Text { text: said, form: Form::Strict },
    })
}

/// A pressed button.
fn press(bot: &Bot, payload: &Value) -> Option<Inbound> {
    if text(payload, "type") != Some("block_actions") {
        return None;
    }
    let user = payload.get("user")?;
    if text(user, "team_id").is_some_and(|team| team != bot.team) {
        return None;
    }
    let (channel, message) = (text(payload.get("channel")?, "id")?, payload.get("message")?);
    let pressed = payload.get("actions")?.as_array()?.first()?;
    Some(Inbound {
        place: place(channel, text(message, "thread_ts").filter(is_ts))?,
        is_direct: is_direct(channel),
        person: Some(person(bot, text(user, "id")?)?),
        name: text(user, "username").map(|name| format!("@{name}")),
        message: text(message, "ts").map(str::to_owned),
        what: What::Press(text(pressed, "value").or_else(|| text(pressed, "action_id"))?.to_owned()),
    })
}
