//! Telegram's Bot API, by long polling.

mod answer;
mod read;

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aiwg_messaging::{
    Place, Platform,
    render::telegram,
    text::{Style, Styled},
    words::VERBS,
};
use futures::future::BoxFuture;
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use self::{answer::Outcome, read::Bot};
use crate::{
    Account, Http, Outbound, PlatformClient, Received, SendFailure, Sent, Token, Trouble, http::Failed,
};

/// The platform's own address.
const ADDRESS: &str = "https://api.telegram.org";

/// The longest time for which the platform holds a poll when nothing comes: what it does where nothing else is said.
pub const LONGEST_POLL: Duration = Duration::from_secs(50);

/// The least and the most time that an answer may be on its way after the platform has held a poll.
const LATE: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(15));

/// Time for any other request, and for a poll that is not held.
const REQUEST: Duration = Duration::from_secs(30);

/// The most updates of one poll.
const MOST_UPDATES: u32 = 50;

/// Silence after which the ids of updates may start anew, in milliseconds: after a week, a day before which nothing counts on them.
const IDS_LAST_MS: i64 = 6 * 24 * 3_600_000;

/// The number of messages before one that was sent again among which copies of it are looked for.
const COPIES_WITHIN: i64 = 8;

/// The longest text that a pressed button shows, in characters.
const LONGEST_TOAST: usize = 190;

/// Stands before what may have been sent already.
const PERHAPS_AGAIN: &str = "(This may be sent a second time.)";

/// A client of Telegram.
pub struct Telegram {
    http: Http,
    token: Token,
    bot: OnceLock<Bot>,
    /// True if the last poll was answered.
    is_open: AtomicBool,
    /// Time for which the platform holds a poll when nothing comes.
    poll: Duration,
}

/// The position up to which the updates of a bot have been taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Position {
    /// The id of the next update.
    next: i64,
    /// Time at which the last one came, in milliseconds since 1970.
    at: i64,
}

