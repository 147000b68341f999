//! Slack, by Socket Mode and the Web API.

mod api;
mod links;
mod missed;
mod read;
mod seen;
mod send;
mod session;
mod text;
mod work;

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aiwg_messaging::{Place, Platform, manifest::SLACK_SCOPES, rights::PersonId};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::Instant,
};

use self::{
    api::{Api, With, unreached},
    links::{Ack, Links},
    missed::Unreadable,
    read::Bot,
    session::Session,
    work::Works,
};
use crate::{Account, Http, Inbound, Outbound, PlatformClient, Received, SendFailure, Sent, Token, Trouble};

/// The platform's own address.
const ADDRESS: &str = "https://slack.com/api/";

/// Time for which a command can be answered where the bot is not in the channel: five times within 30 minutes.
const ANSWERABLE: Duration = Duration::from_secs(29 * 60);

/// The most commands for which that is kept.
const MOST_ANSWERABLE: usize = 256;

/// Of these scopes, one does: it depends on the kind of the channel.
const HISTORY_SCOPES: [&str; 2] = ["channels:history", "groups:history"];

/// A client of Slack.
pub struct Slack {
    api: Api,
    bot: OnceLock<Bot>,
    session: tokio::sync::Mutex<Session>,
    /// True while a socket is open.
    is_open: Arc<AtomicBool>,
    acks: UnboundedSender<Ack>,
    works: Works,
    shared: Mutex<Shared>,
}

/// The state that sending and receiving share.
#[derive(Default)]
struct Shared {
    /// The channels that are set up.
    homes: Vec<String>,
    /// The people who are listed.
    people: HashSet<String>,
    /// True if more are connected to the app than we are.
    has_others: bool,
    /// Channels that another organization is in, too.
    foreign: Vec<String>,
    /// The reason for which channels could not be looked at, and the remedy.
    blind: Option<String>,
    /// True if they are to be looked at again.
    look_again: bool,
    /// The addresses for answers to the latest commands, by their envelopes, the latest last.
    answerable: VecDeque<Answerable>,
}

/// A command that can be answered so that only its person sees the answer.
struct Answerable {
    envelope: String,
    url: String,
    came: Instant,
}

/// The acknowledgement of something that came over a socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Acknowledgement {
    /// The envelope.
    envelope: String,
    /// The number of the socket.
    socket: u64,
    /// The address for an answer that only the person sees.
    url: Option<String>,
}

impl Answerable {
    fn url(&self) -> Option<String> {
        (self.came.elapsed() < ANSWERABLE).then(|| self.url.clone())
    }
}

