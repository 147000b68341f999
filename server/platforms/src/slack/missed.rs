//! Messages of the time while nobody listened: Slack keeps no events, but the messages themselves can be read.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    api::{Api, Outcome},
    read::{self, Bot},
    seen::{micros, ts_of},
    work,
};
use crate::Inbound;

/// Messages of one page.
const PAGE: &str = "200";

/// The most pages of a channel, and of each thread, that are read: 20,000 messages.
const MOST_PAGES: usize = 100;

/// The most threads of a channel that are looked at, besides those in which people spoke with the bot before: those with the latest replies.
const MOST_THREADS: usize = 50;

/// The most pages before a gap in which threads are looked for that went on in it: of a channel that is set up, and of direct messages.
const PAGES_BEFORE: usize = 5;
const PAGES_BEFORE_ALONE: usize = 1;

/// Time before a gap in which such threads have begun, in microseconds: two weeks.
const BEGAN_WITHIN: u64 = 14 * 24 * 3_600 * 1_000_000;

/// Pause after Slack could not be asked.
const PAUSE: Duration = Duration::from_secs(5);

/// Why it cannot be said what is in a channel.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It may be known after this time.
    Later(Duration),
    /// It will not be: the reason.
    Never(String),
}

/// A time in which something may have been missed in a channel. It is looked at page by page, and goes on where it was.
#[derive(Debug)]
pub(super) struct Gap {
    /// The channel.
    pub(super) channel: String,
    since: u64,
    /// The threads in which people spoke with the bot, each with the time of the latest message that was taken in.
    known: Vec<(String, u64)>,
    /// The most pages before it in which threads are looked for.
    pages_before: usize,
    progress: Progress,
}

/// The part of a gap that is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Reading {
    /// The channel itself.
    #[default]
    Channel,
    /// What was said in it before: which threads have gone on.
    Before,
    /// A thread, and the time after which it is read.
    Thread(String, u64),
}

/// A thread that is to be read.
#[derive(Debug, Clone, Copy)]
struct Thread {
    /// The time after which it is.
    since: u64,
    /// The time of its latest reply; the end of time where people spoke with the bot before.
    latest: u64,
}

/// The part of a gap that was looked at.
#[derive(Debug, Default)]
struct Progress {
    reading: Reading,
    /// The threads that are still to be read, by the parent's `ts`.
    threads: BTreeMap<String, Thread>,
    /// The next page, and the number of those that were read.
    cursor: String,
    pages: usize,
    missed: Missed,
}

/// The messages that were missed in a channel.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// The messages to the bot, by their time.
    pub(super) said: BTreeMap<u64, Inbound>,
    /// The time of the latest message in the channel, whoever wrote it.
    pub(super) latest: u64,
    /// Messages of an earlier daemon that say that an agent works.
    pub(super) leftovers: Vec<String>,
}

impl Gap {
    /// The gap after this time, in a channel with these threads.
    pub(super) fn new(channel: String, since: u64, known: Vec<(String, u64)>, is_home: bool) -> Self {
        let pages_before = match is_home {
            true => PAGES_BEFORE,
            // Nothing works elsewhere.
            false if !read::is_direct(&channel) => 0,
            false => PAGES_BEFORE_ALONE,
        };
        let mut gap = Self { channel, since, known, pages_before, progress: Progress::default() };
        gap.restart();
        gap
    }

    /// Has all of it looked at again: there was another gap behind it.
    pub(super) fn restart(&mut self) {
        let known = |at: u64| Thread { since: at.max(self.since), latest: u64::MAX };
        let threads = self.known.iter().map(|(thread, at)| (thread.clone(), known(*at)));
        self.progress = Progress { threads: threads.collect(), ..Progress::default() };
    }

    /// Reads the next page. Returns what was missed once that was the last.
    ///
    /// # Errors
    /// It could not be read; it goes on there the next time.
    pub(super) async fn step(&mut self, api: &Api, bot: &Bot) -> Result<Option<Missed>, Unreadable> {
        let reading = self.progress.reading.clone();
        let (since, before) = (ts_of(self.since), ts_of(self.since.saturating_sub(BEGAN_WITHIN)));
        let channel = ("channel", self.channel.as_str());
        let (method, since_thread) = match &reading {
            Reading::Channel | Reading::Before => ("conversations.history", String::new()),
            Reading::Thread(_, at) => ("conversations.replies", ts_of(*at)),
        };
        let params = match &reading {
            Reading::Channel => vec![channel, ("oldest", since.as_str())],
            // The last one before it may have begun a thread, too.
            Reading::Before => {
                vec![channel, ("oldest", before.as_str()), ("latest", since.as_str()), ("inclusive", "true")]
            }
            Reading::Thread(ts, _) => vec![channel, ("oldest", since_thread.as_str()), ("ts", ts.as_str())],
        };
        let is_thread = matches!(reading, Reading::Thread(..));
        let cursor = match page(api, method, &params, &self.progress.cursor).await {
            Ok((messages, cursor)) => {
                self.take(bot, &messages, &reading);
                cursor
            }
            Err(Unreadable::Never(why)) if is_thread => {
                tracing::debug!(why, "a thread cannot be read");
                String::new()
            }
            Err(error) => return Err(error),
        };
        self.progress.pages += 1;
        self.progress.cursor = cursor;
        let most = if reading == Reading::Before { self.pages_before } else { MOST_PAGES };
        if !self.progress.cursor.is_empty() && self.progress.pages < most {
            return Ok(None);
        }
        if !self.progress.cursor.is_empty() && reading != Reading::Before {
            tracing::warn!(channel = self.channel, "a channel has more messages than are looked at");
        }
        Ok(self.go_on())
    }

