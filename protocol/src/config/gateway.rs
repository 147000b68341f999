use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Further ways into the daemon, beside its socket. None is open by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfig {
    /// Webhooks: what other services report becomes events. None are listened to when null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<WebhooksConfig>,
}

/// The listener for webhooks, and those that may send any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksConfig {
    /// Address and port at which they are listened to: port 0 is any that is free. Without TLS: what comes from another machine belongs behind a
    /// proxy or a tunnel.
    #[schemars(length(min = 1, max = 100))]
    pub listen: String,
    /// The senders.
    #[schemars(length(max = 100))]
    pub sources: Vec<WebhookSource>,
    /// Maximum number of requests in a second, good and bad ones together; those beyond it are answered with 429.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_requests_per_second: u32,
    /// Maximum number of connections at once. Further ones wait.
    #[schemars(range(min = 1, max = 1000))]
    pub max_connections: u32,
}

impl Default for WebhooksConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8787".to_owned(),
            sources: Vec::new(),
            max_requests_per_second: 1000,
            max_connections: 128,
        }
    }
}

/// The kind of a sender of webhooks: how it signs its requests, and where it says what has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookKind {
    /// GitHub: `X-Hub-Signature-256`, `X-GitHub-Event`, `X-GitHub-Delivery`.
    Github,
    /// GitLab: `webhook-signature` where the secret is a signing token (`whsec_`), or else `X-Gitlab-Token`; `X-Gitlab-Event`, `Idempotency-Key`.
    Gitlab,
    /// Slack, and what signs as it does: `X-Slack-Signature` over the time and the body.
    Slack,
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Standard,
    /// Anything that sends JSON, with the secret in `Authorization` or `X-Webhook-Token`, or without one.
    Json,
}

impl WebhookKind {
    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Slack => "slack",
            Self::Standard => "standard",
            Self::Json => "json",
        }
    }
}

/// A sender of webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSource {
    /// The path of its requests, `/github`: no two have the same.
    #[schemars(length(min = 2, max = 200))]
    pub path: String,
    /// The way in which it signs them, and says what has happened.
    pub kind: WebhookKind,
    /// The variable of the daemon's environment that holds the secret which it shares with the daemon: `${GITHUB_WEBHOOK_SECRET}`. No secret
    /// belongs in this file, and no agent gets the variable. Only `json` may be without one, and only on this machine's own address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub secret: Option<String>,
    /// The topic of its events: `github:{event}`, `gitlab:{event}:{action}`. Where the sender names no event or no action, the place is left out,
    /// with the sign before it.
    #[schemars(length(min = 1, max = 100))]
    pub topic: String,
}

impl WebhookSource {
    /// The variable with its secret; none if it has none.
    pub fn variable(&self) -> Option<&str> {
        let name = self.secret.as_deref()?.strip_prefix("${")?.strip_suffix('}')?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(is_plain))
            .then_some(name)
    }
}
