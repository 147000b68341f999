//! The engine's state of messaging in memory. All of it can be read from the store again.

use std::collections::HashMap;

use aiwg_messaging::{
    Place, Platform,
    notice::{Given, Planned, Severity},
};
use aiwg_model::{Cursor, OutboxLane};
use aiwg_protocol::types::Timestamp;
use aiwg_store::{Reader, View};
use serde::de::DeserializeOwned;

use super::{
    super::transaction::{Look, Transaction},
    outbox::is_new_notice,
};
use crate::messaging::Setup;

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

/// The longest time ahead for which messages are looked for that wait, in milliseconds: a year.
const AHEAD_MS: u64 = 366 * 24 * 3_600_000;

/// The notices that are held back at a moment: until someone ends that, or until the quiet hours are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeldBack {
    /// The severity from which notices are sent all the same: above the highest if none are, the lowest if all are.
    pub(super) least: u8,
    /// Time until which the others wait, if nothing changes before.
    pub(super) until: Timestamp,
}

impl HeldBack {
    /// True if any are.
    pub(super) fn is_any(self) -> bool {
        self.least > Severity::Info.level()
    }
}

/// The time until which all notices wait since someone has said so, among the cursors of notices.
fn muted_until(notices: &HashMap<String, String>) -> Option<Timestamp> {
    notices.get(MUTED).and_then(|at| at.parse().ok())
}

/// The time until which all notices wait since someone has said so; none if that is over, or nobody has. It may block.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn muted(reader: &dyn Reader, now: Timestamp) -> aiwg_store::Result<Option<Timestamp>> {
    Ok(muted_until(&reader.cursors(NOTICES)?).filter(|until| *until > now))
}

impl Messages {
    /// Reads it from the store. What cannot be read counts as absent.
    pub(in crate::engine) fn load(store: &dyn View) -> aiwg_store::Result<Self> {
        let mut notices = store.cursors(NOTICES)?;
        let muted_until = muted_until(&notices);
        notices.remove(MUTED);
        let planned = read(notices);
        let left_out = store.cursors(LEFT_OUT)?;
        let left_out =
            left_out.into_iter().filter_map(|(lane, count)| Some((lane, count.parse().ok()?))).collect();
        let given = read(store.cursors(GIVEN)?);
        Ok(Self { planned, muted_until, moved: store.cursors(MOVED)?, left_out, given, held: HashMap::new() })
    }

    /// The first moment, from this one on, at which a notice of this severity may be sent.
    fn first_moment(&self, setup: Option<&Setup>, now: Timestamp, severity: Severity) -> Timestamp {
        let quiet = setup.and_then(|setup| setup.quiet.as_ref());
        let quiet = quiet.map_or(now, |quiet| quiet.first_moment(now, severity));
        self.muted_until.map_or(quiet, |until| until.max(quiet))
    }

    /// The notices that are held back at this moment.
    pub(super) fn held_back(&self, setup: Option<&Setup>, now: Timestamp) -> HeldBack {
        let mut held = HeldBack { least: Severity::Info.level(), until: now };
        for severity in Severity::ALL {
            let until = self.first_moment(setup, now, severity);
            if until <= now {
                break;
            }
            let until = if held.is_any() { held.until.min(until) } else { until };
            held = HeldBack { least: severity.level() + 1, until };
        }
        held
    }

    /// The chats for which messages wait. Where the first of them is a notice, all are: then they wait as long as notices do there.
    fn held(&self, lanes: Vec<OutboxLane>) -> Vec<OutboxLane> {
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

impl Look<'_> {
    /// The chats for which messages wait, each with the time at which the first of those is to be sent that are not held back.
    pub(super) fn outbox_lanes(&self) -> aiwg_store::Result<Vec<OutboxLane>> {
        let messages = &self.state.messages;
        let held = messages.held_back(self.state.config.messaging.as_deref(), self.now);
        let mut lanes = self.store.outbox_lanes()?;
        let is_held = |lane: &&mut OutboxLane| lane.severity > 0 && lane.severity < held.least;
        for lane in lanes.iter_mut().filter(is_held) {
            // Behind those that are held back may be one that is not.
            let ahead = self.now.after_ms(AHEAD_MS);
            let rows = self.store.due_messages(&lane.platform, &lane.chat, ahead, held.least, 1)?;
            lane.due_at = lane.due_at.max(held.until);
            if let Some(row) = rows.first().filter(|row| row.message.due_at < lane.due_at) {
                lane.due_at = row.message.due_at;
                lane.is_new_notice = is_new_notice(row);
            }
        }
        Ok(messages.held(lanes))
    }
}

impl Transaction<'_> {
    /// The notices that are held back now.
    pub(super) fn held_back(&self) -> HeldBack {
        self.state.messages.held_back(self.state.config.messaging.as_deref(), self.now)
    }

    /// Time from which a message is not sent any more that is due then: the time for which it is held back does not count.
    pub(super) fn expiry(&self, due_at: Timestamp, severity: Option<Severity>) -> Timestamp {
        let setup = self.state.config.messaging.as_deref();
        let expire_ms = setup.map_or(0, |setup| setup.expire_ms);
        let Some(severity) = severity else { return due_at.after_ms(expire_ms) };
        let first = |at| self.state.messages.first_moment(setup, at, severity);
        let expires_at = first(due_at).after_ms(expire_ms);
        match first(expires_at) {
            end if end > expires_at => end.after_ms(expire_ms),
            _ => expires_at,
        }
    }

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
        self.effects.messages = true;
        if let (Some(until), Some(setup)) = (until, &self.state.config.messaging) {
            self.store.keep_notices(until.after_ms(setup.expire_ms))?;
        }
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
