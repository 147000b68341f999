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

/// The most threads of a channel that are looked at.
const MOST_THREADS: usize = 20;

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
    progress: Progress,
}

/// The part of a gap that was looked at.
#[derive(Debug, Default)]
struct Progress {
    /// The thread that is being read; none for the channel itself.
    thread: Option<(String, u64)>,
    /// The threads that are still to be read.
    threads: BTreeMap<String, u64>,
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
    pub(super) fn new(channel: String, since: u64, known: Vec<(String, u64)>) -> Self {
        let mut gap = Self { channel, since, known, progress: Progress::default() };
        gap.restart();
        gap
    }

    /// Has all of it looked at again: there was another gap behind it.
    pub(super) fn restart(&mut self) {
        let threads = self.known.iter().map(|(thread, at)| (thread.clone(), *at.max(&self.since)));
        self.progress = Progress { threads: threads.collect(), ..Progress::default() };
    }

    /// Reads the next page. Returns what was missed once that was the last.
    ///
    /// # Errors
    /// It could not be read; it goes on there the next time.
    pub(super) async fn step(&mut self, api: &Api, bot: &Bot) -> Result<Option<Missed>, Unreadable> {
        let (method, thread, since) = match &self.progress.thread {
            None => ("conversations.history", None, self.since),
            Some((thread, since)) => ("conversations.replies", Some(thread.as_str()), *since),
        };
        let oldest = ts_of(since);
        let mut params = vec![("channel", self.channel.as_str()), ("oldest", oldest.as_str())];
        params.extend(thread.map(|thread| ("ts", thread)));
        let cursor = match page(api, method, &params, &self.progress.cursor).await {
            Ok((messages, cursor)) => {
                self.take(bot, &messages, since);
                cursor
            }
            Err(Unreadable::Never(why)) if thread.is_some() => {
                tracing::debug!(why, "a thread cannot be read");
                String::new()
            }
            Err(error) => return Err(error),
        };
        let progress = &mut self.progress;
        progress.pages += 1;
        progress.cursor = cursor;
        if !progress.cursor.is_empty() && progress.pages < MOST_PAGES {
            return Ok(None);
        }
        if !progress.cursor.is_empty() {
            tracing::warn!(channel = self.channel, "a channel has more messages than are looked at");
        }
        if progress.thread.is_none() {
            // Those with the latest beginning.
            while progress.threads.len() > MOST_THREADS {
                progress.threads.pop_first();
            }
        }
        (progress.cursor, progress.pages) = (String::new(), 0);
        progress.thread = progress.threads.pop_last();
        Ok(progress.thread.is_none().then(|| std::mem::take(&mut progress.missed)))
    }

    /// Takes what is for the bot from a page.
    fn take(&mut self, bot: &Bot, messages: &[Value], since: u64) {
        let Progress { thread, threads, missed, .. } = &mut self.progress;
        for message in messages {
            let text = |name: &str| message.get(name).and_then(Value::as_str);
            let Some((ts, at)) = text("ts").and_then(|ts| Some((ts, micros(ts)?))) else { continue };
            if thread.is_none() && text("latest_reply").and_then(micros).is_some_and(|latest| latest > since)
            {
                threads.entry(ts.to_owned()).or_insert(since);
            }
            // A thread comes with its parent.
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