impl Position {
    /// The id from which updates are asked for; none after a silence in which ids may have started anew.
    fn offset(self, now: i64) -> Option<i64> {
        (now.saturating_sub(self.at) < IDS_LAST_MS).then_some(self.next)
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Telegram {
    /// A client with this token.
    ///
    /// # Errors
    /// The address is none that a token may be sent to, or no certificates are there.
    pub fn new(token: Token, address: Option<&str>) -> Result<Self, String> {
        let http = Http::new(address.unwrap_or(ADDRESS))?;
        Ok(Self { http, token, bot: OnceLock::new(), is_open: AtomicBool::new(false), poll: LONGEST_POLL })
    }

    /// The same, whose polls are held for no longer than this.
    #[must_use]
    pub fn holding(self, poll: Option<Duration>) -> Self {
        Self { poll: poll.map_or(LONGEST_POLL, |poll| poll.min(LONGEST_POLL)), ..self }
    }

    /// Time after which a poll that is held counts as dead.
    fn dead_after(&self) -> Duration {
        self.poll.saturating_add(self.poll.clamp(LATE.0, LATE.1))
    }

    async fn call(&self, method: &str, params: &Value, timeout: Duration) -> Result<Outcome, Failed> {
        let path = format!("bot{}/{method}", self.token.reveal());
        let limits = (&self.token, timeout);
        let answer = self.http.request(Method::POST, &path, HeaderMap::new(), Some(params), limits).await?;
        Ok(Outcome::of(answer))
    }

    async fn ask(&self, method: &str, params: &Value, timeout: Duration) -> Result<Value, Trouble> {
        match self.call(method, params, timeout).await {
            Ok(outcome) => outcome.result(),
            Err(failed) => Err(Trouble::Later {
                why: format!("Telegram could not be asked: {}", failed.why),
                after: None,
            }),
        }
    }

    async fn who(&self) -> Result<Account, Trouble> {
        let me = self.ask("getMe", &json!({}), REQUEST).await?;
        let bot = Bot::read(&me).ok_or_else(|| Trouble::Later {
            why: "Telegram's answer does not say who the bot is".to_owned(),
            after: None,
        })?;
        let account = Account { id: bot.id.to_string(), name: bot.name.clone(), lacks: None };
        // The token stays the same, and so does the bot.
        let _ = self.bot.set(bot);
        Ok(account)
    }

    async fn poll(&self, position: Option<&str>) -> Result<Vec<Received>, Trouble> {
        if self.bot.get().is_none() {
            self.who().await?;
        }
        let Some(bot) = self.bot.get() else { return Ok(Vec::new()) };
        let position: Option<Position> = position.and_then(|position| serde_json::from_str(position).ok());
        // The first one comes back at once: it shows that the platform gives the bot its messages.
        let held = if self.is_open() { self.poll } else { Duration::ZERO };
        let mut params = json!({
            "timeout": held.as_secs(),
            "limit": MOST_UPDATES,
            "allowed_updates": ["message", "callback_query"],
        });
        if let Some(offset) = position.and_then(|position| position.offset(now_ms())) {
            params["offset"] = offset.into();
        }
        // One that is held is given up by whoever waits for it, as silence.
        let polled = self.ask("getUpdates", &params, held.saturating_add(REQUEST)).await;
        self.is_open.store(polled.is_ok(), Ordering::Relaxed);
        let updates = match polled {
            Err(Trouble::Taken(why)) => return Err(Trouble::Taken(self.say_who_polls(why).await)),
            other => other?,
        };
        let now = now_ms();
        let read = |update: &Value| {
            let id = update.get("update_id")?.as_i64()?;
            let position = serde_json::to_string(&Position { next: id.saturating_add(1), at: now }).ok();
            Some(read::update(bot, id, update, position))
        };
        Ok(updates.as_array().into_iter().flatten().filter_map(read).collect())
    }

    /// Says whether it is another poller or a webhook that gets the updates.
    async fn say_who_polls(&self, why: String) -> String {
        let found = self.ask("getWebhookInfo", &json!({}), REQUEST).await.ok();
        let url = found.as_ref().and_then(|info| info.get("url")).and_then(Value::as_str).unwrap_or_default();
        let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        match host {
            Some(host) => format!(
                "the bot has a webhook at {host}, which gets its messages: end what uses it and call deleteWebhook, or make another bot \
                 with @BotFather for this project"
            ),
            None => format!(
                "another program polls with the same token, and gets a part of the messages ({why}): end it, or make another bot with \
                 @BotFather for this project"
            ),
        }
    }

    async fn send_one(&self, message: &Outbound) -> Result<Sent, SendFailure> {
        let (method, params) = request(message);
        let outcome = self.call(method, &params, REQUEST).await.map_err(|failed| match failed.is_unsent {
            true => SendFailure::NotSent(format!("Telegram was not reached: {}", failed.why)),
            false => SendFailure::Unknown(format!("Telegram has not answered: {}", failed.why)),
        })?;
        let sent = outcome.sent(&message.place, message.part.edits.is_some())?;
        if message.is_repeat && !message.part.buttons.is_empty() {
            self.strip_copies(message, &sent).await;
        }
        Ok(sent)
    }

    /// Takes the buttons of earlier copies of a message away, if there are any: they are the messages before it, and no others have buttons but
    /// those that are known. It is a nicety; where it fails, a pressed button says what was decided.
    async fn strip_copies(&self, message: &Outbound, sent: &Sent) {
        let Some(id) = sent.id.as_ref().and_then(|id| id.parse::<i64>().ok()) else { return };
        let is_known = |id: &i64| message.asking.contains(&id.to_string());
        for copy in (1..=COPIES_WITHIN).map(|before| id - before).filter(|id| *id > 0 && !is_known(id)) {
            let params = json!({
                "chat_id": number_or_text(&message.place.chat),
                "message_id": copy,
                "reply_markup": {"inline_keyboard": []},
            });
            let Ok(outcome) = self.call("editMessageReplyMarkup", &params, REQUEST).await else { return };
            // That there is no such message, or that it has no buttons, is what is expected of most.
            if matches!(outcome.result(), Err(Trouble::Stop(_) | Trouble::Later { after: Some(_), .. })) {
                return;
            }
        }
    }
}

/// The request that sends a message.
fn request(message: &Outbound) -> (&'static str, Value) {
    let Outbound { place, part, is_repeat, .. } = message;
    let text = shown(&part.text, *is_repeat && part.edits.is_none());
    let rendered = telegram(&text);
    let mut params = json!({
        "chat_id": number_or_text(&place.chat),
        "text": rendered.text,
        "entities": rendered.entities,
        "link_preview_options": {"is_disabled": true},
    });
    if !part.buttons.is_empty() || part.edits.is_some() {
        let rows: Vec<Value> = part
            .buttons
            .iter()
            .map(|button| json!([{"text": button.label, "callback_data": button.data}]))
            .collect();
        params["reply_markup"] = json!({"inline_keyboard": rows});
    }
    if let Some(edits) = &part.edits {
        params["message_id"] = number_or_text(edits);
        return ("editMessageText", params);
    }
    if let Some(thread) = &place.thread {
        params["message_thread_id"] = number_or_text(thread);
    }
    if let Some(reply_to) = &part.reply_to {
        params["reply_parameters"] =
            json!({"message_id": number_or_text(reply_to), "allow_sending_without_reply": true});
    }
    ("sendMessage", params)
}

/// The text as it is sent: never without a visible sign, and marked if it may have been sent before.
fn shown(text: &Styled, is_repeat: bool) -> Styled {
    let mut shown = Styled::default();
    if is_repeat {
        shown.push_with(PERHAPS_AGAIN, Style::Italic);
        shown.push_plain("\n");
    }
    shown.push(text);
    if shown.is_blank() {
        shown.push_plain("(nothing)");
    }
    // Each part leaves room for the mark. One that does not is of an earlier version: better its beginning than nothing.
    if aiwg_messaging::render::length(Platform::Telegram, &shown) <= Platform::Telegram.longest() {
        return shown;
    }
    let mut parts = aiwg_messaging::split::split(Platform::Telegram, &shown, "");
    parts.swap_remove(0)
}

/// Ids are numbers to Telegram.
fn number_or_text(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_| Value::from(id), Value::from)
}

impl PlatformClient for Telegram {
    fn platform(&self) -> Platform {
        Platform::Telegram
    }

