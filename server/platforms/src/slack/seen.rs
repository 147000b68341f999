//! The position of Slack: the time up to which the messages of each channel have been taken in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Time for which messages count that came while nobody listened, in microseconds: a day.
const COUNTS: u64 = 24 * 3_600 * 1_000_000;

/// The most channels and threads that are kept: those with the latest messages. Direct messages of people who are listed count by themselves.
const MOST_CHANNELS: usize = 100;
const MOST_DIRECT: usize = 500;
const MOST_THREADS: usize = 30;

/// The position up to which the messages of each channel have been taken in. Times are those of messages, in microseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Time from which on messages count in channels of which nothing was taken in yet.
    from: u64,
    /// The latest message of each channel.
    #[serde(default)]
    channels: BTreeMap<String, u64>,
    /// The latest message of each thread, by the channel and the parent's `ts`.
    #[serde(default)]
    threads: BTreeMap<String, u64>,
    /// The channels of direct messages with people who are listed.
    #[serde(default)]
    direct: BTreeSet<String>,
    /// Channels that another organization is in, too: nothing counts there.
    #[serde(default)]
    foreign: BTreeSet<String>,
}

/// The time of a message; none if that is none.
pub(super) fn micros(ts: &str) -> Option<u64> {
    let (seconds, rest) = ts.split_once('.')?;
    let rest: u64 = Some(rest).filter(|rest| rest.len() == 6)?.parse().ok()?;
    seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(rest)
}