impl Slack {
    /// A client with the bot's token and the app's.
    ///
    /// # Errors
    /// A token is none of its kind, the address is none that a token may be sent to, or no certificates are there.
    pub fn new(bot: Token, app: Option<&Token>, address: Option<&str>) -> Result<Self, String> {
        let app = app.ok_or(
            "it needs AIWG_SLACK_APP_TOKEN besides AIWG_SLACK_TOKEN: the app's page has it under \"Basic Information\", \"App-Level Tokens\"",
        )?;
        let kinds = [(&bot, "AIWG_SLACK_TOKEN", "xoxb-"), (app, "AIWG_SLACK_APP_TOKEN", "xapp-")];
        for (token, name, begin) in kinds {
            if !token.reveal().starts_with(begin) {
                return Err(format!("{name} is to be the token that begins with {begin}"));
            }
        }
        let (acks, waiting) = unbounded_channel();
        let http = Http::new(address.unwrap_or(ADDRESS))?;
        let is_open = Arc::new(AtomicBool::new(false));
        let links = Links::new(waiting, Arc::clone(&is_open));
        Ok(Self {
            api: Api::new(http, bot, app.clone()),
            bot: OnceLock::new(),
            session: tokio::sync::Mutex::new(Session::new(links)),
            is_open,
            acks,
            works: Works::default(),
            shared: Mutex::default(),
        })
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if a channel is one that is set up.
    fn is_home(&self, channel: &str) -> bool {
        self.shared().homes.iter().any(|home| home == channel)
    }

    /// True if something was said in direct messages with someone who is listed.
    fn is_kept(&self, inbound: &Inbound) -> bool {
        let person = inbound.person.as_ref().filter(|_| inbound.is_direct);
        person.is_some_and(|person| self.shared().people.contains(&person.id))
    }

    /// This time by Slack's clock, in microseconds since 1970.
    fn now(&self) -> u64 {
        u64::try_from(self.api.http.clock().now_ms()).unwrap_or(0).saturating_mul(1000)
    }

    async fn who(&self) -> Result<Account, Trouble> {
        let outcome = self.api.ask("auth.test", With::Bot).await.map_err(|failed| unreached(&failed))?;
        let lacks = outcome.scopes.as_deref().and_then(lacking);
        let me = outcome.result()?;
        let bot = Bot::read(&me).ok_or_else(|| Trouble::Later {
            why: "Slack's answer does not say who the bot is".to_owned(),
            after: None,
        })?;
        let account = Account { id: bot.id(), name: bot.name.clone(), lacks };
        self.see_again().await;
        // The token stays the same, and so does the bot.
        let _ = self.bot.set(bot);
        Ok(account)
    }

    /// Finds out whether channels that could not be looked at can be by now: then all of them are looked at again.
    async fn see_again(&self) {
        let homes = {
            let shared = self.shared();
            if shared.blind.is_none() { Vec::new() } else { shared.homes.clone() }
        };
        let Some(channel) = homes.first() else { return };
        let params = [("channel", channel.as_str()), ("limit", "1")];
        let looked = self.api.get("conversations.history", &params).await;
        if looked.is_ok_and(|outcome| outcome.body().is_some()) {
            let mut shared = self.shared();
            (shared.blind, shared.look_again) = (None, true);
        }
    }

    /// Has channels looked at again that could not be: something may have changed.
    fn hope(&self) {
        let mut shared = self.shared();
        shared.look_again |= shared.blind.is_some();
    }

    async fn bot(&self) -> Result<&Bot, Trouble> {
        if self.bot.get().is_none() {
            self.who().await?;
        }
        self.bot
            .get()
            .ok_or_else(|| Trouble::Later { why: "it is not known who the bot is".to_owned(), after: None })
    }

    async fn next(&self, position: Option<&str>) -> Result<Vec<Received>, Trouble> {
        let bot = self.bot().await?;
        let mut session = self.session.lock().await;
        session.next(self, bot, position).await
    }

    async fn send_one(&self, message: &Outbound) -> Result<Sent, SendFailure> {
        if message.is_repeat {
            match send::find(&self.api, message).await {
                Ok(Some(sent)) => return Ok(sent),
                Ok(None) => {}
                // Better late than twice.
                Err(Unreadable::Later(pause)) => return Err(SendFailure::RetryAfter(pause)),
                Err(Unreadable::Never(why)) => {
                    tracing::debug!(why, "it cannot be seen whether a message was sent: it is sent again");
                }
            }
        }
        if message.part.reply_to.is_some() {
            self.works.end(&self.api, &message.place).await;
        }
        let (method, params) = send::request(message);
        let outcome = self.api.post(method, &params).await.map_err(|failed| match failed.is_unsent {
            true => SendFailure::NotSent(format!("Slack was not reached: {}", failed.why)),
            false => SendFailure::Unknown(format!("Slack has not answered: {}", failed.why)),
        })?;
        if send::is_absent(&outcome) && self.answer_privately(message).await {
            return Ok(Sent::default());
        }
        let name = self.bot.get().map_or("aiwg", |bot| bot.name.as_str());
        let sent = send::sent(&outcome, message, name)?;
        if self.is_home(&message.place.chat) {
            self.hope();
        }
        Ok(sent)
    }

    /// Answers a command in a channel that the bot is not in: the person alone sees it. True if that was possible. Whatever else is for the channel
    /// is for nobody who has called the bot there.
    async fn answer_privately(&self, message: &Outbound) -> bool {
        let Some(to) = message.part.reply_to.as_ref().filter(|_| message.part.buttons.is_empty()) else {
            return false;
        };
        let url = self.shared().answerable.iter().find(|one| one.envelope == *to).map(Answerable::url);
        match url.flatten() {
            Some(url) => self.api.respond(&url, &send::ephemeral(&message.part)).await,
            None => false,
        }
    }

    /// Keeps the address for answers to a command.
    fn note_answerable(&self, envelope: &str, url: &str) {
        let mut shared = self.shared();
        if shared.answerable.len() >= MOST_ANSWERABLE {
            shared.answerable.pop_front();
        }
        let (envelope, url) = (envelope.to_owned(), url.to_owned());
        shared.answerable.push_back(Answerable { envelope, url, came: Instant::now() });
    }

    /// Acknowledges an envelope; the next step of the sockets sends it.
    fn take(&self, ack: &str) -> Option<Acknowledgement> {
        let ack: Acknowledgement = serde_json::from_str(ack).ok()?;
        let frame = json!({"envelope_id": ack.envelope}).to_string();
        // Nobody receives any more: it is sent again.
        let _ = self.acks.send((ack.socket, frame));
        Some(ack)
    }
}

/// The fault of an app that has no more than these scopes.
fn lacking(scopes: &[String]) -> Option<String> {
    let has = |scope: &str| scopes.iter().any(|one| one == scope);
    let is_needed = |scope: &&str| !has(scope) && !HISTORY_SCOPES.contains(scope);
    let mut lacks: Vec<&str> = SLACK_SCOPES.into_iter().filter(is_needed).collect();
    if !HISTORY_SCOPES.into_iter().any(has) {
        lacks.push(HISTORY_SCOPES[0]);
    }
    if lacks.is_empty() {
        return None;
    }
    let plural = if lacks.len() == 1 { "scope" } else { "scopes" };
    Some(format!(
        "the app lacks the {plural} {}: `aiwg messaging manifest slack` has all that are needed; set them at https://api.slack.com/apps under \
         \"OAuth & Permissions\", and install the app again",
        lacks.join(", ")
    ))
}

impl PlatformClient for Slack {
    fn platform(&self) -> Platform {
        Platform::Slack
    }

