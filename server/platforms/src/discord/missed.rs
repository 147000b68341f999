//! Messages of the time while there was no session: they are read in the channels in which people speak to the bot.

use std::collections::{HashSet, VecDeque};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    Discord,
    position::Position,
    read::{self, Bot, Heard},
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

impl Discord {
    /// Reads what was missed since a position.
    ///
    /// # Errors
    /// Discord could not be asked: nothing is known of what was missed.
    pub(super) async fn missed(
        &self,
        bot: &Bot,
        position: &Position,
        now_ms: i64,
    ) -> Result<Missed, Trouble> {
        let after = position.missed_after(now_ms);
        let mut channels = self.channels.homes();
        channels.extend(position.places.iter().cloned());
        for person in self.channels.people().into_iter().take(MOST_PEOPLE) {
            channels.extend(self.direct_messages(&person).await?);
        }
        let (mut seen, mut missed) = (HashSet::new(), Missed::default());
        let mut channels = VecDeque::from(channels);
        while let Some(channel) = channels.pop_front() {
            if seen.insert(channel.clone()) {
                // Threads that have begun meanwhile.
                channels.extend(self.missed_in(bot, &channel, after, &mut missed).await?);
            }
        }
        missed.heard.sort_by_key(|heard| heard.id);
        Ok(missed)
    }

    /// The channel of direct messages with a person; none if they take none.
    async fn direct_messages(&self, person: &str) -> Result<Option<String>, Trouble> {
        let asked = json!({"recipient_id": person});
        let found = self.patiently(Method::POST, "users/@me/channels", Some(&asked)).await?;
        Ok(found.and_then(|channel| channel.get("id")?.as_str().map(str::to_owned)))
    }

    /// Reads what was missed in a channel. Returns the threads that have begun there.
    async fn missed_in(
        &self,
        bot: &Bot,
        id: &str,
        mut after: u64,
        into: &mut Missed,
    ) -> Result<Vec<String>, Trouble> {
        let mut threads = Vec::new();
        let Some(channel) = self.channel(id).await? else { return Ok(threads) };
        for _ in 0..MOST_PAGES {
            let path = format!("channels/{id}/messages?after={after}&limit={PAGE}");
            let Some(page) = self.patiently(Method::GET, &path, None).await? else { return Ok(threads) };
            let messages = page.as_array().cloned().unwrap_or_default();
            for message in &messages {
                let Some(last) = message.get("id").and_then(|id| id.as_str()?.parse().ok()) else { continue };
                after = after.max(last);
                into.last = into.last.max(last);
                threads.extend(read::thread(message).map(str::to_owned));
                if let Some(mut heard) = read::message(bot, message, channel.is_direct) {
                    heard.channel = channel.clone();
                    into.heard.push(heard);
                }
            }
            if messages.len() < PAGE {
                return Ok(threads);
            }
        }
        // The rest is read once this is stored.
        into.read_to = Some(into.read_to.unwrap_or(after).min(after));
        Ok(threads)
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