    fn account(&self) -> BoxFuture<'_, Result<Account, Trouble>> {
        Box::pin(self.who())
    }

    fn receive<'a>(&'a self, position: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Received>, Trouble>> {
        Box::pin(self.poll(position))
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    fn longest_silence(&self) -> Duration {
        if self.is_open() {
            return self.dead_after();
        }
        // Who the bot is, a poll that is not held, and who else polls: each of them ends by itself.
        REQUEST.saturating_mul(4)
    }

    fn begin_again(&self) -> BoxFuture<'_, ()> {
        self.is_open.store(false, Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }

    fn acknowledge<'a>(&'a self, ack: &'a str, said: Option<&'a str>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // The button shows that it waits until it is answered.
            let mut params = json!({"callback_query_id": ack});
            if let Some(said) = said {
                params["text"] = aiwg_messaging::text::shortened(said, LONGEST_TOAST).into();
            }
            if let Err(failed) = self.call("answerCallbackQuery", &params, REQUEST).await {
                tracing::debug!(why = failed.why, "a pressed button was not answered");
            }
        })
    }

    fn send<'a>(&'a self, message: &'a Outbound) -> BoxFuture<'a, Result<Sent, SendFailure>> {
        Box::pin(self.send_one(message))
    }

    fn show_work<'a>(&'a self, place: &'a Place) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mut params = json!({"chat_id": number_or_text(&place.chat), "action": "typing"});
            if let Some(thread) = &place.thread {
                params["message_thread_id"] = number_or_text(thread);
            }
            if let Err(failed) = self.call("sendChatAction", &params, REQUEST).await {
                tracing::debug!(why = failed.why, "it could not be shown that an agent works");
            }
        })
    }

    fn register<'a>(&'a self, _server: Option<&'a str>) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let commands: Vec<Value> = VERBS
                .iter()
                .map(|verb| {
                    let params =
                        if verb.params.is_empty() { String::new() } else { format!("{}: ", verb.params) };
                    json!({"command": verb.word, "description": format!("{params}{}", verb.does)})
                })
                .collect();
            let done = self.ask("setMyCommands", &json!({"commands": commands}), REQUEST).await;
            done.map(drop).map_err(|trouble| match trouble {
                Trouble::Later { why, .. } | Trouble::Taken(why) | Trouble::Stop(why) => why,
            })
        })
    }
}

#[cfg(test)]
mod tests;
