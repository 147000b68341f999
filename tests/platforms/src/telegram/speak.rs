//! Messages, edits and presses of people.

use serde_json::{Value, json};

use super::State;
use super::chats::{Chat, ChatKind, now, person};
use crate::speech::{Speaker, Speech, Spoken};

// https://core.telegram.org/bots/api#message: the account that stands for administrators who write as the group.
const GROUP_ANONYMOUS_BOT: i64 = 1_087_968_824;

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("ids of Telegram are numbers, not {text:?}"))
}

impl State {
    /// The chat; a private one is made where a person writes to the bot for the first time.
    pub(super) fn chat(&mut self, id: i64) -> &mut Chat {
        if id > 0 {
            return self.chats.entry(id).or_insert_with(|| Chat::new(id, ChatKind::Private));
        }
        self.chats.get_mut(&id).unwrap_or_else(|| panic!("there is no chat {id}: add it with `add_chat`"))
    }

    pub(super) fn say(&mut self, speech: &Speech) -> Spoken {
        let text =
            if speech.mention { format!("@{} {}", self.username, speech.text) } else { speech.text.clone() };
        let entities = entities(&text);
        let chat = self.chat(number(&speech.chat));
        let mut message = json!({
            "message_id": chat.next_message(), "from": person(number(&speech.from)), "chat": chat.json(), "date": now(),
            "text": text,
        });
        if !entities.is_empty() {
            message["entities"] = entities.into();
        }
        if let Some(topic) = speech.thread.as_deref().map(number) {
            message["message_thread_id"] = topic.into();
            message["is_topic_message"] = true.into();
        }
        if let Some(reply) = speech.reply_to.as_deref().map(number) {
            message["reply_to_message"] = chat.message(reply).expect("the message that it answers").clone();
        }
        speak_as(speech.speaker, &mut message);
        chat.messages.push(message.clone());
        let kind = if chat.kind == ChatKind::Channel { "channel_post" } else { "message" };
        self.tell(kind, message)
    }

    fn tell(&mut self, kind: &str, message: Value) -> Spoken {
        let id = message["message_id"].to_string();
        Spoken { message: id, deliveries: self.deliver(kind, message) }
    }

    fn deliver(&mut self, kind: &str, value: Value) -> Vec<String> {
        self.queue.push(kind, value).map(|id| id.to_string()).into_iter().collect()
    }

    /// A person edits a message of theirs.
    pub(super) fn edit_by_person(&mut self, chat: &str, message: &str, text: &str) -> Spoken {
        let chat = self.chat(number(chat));
        let edited = chat.message_mut(number(message)).expect("the message to edit");
        edited["text"] = text.into();
        edited["entities"] = entities(text).into();
        edited["edit_date"] = now().into();
        let edited = edited.clone();
        self.tell("edited_message", edited)
    }

    /// A person presses a button of a message of the bot.
    pub(super) fn press(&mut self, chat: &str, message: &str, from: &str, data: &str) -> Spoken {
        let message =
            self.chat(number(chat)).message(number(message)).expect("the message with the button").clone();
        let id = format!("43{:016}", self.presses.len() + 1);
        self.presses.insert(id.clone(), None);
        let query = json!({
            "id": id, "from": person(number(from)), "message": message, "chat_instance": format!("-{chat}"), "data": data,
        });
        Spoken { message: id, deliveries: self.deliver("callback_query", query) }
    }

    /// Makes a supergroup of a group: both are told, and the old id is refused from then on.
    pub(super) fn migrate(&mut self, from: i64, to: i64) -> Spoken {
        self.chats.insert(to, Chat::new(to, ChatKind::Supergroup));
        let anonymous = person(GROUP_ANONYMOUS_BOT);
        let service = |chat: &mut Chat, name: &str, other: i64| {
            let message = json!({
                "message_id": chat.next_message(), "from": anonymous, "chat": chat.json(), "date": now(), name: other,
            });
            chat.messages.push(message.clone());
            message
        };
        let old = self.chat(from);
        let left = service(old, "migrate_to_chat_id", to);
        old.migrated_to = Some(to);
        let arrived = service(self.chat(to), "migrate_from_chat_id", from);
        let mut deliveries = self.deliver("message", left.clone());
        deliveries.extend(self.deliver("message", arrived));
        Spoken { message: left["message_id"].to_string(), deliveries }
    }
}

fn speak_as(speaker: Speaker, message: &mut Value) {
    match speaker {
        Speaker::Person => {}
        Speaker::Bot => message["from"]["is_bot"] = true.into(),
        Speaker::Forwarder => {
            let origin = json!({ "type": "user", "date": now() - 60, "sender_user": person(99) });
            message["forward_origin"] = origin;
        }
        Speaker::AnonymousAdmin => {
            message["sender_chat"] = message["chat"].clone();
            message["from"] = json!({
                "id": GROUP_ANONYMOUS_BOT, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot",
            });
        }
        Speaker::External => panic!("Telegram has no external people"),
    }
}

/// The entities that Telegram finds in plain text, as far as bots need them: commands and mentions.
fn entities(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut offset = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let trimmed = word.trim_end();
        let kind = match trimmed.chars().next() {
            Some('/') if trimmed.len() > 1 => Some("bot_command"),
            Some('@') if trimmed.len() > 1 => Some("mention"),
            _ => None,
        };
        if let Some(kind) = kind {
            found.push(json!({ "type": kind, "offset": offset, "length": trimmed.encode_utf16().count() }));
        }
        offset += word.encode_utf16().count();
    }
    found
}
