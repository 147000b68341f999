//! The successes and failures of rules' tasks: a rule whose tasks fail again and again for one reason trips, and one that does not succeed in the
//! time in which that is expected is reported.

use std::{collections::HashMap, sync::Arc};

use aiwg_model::{Cursor, EndReason, NewEvent, Outcome, Switch};
use aiwg_protocol::types::{
    AutomationEvent, EventSource, Health, HealthCheck, HealthCheckItem, Json, Span, TaskState, Timestamp,
};

use super::{cursors::Cursors, state::State, transaction::Transaction};
use crate::rules::{Refusal, enable_command};

/// The source of the cursors with the failures in a row of each rule: their number, and the reason.
pub(super) const FAILURES: &str = "failures";

/// The source of the cursors with what is expected of rules: since when they have not succeeded, and the time at which that was reported.
pub(super) const EXPECTED: &str = "expected";

/// The source of the cursors with the reason for which each rule tripped last, for people.
pub(super) const TRIPS: &str = "tripped";

/// The record of the ends of rules' tasks. All of it can be read from the store again.
#[derive(Debug, Default)]
pub(super) struct Record {
    failures: HashMap<String, Failures>,
    expected: HashMap<String, Expected>,
    /// The reason for which each rule tripped last. Whether it still is, its switch says.
    trips: HashMap<String, String>,
}

/// Failures of a rule in a row for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Failures {
    count: u32,
    reason: String,
}

/// The wait for a success of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Expected {
    /// The last success, or the time from which one is expected.
    since: Timestamp,
    /// Time at which it was reported that there is none.
    lapsed_at: Option<Timestamp>,
}

impl Failures {
    fn parse(text: &str) -> Option<Self> {
        let (count, reason) = text.split_once(' ')?;
        Some(Self { count: count.parse().ok()?, reason: reason.to_owned() })
    }

    fn text(&self) -> String {
        format!("{} {}", self.count, self.reason)
    }
}

impl Expected {
    fn parse(text: &str) -> Option<Self> {
        let (since, lapsed_at) = text.split_once(' ').map_or((text, None), |(since, at)| (since, Some(at)));
        Some(Self { since: since.parse().ok()?, lapsed_at: lapsed_at.and_then(|at| at.parse().ok()) })
    }

    fn text(&self) -> String {
        let lapsed_at = self.lapsed_at.map(|at| format!(" {at}")).unwrap_or_default();
        format!("{}{lapsed_at}", self.since)
    }

    fn is_due(&self, within_ms: u64) -> Timestamp {
        self.since.after_ms(within_ms)
    }
}

impl Record {
    /// Reads it from the store. What cannot be read counts as absent.
    pub(super) fn load(cursors: &mut Cursors) -> Self {
        let failures = cursors.take(FAILURES);
        let expected = cursors.take(EXPECTED);
        Self {
            failures: failures
                .iter()
                .filter_map(|(rule, text)| Some((rule.clone(), Failures::parse(text)?)))
                .collect(),
            expected: expected
                .iter()
                .filter_map(|(rule, text)| Some((rule.clone(), Expected::parse(text)?)))
                .collect(),
            trips: cursors.take(TRIPS),
        }
    }

    /// The reason for which a rule tripped last.
    pub(super) fn tripped_why(&self, rule: &str) -> Option<&str> {
        self.trips.get(rule).map(String::as_str)
    }
}

