//! Messages, edits, commands and presses of people.

use std::time::Instant;

use serde_json::{Value, json};

use super::guild::{member, person};
use super::interactions::Interaction;
use super::session::Event;
use super::{State, now};
use crate::speech::{Speaker, Speech, Spoken};

impl State {
    pub(super) fn say(&mut self, speech: &Speech) -> Spoken {
        let id = self.next_id();
        let content = if speech.mention {
            format!("<@{}> {}", self.application, speech.text)
        } else {
            speech.text.clone()
        };
        let mentions = if speech.mention { json!([self.bot()]) } else { json!([]) };
        let mut message = json!({
            "id": id, "channel_id": speech.chat, "author": person(&speech.from), "content": content, "timestamp": now(),
            "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": mentions, "mention_roles": [],
            "attachments": [], "embeds": [], "pinned": false, "type": 0, "flags": 0, "components": [], "nonce": id,
        });
        if let Some(reply) = &speech.reply_to {
            message["referenced_message"] =
                self.channel(&speech.chat).message(reply).expect("the message it answers").clone();
            message["message_reference"] =
                json!({ "message_id": reply, "channel_id": speech.chat, "type": 0 });
            message["type"] = 19.into();
        }
        match speech.speaker {
            Speaker::Person => {}
            Speaker::Bot => message["author"]["bot"] = true.into(),
            Speaker::Forwarder => {
                message["message_reference"] = json!({ "message_id": "1", "channel_id": "2", "type": 1 });
                message["message_snapshots"] =
                    json!([{ "message": { "content": content, "timestamp": now(), "type": 0 } }]);
                message["content"] = "".into();
            }
            Speaker::AnonymousAdmin | Speaker::External => panic!("Discord has no {:?}", speech.speaker),
        }
        let deliveries = self.add_message(&speech.chat, &message);
        Spoken { message: id, deliveries }
    }

    /// The message by which Discord tells of a thread in the channel in which it was opened.
    pub(super) fn tell_of_thread(&mut self, thread: &str, parent: &str, from: &str) {
        let message = json!({
            "id": self.next_id(), "channel_id": parent, "author": person(from), "content": format!("thread {thread}"),
            "timestamp": now(), "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
            "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 18, "flags": 0, "components": [],
            "message_reference": { "channel_id": thread, "guild_id": self.guild, "type": 0 },
        });
        self.add_message(parent, &message);
    }

    /// The event of a message that is there already, once more.
    pub(super) fn repeat(&mut self, channel: &str, id: &str) -> Vec<String> {
        let channel = self.channel(channel);
        let mut event = channel.message(id).expect("the message to repeat").clone();
        let is_direct = channel.is_direct();
        if let Some(guild) = channel.guild.clone() {
            event["guild_id"] = guild.into();
            event["member"] = member();
        }
        self.dispatch(Event::message("MESSAGE_CREATE", event, is_direct))
    }

    /// A person edits a message of theirs.
    pub(super) fn edit_by_person(&mut self, channel: &str, id: &str, text: &str) -> Spoken {
        let channel = self.channel(channel);
        let message = channel.message_mut(id).expect("the message to edit");
        message["content"] = text.into();
        message["edited_timestamp"] = now().into();
        let mut event = message.clone();
        let (guild, is_direct) = (channel.guild.clone(), channel.is_direct());
        if let Some(guild) = guild {
            event["guild_id"] = guild.into();
        }
        Spoken {
            message: id.to_owned(),
            deliveries: self.dispatch(Event::message("MESSAGE_UPDATE", event, is_direct)),
        }
    }

    /// An interaction with what all kinds of them have.
    fn interact(
        &mut self,
        kind: u8,
        channel: &str,
        from: &str,
        data: &Value,
        message: Option<&Value>,
    ) -> Spoken {
        let (id, token) = (self.next_id(), format!("interaction-token-{}", self.next_id()));
        let channel_json = self.channel(channel).json();
        let guild = self.channel(channel).guild.clone();
        let mut event = json!({
            "id": id, "application_id": self.application, "type": kind, "data": data, "channel_id": channel,
            "channel": channel_json, "token": token, "version": 1, "locale": "en-US", "app_permissions": "2248473465835073",
            "entitlements": [], "authorizing_integration_owners": {}, "context": u8::from(guild.is_none()),
            "attachment_size_limit": 10_485_760,
        });
        if let Some(guild) = guild {
            let mut member = member();
            member["user"] = person(from);
            member["permissions"] = "2248473465835073".into();
            event["member"] = member;
            event["guild"] = json!({ "id": guild, "locale": "en-US", "features": [] });
            event["guild_id"] = guild.into();
            event["guild_locale"] = "en-US".into();
        } else {
            event["user"] = person(from);
        }
        if let Some(message) = message {
            event["message"] = message.clone();
        }
        let original = message.and_then(|message| message["id"].as_str()).map(str::to_owned);
        self.interactions.insert(
            token,
            Interaction {
                id: id.clone(),
                channel: channel.to_owned(),
                user: from.to_owned(),
                began: Instant::now(),
                response: None,
                answered_after_ms: None,
                original,
            },
        );
        Spoken { message: id, deliveries: self.dispatch(Event::for_all("INTERACTION_CREATE", event)) }
    }

    /// A person types a command of the application; all its options are texts.
    pub(super) fn command(
        &mut self,
        channel: &str,
        from: &str,
        name: &str,
        options: &[(&str, &str)],
    ) -> Spoken {
        let known = self.commands.values().flatten().find(|command| command["name"] == name);
        let id = known.map_or_else(|| "1".into(), |command| command["id"].clone());
        let options = options.iter().map(|(name, value)| json!({ "name": name, "type": 3, "value": value }));
        let data = json!({ "id": id, "name": name, "type": 1, "options": options.collect::<Vec<_>>() });
        self.interact(2, channel, from, &data, None)
    }

    /// A person presses a button of a message.
    pub(super) fn press(&mut self, channel: &str, message: &str, from: &str, custom_id: &str) -> Spoken {
        let message = self.channel(channel).message(message).expect("the message with the button").clone();
        assert!(
            message["components"].to_string().contains(&format!("\"{custom_id}\"")),
            "no button {custom_id}: {message}"
        );
        let data = json!({ "custom_id": custom_id, "component_type": 2, "id": 1 });
        self.interact(3, channel, from, &data, Some(&message))
    }
}
