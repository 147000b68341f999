//! Messages of the time while there was no session: they are read in the channels in which people speak to the bot.

use std::collections::{HashSet, VecDeque};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    Discord,
    position::Position,
    read::{self, Bot, Channel, Heard},
};
use crate::Trouble;

/// The most messages of an answer, and the most answers for a channel at once.
const PAGE: usize = 100;
const MOST_PAGES: usize = 50;

/// The most people whose direct messages are looked into.
const MOST_PEOPLE: usize = 25;

/// The messages that were found.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// The messages of people to the bot, in their order.
    pub(super) heard: Vec<Heard>,
    /// The id of the last message of all.
    pub(super) last: u64,
    /// Id up to which all was read, where there is more; none if that is all.
    pub(super) read_to: Option<u64>,
}

/// What was missed since a position, as far as it is read: request by request.
#[derive(Debug)]
pub(super) struct Reading {
    /// Time at which it began, by Discord's clock, in milliseconds since 1970.
    pub(super) began_ms: i64,
    /// Id after which it is read.
    after: u64,
    /// The people whose direct messages are still to be found.
    people: VecDeque<String>,
    /// The channels that are still to be read, and those that were seen.
    channels: VecDeque<String>,
    seen: HashSet<String>,
    /// The channel that is being read.
    current: Option<Current>,
    missed: Missed,
}

/// A channel that is being read.
#[derive(Debug)]
struct Current {
    channel: Channel,
    /// Id after which the next page begins.
    after: u64,
    pages: usize,
}

impl Reading {
    /// The messages, in their order.
    pub(super) fn missed(mut self) -> Missed {
        self.missed.heard.sort_by_key(|heard| heard.id);
        self.missed
    }

    /// Takes what a page has for the bot.
    fn take(&mut self, bot: &Bot, messages: &[Value]) {
        let Some(current) = &mut self.current else { return };
        current.pages += 1;
        for message in messages {
            let Some(last) = message.get("id").and_then(|id| id.as_str()?.parse().ok()) else { continue };
            current.after = current.after.max(last);
            self.missed.last = self.missed.last.max(last);
            // Threads that have begun meanwhile.
            self.channels.extend(read::thread(message).map(str::to_owned));
            if let Some(mut heard) = read::message(bot, message, current.channel.is_direct) {
                heard.channel = current.channel.clone();
                self.missed.heard.push(heard);
            }
        }
        let is_end = messages.len() < PAGE;
        if !is_end && current.pages >= MOST_PAGES {
            // The rest is read once this is stored.
            let read_to = current.after;
            self.missed.read_to = Some(self.missed.read_to.unwrap_or(read_to).min(read_to));
        }
        if is_end || current.pages >= MOST_PAGES {
            self.current = None;
        }
    }
}

impl Discord {
    /// Begins to read what was missed since a position.
    pub(super) fn begin_reading(&self, position: &Position, now_ms: i64) -> Reading {
        let mut channels = VecDeque::from(self.channels.homes());
        channels.extend(position.places.iter().cloned());
        Reading {
            began_ms: now_ms,
            after: position.missed_after(now_ms),
            people: self.channels.people().into_iter().take(MOST_PEOPLE).collect(),
            channels,
            seen: HashSet::new(),
            current: None,
            missed: Missed::default(),
        }
    }

    /// Makes the next request. True if that was all. It may be dropped while it waits: then it is made again.
    ///
    /// # Errors
    /// Discord could not be asked: nothing is known of what was missed.
    pub(super) async fn read_on(&self, bot: &Bot, reading: &mut Reading) -> Result<bool, Trouble> {
        if let Some(person) = reading.people.front() {
            let channel = self.direct_messages(person).await?;
            reading.people.pop_front();
            reading.channels.extend(channel);
            return Ok(false);
        }
        if let Some(current) = &reading.current {
            let path =
                format!("channels/{}/messages?after={}&limit={PAGE}", current.channel.id, current.after);
            match self.patiently(Method::GET, &path, None).await? {
                Some(page) => reading.take(bot, page.as_array().map_or(&[][..], Vec::as_slice)),
                None => reading.current = None,
            }
            return Ok(false);
        }
        let Some(id) = reading.channels.front() else { return Ok(true) };
        if !reading.seen.contains(id) {
            let channel = self.channel(id).await?;
            let after = reading.after;
            reading.current = channel.map(|channel| Current { channel, after, pages: 0 });
        }
        reading.seen.extend(reading.channels.pop_front());
        Ok(false)
    }

    /// The channel of direct messages with a person; none if they take none.
    async fn direct_messages(&self, person: &str) -> Result<Option<String>, Trouble> {
        let asked = json!({"recipient_id": person});
        let found = self.patiently(Method::POST, "users/@me/channels", Some(&asked)).await?;
        Ok(found.and_then(|channel| channel.get("id")?.as_str().map(str::to_owned)))
    }

    /// Asks for something, and waits while Discord takes no requests; none if the bot may not have it.
    async fn patiently(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Option<Value>, Trouble> {
        loop {
            let outcome = self
                .rest
                .call(method.clone(), path, body)
                .await
                .map_err(|failed| super::rest::not_asked(&failed))?;
            if outcome.is_denied() {
                return Ok(None);
            }
            match outcome.result() {
                Err(Trouble::Later { after: Some(pause), .. }) => sleep(pause).await,
                other => return other.map(Some),
            }
        }
    }
}
