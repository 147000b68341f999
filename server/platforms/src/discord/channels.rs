//! The channels in which people speak to the bot: those that are set up, and what Discord has said about others.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use aiwg_messaging::{Place, Platform, rights::PersonId};
use reqwest::Method;
use serde_json::Value;

use super::{
    Discord,
    position::Position,
    read::{self, Channel, Heard},
    rest::not_asked,
};
use crate::Trouble;

/// The most channels that are remembered.
const MOST: usize = 1000;

#[derive(Debug, Default)]
struct Known {
    homes: Vec<String>,
    people: HashSet<String>,
    /// The channels that the bot may see, by their ids.
    channels: HashMap<String, Channel>,
}

/// The channels.
#[derive(Debug, Default)]
pub(super) struct Channels(Mutex<Known>);

impl Channels {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn attend(&self, chats: &[Place], people: &[PersonId]) {
        let mut known = self.lock();
        known.homes = chats.iter().map(|place| place.chat.clone()).collect();
        known.people = people.iter().map(|person| person.id.clone()).collect();
    }

    /// The channels that are set up.
    pub(super) fn homes(&self) -> Vec<String> {
        self.lock().homes.clone()
    }

    /// The people who are listed.
    pub(super) fn people(&self) -> Vec<String> {
        let mut people: Vec<String> = self.lock().people.iter().cloned().collect();
        people.sort_unstable();
        people
    }

    /// Notes in the position where someone who is listed has spoken, if that is not in a channel that is set up.
    pub(super) fn note_place(&self, heard: &Heard, position: &mut Position) {
        let known = self.lock();
        if !known.people.contains(&heard.person.id) || known.homes.contains(&heard.channel.id) {
            return;
        }
        if heard.channel.is_direct {
            position.note_direct(&heard.person.id, &heard.channel.id);
        } else {
            position.note_place(&heard.channel.id);
        }
    }

    /// True if this person is listed.
    pub(super) fn lists(&self, person: &PersonId) -> bool {
        self.lock().people.contains(&person.id)
    }

    /// A channel that the bot has seen.
    pub(super) fn known(&self, id: &str) -> Option<Channel> {
        self.lock().channels.get(id).cloned()
    }

    /// Reads Discord's answer about a channel, and remembers it; none if it is none.
    pub(super) fn read(&self, id: &str, answer: &Value) -> Option<Channel> {
        let channel = read::channel(answer)?;
        self.remember(id, channel.clone());
        Some(channel)
    }

    /// A channel is one of direct messages: Discord need not be asked for it.
    pub(super) fn remember_direct(&self, id: &str) {
        self.remember(id, Channel { id: id.to_owned(), is_direct: true, parent: Some(None) });
    }

    fn remember(&self, id: &str, channel: Channel) {
        let mut known = self.lock();
        if known.channels.len() >= MOST {
            known.channels.clear();
        }
        known.channels.insert(id.to_owned(), channel);
    }
}

impl Discord {
    /// Asks for a channel; none if the bot may not see it.
    ///
    /// # Errors
    /// Discord could not be asked.
    pub(super) async fn channel(&self, id: &str) -> Result<Option<Channel>, Trouble> {
        if let Some(channel) = self.channels.known(id) {
            return Ok(Some(channel));
        }
        let path = format!("channels/{id}");
        let outcome = self.rest.call(Method::GET, &path, None).await.map_err(|failed| not_asked(&failed))?;
        if outcome.is_denied() {
            return Ok(None);
        }
        Ok(self.channels.read(id, &outcome.result()?))
    }

    /// The place of a channel: a thread is a place in the channel that it is a thread of.
    ///
    /// # Errors
    /// Discord could not be asked whether it is one.
    pub(super) async fn place(&self, channel: &Channel) -> Result<Place, Trouble> {
        let whole = |chat: &str, thread| Place { platform: Platform::Discord, chat: chat.to_owned(), thread };
        // A thread may be what is set up.
        if channel.is_direct || self.channels.homes().contains(&channel.id) {
            return Ok(whole(&channel.id, None));
        }
        let parent = match &channel.parent {
            Some(parent) => parent.clone(),
            None => self.channel(&channel.id).await?.and_then(|channel| channel.parent.flatten()),
        };
        Ok(match parent {
            Some(parent) => whole(&parent, Some(channel.id.clone())),
            None => whole(&channel.id, None),
        })
    }
}
