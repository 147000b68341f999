//! Channels and their messages.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::State;

pub(super) struct Channel {
    pub(super) id: String,
    /// True if the bot is in it.
    pub(super) is_member: bool,
    pub(super) is_archived: bool,
    /// True if another organization is in it, too (Slack Connect).
    pub(super) is_external: bool,
    /// In the order of their `ts`.
    pub(super) messages: Vec<Value>,
}

impl Channel {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            is_member: true,
            is_archived: false,
            is_external: false,
            messages: Vec::new(),
        }
    }

    pub(super) fn is_direct(&self) -> bool {
        self.id.starts_with('D')
    }

    /// `channel_type` of events.
    pub(super) fn kind(&self) -> &'static str {
        match self.id.chars().next() {
            Some('D') => "im",
            Some('G') => "group",
            _ => "channel",
        }
    }

    /// The channel as `conversations.info` tells it.
    pub(super) fn json(&self) -> Value {
        let name = format!("channel-{}", self.id.to_lowercase());
        if self.is_direct() {
            return json!({ "id": self.id, "is_im": true, "is_archived": false, "user": "U0PERSON01", "created": 1 });
        }
        json!({
            "id": self.id, "name": name, "name_normalized": name, "is_channel": !self.id.starts_with('G'),
            "is_group": self.id.starts_with('G'), "is_im": false, "is_mpim": false, "is_private": self.id.starts_with('G'),
            "is_archived": self.is_archived, "is_general": false, "is_member": self.is_member,
            "is_shared": self.is_external, "is_ext_shared": self.is_external, "is_org_shared": false, "created": 1,
        })
    }

    pub(super) fn message(&self, ts: &str) -> Option<&Value> {
        self.messages.iter().find(|message| message["ts"] == ts)
    }

    pub(super) fn message_mut(&mut self, ts: &str) -> Option<&mut Value> {
        self.messages.iter_mut().find(|message| message["ts"] == ts)
    }

    /// Notes in the parent that it has a thread, as Slack does.
    pub(super) fn count_reply(&mut self, parent: &str) {
        let replies =
            self.messages.iter().filter(|one| one["thread_ts"] == parent && one["ts"] != parent).count();
        let latest = self.messages.last().map(|message| message["ts"].clone());
        if let Some(parent_message) = self.message_mut(parent) {
            parent_message["thread_ts"] = parent.into();
            parent_message["reply_count"] = replies.into();
            parent_message["latest_reply"] = latest.into();
        }
    }
}

impl State {
    /// Time of the next message, which is its id: seconds and six digits, each later than the one before.
    pub(super) fn next_ts(&mut self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        self.latest_ts = u64::try_from(now).unwrap_or(u64::MAX).max(self.latest_ts + 1);
        format!("{}.{:06}", self.latest_ts / 1_000_000, self.latest_ts % 1_000_000)
    }

    /// The channel; a direct one is made where a person writes to the bot for the first time.
    pub(super) fn channel(&mut self, id: &str) -> &mut Channel {
        if id.starts_with('D') {
            return self.channels.entry(id.to_owned()).or_insert_with(|| Channel::new(id));
        }
        self.channels
            .get_mut(id)
            .unwrap_or_else(|| panic!("there is no channel {id}: add it with `add_channel`"))
    }
}