    /// Goes on with the next part. Returns what was missed if there is none.
    fn go_on(&mut self) -> Option<Missed> {
        let progress = &mut self.progress;
        (progress.cursor, progress.pages) = (String::new(), 0);
        if progress.reading == Reading::Channel && self.pages_before > 0 {
            progress.reading = Reading::Before;
            return None;
        }
        if !matches!(progress.reading, Reading::Thread(..)) {
            let is_found = |thread: &Thread| thread.latest < u64::MAX;
            let mut found: Vec<u64> = progress
                .threads
                .values()
                .filter(|thread| is_found(thread))
                .map(|thread| thread.latest)
                .collect();
            found.sort_unstable_by(|one, other| other.cmp(one));
            let earliest = found.get(MOST_THREADS - 1).copied().unwrap_or(0);
            progress.threads.retain(|_, thread| thread.latest >= earliest);
        }
        match progress.threads.pop_last() {
            Some((ts, thread)) => progress.reading = Reading::Thread(ts, thread.since),
            None => return Some(std::mem::take(&mut progress.missed)),
        }
        None
    }

    /// Takes what is for the bot from a page.
    fn take(&mut self, bot: &Bot, messages: &[Value], reading: &Reading) {
        let Progress { threads, missed, .. } = &mut self.progress;
        let since = if let Reading::Thread(_, since) = reading { *since } else { self.since };
        for message in messages {
            let text = |name: &str| message.get(name).and_then(Value::as_str);
            let Some((ts, at)) = text("ts").and_then(|ts| Some((ts, micros(ts)?))) else { continue };
            let latest = text("latest_reply").and_then(micros).filter(|latest| *latest > since);
            if let Some(latest) = latest.filter(|_| !matches!(reading, Reading::Thread(..))) {
                threads.entry(ts.to_owned()).or_insert(Thread { since, latest });
            }
            // A thread comes with its parent; and what was said before the gap was heard.
            if at <= since {
                continue;
            }
            missed.latest = missed.latest.max(at);
            if work::is_leftover(bot, message) {
                missed.leftovers.push(ts.to_owned());
            } else if let Some(inbound) = read::message(bot, &self.channel, message) {
                missed.said.insert(at, inbound);
            }
        }
    }
}

/// A page of messages, and where the next is; nowhere if that is empty.
async fn page(
    api: &Api,
    method: &str,
    params: &[(&str, &str)],
    cursor: &str,
) -> Result<(Vec<Value>, String), Unreadable> {
    let mut params = params.to_vec();
    params.extend([("limit", PAGE), ("include_all_metadata", "true")]);
    if !cursor.is_empty() {
        params.push(("cursor", cursor));
    }
    let outcome = api.get(method, &params).await.map_err(|_| Unreadable::Later(PAUSE))?;
    let Some(body) = outcome.body() else { return Err(unreadable(&outcome)) };
    let messages = body.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
    let next = body.get("response_metadata").and_then(|meta| meta.get("next_cursor")?.as_str());
    Ok((messages, next.unwrap_or_default().to_owned()))
}

/// The first message of a method's pages for which the function holds; none if there is none among so many pages.
pub(super) async fn first(
    api: &Api,
    method: &str,
    params: &[(&str, &str)],
    most: usize,
    holds: impl Fn(&Value) -> bool,
) -> Result<Option<Value>, Unreadable> {
    let mut cursor = String::new();
    for _ in 0..most {
        let (messages, next) = page(api, method, params, &cursor).await?;
        if let Some(found) = messages.into_iter().find(&holds) {
            return Ok(Some(found));
        }
        if next.is_empty() {
            break;
        }
        cursor = next;
    }
    Ok(None)
}

fn unreadable(outcome: &Outcome) -> Unreadable {
    match outcome.pause() {
        Some(pause) => Unreadable::Later(pause),
        None if outcome.is_broken() => Unreadable::Later(PAUSE),
        None if outcome.error() == Some("missing_scope") => Unreadable::Never(outcome.lacks_scope()),
        None => Unreadable::Never(outcome.what()),
    }
}
