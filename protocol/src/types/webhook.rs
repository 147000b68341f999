//! Webhooks: what other services report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The listener for webhooks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhooksSubsystem {
    /// Address at which they are listened to, as `127.0.0.1:8787`; null while they are not, which an issue explains.
    pub address: Option<String>,
    /// The senders.
    pub sources: Vec<WebhookStatus>,
}

/// A sender of webhooks, with what has come from it since the daemon's start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookStatus {
    /// The path of its requests.
    pub path: String,
    /// Its kind: `github`, `gitlab`, `slack`, `standard` or `json`.
    pub kind: String,
    /// The template of its topics.
    pub topic: String,
    /// True if its requests must be signed.
    pub signed: bool,
    /// Number of deliveries that were taken in, repeated ones included.
    pub accepted: u64,
    /// Number of requests that were refused.
    pub refused: u64,
    /// Time of the last delivery that was taken in; null before the first.
    pub last_at: Option<Timestamp>,
    /// The reason for which nothing can be taken in from it, for people; absent if all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
