//! Sessions of the gateway: their events, numbered, and who gets what by its intents.

use serde_json::{Value, json};

use super::State;

// https://docs.discord.com/developers/events/gateway#list-of-intents
pub(super) const GUILDS: u64 = 1;
const GUILD_MESSAGES: u64 = 1 << 9;
const DIRECT_MESSAGES: u64 = 1 << 12;
const MESSAGE_CONTENT: u64 = 1 << 15;
/// Every bit that is an intent: 0 to 16, 20, 21, 24 and 25.
pub(super) const ALL_INTENTS: u64 = 0x1_ffff | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;

/// An event before it has a number.
#[derive(Clone)]
pub(super) struct Event {
    kind: &'static str,
    data: Value,
    /// The intent that it takes; 0 for what everyone gets.
    intent: u64,
}

impl Event {
    pub(super) fn message(kind: &'static str, data: Value, is_direct: bool) -> Self {
        Self { kind, data, intent: if is_direct { DIRECT_MESSAGES } else { GUILD_MESSAGES } }
    }

    pub(super) fn of_guild(kind: &'static str, data: Value) -> Self {
        Self { kind, data, intent: GUILDS }
    }

    pub(super) fn for_all(kind: &'static str, data: Value) -> Self {
        Self { kind, data, intent: 0 }
    }
}

/// A session, with or without a socket at the moment.
pub(super) struct Session {
    pub(super) intents: u64,
    /// Number of the latest event.
    pub(super) seq: u64,
    /// Every event of it, as frames.
    events: Vec<Value>,
    pub(super) socket: Option<u64>,
}

impl Session {
    pub(super) fn new(intents: u64, socket: u64) -> Self {
        Self { intents, seq: 0, events: Vec::new(), socket: Some(socket) }
    }

    /// Numbers an event and keeps it.
    fn add(&mut self, kind: &str, data: Value) -> Value {
        self.seq += 1;
        let frame = json!({ "op": 0, "t": kind, "s": self.seq, "d": data });
        self.events.push(frame.clone());
        frame
    }

    /// The events after a number.
    pub(super) fn missed(&self, seq: u64) -> Vec<Value> {
        self.events.iter().filter(|frame| frame["s"].as_u64() > Some(seq)).cloned().collect()
    }
}

/// "Apps without the intent will receive empty values in fields that contain user-inputted content", except of direct
/// messages, of messages that mention the app, and of its own.
fn as_seen(data: &Value, intents: u64, intent: u64, bot: &str) -> Value {
    let mentions = data["mentions"].as_array().into_iter().flatten().any(|user| user["id"] == bot);
    let sees = intents & MESSAGE_CONTENT != 0
        || intent == DIRECT_MESSAGES
        || mentions
        || data["author"]["id"] == bot;
    let mut data = data.clone();
    if intent == GUILD_MESSAGES && !sees {
        data["content"] = "".into();
        for name in ["embeds", "attachments", "components", "message_snapshots"] {
            if data.get(name).is_some() {
                data[name] = json!([]);
            }
        }
    }
    data
}

impl State {
    /// Sends an event to each session whose intents it fits. Returns the numbers that it got.
    pub(super) fn dispatch(&mut self, event: Event) -> Vec<String> {
        if let Some(held) = &mut self.held {
            held.push(event);
            return vec![];
        }
        let Event { kind, data, intent } = event;
        let mut numbers = Vec::new();
        for session in self.sessions.values_mut() {
            if intent != 0 && session.intents & intent == 0 {
                continue;
            }
            let frame = session.add(kind, as_seen(&data, session.intents, intent, &self.application));
            numbers.push(session.seq.to_string());
            if let Some(socket) = session.socket.and_then(|id| self.sockets.get(&id)) {
                socket.send(frame);
            }
        }
        numbers
    }

    /// Sends an event to one session.
    pub(super) fn dispatch_to(&mut self, session: &str, kind: &str, data: Value) {
        let Some(session) = self.sessions.get_mut(session) else { return };
        let frame = session.add(kind, data);
        if let Some(socket) = session.socket.and_then(|id| self.sockets.get(&id)) {
            socket.send(frame);
        }
    }
}
