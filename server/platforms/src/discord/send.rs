//! Messages of the bot.

use aiwg_messaging::{Place, Platform, part::Part, render, split, text::Styled, words::Button};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Discord,
    answer::{self, Outcome},
    interactions::{Way, id_of},
    position::time_of,
    rest::not_asked,
};
use crate::{Outbound, SendFailure, Sent, Trouble, http::Failed};

/// No preview of addresses.
const NO_PREVIEWS: u64 = 1 << 2;

/// The most buttons of a row, and of rows.
const ROW: usize = 5;
const ROWS: usize = 5;

/// The kinds of components.
const ACTION_ROW: u8 = 1;
const BUTTON: u8 = 2;

/// The styles of buttons: for what is approved, what is rejected, and anything else.
const GREEN: u8 = 3;
const RED: u8 = 4;
const BLUE: u8 = 1;

/// The number of messages among which one is looked for.
const LATEST: usize = 100;

/// The most by which this machine's clock may be ahead, in milliseconds.
const CLOCK_MS: i64 = 60_000;

/// The channel of a place: threads are channels.
pub(super) fn channel_of(place: &Place) -> &str {
    place.thread.as_ref().unwrap_or(&place.chat)
}

/// The text as it is sent: never without a visible sign.
fn content(text: &Styled) -> String {
    if text.is_blank() {
        return "(nothing)".to_owned();
    }
    if render::length(Platform::Discord, text) <= Platform::Discord.longest() {
        return render::discord(text);
    }
    // A part that is too long is of an earlier version: better its beginning than nothing.
    render::discord(&split::split(Platform::Discord, text, "").swap_remove(0))
}

fn components(buttons: &[Button]) -> Value {
    let button = |button: &Button| {
        let style = match button.data.split(':').next() {
            Some("a") => GREEN,
            Some("r") => RED,
            _ => BLUE,
        };
        json!({"type": BUTTON, "style": style, "label": button.label, "custom_id": button.data})
    };
    let row = |row: &[Button]| json!({"type": ACTION_ROW, "components": row.iter().map(button).collect::<Vec<_>>()});
    buttons.chunks(ROW).take(ROWS).map(row).collect()
}

/// The members that an edit sets. Nobody is called by it.
fn edit(part: &Part) -> Value {
    json!({
        "content": content(&part.text),
        "components": components(&part.buttons),
        "allowed_mentions": {"parse": []},
        "flags": NO_PREVIEWS,
    })
}

