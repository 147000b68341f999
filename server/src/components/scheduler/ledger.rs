//! The position of each schedule among its times. Its cursor stores it, and moves on with the events, so that no time fires twice.

use std::collections::HashMap;

use aiwg_model::{Cursor, OnlyIf};
use aiwg_protocol::types::Timestamp;
use aiwg_store::Reader;
use serde::{Deserialize, Serialize};

/// The name of this source of events.
pub(super) const SOURCE: &str = "schedule";

/// The content of a schedule's cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    /// Its times, as text. Empty while it is not in the configuration: times in between do not count as missed, should it come back.
    cron: String,
    /// The time before which it needs no look: it has fired for it, missed it, or was not known. In milliseconds since 1970.
    at: i64,
    /// The time for which it fired last.
    #[serde(default)]
    fired_at: Option<i64>,
}

impl Place {
    fn of(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// The cursors of all schedules, as they were found and have been moved since.
#[derive(Debug)]
pub(super) struct Ledger(HashMap<String, String>);

impl Ledger {
    pub(super) fn of(cursors: HashMap<String, String>) -> Self {
        Self(cursors)
    }

    /// The cursors to move so that these are the schedules, each given with its times as text. One that is new, or has other times, begins now.
    pub(super) fn known(&self, jobs: &[(String, String)], now: Timestamp) -> Vec<Cursor> {
        let begin = |(job, cron): &(String, String)| {
            let before = self.place(job);
            if before.as_ref().is_some_and(|before| before.cron == *cron) {
                return None;
            }
            let fired_at = before.and_then(|before| before.fired_at);
            Some(self.to(job, &Place { cron: cron.clone(), at: now.as_millis(), fired_at }))
        };
        let forget = |job: &String| {
            let before = self.place(job).filter(|before| !before.cron.is_empty())?;
            let is_known = jobs.iter().any(|(known, _)| known == job);
            (!is_known).then(|| self.to(job, &Place { cron: String::new(), ..before }))
        };
        jobs.iter().filter_map(begin).chain(self.0.keys().filter_map(forget)).collect()
    }

    /// The time up to which a schedule has been dealt with.
    pub(super) fn last(&self, job: &str) -> Option<Timestamp> {
        self.place(job).map(|place| Timestamp::from_millis(place.at))
    }

    /// The cursor to move so that a schedule has been dealt with up to this time; none if it has been already, for it or for a later one. A
    /// later one that is yet to come does not count: the clock was set back since.
    pub(super) fn settle(&self, job: &str, at: Timestamp, now: Timestamp, fires: bool) -> Option<Cursor> {
        let before = self.place(job);
        let is_settled =
            before.as_ref().is_some_and(|before| before.at >= at.as_millis() && before.at <= now.as_millis());
        if is_settled {
            return None;
        }
        let (cron, fired_at) = before.map(|before| (before.cron, before.fired_at)).unwrap_or_default();
        let fired_at = if fires { Some(at.as_millis()) } else { fired_at };
        Some(self.to(job, &Place { cron, at: at.as_millis(), fired_at }))
    }

    /// Takes over a cursor that was moved.
    pub(super) fn moved(&mut self, cursor: Cursor) {
        if let Some(value) = cursor.value {
            self.0.insert(cursor.key, value);
        }
    }

    fn place(&self, job: &str) -> Option<Place> {
        Place::of(self.0.get(job)?)
    }

    fn to(&self, job: &str, place: &Place) -> Cursor {
        let value = serde_json::to_string(place).unwrap_or_default();
        Cursor { only_if: OnlyIf::still(self.0.get(job)), ..Cursor::moved(SOURCE, job, value) }
    }
}

/// The time for which each schedule has fired last, where it has.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn fired(reader: &dyn Reader) -> aiwg_store::Result<HashMap<String, Timestamp>> {
    Ok(fired_of(reader.cursors(SOURCE)?))
}

fn fired_of(cursors: HashMap<String, String>) -> HashMap<String, Timestamp> {
    let fired =
        |(job, text): (String, String)| Some((job, Timestamp::from_millis(Place::of(&text)?.fired_at?)));
    cursors.into_iter().filter_map(fired).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    #[test]
    fn a_time_fires_once_unless_the_clock_was_set_back() {
        let mut ledger = Ledger::of(HashMap::new());
        let mut fires = |at: i64, now: i64| match ledger.settle("j", minute(at), minute(now), true) {
            Some(cursor) => {
                ledger.moved(cursor);
                true
            }
            None => false,
        };
        assert!(fires(600, 600));
        assert!(!fires(600, 601));
        assert!(!fires(599, 601));
        // Two hours back, which is less than would make it a clock that was wrong.
        assert!(fires(480, 480));
        assert!(!fires(480, 481));
        assert!(fires(481, 481));
        assert_eq!(fired_of(ledger.0), HashMap::from([("j".to_owned(), minute(481))]));
    }

    #[test]
    fn one_with_other_times_or_that_comes_back_begins_now() {
        let mut ledger = Ledger::of(HashMap::from([("broken".to_owned(), "?".to_owned())]));
        let mut known = |jobs: &[(&str, &str)], now: i64| {
            let jobs: Vec<_> =
                jobs.iter().map(|(job, cron)| ((*job).to_owned(), (*cron).to_owned())).collect();
            let cursors = ledger.known(&jobs, minute(now));
            let mut moved: Vec<String> = cursors.iter().map(|cursor| cursor.key.clone()).collect();
            moved.sort();
            cursors.into_iter().for_each(|cursor| ledger.moved(cursor));
            let last = |(job, _): &(String, String)| ledger.last(job);
            (moved, jobs.iter().map(last).collect::<Vec<_>>())
        };
        let both = [("a", "x"), ("broken", "y")];
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(known(&both, 1), (names(&["a", "broken"]), vec![Some(minute(1)); 2]));
        assert_eq!(known(&both, 2), (names(&[]), vec![Some(minute(1)); 2]));
        assert_eq!(known(&[("a", "z")], 3), (names(&["a", "broken"]), vec![Some(minute(3))]));
        assert_eq!(known(&both, 4), (names(&["a", "broken"]), vec![Some(minute(4)); 2]));
    }
}
