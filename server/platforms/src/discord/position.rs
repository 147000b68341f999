//! The position up to which the events of a bot have been taken in, as it is stored: a session is resumed by the next daemon, too.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// The beginning of Discord's time, in milliseconds since 1970.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// Ids have so many bits besides their time.
const OTHER_BITS: u32 = 22;

/// Time before the last message from which on messages are read once more after a gap: ids are not handed out in their exact order.
const OVERLAP: Duration = Duration::from_secs(60);

/// The longest gap after which messages are read. What was said before is too old to be done.
const LONGEST_GAP: Duration = Duration::from_secs(24 * 3600);

/// The most conversations that are looked into after a gap.
const MOST_PLACES: usize = 50;

/// The most people whose direct messages are known.
const MOST_DIRECT: usize = 500;

/// A session of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// Its id.
    pub(super) id: String,
    /// The address at which it is resumed.
    pub(super) url: String,
}

/// The position up to which events have been taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Position {
    /// The session; none before the first, and after one that was lost.
    pub(super) session: Option<Session>,
    /// The number of its last event.
    pub(super) seq: u64,
    /// The id of the last message.
    pub(super) since: u64,
    /// The id of the time at which the bot was first used, or of a later message up to which all is read: nothing before it is read again. 0 if
    /// that is not stored yet.
    pub(super) first: u64,
    /// True if messages after that one were missed, and are to be read.
    pub(super) is_behind: bool,
    /// The threads and other channels in which people have spoken to the bot, the latest last.
    pub(super) places: Vec<String>,
    /// The channels of direct messages with people, by their ids.
    pub(super) direct: BTreeMap<String, String>,
}

impl Position {
    /// Reads a stored position. One that cannot be read is as good as none.
    pub(super) fn read(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The position as it is stored.
    pub(super) fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// The position at which a bot begins. What is said before its first session is there is to be read, too.
    pub(super) fn beginning(now_ms: i64) -> Self {
        let now = id_at(now_ms);
        Self { since: now, first: now, is_behind: true, ..Self::default() }
    }

    /// The position without its session, which is lost: what was said meanwhile is to be read.
    pub(super) fn without_session(&self) -> Self {
        Self { session: None, seq: 0, is_behind: true, ..self.clone() }
    }

    /// The id after which messages are read that were missed.
    pub(super) fn missed_after(&self, now_ms: i64) -> u64 {
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let overlap = id_at(time_of(self.since).saturating_sub(ms(OVERLAP)));
        overlap.max(self.first).max(id_at(now_ms.saturating_sub(ms(LONGEST_GAP))))
    }

    /// The direct messages with a person are in this channel.
    pub(super) fn note_direct(&mut self, person: &str, channel: &str) {
        if self.direct.len() < MOST_DIRECT || self.direct.contains_key(person) {
            self.direct.insert(person.to_owned(), channel.to_owned());
        }
    }

    /// Forgets the direct messages with those who are not listed any more.
    pub(super) fn keep_direct(&mut self, is_listed: impl Fn(&str) -> bool) {
        self.direct.retain(|person, _| is_listed(person));
    }

    /// Someone who may has spoken to the bot in this thread, or in another channel.
    pub(super) fn note_place(&mut self, channel: &str) {
        self.places.retain(|place| place != channel);
        self.places.push(channel.to_owned());
        if self.places.len() > MOST_PLACES {
            self.places.remove(0);
        }
    }
}

/// Time of an id, in milliseconds since 1970.
pub(super) fn time_of(id: u64) -> i64 {
    i64::try_from(id >> OTHER_BITS).unwrap_or(i64::MAX).saturating_add(EPOCH_MS)
}

/// The first id of a time, in milliseconds since 1970.
pub(super) fn id_at(ms: i64) -> u64 {
    let since = u64::try_from(ms.saturating_sub(EPOCH_MS)).unwrap_or(0);
    since.min(u64::MAX >> OTHER_BITS) << OTHER_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_stored_and_read() {
        let mut position = Position::beginning(EPOCH_MS + 1000);
        assert!(position.is_behind, "its first session is not there yet");
        position.session = Some(Session { id: "s".to_owned(), url: "wss://x".to_owned() });
        position.seq = 7;
        position.note_place("5");
        position.note_direct("7", "70");
        assert_eq!(Position::read(position.text().as_deref()), position);
        assert_eq!(position.since, 1000 << 22);
        let lost = position.without_session();
        assert!(lost.session.is_none() && lost.is_behind && lost.places == ["5"], "{lost:?}");
        for odd in ["", "{", "[]", "{\"seq\":-1}", "null"] {
            assert_eq!(Position::read(Some(odd)), Position::default(), "{odd}");
        }
    }

    #[test]
    fn a_gap_is_read_from_a_minute_before_it_but_no_further_back_than_a_day() {
        let now = EPOCH_MS + 1_000_000_000_000;
        let position = |ago: i64| Position { since: id_at(now - ago), ..Position::default() };
        assert_eq!(time_of(position(5_000).missed_after(now)), now - 65_000);
        assert_eq!(time_of(position(90_000_000).missed_after(now)), now - 86_400_000);
        assert_eq!(time_of(Position::beginning(now).missed_after(now)), now, "nothing was for it before");
        assert_eq!(id_at(0), 0);
        assert!(time_of(u64::MAX) > 0 && id_at(i64::MAX) > 0);
    }

    #[test]
    fn direct_messages_of_all_who_are_listed_are_known() {
        let mut position = Position::default();
        for n in 0..MOST_DIRECT + 10 {
            position.note_direct(&n.to_string(), &format!("1{n}"));
        }
        position.note_direct("3", "moved");
        assert_eq!((position.direct.len(), position.direct["3"].as_str()), (MOST_DIRECT, "moved"));
        position.keep_direct(|person| person.len() == 1);
        assert_eq!(position.direct.len(), 10);
        let older = r#"{"seq":1,"places":["5"]}"#;
        assert!(Position::read(Some(older)).direct.is_empty());
    }

    #[test]
    fn the_latest_places_are_kept() {
        let mut position = Position::default();
        for n in 0..=MOST_PLACES {
            position.note_place(&n.to_string());
        }
        position.note_place("1");
        assert_eq!(position.places.len(), MOST_PLACES);
        assert_eq!(position.places.last().map(String::as_str), Some("1"));
    }
}
