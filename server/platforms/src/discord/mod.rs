//! Discord: messages by the gateway, version 10, and all that is sent by the REST API.
//!
//! - [`gateway`]: the gateway's rules, without a socket; [`listen`]: the socket, and what is handed out of what came.
//! - [`position`]: how far events have been taken in; [`missed`]: what was said while there was no session.
//! - [`read`]: messages and interactions; [`commands`]: the commands that Discord completes; [`interactions`]: how those are answered.
//! - [`rest`], [`answer`], [`limits`]: requests, what became of them, and when the next ones may come; [`send`]: messages.

mod answer;
mod channels;
mod commands;
mod gateway;
mod interactions;
mod limits;
mod listen;
mod missed;
mod position;
mod read;
mod rest;
mod send;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use aiwg_messaging::{Place, Platform, rights::PersonId};
use futures::future::BoxFuture;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{sync::OnceCell, time::Instant};

use self::{
    channels::Channels,
    interactions::{Interactions, Way},
    listen::Connection,
    read::{Ack, Bot},
    rest::{REQUEST, Rest},
};
use crate::{Account, Outbound, PlatformClient, Received, SendFailure, Sent, Token, Trouble};

/// Only the person who has done something sees this answer.
const EPHEMERAL: u64 = 1 << 6;

/// The kinds of answers to an interaction: a message, that the bot thinks, and nothing to be seen.
const ANSWER: u8 = 4;
const THINKS: u8 = 5;
const SEEN: u8 = 6;

/// The longest text that the person sees who has pressed a button, in characters.
const LONGEST_NOTE: usize = 300;

/// The longest silence while all is well, unless heartbeats are asked for so seldom that it takes longer.
const SILENCE: Duration = Duration::from_secs(300);

/// Time for which it is said that another program answers as the bot.
const OTHER_SEEN: Duration = Duration::from_secs(3600);

/// The answer to a person of whose command nothing comes.
const PASSED_OVER: &str = "Nothing comes of this: I do not work for you, or not in this channel.";

/// A client of Discord.
pub struct Discord {
    rest: Rest,
    bot: OnceCell<Bot>,
    channels: Channels,
    interactions: Interactions,
    connection: tokio::sync::Mutex<Option<Connection>>,
    /// True while a session is there.
    is_open: AtomicBool,
    /// The interval between heartbeats, in milliseconds; 0 while it is not known.
    interval_ms: AtomicU64,
    /// Number of times in a row that a session's own address was not reached.
    not_reached: AtomicU32,
    /// Time at which another program was last seen to answer as the bot.
    other_seen: Mutex<Option<Instant>>,
}

impl Discord {
    /// A client with this token.
    ///
    /// # Errors
    /// The address is none that a token may be sent to, or no certificates are there.
    pub fn new(token: Token, address: Option<&str>) -> Result<Self, String> {
        Ok(Self {
            rest: Rest::new(token, address)?,
            bot: OnceCell::new(),
            channels: Channels::default(),
            interactions: Interactions::default(),
            connection: tokio::sync::Mutex::default(),
            is_open: AtomicBool::new(false),
            interval_ms: AtomicU64::new(0),
            not_reached: AtomicU32::new(0),
            other_seen: Mutex::default(),
        })
    }

    /// The bot. It stays the same as long as the token does.
    async fn bot(&self) -> Result<&Bot, Trouble> {
        self.bot.get_or_try_init(|| async { self.who().await.map(|(bot, _)| bot) }).await
    }

    /// Asks who the bot is, and for its application.
    async fn who(&self) -> Result<(Bot, Value), Trouble> {
        let me = self.rest.ask(Method::GET, "users/@me", None).await?;
        let application = self.rest.ask(Method::GET, "applications/@me", None).await?;
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let bot = || {
            Some(Bot {
                id: text(&me, "id")?,
                name: text(&me, "username")?,
                application: text(&application, "id")?,
            })
        };
        let bot = bot().filter(|bot| [&bot.id, &bot.application].iter().all(|id| id.parse::<u64>().is_ok()));
        let unfit =
            || Trouble::Later { why: "Discord's answer does not say who the bot is".to_owned(), after: None };
        Ok((bot.ok_or_else(unfit)?, application))
    }

    async fn account_with_faults(&self) -> Result<Account, Trouble> {
        let (bot, application) = self.who().await?;
        let account =
            Account { id: bot.id.clone(), name: bot.name.clone(), lacks: lacks(&application, &bot) };
        let _ = self.bot.set(bot);
        Ok(account)
    }

    /// Answers an interaction. True if Discord has taken the answer.
    async fn answer(&self, ack: &Ack, answer: &Value, is_first: bool) -> bool {
        let path = format!("interactions/{}/{}/callback", ack.id, ack.token);
        let why = match self.rest.call(Method::POST, &path, Some(answer)).await {
            Ok(outcome) if outcome.is_answered_already() => {
                // Nobody here answers twice, but what an earlier connection has heard.
                if is_first {
                    *self.other_seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                }
                "someone else has answered it".to_owned()
            }
            Ok(outcome) => match outcome.result() {
                Ok(_) => return true,
                Err(trouble) => format!("{trouble:?}"),
            },
            Err(failed) => failed.why,
        };
        tracing::debug!(why, "an interaction was not answered");
        false
    }