impl Transaction<'_> {
    /// Notes how a task of a rule has ended.
    pub(super) fn note_end_for_rule(&mut self, rule: &str, outcome: &Outcome) -> aiwg_store::Result<()> {
        match outcome.state {
            TaskState::Completed => {
                self.forget_failures(rule)?;
                if self.state.config.expected.iter().any(|(expected, _)| expected == rule) {
                    self.expect(rule, Some(Expected { since: self.now, lapsed_at: None }))?;
                }
                Ok(())
            }
            TaskState::Failed | TaskState::Timeout => self.note_failure(rule, &outcome.reason),
            _ => Ok(()),
        }
    }

    /// Begins to count a rule's failures anew.
    pub(super) fn forget_failures(&mut self, rule: &str) -> aiwg_store::Result<()> {
        if self.state.record.failures.remove(rule).is_none() {
            return Ok(());
        }
        self.store.move_cursor(&Cursor { value: None, ..Cursor::moved(FAILURES, rule, "") })
    }

    fn note_failure(&mut self, id: &str, reason: &EndReason) -> aiwg_store::Result<()> {
        let rules = Arc::clone(&self.state.config.rules);
        let Some(most) = rules.get(id).and_then(|rule| rule.max_failures) else { return Ok(()) };
        let reason = reason.name().to_owned();
        let before = self.state.record.failures.get(id).filter(|before| before.reason == reason);
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        let failures = Failures { count, reason };
        self.store.move_cursor(&Cursor::moved(FAILURES, id, failures.text()))?;
        self.state.record.failures.insert(id.to_owned(), failures.clone());
        if count >= most && self.state.memory.tripped_at(id).is_none() {
            self.trip_for_failures(id, &failures)?;
        }
        Ok(())
    }

    /// Puts a rule out of force for this reason, until someone enables it again.
    pub(super) fn set_tripped(&mut self, id: &str, why: &str) -> aiwg_store::Result<()> {
        let switch = Switch { enabled: self.state.memory.switched(id), tripped_at: Some(self.now) };
        self.store.set_switch(Some(id), switch)?;
        self.state.memory.set_switch(Some(id), switch);
        self.store.move_cursor(&Cursor::moved(TRIPS, id, why))?;
        self.state.record.trips.insert(id.to_owned(), why.to_owned());
        Ok(())
    }

    fn trip_for_failures(&mut self, id: &str, failures: &Failures) -> aiwg_store::Result<()> {
        let Failures { count, reason } = failures;
        let tasks = if *count == 1 { "task" } else { "tasks in a row" };
        let why = format!("{count} {tasks} failed for one reason: {reason}");
        self.set_tripped(id, &why)?;
        let why = format!("tripped: {why}; {} resets it", enable_command(id));
        self.store.refuse_pending(id, Refusal::TRIPPED, &why, self.now)?;
        self.store.remove_pending(id)?;
        tracing::warn!(target: "automation", rule = id, "{why}");
        let payload = AutomationEvent {
            rule: Some(id.to_owned()),
            failures: Some(*count),
            reason: Some(reason.clone()),
            ..AutomationEvent::default()
        };
        self.publish_own("automation:tripped", &payload, None);
        Ok(())
    }

    /// Reports each rule that has not succeeded in the time in which that is expected, once. True if there was any.
    pub(super) fn report_missed(&mut self) -> aiwg_store::Result<bool> {
        let mut has_news = false;
        for (rule, within_ms) in Arc::clone(&self.state.config.expected).iter() {
            let known = self.state.record.expected.get(rule).copied();
            // A clock that was set back begins to count anew.
            let known = known.filter(|known| known.since <= self.now);
            match (self.is_in_force(rule), known) {
                (false, None) => {}
                // Nobody expects anything of what is switched off.
                (false, Some(_)) => self.expect(rule, None)?,
                (true, None) => self.expect(rule, Some(Expected { since: self.now, lapsed_at: None }))?,
                (true, Some(known)) if known.lapsed_at.is_none() && known.is_due(*within_ms) <= self.now => {
                    self.expect(rule, Some(Expected { lapsed_at: Some(self.now), ..known }))?;
                    self.publish_missed(rule, known.since, *within_ms);
                    has_news = true;
                }
                // More time is given than when that was reported.
                (true, Some(known)) if known.lapsed_at.is_some() && known.is_due(*within_ms) > self.now => {
                    self.expect(rule, Some(Expected { lapsed_at: None, ..known }))?;
                }
                (true, Some(_)) => {}
            }
        }
        Ok(has_news)
    }

    /// True unless someone or the configuration has switched the rule off. One that has tripped is still expected to succeed.
    fn is_in_force(&self, id: &str) -> bool {
        let rule = self.state.config.rules.get(id);
        self.state.memory.is_enabled() && rule.is_some_and(|rule| self.state.memory.rule_is_enabled(rule))
    }

    fn expect(&mut self, rule: &str, expected: Option<Expected>) -> aiwg_store::Result<()> {
        let value = expected.as_ref().map(Expected::text);
        self.store.move_cursor(&Cursor { value, ..Cursor::moved(EXPECTED, rule, "") })?;
        match expected {
            Some(expected) => self.state.record.expected.insert(rule.to_owned(), expected),
            None => self.state.record.expected.remove(rule),
        };
        Ok(())
    }

    fn publish_missed(&mut self, rule: &str, since: Timestamp, within_ms: u64) {
        let message = missed(rule, since, within_ms);
        tracing::warn!(target: "automation", rule, "{message}");
        let item = HealthCheckItem { name: "expect".to_owned(), ok: false, message };
        let payload = HealthCheck { at: self.now, health: Health::Degraded, checks: vec![item] };
        self.effects.new_events.push_back(NewEvent {
            topic: "health:degraded".to_owned(),
            payload: Json::new(&payload).unwrap_or_default(),
            source: EventSource::Automation,
            cause: None,
            happened_at: None,
            traceparent: None,
        });
    }
}

impl State {
    /// Time at which the first rule will not have succeeded in the time in which that is expected.
    pub(super) fn next_missed(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.config.expected.iter().filter_map(|(rule, within_ms)| {
            let known = self.record.expected.get(rule).filter(|known| known.lapsed_at.is_none())?;
            Some(known.is_due(*within_ms)).filter(|due| *due > now)
        });
        due.min()
    }

    /// The issue of the rules that have not succeeded in the time in which that is expected, for a person; none if all have.
    pub(super) fn missed(&self) -> Option<String> {
        let of = |(rule, within_ms): &(String, u64)| {
            let known = self.record.expected.get(rule).filter(|known| known.lapsed_at.is_some())?;
            Some(missed(rule, known.since, *within_ms))
        };
        let all: Vec<String> = self.config.expected.iter().filter_map(of).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

fn missed(rule: &str, since: Timestamp, within_ms: u64) -> String {
    let within = Span::from_millis(within_ms);
    let rule = shlex::try_quote(rule).unwrap_or_default();
    format!(
        "no task of {rule} has succeeded since {since}, and one is expected within {within}: see `aiwg report` and \
         `aiwg task list --rule {rule}`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again() {
        let failures = Failures { count: 2, reason: "auth".to_owned() };
        assert_eq!(Failures::parse(&failures.text()), Some(failures));
        let since = Timestamp::from_millis(1_795_888_000_000);
        for lapsed_at in [None, Some(since.after_ms(5))] {
            let expected = Expected { since, lapsed_at };
            assert_eq!(Expected::parse(&expected.text()), Some(expected));
        }
        for odd in ["", "x", "2", "x auth", " "] {
            assert_eq!((Failures::parse(odd), Expected::parse(odd)), (None, None), "{odd:?}");
        }
    }
}
