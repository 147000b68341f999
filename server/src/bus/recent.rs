//! The latest events, so that those who listen need not read each of them from the store.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use aiwg_protocol::types::Event;

/// The most events that are kept.
const MOST: usize = 1024;

/// The most bytes that their payloads have together.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// A bounded number of events, the latest.
#[derive(Default)]
pub(super) struct Recent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The events in the order of their numbers, without gaps.
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Recent {
    pub(super) fn add(&self, events: &[Arc<Event>]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            if kept.events.back().is_some_and(|last| last.seq + 1 != event.seq) {
                *kept = Kept::default();
            }
            kept.bytes += event.payload.as_str().len();
            kept.events.push_back(Arc::clone(event));
            while kept.events.len() > MOST || kept.bytes > MOST_BYTES {
                let Some(oldest) = kept.events.pop_front() else { break };
                kept.bytes = kept.bytes.saturating_sub(oldest.payload.as_str().len());
            }
        }
    }

    /// The event with this number, if it is one of them.
    pub(super) fn get(&self, seq: u64) -> Option<Arc<Event>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = seq.checked_sub(kept.events.front()?.seq)?;
        kept.events.get(usize::try_from(at).ok()?).cloned()
    }
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::types::{EventSource, Json, Timestamp};

    use super::*;

    fn event(seq: u64, bytes: usize) -> Arc<Event> {
        Arc::new(Event {
            seq,
            topic: "a".to_owned(),
            payload: Json::new(&"x".repeat(bytes)).unwrap(),
            source: EventSource::Client,
            at: Timestamp::now(),
            caused_by: None,
            traceparent: None,
        })
    }

    #[test]
    fn the_latest_are_kept_and_no_more_than_may_be() {
        let recent = Recent::default();
        recent.add(&[event(7, 10), event(8, MOST_BYTES / 2), event(9, 10)]);
        assert!([7, 8, 9].iter().all(|seq| recent.get(*seq).is_some_and(|event| event.seq == *seq)));
        assert!(recent.get(6).is_none() && recent.get(10).is_none());
        recent.add(&[event(10, MOST_BYTES / 2)]);
        assert!(recent.get(8).is_none() && recent.get(10).is_some());
        recent.add(&[event(11, MOST_BYTES + 1)]);
        assert!((7..12).all(|seq| recent.get(seq).is_none()));
        for seq in 12..=(12 + MOST as u64) {
            recent.add(&[event(seq, 1)]);
        }
        assert!(recent.get(12).is_none() && recent.get(13).is_some());
    }
}