    async fn acknowledge_one(&self, ack: &str, said: Option<&str>, is_first: bool) {
        let Ok(ack) = serde_json::from_str::<Ack>(ack) else { return };
        if ack.is_press {
            let answer = said.map_or_else(|| json!({"type": SEEN}), note);
            self.answer(&ack, &answer, is_first).await;
            return;
        }
        // The answer takes the place of this as soon as it is there.
        let is_taken = self.answer(&ack, &json!({"type": THINKS}), is_first).await;
        let way = if is_taken { Way::Thinks(ack.token.clone()) } else { Way::Over };
        self.interactions.set(&ack.id, way);
    }

    async fn pass_over_one(&self, ack: &str) {
        let Ok(ack) = serde_json::from_str::<Ack>(ack) else { return };
        if ack.is_press {
            // It is over for the person's client; nothing is said.
            self.answer(&ack, &json!({"type": SEEN}), true).await;
            return;
        }
        self.answer(&ack, &note(PASSED_OVER), true).await;
        self.interactions.set(&ack.id, Way::Over);
    }
}

/// A text that only the person sees who has done something.
fn note(text: &str) -> Value {
    let text = aiwg_messaging::text::Styled::plain(&aiwg_messaging::text::shortened(text, LONGEST_NOTE));
    let content = aiwg_messaging::render::discord(&text);
    json!({"type": ANSWER, "data": {"content": content, "flags": EPHEMERAL, "allowed_mentions": {"parse": []}}})
}

/// The fault in how the bot's application is set up that keeps the bot from working, if there is one.
fn lacks(application: &Value, bot: &Bot) -> Option<String> {
    if application.get("interactions_endpoint_url").and_then(Value::as_str).is_some_and(|url| !url.is_empty())
    {
        let why = "commands and buttons go elsewhere: clear the Interactions Endpoint URL in the developer portal, on the page General \
                   Information of the application";
        return Some(why.to_owned());
    }
    let guilds = application.get("approximate_guild_count").and_then(Value::as_u64);
    (guilds == Some(0))
        .then(|| format!("the bot is in no server: invite it with {}", answer::invitation(&bot.application)))
}

impl PlatformClient for Discord {
    fn platform(&self) -> Platform {
        Platform::Discord
    }

    fn account(&self) -> BoxFuture<'_, Result<Account, Trouble>> {
        Box::pin(self.account_with_faults())
    }

    fn receive<'a>(&'a self, position: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Received>, Trouble>> {
        Box::pin(self.listen(position))
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    fn longest_silence(&self) -> Duration {
        let interval = Duration::from_millis(self.interval_ms.load(Ordering::Relaxed));
        SILENCE.max(interval.saturating_mul(2) + REQUEST)
    }

    fn begin_again(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.is_open.store(false, Ordering::Relaxed);
            *self.connection.lock().await = None;
        })
    }

    fn acknowledge<'a>(&'a self, ack: &'a str, said: Option<&'a str>) -> BoxFuture<'a, ()> {
        Box::pin(self.acknowledge_one(ack, said, true))
    }

    fn acknowledge_again<'a>(&'a self, ack: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(self.acknowledge_one(ack, None, false))
    }

    fn pass_over<'a>(&'a self, ack: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(self.pass_over_one(ack))
    }

    fn attend(&self, chats: &[Place], people: &[PersonId]) {
        self.channels.attend(chats, people);
    }

    fn warning(&self) -> Option<String> {
        let seen = *self.other_seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.filter(|seen| seen.elapsed() < OTHER_SEEN).map(|_| {
            "another program works with the same bot, and does what people say to it, too: end it, or make another bot for this project"
                .to_owned()
        })
    }

    fn send<'a>(&'a self, message: &'a Outbound) -> BoxFuture<'a, Result<Sent, SendFailure>> {
        Box::pin(self.send_one(message))
    }

    fn find<'a>(&'a self, message: &'a Outbound) -> BoxFuture<'a, Option<Option<Sent>>> {
        Box::pin(self.find_one(message))
    }

    fn show_work<'a>(&'a self, place: &'a Place) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if self.rest.is_refused() {
                return;
            }
            let path = format!("channels/{}/typing", send::channel_of(place));
            if let Err(failed) = self.rest.call(Method::POST, &path, None).await {
                tracing::debug!(why = failed.why, "it could not be shown that an agent works");
            }
        })
    }

    fn register<'a>(&'a self, server: Option<&'a str>) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let why = |trouble: Trouble| match trouble {
                Trouble::Later { why, .. } | Trouble::Taken(why) | Trouble::Stop(why) => why,
            };
            let application = &self.bot().await.map_err(why)?.application;
            let everywhere = format!("applications/{application}/commands");
            let commands = commands::definitions(server.is_some());
            let Some(server) = server else {
                return self.rest.ask(Method::PUT, &everywhere, Some(&commands)).await.map(drop).map_err(why);
            };
            let there = format!("applications/{application}/guilds/{server}/commands");
            self.rest.ask(Method::PUT, &there, Some(&commands)).await.map_err(why)?;
            // There they would be offered twice.
            self.rest.ask(Method::PUT, &everywhere, Some(&json!([]))).await.map(drop).map_err(why)
        })
    }
}