/// The `ts` of a message of this time.
pub(super) fn ts_of(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

impl Seen {
    /// Nothing before this time counts.
    pub(super) fn from(now: u64) -> Self {
        Self { from: now, ..Self::default() }
    }

    /// Reads a position; none if that is none.
    pub(super) fn read(position: &str) -> Option<Self> {
        serde_json::from_str(position).ok()
    }

    /// The position.
    pub(super) fn position(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// A message was taken in.
    pub(super) fn note(&mut self, channel: &str, at: u64, thread: Option<&str>) {
        let latest = self.channels.entry(channel.to_owned()).or_default();
        *latest = at.max(*latest);
        let Self { channels, direct, .. } = self;
        forget_oldest(channels, MOST_CHANNELS, |channel| !direct.contains(channel));
        forget_oldest(channels, MOST_DIRECT, |channel| direct.contains(channel));
        direct.retain(|channel| channels.contains_key(channel));
        if let Some(thread) = thread {
            let latest = self.threads.entry(format!("{channel}:{thread}")).or_default();
            *latest = at.max(*latest);
            forget_oldest(&mut self.threads, MOST_THREADS, |_| true);
        }
    }

    /// A channel has direct messages with someone who is listed. It is not forgotten for others.
    pub(super) fn note_direct(&mut self, channel: &str) {
        self.direct.insert(channel.to_owned());
    }

    /// Another organization is in a channel. True if that was not known. Of channels that are not set up only so many are kept.
    pub(super) fn note_foreign(&mut self, channel: &str, is_home: bool) -> bool {
        self.channels.remove(channel);
        (is_home || self.foreign.len() < MOST_CHANNELS) && self.foreign.insert(channel.to_owned())
    }

    /// No other organization is in a channel at this time. True if one was: what was said meanwhile does not count.
    pub(super) fn note_own(&mut self, channel: &str, at: u64) -> bool {
        let was_foreign = self.foreign.remove(channel);
        if was_foreign {
            self.note(channel, at, None);
        }
        was_foreign
    }

    /// True if something was taken in from a channel. Of direct messages only those with the bot itself come as such.
    pub(super) fn knows(&self, channel: &str) -> bool {
        self.channels.contains_key(channel)
    }

    /// Channels that another organization is in.
    pub(super) fn foreign(&self) -> impl Iterator<Item = &str> {
        self.foreign.iter().map(String::as_str)
    }

    /// The channels in which something may have been missed, and from which time on: first those that are set up, then those with the latest
    /// messages.
    pub(super) fn to_look_at(&self, homes: &[String], now: u64) -> Vec<(String, u64)> {
        let earliest = now.saturating_sub(COUNTS);
        let is_new = |home: &&String| !self.channels.contains_key(*home) && !self.foreign.contains(*home);
        let homes_of = homes.iter().filter(is_new).map(|home| (home.clone(), self.from));
        let known = self.channels.iter().map(|(channel, at)| (channel.clone(), *at));
        let mut all: Vec<(String, u64)> = known.chain(homes_of).collect();
        all.sort_by_key(|(channel, at)| (!homes.contains(channel), std::cmp::Reverse(*at)));
        all.into_iter().map(|(channel, at)| (channel, at.max(earliest))).collect()
    }

    /// The threads of a channel in which people spoke with the bot, and the time of the latest message that was taken in there.
    pub(super) fn threads_of(&self, channel: &str) -> Vec<(String, u64)> {
        let of = |(key, at): (&String, &u64)| {
            let thread = key.strip_prefix(channel)?.strip_prefix(':')?;
            Some((thread.to_owned(), *at))
        };
        self.threads.iter().filter_map(of).collect()
    }
}

/// Forgets those with the oldest messages among those that count, so that there are not too many of them.
fn forget_oldest(all: &mut BTreeMap<String, u64>, most: usize, counts: impl Fn(&str) -> bool) {
    while all.keys().filter(|key| counts(key)).count() > most {
        let oldest = all.iter().filter(|(key, _)| counts(key)).min_by_key(|(_, at)| **at);
        let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
        all.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_messages_are_read_and_written() {
        for ts in ["1700000000.000001", "1.999999", "0.000000"] {
            assert_eq!(ts_of(micros(ts).unwrap()), ts);
        }
        for none in
            ["", "1700000000", "1.1", "1.0000001", "x.000001", "99999999999999999999.000001", "1.-00001"]
        {
            assert_eq!(micros(none), None, "{none}");
        }
    }

    #[test]
    fn what_was_taken_in_spans_a_restart_and_is_bounded() {
        let mut seen = Seen::from(5);
        seen.note("C1", 10, Some("9.000000"));
        seen.note("C1", 8, None);
        assert!(seen.note_foreign("C9", false) && !seen.note_foreign("C9", true));
        let read = Seen::read(&seen.position().unwrap()).unwrap();
        assert_eq!(read, seen);
        assert_eq!(read.to_look_at(&["C2".to_owned()], 100), [("C2".to_owned(), 5), ("C1".to_owned(), 10)]);
        assert_eq!(read.to_look_at(&["C9".to_owned()], 100), [("C1".to_owned(), 10)]);
        assert_eq!(read.threads_of("C1"), [("9.000000".to_owned(), 10)]);
        assert!(read.knows("C1") && !read.knows("C9"));
        let mut own = read.clone();
        assert!(own.note_own("C9", 20) && !own.note_own("C9", 30) && !own.note_own("C1", 30));
        assert_eq!(own.to_look_at(&["C9".to_owned()], 100), [("C9".to_owned(), 20), ("C1".to_owned(), 10)]);
        // What is older than a day does not count any more.
        assert_eq!(read.to_look_at(&[], COUNTS + 50), [("C1".to_owned(), 50)]);
        for n in 0..1000 {
            seen.note(&format!("D{n}"), 100 + n, Some("9.000000"));
        }
        assert_eq!((seen.channels.len(), seen.threads.len()), (MOST_CHANNELS, MOST_THREADS));
        assert!(seen.channels.contains_key("D999") && !seen.channels.contains_key("C1"));
        assert_eq!(Seen::read("{}"), None);
        // However many others have written, direct messages of those who are listed are kept.
        seen.note_direct("D1");
        seen.note("D1", 1, None);
        for n in 0..1000 {
            seen.note(&format!("D1{n}"), 2000 + n, None);
        }
        assert!(seen.knows("D1") && seen.channels.len() == MOST_CHANNELS + 1);
        for n in 0..1000 {
            seen.note_direct(&format!("D2{n}"));
            seen.note(&format!("D2{n}"), 2000 + n, None);
        }
        assert_eq!((seen.channels.len(), seen.direct.len()), (MOST_CHANNELS + MOST_DIRECT, MOST_DIRECT));
        assert_eq!(Seen::read("x"), None);
    }
}
