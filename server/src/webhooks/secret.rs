//! The secret that a sender shares with the daemon.

use std::fmt;

use aiwg_protocol::config::WebhookKind;
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The beginning of a secret of Standard Webhooks; the rest is base64.
const STANDARD: &str = "whsec_";

/// A secret, which no text shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    bytes: Vec<u8>,
    /// True for one of Standard Webhooks: a key that signs, and is itself in no request.
    is_standard: bool,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// The secret that a variable holds.
    ///
    /// # Errors
    /// It is none: why, without showing it.
    pub fn of(kind: WebhookKind, text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty");
        }
        let is_standard = match kind {
            WebhookKind::Standard => true,
            // GitLab has both: a secret token, which it sends, and a signing token.
            WebhookKind::Gitlab => text.starts_with(STANDARD),
            WebhookKind::Github | WebhookKind::Slack | WebhookKind::Json => false,
        };
        if !is_standard {
            return Ok(Self { bytes: text.as_bytes().to_owned(), is_standard });
        }
        let key = BASE64_STANDARD.decode(text.strip_prefix(STANDARD).unwrap_or(text));
        match key {
            Ok(key) if !key.is_empty() => Ok(Self { bytes: key, is_standard }),
            _ => Err("is no secret of Standard Webhooks: \"whsec_\", and base64 after it"),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_standard(&self) -> bool {
        self.is_standard
    }
}
