//! Channels, threads and direct messages.

use serde_json::{Value, json};

use super::State;
use super::guild::person;

// https://docs.discord.com/developers/resources/channel#channel-object-channel-types
const TEXT: u8 = 0;
const DIRECT: u8 = 1;
const THREAD: u8 = 11;

pub(super) struct Channel {
    pub(super) id: String,
    kind: u8,
    /// None for a direct message.
    pub(super) guild: Option<String>,
    parent: Option<String>,
    /// The other person of a direct message.
    recipient: Option<String>,
    /// True if the bot may see it and write there.
    pub(super) is_accessible: bool,
    pub(super) messages: Vec<Value>,
}

impl Channel {
    pub(super) fn text(id: &str, guild: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind: TEXT,
            guild: Some(guild.to_owned()),
            parent: None,
            recipient: None,
            is_accessible: true,
            messages: Vec::new(),
        }
    }

    pub(super) fn thread(id: &str, guild: &str, parent: &str) -> Self {
        Self { kind: THREAD, parent: Some(parent.to_owned()), ..Self::text(id, guild) }
    }

    pub(super) fn direct(id: &str, recipient: &str) -> Self {
        Self { kind: DIRECT, guild: None, recipient: Some(recipient.to_owned()), ..Self::text(id, "") }
    }

    pub(super) fn is_thread(&self) -> bool {
        self.kind == THREAD
    }

    pub(super) fn is_direct(&self) -> bool {
        self.kind == DIRECT
    }

    /// The channel as the API tells it.
    pub(super) fn json(&self) -> Value {
        let last = self.messages.last().map(|message| message["id"].clone());
        let mut channel = json!({ "id": self.id, "type": self.kind, "last_message_id": last, "flags": 0 });
        if let Some(recipient) = &self.recipient {
            channel["recipients"] = json!([person(recipient)]);
            return channel;
        }
        let rest = json!({
            "guild_id": self.guild, "name": format!("channel-{}", self.id), "position": 0, "permission_overwrites": [],
            "topic": null, "nsfw": false, "rate_limit_per_user": 0, "parent_id": self.parent,
        });
        channel.as_object_mut().expect("an object").extend(rest.as_object().cloned().unwrap_or_default());
        if self.is_thread() {
            channel["owner_id"] = "1000000000000000001".into();
            channel["message_count"] = self.messages.len().into();
            channel["member_count"] = 2.into();
            channel["thread_metadata"] = json!({
                "archived": false, "auto_archive_duration": 1440, "archive_timestamp": super::now(), "locked": false,
            });
        }
        channel
    }

    pub(super) fn message(&self, id: &str) -> Option<&Value> {
        self.messages.iter().find(|message| message["id"] == id)
    }

    pub(super) fn message_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.messages.iter_mut().find(|message| message["id"] == id)
    }
}

impl State {
    pub(super) fn channel(&mut self, id: &str) -> &mut Channel {
        self.channels
            .get_mut(id)
            .unwrap_or_else(|| panic!("there is no channel {id}: add it with `add_channel`"))
    }

    /// The channel of direct messages with a person; it is made where there is none.
    pub(super) fn direct_channel(&mut self, person: &str) -> String {
        let found = self.channels.values().find(|channel| channel.recipient.as_deref() == Some(person));
        if let Some(found) = found {
            return found.id.clone();
        }
        let id = self.next_id();
        self.channels.insert(id.clone(), Channel::direct(&id, person));
        id
    }
}
