//! Chats and their messages.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Kind of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatKind {
    /// With one person; the id is the person's.
    Private,
    /// A basic group; its id is negative.
    Group,
    /// A supergroup; its id begins with -100.
    Supergroup,
    /// A supergroup with topics.
    Forum,
    /// A channel.
    Channel,
}

pub(super) struct Chat {
    pub(super) id: i64,
    pub(super) kind: ChatKind,
    pub(super) topics: BTreeSet<i64>,
    /// The supergroup that a group has become.
    pub(super) migrated_to: Option<i64>,
    /// Reason for which the bot may not write there any more: `bot was kicked from the supergroup chat`.
    pub(super) forbidden: Option<String>,
    pub(super) messages: Vec<Value>,
    last_message: i64,
}

impl Chat {
    pub(super) fn new(id: i64, kind: ChatKind) -> Self {
        Self {
            id,
            kind,
            topics: BTreeSet::new(),
            migrated_to: None,
            forbidden: None,
            messages: Vec::new(),
            last_message: 0,
        }
    }

    /// The chat as a member of a message.
    pub(super) fn json(&self) -> Value {
        let (id, title) = (self.id, format!("Chat {}", self.id));
        match self.kind {
            ChatKind::Private => json!({ "id": id, "type": "private", "first_name": format!("Person {id}") }),
            ChatKind::Group => json!({ "id": id, "type": "group", "title": title }),
            ChatKind::Supergroup => json!({ "id": id, "type": "supergroup", "title": title }),
            ChatKind::Forum => json!({ "id": id, "type": "supergroup", "title": title, "is_forum": true }),
            ChatKind::Channel => json!({ "id": id, "type": "channel", "title": title }),
        }
    }

    pub(super) fn next_message(&mut self) -> i64 {
        self.last_message += 1;
        self.last_message
    }

    pub(super) fn message(&self, id: i64) -> Option<&Value> {
        self.messages.iter().find(|message| message["message_id"] == id)
    }

    pub(super) fn message_mut(&mut self, id: i64) -> Option<&mut Value> {
        self.messages.iter_mut().find(|message| message["message_id"] == id)
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

pub(super) fn person(id: i64) -> Value {
    json!({ "id": id, "is_bot": false, "first_name": format!("Person {id}"), "username": format!("person_{id}") })
}