    fn account(&self) -> BoxFuture<'_, Result<Account, Trouble>> {
        Box::pin(self.who())
    }

    fn attend(&self, chats: &[Place], people: &[PersonId]) {
        let mut shared = self.shared();
        shared.homes = chats.iter().map(|home| home.chat.clone()).collect();
        shared.people = people.iter().map(|person| person.id.clone()).collect();
        drop(shared);
        self.hope();
    }

    fn warning(&self) -> Option<String> {
        let shared = self.shared();
        if shared.has_others {
            return Some(
                "another program is connected with the same app, and gets a part of the messages: end it, or make another app for this project \
                 with `aiwg messaging manifest slack`"
                    .to_owned(),
            );
        }
        let foreign = shared.foreign.iter().find(|channel| shared.homes.contains(channel));
        let foreign = foreign.map(|channel| {
            format!("the channel {channel} is shared with another organization: nobody is obeyed there; set another one")
        });
        foreign.or_else(|| shared.blind.clone())
    }

    fn receive<'a>(&'a self, position: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Received>, Trouble>> {
        Box::pin(self.next(position))
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    fn begin_again(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.session.lock().await.reset() })
    }

    fn acknowledge<'a>(&'a self, ack: &'a str, _said: Option<&'a str>) -> BoxFuture<'a, ()> {
        // What was done is said in the channel.
        self.take(ack);
        Box::pin(std::future::ready(()))
    }

    fn refuse<'a>(&'a self, ack: &'a str, why: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let url = self.take(ack).and_then(|ack| ack.url);
            if let Some(url) = url {
                let body = json!({"response_type": "ephemeral", "replace_original": false, "text": why});
                if !self.api.respond(&url, &body).await {
                    tracing::debug!("a pressed button was not answered");
                }
            }
        })
    }

    fn send<'a>(&'a self, message: &'a Outbound) -> BoxFuture<'a, Result<Sent, SendFailure>> {
        Box::pin(self.send_one(message))
    }

    fn find<'a>(&'a self, message: &'a Outbound) -> BoxFuture<'a, Option<Option<Sent>>> {
        Box::pin(async move { send::find(&self.api, message).await.ok() })
    }

    fn show_work<'a>(&'a self, place: &'a Place) -> BoxFuture<'a, ()> {
        Box::pin(self.works.show(&self.api, place))
    }
}

#[cfg(test)]
mod tests;