/// A number of a message that is the same whenever it is sent again, and that no other has: not even one of another store of this bot.
fn nonce(message: &Outbound) -> String {
    let text = format!("{} {} {}", message.no, message.place, message.part.text.text);
    hmac_sha256::Hash::hash(text.as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// A new message, as an answer to another one.
fn creation(message: &Outbound, reply_to: Option<&str>) -> Value {
    let mut body = edit(&message.part);
    body["nonce"] = nonce(message).into();
    body["enforce_nonce"] = true.into();
    if let Some(reply_to) = reply_to {
        body["message_reference"] = json!({"message_id": reply_to, "fail_if_not_exists": false});
    }
    body
}

impl Discord {
    pub(super) async fn send_one(&self, message: &Outbound) -> Result<Sent, SendFailure> {
        if self.rest.is_refused() {
            return Err(SendFailure::Stop(answer::refused("401: Unauthorized")));
        }
        let Outbound { place, part, .. } = message;
        if let Some(edits) = &part.edits {
            let path = format!("channels/{}/messages/{edits}", channel_of(place));
            let outcome = self.sending(Method::PATCH, &path, &edit(part)).await?;
            return outcome.sent(place, true, &self.invitation());
        }
        let Some(interaction) = part.reply_to.as_deref().and_then(id_of) else {
            return self.create(message, part.reply_to.as_deref()).await;
        };
        match self.interactions.way(interaction).await {
            Way::Thinks(token) => self.answer_command(message, interaction, &token).await,
            Way::Answered(by) => self.create(message, Some(&by)).await,
            Way::Over => self.create(message, None).await,
        }
    }

    async fn sending(&self, method: Method, path: &str, body: &Value) -> Result<Outcome, SendFailure> {
        let failure = |failed: Failed| match failed.is_unsent {
            true => SendFailure::NotSent(format!("Discord was not reached: {}", failed.why)),
            false => SendFailure::Unknown(format!("Discord has not answered: {}", failed.why)),
        };
        self.rest.call(method, path, Some(body)).await.map_err(failure)
    }

    fn invitation(&self) -> String {
        self.bot.get().map(|bot| answer::invitation(&bot.application)).unwrap_or_default()
    }

    async fn create(&self, message: &Outbound, reply_to: Option<&str>) -> Result<Sent, SendFailure> {
        // Its number counts for some minutes only, and it may be hours later.
        if message.is_repeat
            && let Some(sent) = self.look_for(message).await?
        {
            return Ok(sent);
        }
        let path = format!("channels/{}/messages", channel_of(&message.place));
        let mut outcome = self.sending(Method::POST, &path, &creation(message, reply_to)).await?;
        if reply_to.is_some() && outcome.may_not_reply() {
            outcome = self.sending(Method::POST, &path, &creation(message, None)).await?;
        }
        outcome.sent(&message.place, false, &self.invitation())
    }

    /// Puts a message in the place of what shows that the bot thinks. It may be done again.
    async fn answer_command(
        &self,
        message: &Outbound,
        interaction: &str,
        token: &str,
    ) -> Result<Sent, SendFailure> {
        let path = format!(
            "webhooks/{}/{token}/messages/@original",
            self.bot.get().map_or("", |bot| &bot.application)
        );
        let outcome = self.sending(Method::PATCH, &path, &edit(&message.part)).await?;
        if outcome.is_over() {
            self.interactions.set(interaction, Way::Over);
            return self.create(message, None).await;
        }
        let sent = outcome.sent(&message.place, false, &self.invitation())?;
        if let Some(id) = &sent.id {
            self.interactions.set(interaction, Way::Answered(id.clone()));
        }
        Ok(sent)
    }

    /// Looks for a message among the latest of its channel.
    ///
    /// # Errors
    /// They cannot be read now.
    async fn look_for(&self, message: &Outbound) -> Result<Option<Sent>, SendFailure> {
        let failure = |trouble: Trouble| match trouble {
            Trouble::Later { after: Some(pause), .. } => SendFailure::RetryAfter(pause),
            Trouble::Later { why, .. } | Trouble::Taken(why) => SendFailure::NotSent(why),
            Trouble::Stop(why) => SendFailure::Stop(why),
        };
        let bot = self.bot().await.map_err(failure)?;
        let path = format!("channels/{}/messages?limit={LATEST}", channel_of(&message.place));
        let outcome = self.rest.call(Method::GET, &path, None).await;
        let outcome = outcome.map_err(|failed| failure(not_asked(&failed)))?;
        if outcome.is_denied() {
            return Ok(None);
        }
        let created_ms = self.rest.http.clock().theirs(message.created_ms);
        Ok(among(&outcome.result().map_err(failure)?, &bot.id, message, created_ms))
    }

    /// Finds out whether a message was sent; none if that cannot be seen now.
    pub(super) async fn find_one(&self, message: &Outbound) -> Option<Option<Sent>> {
        if message.part.edits.is_some() {
            // It does no harm if it is done twice.
            return Some(None);
        }
        self.look_for(message).await.ok()
    }
}

/// The message among these of a channel. It was decided on at this time of Discord's clock.
fn among(latest: &Value, bot: &str, message: &Outbound, created_ms: i64) -> Option<Sent> {
    let (nonce, content) = (nonce(message), content(&message.part.text));
    let text = |one: &Value, key: &str| one.get(key).and_then(Value::as_str).map(str::to_owned);
    let is_it = |one: &&Value| {
        if one.get("author").and_then(|author| text(author, "id")).as_deref() != Some(bot) {
            return false;
        }
        match text(one, "nonce") {
            Some(found) => found == nonce,
            // Discord does not tell it of all messages. Nobody else has written the same since then.
            None => {
                let at = text(one, "id").and_then(|id| id.parse().ok()).map_or(i64::MIN, time_of);
                at >= created_ms.saturating_sub(CLOCK_MS) && text(one, "content").as_deref() == Some(&content)
            }
        }
    };
    let found = latest.as_array()?.iter().find(is_it)?;
    Some(Sent { id: text(found, "id") })
}

#[cfg(test)]
mod tests {
    use aiwg_messaging::text::markdown;

    use super::*;

    fn outbound(part: Part) -> Outbound {
        let place = Place { platform: Platform::Discord, chat: "12".to_owned(), thread: None };
        Outbound { no: 7, place, part, created_ms: 0, is_repeat: false, asking: Vec::new() }
    }

    #[test]
    fn a_message_calls_nobody_and_is_made_once() {
        let part =
            Part { buttons: vec![Button::approve("approval-0001")], ..Part::of(markdown("**a** @everyone")) };
        let mut message = outbound(part);
        let body = creation(&message, Some("9"));
        assert_eq!(body["content"], "**a** @everyone");
        assert_eq!(body["allowed_mentions"], json!({"parse": []}));
        assert_eq!((&body["enforce_nonce"], body["nonce"].as_str().unwrap().len()), (&json!(true), 24));
        assert_eq!(body["message_reference"], json!({"message_id": "9", "fail_if_not_exists": false}));
        let button = &body["components"][0]["components"][0];
        assert_eq!((&button["custom_id"], &button["style"]), (&json!("a:approval-0001"), &json!(GREEN)));
        assert_eq!(creation(&message, None)["nonce"], body["nonce"]);
        message.no = 8;
        assert_ne!(creation(&message, None)["nonce"], body["nonce"]);
        assert_eq!(edit(&Part::of(Styled::plain(" ")))["content"], "(nothing)");
        assert_eq!(
            edit(&Part::of(Styled::plain("x")))["components"],
            json!([]),
            "an edit takes the buttons away"
        );
        let long = content(&Styled::plain(&"x".repeat(9000)));
        assert!((1000..=2000).contains(&long.chars().count()));
    }

    #[test]
    fn buttons_fit_into_rows() {
        let many: Vec<Button> = (0..30).map(|n| Button::option("approval-0001", n, "x")).collect();
        let rows = components(&many);
        let lengths: Vec<usize> =
            rows.as_array().unwrap().iter().map(|row| row["components"].as_array().unwrap().len()).collect();
        assert_eq!(lengths, [5, 5, 5, 5, 5]);
    }

    #[test]
    fn a_message_is_found_by_its_number_or_by_what_it_says() {
        let mut message = outbound(Part::of(Styled::plain("a*b")));
        let found = |message: &Outbound, one: Value| {
            among(&json!([one]), "1", message, message.created_ms).and_then(|sent| sent.id)
        };
        let id = (1_000_000_000_u64 << 22).to_string();
        message.created_ms = time_of(id.parse().unwrap());
        let ours = json!({"id": id, "author": {"id": "1"}, "content": "a\\*b", "nonce": nonce(&message)});
        assert_eq!(found(&message, ours.clone()), Some(id.clone()));
        let with = |key: &str, value: Value| {
            let mut other = ours.clone();
            other[key] = value;
            other
        };
        assert_eq!(found(&message, with("nonce", json!("other"))), None, "the same text of another message");
        assert_eq!(found(&message, with("nonce", Value::Null)), Some(id));
        assert_eq!(found(&message, with("author", json!({"id": "2"}))), None);
        let mut unlike = with("nonce", Value::Null);
        unlike["content"] = "a".into();
        assert_eq!(found(&message, unlike), None);
        message.created_ms += CLOCK_MS + 1;
        assert_eq!(found(&message, with("nonce", Value::Null)), None, "of an earlier time");
        assert_eq!(among(&json!({}), "1", &message, 0), None);
    }
}
