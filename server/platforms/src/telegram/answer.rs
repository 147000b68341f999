//! The answers of the Bot API.

use std::time::Duration;

use aiwg_messaging::{Place, text::line};
use reqwest::StatusCode;
use serde_json::Value;

use crate::{SendFailure, Sent, Trouble, http::Answer};

/// The parts of descriptions that say that a chat takes nothing of the bot, besides the status 403.
const CLOSED: [&str; 5] =
    ["chat not found", "not enough rights", "have no rights", "CHAT_WRITE_FORBIDDEN", "CHAT_RESTRICTED"];

/// The most of a description that is shown, in characters.
const LONGEST: usize = 300;

/// Longest pause that is believed, in seconds.
const LONGEST_PAUSE: u64 = 3600;

/// An answer of the Bot API.
pub(super) struct Outcome {
    status: u16,
    /// The body, if it is one of the API.
    body: Option<Value>,
}

impl Outcome {
    pub(super) fn of(answer: Answer) -> Self {
        let body = answer.body.filter(|body| body.get("ok").is_some_and(Value::is_boolean));
        Self { status: answer.status.as_u16(), body }
    }

    fn is_ok(&self) -> bool {
        self.body.as_ref().is_some_and(|body| body.get("ok") == Some(&Value::Bool(true)))
    }

    fn code(&self) -> u16 {
        let code = self.body.as_ref().and_then(|body| body.get("error_code")).and_then(Value::as_u64);
        code.and_then(|code| u16::try_from(code).ok()).unwrap_or(self.status)
    }

    fn description(&self) -> String {
        let said = self.body.as_ref().and_then(|body| body.get("description")).and_then(Value::as_str);
        match said {
            Some(said) => line(said, LONGEST),
            None => format!("status {} without an answer of the Bot API", self.status),
        }
    }

    fn parameter(&self, name: &str) -> Option<&Value> {
        self.body.as_ref()?.get("parameters")?.get(name)
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.parameter("retry_after").and_then(Value::as_u64)?;
        Some(Duration::from_secs(seconds.clamp(1, LONGEST_PAUSE)))
    }

    /// True if the token is not accepted.
    fn is_refused(&self) -> bool {
        // A token that is none at all is a path that is none.
        self.body.is_some() && (self.code() == 401 || self.code() == 404)
    }

    fn refused(&self) -> String {
        format!(
            "Telegram does not accept the token ({}): @BotFather shows it, under the bot's API token; set AIWG_TELEGRAM_TOKEN to it and start \
             the daemon again",
            self.description()
        )
    }

    /// The result, or why there is none.
    pub(super) fn result(self) -> Result<Value, Trouble> {
        if self.is_ok() {
            let body = self.body.unwrap_or_default();
            return Ok(body.get("result").cloned().unwrap_or_default());
        }
        if self.is_refused() {
            return Err(Trouble::Stop(self.refused()));
        }
        if self.code() == StatusCode::CONFLICT.as_u16() {
            return Err(Trouble::Taken(self.description()));
        }
        let why = format!("Telegram answers with an error: {}", self.description());
        Err(Trouble::Later { why, after: self.retry_after() })
    }

    /// The result of sending a message to this place.
    pub(super) fn sent(self, place: &Place, is_edit: bool) -> Result<Sent, SendFailure> {
        if self.is_ok() {
            let id = self.body.as_ref().and_then(|body| body.get("result")?.get("message_id")?.as_i64());
            return Ok(Sent { id: id.map(|id| id.to_string()) });
        }
        if let Some(chat) = self.parameter("migrate_to_chat_id").and_then(Value::as_i64) {
            return Err(SendFailure::Moved(chat.to_string()));
        }
        let description = self.description();
        match self.code() {
            401 => Err(SendFailure::Stop(self.refused())),
            429 => Err(SendFailure::RetryAfter(self.retry_after().unwrap_or(Duration::from_secs(5)))),
            // The message is as it was to be, or there is none any more.
            400 if is_edit
                && (description.contains("message is not modified")
                    || description.contains("message to edit")) =>
            {
                Ok(Sent::default())
            }
            code @ (400 | 403 | 404) if self.body.is_some() => {
                let why = format!("{}: {description}", remedy(code, &description, place));
                let is_closed = code == 403 || CLOSED.iter().any(|said| description.contains(said));
                Err(if is_closed { SendFailure::Closed(why) } else { SendFailure::Refused(why) })
            }
            code if code >= 500 => Err(SendFailure::Unknown(format!("Telegram answers {description}"))),
            _ => Err(SendFailure::Unknown(description)),
        }
    }
}

/// The remedy for a chat that takes no message.
fn remedy(code: u16, description: &str, place: &Place) -> String {
    let chat = &place.chat;
    if code == 403 {
        return format!(
            "the bot may not write in the chat {chat}: it was removed from it, or the person has blocked it or never begun; add it again, or \
             send it /start"
        );
    }
    if description.contains("thread") || description.contains("TOPIC") {
        return format!("the chat {chat} has no topic {}", place.thread.as_deref().unwrap_or("of that id"));
    }
    if description.contains("chat not found") {
        return format!(
            "there is no chat {chat} for the bot: add it there, and ask it /whoami for the chat's id"
        );
    }
    format!("Telegram does not take a message for the chat {chat}")
}
