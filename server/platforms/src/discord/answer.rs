//! The answers of the REST API.

use std::time::Duration;

use aiwg_messaging::{Place, text::line};
use serde_json::Value;

use super::limits::retry_after;
use crate::{SendFailure, Sent, Trouble, http::Answer};

/// The most of an error that is shown, in characters.
const LONGEST: usize = 300;

/// The permissions that the bot needs: View Channel, Send Messages, Read Message History, Send Messages in Threads.
const PERMISSIONS: u64 = (1 << 10) | (1 << 11) | (1 << 16) | (1 << 38);

/// Errors that say that a channel takes nothing of the bot, until someone changes that.
const CLOSED: [u64; 3] = [code::UNKNOWN_CHANNEL, code::MISSING_ACCESS, code::MISSING_PERMISSIONS];

/// Errors of Discord: <https://docs.discord.com/developers/topics/opcodes-and-status-codes#json>.
mod code {
    pub(super) const UNKNOWN_CHANNEL: u64 = 10_003;
    pub(super) const UNKNOWN_MESSAGE: u64 = 10_008;
    pub(super) const ANSWERED_ALREADY: u64 = 40_060;
    pub(super) const MISSING_ACCESS: u64 = 50_001;
    pub(super) const NO_DIRECT_MESSAGES: u64 = 50_007;
    pub(super) const NO_TEXT_CHANNEL: u64 = 50_008;
    pub(super) const MISSING_PERMISSIONS: u64 = 50_013;
    pub(super) const ARCHIVED: u64 = 50_083;
    pub(super) const NO_HISTORY: u64 = 160_002;
}

/// The reason that a token is not accepted, and the remedy.
pub(super) fn refused(said: &str) -> String {
    format!(
        "Discord does not accept the token ({said}): the developer portal makes a new one, on the page Bot of the application, under Reset \
         Token; set AIWG_DISCORD_TOKEN to it and start the daemon again"
    )
}

/// The address at which the bot of an application is invited, with all that it needs.
pub(super) fn invitation(application: &str) -> String {
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot+applications.commands&permissions={PERMISSIONS}"
    )
}

/// An answer of the REST API.
#[derive(Debug)]
pub(super) struct Outcome {
    status: u16,
    body: Option<Value>,
    retry_after: Duration,
}

impl Outcome {
    pub(super) fn of(answer: Answer) -> Self {
        let retry_after = retry_after(&answer.headers, answer.body.as_ref());
        Self { status: answer.status.as_u16(), body: answer.body, retry_after }
    }

    /// The answer that there would be if it was asked for within a limit.
    pub(super) fn limited(retry_after: Duration) -> Self {
        Self { status: 429, body: None, retry_after }
    }

    fn is_ok(&self) -> bool {
        // A page in place of an answer is none. An answer may have no content at all.
        self.status == 204 || ((200..300).contains(&self.status) && self.body.is_some())
    }

    /// The number of the error; none if it is none of the API.
    fn code(&self) -> Option<u64> {
        self.body.as_ref()?.get("code")?.as_u64()
    }

    fn said(&self) -> String {
        let message = self.body.as_ref().and_then(|body| body.get("message")).and_then(Value::as_str);
        match message {
            Some(message) => format!("{} {}", line(message, LONGEST), self.code().unwrap_or(0)),
            None => format!("status {} without an answer of the API", self.status),
        }
    }

    /// True if the token is not accepted.
    pub(super) fn is_refused(&self) -> bool {
        self.status == 401 && self.body.is_some()
    }

    /// True if the bot may not, or there is no such thing: asking again does not help.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self.status, 400 | 403 | 404) && self.code().is_some()
    }

    /// True if an interaction's token is none, or not any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.status, 401 | 404) && self.code().is_some()
    }

    /// True if someone else has answered an interaction.
    pub(super) fn is_answered_already(&self) -> bool {
        self.code() == Some(code::ANSWERED_ALREADY)
    }

    /// True if the bot may not answer messages there, though it may write.
    pub(super) fn may_not_reply(&self) -> bool {
        self.code() == Some(code::NO_HISTORY)
    }

    /// The result, or why there is none.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn result(self) -> Result<Value, Trouble> {
        if self.is_ok() {
            return Ok(self.body.unwrap_or_default());
        }
        if self.is_refused() {
            return Err(Trouble::Stop(refused(&self.said())));
        }
        let after = (self.status == 429).then_some(self.retry_after);
        let why = match after {
            Some(_) => "Discord takes no more requests for now".to_owned(),
            None => format!("Discord answers with an error: {}", self.said()),
        };
        Err(Trouble::Later { why, after })
    }

    /// The result of sending a message to this place. `invitation` is the bot's.
    ///
    /// # Errors
    /// It was not sent, or nobody knows.
    pub(super) fn sent(self, place: &Place, is_edit: bool, invitation: &str) -> Result<Sent, SendFailure> {
        if self.is_ok() {
            let id = self.body.as_ref().and_then(|body| body.get("id")?.as_str()).map(str::to_owned);
            return Ok(Sent { id });
        }
        match (self.status, self.code()) {
            (401, _) if self.is_refused() => Err(SendFailure::Stop(refused(&self.said()))),
            (429, _) => Err(SendFailure::RetryAfter(self.retry_after)),
            // There is none any more.
            (_, Some(code::UNKNOWN_MESSAGE)) if is_edit => Ok(Sent::default()),
            (400 | 403 | 404, Some(code)) => {
                let why = format!("{} ({})", remedy(code, place, invitation), self.said());
                // What cannot be said in a thread must not hold up what is said beside it.
                let is_closed = CLOSED.contains(&code) && place.thread.is_none();
                Err(if is_closed { SendFailure::Closed(why) } else { SendFailure::Refused(why) })
            }
            // Not from the API: what stands before it has let nothing through.
            (403, None) => {
                Err(SendFailure::NotSent(format!("Discord lets nothing through: {}", self.said())))
            }
            _ => Err(SendFailure::Unknown(format!("Discord answers with an error: {}", self.said()))),
        }
    }
}

