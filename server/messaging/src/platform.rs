//! The platforms, and the places in them where messages go.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A messaging platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Slack.
    Slack,
    /// Discord.
    Discord,
    /// Telegram.
    Telegram,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Slack, Self::Discord, Self::Telegram];

    /// The name in the configuration and before ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Slack => "Slack",
            Self::Discord => "Discord",
            Self::Telegram => "Telegram",
        }
    }

    /// The platform of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.name() == name)
    }

    /// A verb as people write it there. On Slack, what is no command of the app belongs to Slack.
    pub fn command(self, verb: &str) -> String {
        match self {
            Self::Slack => format!("/aiwg {verb}"),
            Self::Discord | Self::Telegram => format!("/{verb}"),
        }
    }

    /// The longest text of a message, in UTF-16 units of what is sent.
    pub const fn longest(self) -> usize {
        match self {
            Self::Slack => 3900,
            Self::Discord => 2000,
            Self::Telegram => 4096,
        }
    }

    /// The units of a message that are left for a mark before it. Only Telegram needs one: it cannot say whether a message was sent.
    pub const fn mark(self) -> usize {
        match self {
            Self::Slack | Self::Discord => 0,
            Self::Telegram => 40,
        }
    }

    /// True if this can be the id of a chat.
    pub fn is_chat(self, id: &str) -> bool {
        match self {
            Self::Slack => is_slack_id(id, &['C', 'G', 'D']),
            Self::Discord => is_digits(id, 15..=20),
            Self::Telegram => is_digits(id.strip_prefix('-').unwrap_or(id), 1..=19),
        }
    }

    /// True if this can be the id of a person.
    pub fn is_person(self, id: &str) -> bool {
        match self {
            Self::Slack => is_slack_id(id, &['U', 'W']),
            Self::Discord => is_digits(id, 15..=20),
            Self::Telegram => is_digits(id, 1..=14),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn is_digits(id: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_slack_id(id: &str, kinds: &[char]) -> bool {
    let rest = id.strip_prefix(kinds).unwrap_or_default();
    (2..=20).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// A place where messages go: a chat, or a thread or topic in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The platform.
    pub platform: Platform,
    /// The id of the chat or channel.
    pub chat: String,
    /// The id of the thread or topic in it; none for the chat itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
}

impl Place {
    /// The chat, by which messages are sent in order and limits count.
    pub fn lane(&self) -> String {
        format!("{}:{}", self.platform, self.chat)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.platform, self.chat)?;
        self.thread.as_ref().map_or(Ok(()), |thread| write!(f, ":{thread}"))
    }
}
