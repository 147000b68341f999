//! The secret that a sender shares with the daemon.

use std::fmt;

use aiwg_protocol::config::WebhookKind;
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The beginning of a secret of Standard Webhooks; the rest is base64.
const STANDARD: &str = "whsec_";

/// A secret, which no text shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

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
        if kind != WebhookKind::Standard {
            return Ok(Self(text.as_bytes().to_owned()));
        }
        let key = BASE64_STANDARD.decode(text.strip_prefix(STANDARD).unwrap_or(text));
        match key {
            Ok(key) if !key.is_empty() => Ok(Self(key)),
            _ => Err("is no secret of Standard Webhooks: \"whsec_\", and base64 after it"),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
