//! The updates that wait for the bot, as `tddb/td/db/TQueue.cpp` of github.com/tdlib/td keeps them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Sanity bounds of `TQueueImpl::get`: what is outside is no position in this queue, and everything is sent.
const AHEAD: i64 = 10;
const BEHIND: i64 = 2_000_000;

// What is not sent unless it is asked for (Bot API, getUpdates, allowed_updates).
const NOT_BY_DEFAULT: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// A poll's end.
#[derive(Debug, PartialEq)]
pub(super) enum Polled {
    Updates(Vec<Value>),
    /// Another poll has taken its place.
    Conflict,
}

pub(super) struct Queue {
    events: VecDeque<(i64, Value)>,
    /// Id of the next update.
    tail: i64,
    allowed: Vec<String>,
    /// Updates that are held back.
    held: Option<Vec<(String, Value)>>,
    /// The poll that waits, by its number; only the latest one does.
    waiting: Option<u64>,
    polls: u64,
    next_conflict: Option<Instant>,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            events: VecDeque::new(),
            tail: 512_000_001,
            allowed: Vec::new(),
            held: None,
            waiting: None,
            polls: 0,
            next_conflict: None,
        }
    }

    /// Adds an update of a kind. Its id, if it is not held back and the bot wants updates of its kind.
    pub(super) fn push(&mut self, kind: &str, value: Value) -> Option<i64> {
        if let Some(held) = &mut self.held {
            held.push((kind.to_owned(), value));
            return None;
        }
        let is_wanted = if self.allowed.is_empty() {
            !NOT_BY_DEFAULT.contains(&kind)
        } else {
            self.allowed.iter().any(|allowed| allowed == kind)
        };
        if !is_wanted {
            return None;
        }
        let id = self.tail;
        self.tail += 1;
        self.events.push_back((id, json!({ "update_id": id, kind: value })));
        Some(id)
    }

    pub(super) fn allow(&mut self, kinds: Vec<String>) {
        self.allowed = kinds;
    }

    /// Begins a poll: what is there, or the number under which it waits.
    pub(super) fn begin(&mut self, offset: i64, limit: usize, may_wait: bool) -> Result<Vec<Value>, u64> {
        self.confirm(offset);
        let updates = self.take(limit);
        if !updates.is_empty() || !may_wait {
            return Ok(updates);
        }
        self.polls += 1;
        self.waiting = Some(self.polls);
        Err(self.polls)
    }

    /// Forgets what is below the offset. A negative one leaves only so many of the latest.
    fn confirm(&mut self, offset: i64) {
        if offset < 0 {
            let keep = usize::try_from(-offset).unwrap_or(usize::MAX);
            while self.events.len() > keep {
                self.events.pop_front();
            }
        }
        if offset > self.tail + AHEAD || offset < self.tail - BEHIND {
            return;
        }
        while self.events.front().is_some_and(|(id, _)| *id < offset) {
            self.events.pop_front();
        }
    }

    fn take(&self, limit: usize) -> Vec<Value> {
        self.events.iter().take(limit).map(|(_, update)| update.clone()).collect()
    }

    /// The end of a poll that waits, if it has come.
    pub(super) fn poll(&mut self, number: u64, limit: usize) -> Option<Polled> {
        if self.waiting != Some(number) {
            return Some(Polled::Conflict);
        }
        if self.events.is_empty() {
            return None;
        }
        self.waiting = None;
        Some(Polled::Updates(self.take(limit)))
    }

    /// Ends the poll that waits, if it is this one.
    pub(super) fn end(&mut self, number: u64) {
        if self.waiting == Some(number) {
            self.waiting = None;
        }
    }

    /// Ends the poll that waits as if another had come.
    pub(super) fn interrupt(&mut self) {
        self.waiting = None;
    }

    pub(super) fn is_polled(&self) -> bool {
        self.waiting.is_some()
    }

    /// Time until a conflict is answered: at once, and for three seconds then only after three (`fail_query_conflict`).
    pub(super) fn conflict_delay(&mut self) -> Duration {
        let now = Instant::now();
        if self.next_conflict.is_some_and(|next| now < next) {
            return Duration::from_secs(3);
        }
        self.next_conflict = Some(now + Duration::from_secs(3));
        Duration::ZERO
    }

    pub(super) fn waiting(&self) -> Vec<Value> {
        self.take(usize::MAX)
    }

    pub(super) fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    pub(super) fn release(&mut self, is_reversed: bool) -> Vec<i64> {
        let mut held = self.held.take().unwrap_or_default();
        if is_reversed {
            held.reverse();
        }
        held.into_iter().filter_map(|(kind, value)| self.push(&kind, value)).collect()
    }

    /// Begins ids anew, as after a week without an update; what waited is older than a day, and gone.
    pub(super) fn restart_ids(&mut self, first: i64) {
        self.events.clear();
        self.tail = first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(updates: &[Value]) -> Vec<i64> {
        updates.iter().map(|update| update["update_id"].as_i64().unwrap()).collect()
    }

    fn queue() -> (Queue, i64) {
        let mut queue = Queue::new();
        let first = queue.push("message", json!(1)).unwrap();
        queue.push("message", json!(2)).unwrap();
        (queue, first)
    }

    #[test]
    fn an_update_comes_until_a_higher_offset_confirms_it() {
        let (mut queue, first) = queue();
        assert_eq!(ids(&queue.begin(0, 100, true).unwrap()), [first, first + 1]);
        assert_eq!(ids(&queue.begin(first, 1, true).unwrap()), [first]);
        assert_eq!(ids(&queue.begin(first + 1, 100, true).unwrap()), [first + 1]);
        assert_eq!(queue.begin(first + 2, 100, false), Ok(vec![]));
    }

    #[test]
    fn an_offset_that_is_no_place_in_the_queue_confirms_nothing() {
        let (mut queue, first) = queue();
        assert_eq!(ids(&queue.begin(first + 1000, 100, true).unwrap()), [first, first + 1]);
        queue.restart_ids(5);
        queue.push("message", json!(3));
        assert_eq!(ids(&queue.begin(first + 2, 100, true).unwrap()), [5]);
    }

    #[test]
    fn a_second_poll_ends_the_first() {
        let mut queue = Queue::new();
        let first = queue.begin(0, 100, true).unwrap_err();
        assert_eq!(queue.poll(first, 100), None);
        let second = queue.begin(0, 100, true).unwrap_err();
        assert_eq!(queue.poll(first, 100), Some(Polled::Conflict));
        queue.push("message", json!(1));
        assert!(matches!(queue.poll(second, 100), Some(Polled::Updates(updates)) if updates.len() == 1));
    }

    #[test]
    fn only_allowed_kinds_come_and_what_is_held_comes_later() {
        let mut queue = Queue::new();
        assert_eq!(queue.push("message_reaction", json!(1)), None);
        queue.allow(vec!["callback_query".to_owned()]);
        assert_eq!(queue.push("message", json!(1)), None);
        queue.hold();
        queue.push("callback_query", json!("a"));
        queue.push("callback_query", json!("b"));
        assert_eq!(queue.waiting(), [json!(null); 0]);
        assert_eq!(queue.release(true).len(), 2);
        assert_eq!(queue.waiting()[0]["callback_query"], "b");
    }
}