/// The remedy for a channel that takes no message.
fn remedy(code: u64, place: &Place, invitation: &str) -> String {
    let channel = place.thread.as_ref().unwrap_or(&place.chat);
    match code {
        code::UNKNOWN_CHANNEL => format!(
            "there is no channel {channel} for the bot: \"Copy Channel ID\" shows the id, with the developer mode on; if it is right, invite \
             the bot to its server: {invitation}"
        ),
        code::MISSING_ACCESS => format!(
            "the bot may not see the channel {channel}: invite it to the server ({invitation}), and if it is there, give its role the \
             permission View Channel in the channel"
        ),
        code::MISSING_PERMISSIONS => format!(
            "the bot may not write in the channel {channel}: give its role the permissions Send Messages and, for threads, Send Messages in \
             Threads there"
        ),
        code::NO_DIRECT_MESSAGES => "the person takes no direct messages from the bot".to_owned(),
        code::NO_TEXT_CHANNEL => {
            format!(
                "the channel {channel} takes no messages: set the id of a channel for texts, which is no category and no forum"
            )
        }
        code::ARCHIVED => format!("the thread {channel} is archived, and the bot may not open it again"),
        _ => format!("Discord does not take a message for the channel {channel}"),
    }
}

#[cfg(test)]
mod tests {
    use aiwg_messaging::Platform;
    use reqwest::{StatusCode, header::HeaderMap};
    use serde_json::json;

    use super::*;

    fn outcome(status: u16, body: Value) -> Outcome {
        let status = StatusCode::from_u16(status).unwrap();
        Outcome::of(Answer {
            status,
            headers: HeaderMap::new(),
            body: Some(body).filter(|body| !body.is_null()),
        })
    }

    fn sent(status: u16, body: Value) -> Result<Sent, SendFailure> {
        let place = Place { platform: Platform::Discord, chat: "12".to_owned(), thread: None };
        outcome(status, body).sent(&place, false, "https://invite")
    }

    #[test]
    fn what_became_of_a_message_is_told_apart() {
        assert_eq!(sent(200, json!({"id": "5"})), Ok(Sent { id: Some("5".to_owned()) }));
        let limited = sent(429, json!({"retry_after": 2.5, "global": false}));
        assert_eq!(limited, Err(SendFailure::RetryAfter(Duration::from_millis(2500))));
        assert!(matches!(
            sent(401, json!({"message": "401: Unauthorized", "code": 0})),
            Err(SendFailure::Stop(_))
        ));
        for unknown in
            [sent(500, Value::Null), sent(502, Value::Null), sent(200, Value::Null), sent(404, Value::Null)]
        {
            assert!(matches!(unknown, Err(SendFailure::Unknown(_))), "{unknown:?}");
        }
        assert!(matches!(sent(403, Value::Null), Err(SendFailure::NotSent(_))));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (status, code, part) in [
            (404, 10_003, "Copy Channel ID"),
            (403, 50_001, "https://invite"),
            (403, 50_013, "Send Messages"),
            (403, 50_007, "no direct messages"),
            (400, 50_008, "no forum"),
            (400, 50_083, "archived"),
            (400, 50_035, "does not take a message"),
        ] {
            match sent(status, json!({"message": "X", "code": code})) {
                Err(SendFailure::Closed(why)) if CLOSED.contains(&code) => {
                    assert!(why.contains(part), "{why}")
                }
                Err(SendFailure::Refused(why)) if !CLOSED.contains(&code) => {
                    assert!(why.contains(part) && why.contains("X"), "{why}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(
            invitation("7").contains("client_id=7") && invitation("7").contains("permissions=274877975552")
        );
    }

    #[test]
    fn a_message_that_is_gone_needs_no_edit() {
        let place = Place { platform: Platform::Discord, chat: "12".to_owned(), thread: None };
        let gone = || outcome(404, json!({"message": "Unknown Message", "code": 10_008}));
        assert_eq!(gone().sent(&place, true, ""), Ok(Sent::default()));
        assert!(gone().sent(&place, false, "").is_err());
    }

    #[test]
    fn results_are_told_from_errors() {
        assert_eq!(outcome(200, json!([1])).result(), Ok(json!([1])));
        assert_eq!(outcome(204, Value::Null).result(), Ok(Value::Null));
        assert!(matches!(outcome(401, json!({"message": "x", "code": 0})).result(), Err(Trouble::Stop(_))));
        assert!(matches!(outcome(401, Value::Null).result(), Err(Trouble::Later { .. })), "a proxy's");
        let after = Some(Duration::from_secs(3));
        let limited = Outcome::limited(Duration::from_secs(3)).result().unwrap_err();
        assert!(matches!(limited, Trouble::Later { after: a, .. } if a == after), "{limited:?}");
        assert!(outcome(404, json!({"message": "Unknown Webhook", "code": 10_015})).is_over());
        assert!(outcome(403, json!({"message": "Missing Access", "code": 50_001})).is_denied());
        assert!(!outcome(502, Value::Null).is_denied());
    }
}
