//! Matches that wait: for quiet, for the rule's task to end, or for room in the queue.

use std::sync::Arc;

use aiwg_protocol::{
    config::{Condition, Rule, Trigger},
    types::{Event, Timestamp},
};

use super::{command::DueScope, matches::Gathered, transaction::Transaction};
use crate::rules::{Decision, RuleIndex, longest_wait_ms, settled};

/// Pause between looks at a full queue, in milliseconds.
const ROOM_AGAIN_MS: u64 = 1000;

impl Transaction<'_> {
    /// A match is to wait for quiet.
    pub(super) fn debounce(
        &mut self,
        rule: &Rule,
        event: &Event,
        interval_ms: u64,
        max_wait_ms: u64,
    ) -> aiwg_store::Result<()> {
        let pending = self.store.add_pending(&rule.id, event, self.now)?;
        if pending.due_at.is_none() && pending.matches > 1 {
            // It waits for the rule's task to end already, and goes on then.
            self.effects.journal.note(&rule.id, event, "matched: waits for the rule's task to end");
            return Ok(());
        }
        let due = later(self.now, interval_ms).min(later(pending.first_at, max_wait_ms));
        self.store.set_pending_due(&rule.id, Some(due))?;
        if interval_ms > 0 {
            self.effects.journal.note(
                &rule.id,
                event,
                format!("matched: waits for {interval_ms} ms of quiet"),
            );
        }
        Ok(())
    }

    /// A match is to wait until the queue has room again.
    pub(super) fn wait_for_room(&mut self, rule: &Rule, event: &Event) -> aiwg_store::Result<()> {
        self.store.add_pending(&rule.id, event, self.now)?;
        self.store.set_pending_due(&rule.id, Some(later(self.now, ROOM_AGAIN_MS)))
    }

    /// Makes tasks of the matches that have settled, and releases the tasks that were held until now.
    pub(super) fn fire_due(&mut self, which: DueScope) -> aiwg_store::Result<()> {
        self.time_out_approvals()?;
        self.release_due()?;
        self.expire_due()?;
        let rules = Arc::clone(&self.state.config.rules);
        let mut due = self.store.pending_due(self.now)?;
        due.extend(self.due_by_another_clock()?);
        for id in due {
            if which == DueScope::All || !rules.get(&id).is_some_and(waits_for_files) {
                self.fire_pending(&id)?;
            }
        }
        Ok(())
    }

    /// The rules whose matches would have to wait for longer than any does: the clock was set back since. They have waited already.
    fn due_by_another_clock(&self) -> aiwg_store::Result<Vec<String>> {
        let pending = self.store.all_pending()?.into_values();
        let too_late = pending.filter(|pending| {
            let longest = self.state.config.rules.get(&pending.rule).map_or(0, longest_wait);
            pending.due_at.is_some_and(|due_at| due_at > later(self.now, longest))
        });
        let mut rules: Vec<String> = too_late.map(|pending| pending.rule).collect();
        rules.sort();
        Ok(rules)
    }

    /// A task of the rule has ended: what has waited for that goes on.
    pub(super) fn no_longer_busy(&mut self, id: &str) -> aiwg_store::Result<()> {
        let Some(pending) = self.store.pending(id)?.filter(|pending| pending.due_at.is_none()) else {
            return Ok(());
        };
        let rules = Arc::clone(&self.state.config.rules);
        let Some(rule) = rules.get(id) else { return self.fire_pending(id) };
        let mut due = self.now;
        if let (Condition::Debounce { interval_ms, .. }, Some(last)) =
            (&rule.condition, self.store.last_pending_at(id)?)
        {
            // What came meanwhile waits for its quiet as well.
            let latest = later(pending.first_at, longest_wait_ms(&rule.condition));
            due = due.max(later(last, *interval_ms).min(latest));
        }
        // Of files, the caller knows whether more gathers, or a git operation is under way.
        if due > self.now || waits_for_files(rule) {
            return self.store.set_pending_due(id, Some(due));
        }
        self.fire_pending(id)
    }

    fn fire_pending(&mut self, id: &str) -> aiwg_store::Result<()> {
        let rules = Arc::clone(&self.state.config.rules);
        let Some(pending) = self.store.pending(id)? else { return Ok(()) };
        let events = self.store.pending_events(id)?;
        let Some(rule) = rules.get(id) else {
            tracing::warn!(target: "automation", rule = id, "dropped: the rule is no longer in the configuration");
            self.store.refuse_pending(
                id,
                "rule_removed",
                "the rule is no longer in the configuration",
                self.now,
            )?;
            return self.store.remove_pending(id);
        };
        let (events, dropped) = self.still_matched(&rules, rule, events)?;
        let Some(last) = events.last() else {
            tracing::warn!(target: "automation", rule = id, "dropped: nothing is left of what the rule waited with");
            return self.store.remove_pending(id);
        };
        let facts = self.look().facts_later(rule, &events)?;
        if self.is_switched_off(id) && !facts.tripped {
            // It goes on when someone switches it on again. Where the file says that the rule is off, it is over.
            return self.store.set_pending_due(id, None);
        }
        let decision = settled(rule, &facts);
        if decision == Decision::Coalesce {
            return self.store.set_pending_due(id, None);
        }
        if decision == Decision::Fire && !self.has_room(rule, last)? {
            return self.store.set_pending_due(id, Some(later(self.now, ROOM_AGAIN_MS)));
        }
        self.store.remove_pending(id)?;
        let matches = pending.matches.saturating_sub(dropped).max(1);
        let gathered = Gathered { events: &events, matches };
        self.carry_out(rule, &decision, &gathered, &facts).map(drop)
    }

    /// The events that the rule still waits for, and the number of the others: its trigger may be another by now, and
    /// what it does was not written for what matched the old one.
    fn still_matched(
        &mut self,
        rules: &RuleIndex,
        rule: &Rule,
        events: Vec<Event>,
    ) -> aiwg_store::Result<(Vec<Event>, u64)> {
        let (events, others): (Vec<Event>, Vec<Event>) = events
            .into_iter()
            .partition(|event| rules.matching(event).iter().any(|other| other.id == rule.id));
        let why = "dropped: the rule's trigger has changed since, and does not match it";
        for other in &others {
            self.effects.journal.warn(&rule.id, other, why);
            self.note_refusal(rule, other, why.to_owned());
        }
        self.note_refused(&rule.id, &others, "rule_changed", why)?;
        Ok((events, others.len() as u64))
    }
}

fn waits_for_files(rule: &Rule) -> bool {
    matches!(rule.trigger, Trigger::FileChange { .. })
}

/// Longest wait between a match of the rule and its task, in milliseconds.
fn longest_wait(rule: &Rule) -> u64 {
    match rule.condition {
        Condition::Debounce { interval_ms, .. } => interval_ms.max(ROOM_AGAIN_MS),
        Condition::Always => ROOM_AGAIN_MS,
    }
}

/// The time this many milliseconds later.
fn later(at: Timestamp, ms: u64) -> Timestamp {
    at.after_ms(ms)
}
