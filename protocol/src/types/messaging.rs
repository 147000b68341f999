use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Timestamp, open::open_enum};

open_enum! {
    /// The states of the line to a messaging platform.
    pub enum PlatformState {
        /// The line does not stand yet, or not again: the platform has not let the bot in.
        Connecting = "connecting",
        /// The line stands.
        Connected = "connected",
        /// It does not answer, and is tried again.
        Retrying = "retrying",
        /// Someone else receives for the same bot.
        Taken = "taken",
        /// It refuses the token, or its token or its address cannot be used: a person must act.
        Stopped = "stopped",
    }
}

/// A messaging platform whose token the daemon has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlatformStatus {
    /// `slack`, `discord` or `telegram`.
    pub name: String,
    /// The state of the line.
    pub state: PlatformState,
    /// The name of the bot; null while it is not known.
    pub account: Option<String>,
    /// Since when the line is in its state.
    pub since: Timestamp,
    /// Time at which the platform was last heard of; null before the first time.
    pub last_received_at: Option<Timestamp>,
    /// The id of the chat for notices; null if none is set.
    pub chat: Option<String>,
    /// Number of people who are listed for the platform.
    pub people: u64,
    /// Number of messages that wait to be sent.
    pub waiting: u64,
    /// Number of those of which nobody knows whether they were sent.
    pub unknown: u64,
    /// Number of messages that could not be sent, of the last week.
    pub dead: u64,
    /// The fault, and the remedy; null if nothing is wrong.
    pub error: Option<String>,
}

/// The answer to `messaging.status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagingStatus {
    /// Each platform whose token the daemon has; empty where it has none.
    pub platforms: Vec<PlatformStatus>,
    /// Time until which notices wait since someone has muted them; absent if nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// Time until which notices wait since these are quiet hours; absent outside of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<Timestamp>,
}

/// The params of `messaging.test`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessagingTestParams {
    /// The platform; all whose token the daemon has when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub platform: Option<String>,
}

/// The answer to `messaging.test`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagingTested {
    /// Each platform on which a message was tried.
    pub trials: Vec<MessagingTrial>,
}

/// A message that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagingTrial {
    /// The platform.
    pub platform: String,
    /// True if the message was sent.
    pub ok: bool,
    /// The place to which it was sent; or what is missing, and the remedy.
    pub message: String,
}
