//! What becomes of the rules that an event matches: decided in [`crate::rules`], carried out here, in the event's own
//! transaction.

use std::sync::Arc;

use super::{
    apply::{Failure, Turn},
    command::{Automation, Draft, EngineError, RuleState},
};
use crate::{
    rules::{Decision, Facts, WINDOW_MINUTES, decide, settled, task_of},
    store::{Firing, Outcome, Switch, TaskNo},
};
use aiwg_protocol::{
    config::{Condition, OnBusy, Rule, Trigger},
    types::{AutomationEvent, Event, EventSource, Json, RuleRefusal, TaskState, Timestamp},
};

/// The window of the circuit breaker.
const WINDOW_MS: i64 = WINDOW_MINUTES as i64 * 60_000;

/// How long a match of the rule waits for quiet at the most, in milliseconds.
fn longest_wait(rule: &Rule) -> u64 {
    match rule.condition {
        Condition::Debounce { interval_ms, .. } => interval_ms,
        Condition::Always => 0,
    }
}

/// Whether files that change together make one task of a rule, even if it does not wait for quiet.
fn gathers(rule: &Rule) -> bool {
    matches!(rule.trigger, Trigger::FileChange { .. }) && rule.on_busy() != OnBusy::Queue
}

impl Turn<'_> {
    /// Gives the ids of the rules that take the event up: that make a task of it, now or later.
    pub(super) fn match_rules(
        &mut self,
        event: &Event,
        happened_at: Timestamp,
    ) -> rusqlite::Result<Vec<String>> {
        let rules = Arc::clone(&self.state.policy.rules);
        let mut taken = Vec::new();
        for rule in rules.matching(event) {
            let facts = self.facts(rule, event, happened_at)?;
            let decision = decide(rule, &facts);
            let is_taken = match decision {
                Decision::Debounce { interval_ms, max_wait_ms } => {
                    self.debounce(rule, event, interval_ms, max_wait_ms)?;
                    true
                }
                Decision::Fire if gathers(rule) => {
                    self.debounce(rule, event, 0, 0)?;
                    true
                }
                other => self.carry_out(rule, &other, std::slice::from_ref(event), 1, &facts)?,
            };
            if is_taken {
                taken.push(rule.id.clone());
            }
        }
        Ok(taken)
    }

    /// Makes tasks of the matches that have settled.
    pub(super) fn fire_due(&mut self) -> rusqlite::Result<()> {
        for id in self.store.pending_due(self.now)? {
            self.fire_pending(&id)?;
        }
        for id in self.due_by_another_clock()? {
            self.fire_pending(&id)?;
        }
        self.take_drafts()
    }

    /// The rules whose matches would have to wait for longer than any does: the clock was set back since. They have waited already.
    fn due_by_another_clock(&self) -> rusqlite::Result<Vec<String>> {
        let pending = self.store.all_pending()?.into_values();
        let too_late = pending.filter(|pending| {
            let longest = self.state.policy.rules.get(&pending.rule).map_or(0, longest_wait);
            let latest = self.now.as_millis().saturating_add(i64::try_from(longest).unwrap_or(i64::MAX));
            pending.due_at.is_some_and(|due_at| due_at.as_millis() > latest)
        });
        let mut rules: Vec<String> = too_late.map(|pending| pending.rule).collect();
        rules.sort();
        Ok(rules)
    }

    /// A task of the rule has ended: what has waited for that goes on.
    pub(super) fn no_longer_busy(&mut self, id: &str) -> rusqlite::Result<()> {
        match self.store.pending(id)? {
            Some(pending) if pending.due_at.is_none() => self.fire_pending(id),
            _ => Ok(()),
        }
    }

    /// Switches a rule, or all of automation, on or off.
    pub(super) fn switch(&mut self, id: Option<&str>, enabled: bool) -> Result<(), Failure> {
        if let Some(id) = id {
            self.state.policy.rules.get(id).ok_or_else(|| EngineError::RuleNotFound(id.to_owned()))?;
            if enabled {
                // A tripped rule begins anew.
                self.store.forgive_firings(id)?;
            }
        }
        let switch = Switch { enabled, tripped_at: None };
        self.store.set_switch(id, switch)?;
        self.state.memory.set_switch(id, switch);
        if !enabled {
            self.drop_pending(id)?;
        }
        let word = if enabled { "enabled" } else { "disabled" };
        tracing::info!(target: "automation", rule = id.unwrap_or("all"), "{word}");
        let event = AutomationEvent { rule: id.map(str::to_owned), ..AutomationEvent::default() };
        self.publish_own(&format!("automation:{word}"), &event);
        Ok(self.take_drafts()?)
    }

    /// What the rules would make of an event, with nothing changed.
    pub(super) fn try_out(&mut self, event: &Event) -> rusqlite::Result<Vec<(Rule, Decision)>> {
        let rules = Arc::clone(&self.state.policy.rules);
        let decided = rules.matching(event).into_iter().map(|rule| {
            let facts = self.facts(rule, event, self.now)?;
            Ok((rule.clone(), decide(rule, &facts)))
        });
        decided.collect()
    }

    /// How the rules are.
    pub(super) fn automation(&self) -> rusqlite::Result<Automation> {
        let memory = &self.state.memory;
        let mut pending = self.store.all_pending()?;
        let state = |rule: &Rule| RuleState {
            enabled: memory.rule_is_enabled(rule),
            tripped_at: memory.tripped_at(&rule.id),
            busy: memory.busy(&rule.id),
            pending: pending.remove(&rule.id),
            last_refusal: memory.last_refusal(&rule.id),
            rule: rule.clone(),
        };
        let rules = self.state.policy.rules.rules().iter().map(state).collect();
        Ok(Automation { enabled: memory.is_enabled(), rules })
    }

    fn facts(&self, rule: &Rule, event: &Event, happened_at: Timestamp) -> rusqlite::Result<Facts> {
        let depth = event.caused_by.as_ref().map_or(0, |cause| cause.depth);
        let is_file = event.source == EventSource::FileWatcher;
        let counts = self.counts(rule, event);
        Ok(Facts {
            depth,
            own_change: is_file && self.state.memory.ran_at(&rule.id, happened_at),
            ..self.facts_later(rule, counts)?
        })
    }

    /// Those that still matter when the matches have settled.
    fn facts_later(&self, rule: &Rule, counts: bool) -> rusqlite::Result<Facts> {
        let since = Timestamp::from_millis(self.now.as_millis() - WINDOW_MS);
        let memory = &self.state.memory;
        let firings = if counts { self.store.counted_firings(&rule.id, since)? } else { 0 };
        Ok(Facts {
            all_off: !memory.is_enabled(),
            off: !memory.rule_is_enabled(rule),
            tripped: memory.tripped_at(&rule.id).is_some(),
            busy: memory.busy(&rule.id) > 0,
            counts,
            firings,
            ..Facts::default()
        })
    }

    fn debounce(
        &mut self,
        rule: &Rule,
        event: &Event,
        interval_ms: u64,
        max_wait_ms: u64,
    ) -> rusqlite::Result<()> {
        let pending = self.store.add_pending(&rule.id, event.seq, self.now)?;
        if pending.due_at.is_none() && pending.matches > 1 {
            // It waits for the rule's task to end already, and goes on then.
            return Ok(());
        }
        let after =
            |at: Timestamp, ms: u64| at.as_millis().saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
        let due = after(self.now, interval_ms).min(after(pending.first_at, max_wait_ms));
        self.store.set_pending_due(&rule.id, Some(Timestamp::from_millis(due)))?;
        if interval_ms > 0 {
            self.batch.journal.note(&rule.id, event, format!("matched: waits for {interval_ms} ms of quiet"));
        }
        Ok(())
    }

    fn fire_pending(&mut self, id: &str) -> rusqlite::Result<()> {
        let rules = Arc::clone(&self.state.policy.rules);
        let Some(pending) = self.store.pending(id)? else { return Ok(()) };
        let events = self.store.pending_events(id)?;
        let (Some(rule), Some(last)) = (rules.get(id), events.last()) else {
            tracing::warn!(target: "automation", rule = id, "dropped: the rule is no longer in the configuration");
            return self.store.remove_pending(id);
        };
        let counts = self.counts(rule, last);
        let facts = self.facts_later(rule, counts)?;
        let decision = settled(rule, &facts);
        if decision == Decision::Coalesce {
            return self.store.set_pending_due(id, None);
        }
        self.store.remove_pending(id)?;
        self.carry_out(rule, &decision, &events, pending.matches, &facts).map(drop)
    }

    fn counts(&self, rule: &Rule, event: &Event) -> bool {
        rule.max_firings.is_some()
            || event.source == EventSource::FileWatcher
            || event.caused_by.as_ref().is_some_and(|cause| cause.depth > 0)
    }

    /// Tells whether a task has come or will come of it.
    fn carry_out(
        &mut self,
        rule: &Rule,
        decision: &Decision,
        events: &[Event],
        matches: u64,
        facts: &Facts,
    ) -> rusqlite::Result<bool> {
        let Some(event) = events.last() else { return Ok(false) };
        match decision {
            Decision::Fire => self.fire(rule, event, events, matches, facts.counts),
            Decision::Coalesce => {
                self.store.add_pending(&rule.id, event.seq, self.now)?;
                self.batch.journal.note(&rule.id, event, "matched: waits for the rule's task to end");
                Ok(true)
            }
            Decision::Refuse(why) => {
                self.batch.journal.note(&rule.id, event, format!("refused: {why}"));
                self.note_refusal(rule, event, why.to_string());
                Ok(false)
            }
            Decision::Trip => {
                self.trip(rule, event, facts.firings)?;
                Ok(false)
            }
            Decision::Debounce { .. } => Ok(false),
        }
    }

    fn fire(
        &mut self,
        rule: &Rule,
        event: &Event,
        events: &[Event],
        matches: u64,
        counts: bool,
    ) -> rusqlite::Result<bool> {
        // Only for what the daemon itself has caused: what comes from outside was refused as a whole.
        match self.room_for(1) {
            Ok(()) => {}
            Err(Failure::Refused(why)) => {
                self.batch.journal.warn(&rule.id, event, format!("refused: {why}"));
                self.note_refusal(rule, event, why.to_string());
                return Ok(false);
            }
            Err(Failure::Store(error)) => return Err(error),
        }
        let (task, unusable) = task_of(rule, events);
        let no = self.enqueue(&task)?;
        let (rule, at) = (rule.id.clone(), self.now);
        self.batch.journal.fired(&rule, event, matches, no);
        self.store.insert_firing(&Firing { rule, at, event: event.seq, matches, task: no, counts })?;
        if let Some(why) = unusable {
            self.fail(no, format!("its prompt could not be made: {why}"))?;
        }
        Ok(true)
    }

    /// Ends a task that cannot be carried out.
    fn fail(&mut self, no: TaskNo, why: String) -> rusqlite::Result<()> {
        match self.store.task(no)? {
            Some(row) => self.finish(&row, &Outcome::without_exit(TaskState::Failed, why)),
            None => Ok(()),
        }
    }

    fn trip(&mut self, rule: &Rule, event: &Event, firings: u32) -> rusqlite::Result<()> {
        let enabled = self.state.memory.rule_is_enabled(rule);
        let switch = Switch { enabled, tripped_at: Some(self.now) };
        self.store.set_switch(Some(&rule.id), switch)?;
        self.state.memory.set_switch(Some(&rule.id), switch);
        self.store.remove_pending(&rule.id)?;
        let why = format!(
            "tripped: it has fired {firings} times within {WINDOW_MINUTES} minutes; `aiwg automation enable --rule {}` resets it",
            rule.id
        );
        self.batch.journal.warn(&rule.id, event, why);
        let event = AutomationEvent {
            rule: Some(rule.id.clone()),
            firings: Some(firings),
            minutes: Some(WINDOW_MINUTES),
            event: Some(event.seq),
        };
        self.publish_own("automation:tripped", &event);
        Ok(())
    }

    fn note_refusal(&mut self, rule: &Rule, event: &Event, reason: String) {
        self.state.memory.refused(&rule.id, RuleRefusal { at: self.now, event: event.seq, reason });
    }

    fn drop_pending(&mut self, id: Option<&str>) -> rusqlite::Result<()> {
        let ids: Vec<String> = match id {
            Some(id) => vec![id.to_owned()],
            None => self.state.policy.rules.rules().iter().map(|rule| rule.id.clone()).collect(),
        };
        ids.iter().try_for_each(|id| self.store.remove_pending(id))
    }

    /// Has an event of automation itself taken in.
    fn publish_own(&mut self, topic: &str, payload: &AutomationEvent) {
        self.batch.drafts.push_back(Draft {
            topic: topic.to_owned(),
            payload: Json::new(payload).unwrap_or_default(),
            source: EventSource::Automation,
            cause: None,
            happened_at: None,
        });
    }
}
