//! Messages to platforms, as they wait to be sent.

use aiwg_protocol::types::{Json, Timestamp};

/// The number of a message to a platform. It is never given again, so that platforms can recognize the message by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageNo(pub u64);

/// A message, or a part of one, to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The platform's name.
    pub platform: String,
    /// The chat's id there.
    pub chat: String,
    /// The thread or topic in it; none for the chat itself.
    pub thread: Option<String>,
    /// True if it may go into one message with others: a notice.
    pub is_notice: bool,
    /// The severity of a notice and of what asks for an approval, from 1 on: what is of a lower one than notices are sent of is held back. 0 for what
    /// is never held back.
    pub severity: u8,
    /// The content.
    pub content: Json,
    /// The id of the approval that it asks for; none if it asks for none.
    pub about: Option<String>,
    /// Time from which it is to be sent.
    pub due_at: Timestamp,
    /// Time from which it is not sent any more.
    pub expires_at: Timestamp,
}

/// The state of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// It is to be sent.
    Waiting,
    /// It is being sent: found so at a start, nobody knows whether it was.
    Sending,
    /// It was sent, and is kept since it may be edited.
    Sent,
    /// It cannot be sent.
    Dead,
}

impl MessageState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Sending, Self::Sent, Self::Dead];

    /// Its name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }
}

/// A message as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Its number.
    pub no: MessageNo,
    /// The message itself.
    pub message: NewMessage,
    /// The state.
    pub state: MessageState,
    /// Time at which it was stored.
    pub created_at: Timestamp,
    /// Number of times that it was, or may have been, given to the platform.
    pub attempts: u32,
    /// True if an earlier attempt may have had an effect.
    pub is_repeat: bool,
    /// The platform's id of it, once it was sent.
    pub sent_as: Option<String>,
    /// The reason for which it was not sent.
    pub error: Option<String>,
}

/// A chat for which messages wait.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutboxLane {
    /// The platform's name.
    pub platform: String,
    /// The chat's id there.
    pub chat: String,
    /// Time at which the first of them is due.
    pub due_at: Timestamp,
    /// True if the first of them is a notice that cannot have been sent.
    pub is_new_notice: bool,
    /// The severity of the first of them.
    pub severity: u8,
}

/// Numbers of the messages to a platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageCounts {
    /// The platform's name.
    pub platform: String,
    /// Number of messages that wait, or are being sent.
    pub waiting: u64,
    /// Number of messages of which an earlier attempt may have had an effect.
    pub unknown: u64,
    /// Number of messages that cannot be sent.
    pub dead: u64,
    /// The latest of these, and why it cannot be sent, for people; none if there is none.
    pub latest_dead: Option<String>,
}
