//! The engine's state of messaging in memory. All of it can be read from the store again.

use std::collections::HashMap;

use aiwg_messaging::{
    Place, Platform,
    notice::{Given, Planned},
};
use aiwg_model::{Cursor, OutboxLane};
use aiwg_protocol::types::Timestamp;
use aiwg_store::View;
use serde::de::DeserializeOwned;

use super::super::transaction::Transaction;

/// The source of the cursors of notices: when those to each place are planned, until when they wait.
const NOTICES: &str = "notices";

/// The key of the time until which all notices wait; the others are those of places.
const MUTED: &str = "muted";

/// The source of the cursors with the ids that chats have now, by the ones before.
const MOVED: &str = "chat_moved";

/// The source of the cursors with the number of notices that were left out in a chat, since too many wait.
const LEFT_OUT: &str = "notices_left_out";

/// The source of the cursors with the times at which notices were given to the platform, by place.
const GIVEN: &str = "notices_given";

/// The state of messaging.
#[derive(Debug, Default)]
pub(in crate::engine) struct Messages {
    planned: HashMap<String, Planned>,
    muted_until: Option<Timestamp>,
    moved: HashMap<String, String>,
    left_out: HashMap<String, u64>,
    given: HashMap<String, Given>,
    /// Times until which the notices of a chat wait, since its minute has had as many as it may. What is in the store stays as it is: they may be
    /// many. A start finds out anew.
    held: HashMap<String, Timestamp>,
}

impl Messages {
    /// Reads it from the store. What cannot be read counts as absent.
    pub(in crate::engine) fn load(store: &dyn View) -> aiwg_store::Result<Self> {
        let mut notices = store.cursors(NOTICES)?;
        let muted_until = notices.remove(MUTED).and_then(|at| at.parse().ok());
        let planned = read(notices);
        let left_out = store.cursors(LEFT_OUT)?;
        let left_out =
            left_out.into_iter().filter_map(|(lane, count)| Some((lane, count.parse().ok()?))).collect();
        let given = read(store.cursors(GIVEN)?);
        Ok(Self { planned, muted_until, moved: store.cursors(MOVED)?, left_out, given, held: HashMap::new() })
    }

    /// Time until which notices wait since someone has said so.
    pub(super) fn muted_until(&self, now: Timestamp) -> Timestamp {
        self.muted_until.map_or(now, |until| until.max(now))
    }

    /// The chats for which messages wait. Where the first of them is a notice, all are: then they wait as long as notices do there.
    pub(super) fn held(&self, lanes: Vec<OutboxLane>) -> Vec<OutboxLane> {
        let hold = |lane: OutboxLane| {
            let platform = Platform::named(&lane.platform).filter(|_| lane.is_new_notice);
            let place = platform.map(|platform| Place { platform, chat: lane.chat.clone(), thread: None });
            let until = place.and_then(|place| self.held.get(&place.lane()).copied());
            OutboxLane { due_at: until.map_or(lane.due_at, |until| until.max(lane.due_at)), ..lane }
        };
        lanes.into_iter().map(hold).collect()
    }

    /// The id that the chat of a place has now.
    pub(super) fn chat_now(&self, place: &Place) -> String {
        self.moved.get(&place.lane()).unwrap_or(&place.chat).clone()
    }
}

impl Transaction<'_> {
    /// Plans a notice: the time at which it is to be sent in this place.
    pub(super) fn plan_notice(&mut self, place: &Place) -> aiwg_store::Result<Timestamp> {
        let Some(setup) = &self.state.config.messaging else { return Ok(self.now) };
        let key = place.to_string();
        let planned = self.state.messages.planned.entry(key.clone()).or_default();
        let before = planned.clone();
        let at = planned.plan(self.now.as_millis(), &setup.pace);
        if *planned != before {
            let value = serde_json::to_string(planned).unwrap_or_default();
            self.store.move_cursor(&Cursor::moved(NOTICES, key, value))?;
        }
        Ok(Timestamp::from_millis(at))
    }

    /// Counts a message with notices that is about to be given to the platform. False, if this minute has had as many as it may: then those of
    /// its chat wait for longer.
    pub(super) fn may_give_notice(&mut self, place: &Place) -> aiwg_store::Result<bool> {
        let Some(setup) = &self.state.config.messaging else { return Ok(true) };
        let key = place.to_string();
        let given = self.state.messages.given.entry(key.clone()).or_default();
        let lane = Place { thread: None, ..place.clone() }.lane();
        if let Some(until) = given.give(self.now.as_millis(), setup.pace.max_per_minute) {
            self.state.messages.held.insert(lane, Timestamp::from_millis(until));
            return Ok(false);
        }
        self.state.messages.held.remove(&lane);
        let value = serde_json::to_string(given).unwrap_or_default();
        self.store.move_cursor(&Cursor::moved(GIVEN, key, value))?;
        Ok(true)
    }

    /// Has notices wait until this time; none ends that.
    pub(super) fn mute(&mut self, until: Option<Timestamp>) -> aiwg_store::Result<()> {
        self.state.messages.muted_until = until;
        let value = until.map(|until| until.to_string());
        self.store.move_cursor(&Cursor { value, ..Cursor::moved(NOTICES, MUTED, "") })
    }

    /// A notice is left out in a chat.
    pub(super) fn leave_out(&mut self, place: &Place) -> aiwg_store::Result<()> {
        let count = self.state.messages.left_out.entry(place.lane()).or_default();
        *count = count.saturating_add(1);
        self.store.move_cursor(&Cursor::moved(LEFT_OUT, place.lane(), count.to_string()))
    }

    /// The number of notices that were left out in a chat, once.
    pub(super) fn take_left_out(&mut self, place: &Place) -> aiwg_store::Result<u64> {
        let Some(count) = self.state.messages.left_out.remove(&place.lane()) else { return Ok(0) };
        self.store.move_cursor(&Cursor { value: None, ..Cursor::moved(LEFT_OUT, place.lane(), "") })?;
        Ok(count)
    }

    /// A chat has another id now.
    pub(super) fn chat_moved(&mut self, platform: Platform, chat: &str, to: &str) -> aiwg_store::Result<()> {
        if chat == to {
            return Ok(());
        }
        let lane = |chat: &str| Place { platform, chat: chat.to_owned(), thread: None }.lane();
        self.state.messages.moved.insert(lane(chat), to.to_owned());
        self.store.move_cursor(&Cursor::moved(MOVED, lane(chat), to))?;
        self.store.move_messages(platform.name(), chat, to)?;
        self.effects.messages = true;
        Ok(())
    }
}

/// The values of cursors, all that can be read.
fn read<T: DeserializeOwned>(cursors: HashMap<String, String>) -> HashMap<String, T> {
    cursors
        .into_iter()
        .filter_map(|(place, value)| Some((place, serde_json::from_str(&value).ok()?)))
        .collect()
}
