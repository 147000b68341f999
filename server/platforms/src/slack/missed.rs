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

/// The most pages of a channel, and of a thread.
const MOST_PAGES: usize = 10;

/// The most threads of a channel that are looked at.
const MOST_THREADS: usize = 20;

/// Pause after Slack could not be asked.
const PAUSE: Duration = Duration::from_secs(5);

/// The messages that were missed in a channel.
#[derive(Debug, Default)]
pub(super) struct Missed {
    /// The messages to the bot, in their order, each with its time.
    pub(super) said: Vec<(u64, Inbound)>,
    /// The time of the latest message in the channel, whoever wrote it.
    pub(super) latest: u64,
    /// Messages of an earlier daemon that say that an agent works.
    pub(super) leftovers: Vec<String>,
}

/// Why it cannot be said what was missed.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It may be known after this time.
    Later(Duration),
    /// It will not be: the reason.
    Never(String),
}

/// Looks for what was said to the bot in a channel after `since`, and in these threads of it after their times.
pub(super) async fn missed(
    api: &Api,
    bot: &Bot,
    (channel, since): (&str, u64),
    threads: Vec<(String, u64)>,
) -> Result<Missed, Unreadable> {
    let oldest = ts_of(since);
    let messages =
        pages(api, "conversations.history", &[("channel", channel), ("oldest", &oldest)], MOST_PAGES).await?;
    let mut threads: BTreeMap<String, u64> =
        threads.into_iter().map(|(ts, at)| (ts, at.max(since))).collect();
    for message in &messages {
        let text = |name: &str| message.get(name).and_then(Value::as_str);
        if let (Some(ts), Some(latest)) = (text("ts"), text("latest_reply").and_then(micros))
            && latest > since
        {
            threads.entry(ts.to_owned()).or_insert(since);
        }
    }
    let mut all: BTreeMap<u64, Value> = BTreeMap::new();
    let mut add = |messages: Vec<Value>, after: u64| {
        for message in messages {
            let at = message.get("ts").and_then(Value::as_str).and_then(micros);
            if let Some(at) = at.filter(|at| *at > after) {
                all.entry(at).or_insert(message);
            }
        }
    };
    add(messages, since);
    for (thread, since) in threads.into_iter().rev().take(MOST_THREADS) {
        let oldest = ts_of(since);
        let params = [("channel", channel), ("ts", thread.as_str()), ("oldest", oldest.as_str())];
        match pages(api, "conversations.replies", &params, MOST_PAGES).await {
            Ok(replies) => add(replies, since),
            // A thread that is gone.
            Err(Unreadable::Never(why)) => tracing::debug!(why, "a thread cannot be read"),
            Err(later) => return Err(later),
        }
    }
    let mut missed = Missed::default();
    for (at, message) in all {
        missed.latest = missed.latest.max(at);
        if work::is_leftover(bot, &message) {
            missed.leftovers.extend(message.get("ts").and_then(Value::as_str).map(str::to_owned));
        } else if let Some(inbound) = read::message(bot, channel, &message) {
            missed.said.push((at, inbound));
        }
    }
    Ok(missed)
}

/// All messages of a method that tells them in pages.
pub(super) async fn pages(
    api: &Api,
    method: &str,
    params: &[(&str, &str)],
    most: usize,
) -> Result<Vec<Value>, Unreadable> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for _ in 0..most {
        let mut params = params.to_vec();
        params.extend([("limit", PAGE), ("include_all_metadata", "true")]);
        if !cursor.is_empty() {
            params.push(("cursor", &cursor));
        }
        let outcome = api.get(method, &params).await.map_err(|_| Unreadable::Later(PAUSE))?;
        let Some(body) = outcome.body() else { return Err(unreadable(&outcome)) };
        all.extend(body.get("messages").and_then(Value::as_array).into_iter().flatten().cloned());
        let next = body.get("response_metadata").and_then(|meta| meta.get("next_cursor")?.as_str());
        cursor = next.unwrap_or_default().to_owned();
        if cursor.is_empty() {
            return Ok(all);
        }
    }
    tracing::warn!(method, most, "a channel has more messages than are looked at");
    Ok(all)
}

fn unreadable(outcome: &Outcome) -> Unreadable {
    match outcome.pause() {
        Some(pause) => Unreadable::Later(pause),
        None if outcome.is_broken() => Unreadable::Later(PAUSE),
        None if outcome.error() == Some("missing_scope") => Unreadable::Never(outcome.lacks_scope()),
        None => Unreadable::Never(outcome.what()),
    }
}
