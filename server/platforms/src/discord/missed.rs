//! Messages of the time while there was no session: they are read in the channels in which people speak to the bot.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::{
    Discord,
    position::Position,
    read::{self, Bot, Channel, Heard},
};
use crate::Trouble;

/// The most messages of an answer, and the most answers for a channel at once.
const PAGE: usize = 100;
const MOST_PAGES: usize = 50;

/// The most people for whose direct messages Discord is asked at once: it does not like many. Those of others are found the next time.
const MOST_PEOPLE: usize = 25;

/// Number of times in a row that a request may have no answer before what was missed is given up until the next connection.
const MOST_FAILURES: u32 = 3;

/// Pause before the second attempt; twice as long before the third.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The messages that were found.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// The messages of people to the bot, in their order.
    pub(super) heard: Vec<Heard>,
    /// The channels of direct messages that were found, each with its person.
    pub(super) direct: Vec<(String, String)>,
    /// The id of the last message of all.
    pub(super) last: u64,
    /// Id up to which all was read, where there is more; none if that is all.
    pub(super) read_to: Option<u64>,
}

/// The result of a request.
#[derive(Debug)]
enum Asked<T> {
    /// The answer; none if the bot may not have it.
    Done(Option<T>),
    /// It is to be made again.
    Later,
}

/// The pace of the requests.
#[derive(Debug, Default)]
struct Pace {
    /// Time before which none is made.
    not_before: Option<Instant>,
    /// Number of times in a row that one had no answer.
    failures: u32,
}

impl Pace {
    /// Notes that a request had no answer: it is made again after a pause.
    ///
    /// # Errors
    /// It had none as often as it may.
    fn fail(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= MOST_FAILURES || !matches!(trouble, Trouble::Later { .. }) {
            return Err(trouble);
        }
        self.not_before = Some(Instant::now() + FIRST_PAUSE.saturating_mul(1 << (self.failures - 1)));
        Ok(())
    }
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
    pace: Pace,
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
    /// True while no request may be made.
    pub(super) fn is_waiting(&self) -> bool {
        self.pace.not_before.is_some()
    }

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
        let (known, unknown): (Vec<String>, Vec<String>) =
            self.channels.people().into_iter().partition(|person| position.direct.contains_key(person));
        for channel in known.iter().filter_map(|person| position.direct.get(person)) {
            self.channels.remember_direct(channel);
            channels.push_back(channel.clone());
        }
        channels.extend(position.places.iter().cloned());
        Reading {
            began_ms: now_ms,
            after: position.missed_after(now_ms),
            people: unknown.into_iter().take(MOST_PEOPLE).collect(),
            channels,
            seen: HashSet::new(),
            current: None,
            missed: Missed::default(),
            pace: Pace::default(),
        }
    }

    /// Makes the next request. True if that was all. It may be dropped while it waits: then it is made again.
    ///
    /// # Errors
    /// Discord could not be asked: nothing is known of what was missed.
    pub(super) async fn read_on(&self, bot: &Bot, reading: &mut Reading) -> Result<bool, Trouble> {
        if let Some(at) = reading.pace.not_before {
            sleep_until(at).await;
            reading.pace.not_before = None;
            return Ok(false);
        }
        if let Some(person) = reading.people.front() {
            let asked = json!({"recipient_id": person});
            let found = self.ask(&mut reading.pace, Method::POST, "users/@me/channels", Some(&asked)).await?;
            let id = |channel: Value| channel.get("id")?.as_str().map(str::to_owned);
            if let Asked::Done(found) = found
                && let Some(person) = reading.people.pop_front()
                && let Some(channel) = found.and_then(id)
            {
                reading.channels.push_back(channel.clone());
                reading.missed.direct.push((person, channel));
            }
            return Ok(false);
        }
        if let Some(current) = &reading.current {
            let path =
                format!("channels/{}/messages?after={}&limit={PAGE}", current.channel.id, current.after);
            match self.ask(&mut reading.pace, Method::GET, &path, None).await? {
                Asked::Done(Some(page)) => reading.take(bot, page.as_array().map_or(&[][..], Vec::as_slice)),
                Asked::Done(None) => reading.current = None,
                Asked::Later => {}
            }
            return Ok(false);
        }
        let Some(id) = reading.channels.front() else { return Ok(true) };
        if !reading.seen.contains(id) {
            let Asked::Done(channel) = self.channel_to_read(&mut reading.pace, id).await? else {
                return Ok(false);
            };
            let after = reading.after;
            reading.current = channel.map(|channel| Current { channel, after, pages: 0 });
        }
        reading.seen.extend(reading.channels.pop_front());
        Ok(false)
    }

    /// A channel that is to be read; none if the bot may not see it.
    async fn channel_to_read(&self, pace: &mut Pace, id: &str) -> Result<Asked<Channel>, Trouble> {
        if let Some(channel) = self.channels.known(id) {
            return Ok(Asked::Done(Some(channel)));
        }
        Ok(match self.ask(pace, Method::GET, &format!("channels/{id}"), None).await? {
            Asked::Done(found) => Asked::Done(found.and_then(|found| self.channels.read(id, &found))),
            Asked::Later => Asked::Later,
        })
    }

    /// Asks for something; none if the bot may not have it. Where Discord takes no requests for now, or cannot answer, it is to be asked for again.
    ///
    /// # Errors
    /// It could not be asked, again and again.
    async fn ask(
        &self,
        pace: &mut Pace,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Asked<Value>, Trouble> {
        let trouble = match self.rest.call(method, path, body).await {
            Ok(outcome) if outcome.is_denied() => {
                pace.failures = 0;
                return Ok(Asked::Done(None));
            }
            Ok(outcome) => match outcome.result() {
                Ok(found) => {
                    pace.failures = 0;
                    return Ok(Asked::Done(Some(found)));
                }
                Err(Trouble::Later { after: Some(pause), .. }) => {
                    pace.not_before = Some(Instant::now() + pause);
                    return Ok(Asked::Later);
                }
                Err(trouble) => trouble,
            },
            Err(failed) => super::rest::not_asked(&failed),
        };
        pace.fail(trouble)?;
        Ok(Asked::Later)
    }
}
