use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Messaging platforms. Telegram is on if `AIWG_TELEGRAM_TOKEN` is in the daemon's environment, Slack if `AIWG_SLACK_TOKEN` and
/// `AIWG_SLACK_APP_TOKEN` are, Discord if `AIWG_DISCORD_TOKEN` is. No token belongs in this file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MessagingConfig {
    /// Slack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack: Option<SlackConfig>,
    /// Discord.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discord: Option<DiscordConfig>,
    /// Telegram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telegram: Option<TelegramConfig>,
    /// The people who may write to the daemon. Nobody else may, by default.
    pub users: MessagingUsers,
    /// The events that notices are sent about; a usual set when null: failures, approvals, budgets, limits, reports of jobs and what is not well.
    #[schemars(length(max = 100))]
    pub notify: Option<Vec<NotifyConfig>>,
    /// The gathering of notices.
    pub digest: DigestConfig,
    /// Hours in which no notices are sent: they wait for the end. They go by the clock of `schedule.timezone`. None by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietConfig>,
    /// Conversations.
    pub chat: MessagingChatConfig,
    /// The messages that wait to be sent.
    pub outbox: OutboxConfig,
}

/// Slack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SlackConfig {
    /// The id of the channel for notices, in which people may write to the bot: `C0AB12`. `AIWG_SLACK_CHANNEL` when null.
    #[schemars(length(max = 40))]
    pub channel: Option<String>,
}

/// Discord.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DiscordConfig {
    /// The id of the channel for notices, in which people may write to the bot. `AIWG_DISCORD_CHANNEL` when null.
    #[schemars(length(max = 40))]
    pub channel: Option<String>,
    /// The id of the server in which alone Discord offers the commands; everywhere where the bot is, and in direct messages, when null. It
    /// counts from the daemon's next start on.
    #[schemars(length(max = 40))]
    pub guild: Option<String>,
}

/// Telegram.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TelegramConfig {
    /// The id of the chat for notices, in which people may write to the bot: `-1001234567890` of a group, `77` of a person.
    /// `AIWG_TELEGRAM_CHAT_ID` when null.
    #[schemars(length(max = 40))]
    pub chat: Option<String>,
    /// The topic of that chat in which notices are sent; the chat itself when null.
    #[schemars(range(min = 1))]
    pub topic: Option<u64>,
}

/// The people who may write to the daemon, as `slack:U012ABC`, `discord:112233445566778899` or `telegram:77`: ids only, as names change hands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MessagingUsers {
    /// They may give work, cancel, approve and switch. `AIWG_WRITE_USERS` has more of them, with commas between.
    #[schemars(length(max = 1000), inner(length(max = 100)))]
    pub write: Vec<String>,
    /// They may ask an agent, by the command of `messaging.chat`.
    #[schemars(length(max = 1000), inner(length(max = 100)))]
    pub ask: Vec<String>,
    /// They may look at how things stand.
    #[schemars(length(max = 1000), inner(length(max = 100)))]
    pub read: Vec<String>,
}

/// Events that notices are sent about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotifyConfig {
    /// The topics; `*` stands for any characters.
    #[schemars(length(min = 1, max = 100), inner(length(min = 1, max = 200)))]
    pub topics: Vec<String>,
    /// The severity of these notices; by the topic when null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<NoticeSeverity>,
    /// The platforms on which they are sent; all when null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3))]
    pub to: Option<Vec<PlatformName>>,
    /// The text, into which members of the event are inserted: `Deployed {{ event.payload.version }}`. By the topic when null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub text: Option<String>,
}

/// The severity of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeSeverity {
    /// Good to know.
    Info,
    /// Someone should look at it.
    Warning,
    /// Nothing goes on without someone.
    Critical,
}

/// A messaging platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlatformName {
    /// Slack.
    Slack,
    /// Discord.
    Discord,
    /// Telegram.
    Telegram,
}

impl PlatformName {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
        }
    }
}

/// The gathering of notices. The first one after a silence is sent at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DigestConfig {
    /// Seconds after a notice in which further ones are gathered into one message. 0 gathers nothing.
    #[schemars(range(max = 3600))]
    pub window_seconds: u32,
    /// The most messages with notices in any minute, for each chat.
    #[schemars(range(min = 1, max = 60))]
    pub max_per_minute: u32,
}

impl Default for DigestConfig {
    fn default() -> Self {
        Self { window_seconds: 30, max_per_minute: 6 }
    }
}

/// Hours in which no notices are sent, in `schedule.timezone`. Answers are sent at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QuietConfig {
    /// Their beginning: `22:00`.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub from: String,
    /// Their end, which may lie on the day after.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub to: String,
    /// The severity from which notices are sent all the same. None are when null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub except: Option<NoticeSeverity>,
}

/// Conversations on messaging platforms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MessagingChatConfig {
    /// The command that answers those who may only ask. It should be able to read only, since they decide what it is asked.
    #[schemars(length(min = 1, max = 1000), inner(length(max = 65_536)))]
    pub command: Vec<String>,
    /// The time limit of an answer, in minutes.
    #[schemars(range(max = 1440), extend("exclusiveMinimum" = 0))]
    pub timeout_minutes: f64,
}

impl Eq for MessagingChatConfig {}

impl Default for MessagingChatConfig {
    fn default() -> Self {
        let command = ["claude", "-p", "--permission-mode", "plan"];
        Self { command: command.map(str::to_owned).into(), timeout_minutes: 10.0 }
    }
}

/// The messages that wait to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OutboxConfig {
    /// Hours after which a message that could not be sent is left out: those who read hear how many were.
    #[schemars(range(min = 1, max = 720))]
    pub expire_hours: u32,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self { expire_hours: 24 }
    }
}
