//! Parts of messages, as they wait to be sent.

use serde::{Deserialize, Serialize};

use crate::{text::Styled, words::Button};

/// A message, or a part of one that is too long for one message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The text.
    pub text: Styled,
    /// The buttons under it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// The platform's id of the message that it answers; none if it answers none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The platform's id of the message in whose place it comes; none for a new message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<String>,
}

impl Part {
    /// A message of this text.
    pub fn of(text: Styled) -> Self {
        Self { text, ..Self::default() }
    }
}
