//! Messages of people, and of those who write like people.

use serde::{Deserialize, Serialize};

/// Kind of writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// A person.
    #[default]
    Person,
    /// Another bot: Slack's `bot_id`, Discord's `author.bot`, Telegram's `from.is_bot`.
    Bot,
    /// A person who passes on another's message: Telegram's `forward_origin`, Discord's `message_snapshots`, Slack's
    /// shared message.
    Forwarder,
    /// Telegram's administrator who writes as the group: `from` is GroupAnonymousBot, `sender_chat` the group.
    AnonymousAdmin,
    /// Somebody of another organization, in a channel that Slack shares with it (`user_team`, `is_ext_shared_channel`).
    External,
}

/// A message to the bot's ears. Ids are the platform's own: numbers in text for Telegram and Discord.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Speech {
    /// The chat or channel.
    pub chat: String,
    /// Id of the person.
    pub from: String,
    /// The text, without the mention.
    pub text: String,
    /// Slack: the parent's `ts`. Telegram: the topic. (Discord's threads are channels.)
    #[serde(default)]
    pub thread: Option<String>,
    /// Id of the message that it answers: Discord and Telegram.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// True if the text begins with a mention of the bot.
    #[serde(default)]
    pub mention: bool,
    /// Kind of its writer; by default a person.
    #[serde(default)]
    pub speaker: Speaker,
}

impl Speech {
    /// A person's message.
    pub fn new(chat: impl ToString, from: impl ToString, text: impl ToString) -> Self {
        Self { chat: chat.to_string(), from: from.to_string(), text: text.to_string(), ..Self::default() }
    }

    /// The same, beginning with a mention of the bot.
    pub fn mention(self) -> Self {
        Self { mention: true, ..self }
    }

    /// The same, in a thread or topic.
    pub fn in_thread(self, thread: impl ToString) -> Self {
        Self { thread: Some(thread.to_string()), ..self }
    }

    /// The same, as an answer to a message.
    pub fn reply_to(self, message: impl ToString) -> Self {
        Self { reply_to: Some(message.to_string()), ..self }
    }

    /// The same, by another kind of writer.
    pub fn by(self, speaker: Speaker) -> Self {
        Self { speaker, ..self }
    }
}

/// Outcome of a [`Speech`] or a press.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// Id of the message: Slack's `ts`. Of a command or a press: the id of the interaction.
    pub message: String,
    /// Ids of what the bot gets of it: Slack's `envelope_id`s (a mention has two), Telegram's `update_id`, Discord's
    /// sequence number. None where nothing reaches the bot, such as without a socket.
    pub deliveries: Vec<String>,
}
