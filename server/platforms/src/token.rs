//! The secret by which a bot is one.

use std::{borrow::Cow, fmt};

/// A token. It shows itself nowhere: neither in `Debug` nor in an error.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token as it stands in the environment.
    pub fn new(token: &str) -> Self {
        Self(token.trim().to_owned())
    }

    /// True if there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A name for the token that tells nothing of it: the same for the same token, in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let hash = hmac_sha256::Hash::hash(format!("aiwg bot {}", self.0).as_bytes());
        hash.iter().take(10).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The token itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// A text without the token, wherever it stands in it.
    pub(crate) fn strip_from<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let is_there = !self.0.is_empty() && text.contains(&self.0);
        if is_there { Cow::Owned(text.replace(&self.0, "…")) } else { Cow::Borrowed(text) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_itself_nowhere() {
        let token = Token::new(" 12:secret\n");
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(token.strip_from("at https://x/bot12:secret/getMe"), "at https://x/bot…/getMe");
        assert_eq!(token.fingerprint(), Token::new("12:secret").fingerprint());
        assert!(!token.fingerprint().contains("secret") && token.fingerprint().len() == 20);
        assert!(Token::new(" ").is_empty());
    }
}
