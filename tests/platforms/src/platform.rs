//! The three platforms.

use serde::{Deserialize, Serialize};

/// One of the three platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Slack: the Web API and Socket Mode.
    Slack,
    /// Discord: the REST API and the gateway, version 10.
    Discord,
    /// Telegram: the Bot API by long polling.
    Telegram,
}

impl Platform {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Slack, Self::Discord, Self::Telegram];

    /// Its name in addresses and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
        }
    }

    /// The platform of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.name() == name)
    }
}
