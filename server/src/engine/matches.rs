//! Carries out the decisions of [`crate::rules`] on an event, in the event's own transaction.

use std::sync::Arc;

use aiwg_model::{Firing, Outcome, TaskNo, TaskSpec, Terms};
use aiwg_protocol::{
    config::{Rule, Trigger},
    types::{Event, EventSource, RefusedMatch, TaskState, Timestamp},
};

use super::transaction::{Failure, Look, Transaction};
use crate::{
    rules::{Decision, Facts, WINDOW_MINUTES, decide, task_of},
    telemetry::Note,
};

/// The window of the circuit breaker.
const WINDOW_MS: i64 = WINDOW_MINUTES as i64 * 60_000;

/// True if events that come together make one task of a rule, even if it does not wait for quiet: files do.
fn gathers(rule: &Rule) -> bool {
    matches!(rule.trigger, Trigger::FileChange { .. })
}

/// The rules that an event matched, by outcome.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// The ids of those that took it up: that make a task of it, now or later.
    pub(super) taken: Vec<String>,
    /// The ids of the rules among them that will make it later.
    pub(super) waiting: Vec<String>,
    /// The rules that refused it.
    pub(super) refused: Vec<RefusedMatch>,
}

/// The time at which a match becomes a task, or the reason for which it does not.
pub(super) type MatchResult = Result<Taken, String>;

/// The time at which a match becomes a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Now,
    Later,
}

/// The events that a task is made of: the latest of the matches that it stands for.
pub(super) struct Gathered<'a> {
    pub(super) events: &'a [Event],
    /// Number of matches.
    pub(super) matches: u64,
}

impl Transaction<'_> {
    /// Matches an event against all rules, and carries out their decisions.
    pub(super) fn match_rules(
        &mut self,
        event: &Event,
        happened_at: Timestamp,
    ) -> aiwg_store::Result<Matched> {
        let rules = Arc::clone(&self.state.config.rules);
        let mut matched = Matched::default();
        for rule in rules.matching(event) {
            let facts = self.look().facts(rule, event, happened_at)?;
            let decision = decide(rule, &facts);
            let result = match decision {
                Decision::Debounce { interval_ms, max_wait_ms } => {
                    self.debounce(rule, event, interval_ms, max_wait_ms)?;
                    Ok(Taken::Later)
                }
                Decision::Fire if gathers(rule) => {
                    self.debounce(rule, event, 0, 0)?;
                    Ok(Taken::Later)
                }
                other => {
                    let this = Gathered { events: std::slice::from_ref(event), matches: 1 };
                    self.carry_out(rule, &other, &this, &facts)?
                }
            };
            let rule = rule.id.clone();
            match result {
                Ok(when) => {
                    matched.waiting.extend((when == Taken::Later).then(|| rule.clone()));
                    matched.taken.push(rule);
                }
                Err(reason) => matched.refused.push(RefusedMatch { rule, reason }),
            }
        }
        Ok(matched)
    }

    /// Carries out a decision. Returns whether a task has come or will come of it, or why not.
    pub(super) fn carry_out(
        &mut self,
        rule: &Rule,
        decision: &Decision,
        gathered: &Gathered<'_>,
        facts: &Facts,
    ) -> aiwg_store::Result<MatchResult> {
        let nothing = || Ok(Err("nothing has happened".to_owned()));
        let Some(event) = gathered.events.last() else { return nothing() };
        match decision {
            Decision::Fire => self.fire(rule, event, gathered, facts.counts).map(Ok),
            Decision::Coalesce => {
                self.store.add_pending(&rule.id, event, self.now)?;
                self.effects.journal.note(&rule.id, event, "matched: waits for the rule's task to end");
                Ok(Ok(Taken::Later))
            }
            Decision::Refuse(refusal) => {
                let why = refusal.why(&rule.id);
                self.note_refused(&rule.id, gathered.events, refusal.word(), &why)?;
                self.effects.journal.note(&rule.id, event, format!("refused: {why}"));
                self.note_refusal(rule, event, why.clone());
                Ok(Err(why))
            }
            Decision::Trip => self.trip(rule, gathered.events, facts.firings).map(Err),
            Decision::Debounce { .. } => nothing(),
        }
    }

    fn fire(
        &mut self,
        rule: &Rule,
        event: &Event,
        gathered: &Gathered<'_>,
        counts: bool,
    ) -> aiwg_store::Result<Taken> {
        // Only for what the daemon itself has caused: what comes from outside was refused as a whole.
        if !self.has_room(rule, event)? {
            self.wait_for_room(rule, event)?;
            return Ok(Taken::Later);
        }
        let (task, unusable) = task_of(rule, gathered.events, gathered.matches, self.now);
        let revision = self.revision(rule)?;
        let trace = self.trace_of_rule(&rule.id, event)?;
        let terms = Terms { trace, ..task.terms.clone() };
        let no = self.enqueue(&TaskSpec { revision, terms, ..task })?;
        self.span_of_rule(&rule.id, gathered.events, Ok(&no.to_string()))?;
        self.note_gathered(&rule.id, gathered.events, no)?;
        let (rule, at) = (rule.id.clone(), self.now);
        self.effects.journal.fired(&rule, event, gathered.matches, no);
        self.effects.notes.push(Note::Fired { rule: rule.clone() });
        let firing = Firing { rule, at, event: event.seq, matches: gathered.matches, task: no, counts };
        self.store.insert_firing(&firing)?;
        if let Some(why) = unusable {
            self.fail(no, format!("its prompt could not be made: {why}"))?;
        }
        Ok(Taken::Now)
    }

    /// True if the queue takes a task of a rule; if not, the refusal is noted.
    pub(super) fn has_room(&mut self, rule: &Rule, event: &Event) -> aiwg_store::Result<bool> {
        match self.room_for(1) {
            Ok(()) => Ok(true),
            Err(Failure::Refused(why)) => {
                let why = format!("waits: {why}");
                if self.note_refusal(rule, event, why.clone()) {
                    self.effects.journal.warn(&rule.id, event, why);
                }
                Ok(false)
            }
            Err(Failure::Store(error)) => Err(error),
        }
    }

    /// Ends a task that cannot be carried out.
    fn fail(&mut self, no: TaskNo, why: String) -> aiwg_store::Result<()> {
        match self.store.task(no)? {
            Some(row) => self.finish(&row, &Outcome::without_exit(TaskState::Failed, why)),
            None => Ok(()),
        }
    }
}

impl Look<'_> {
    /// The facts for a decision about a match.
    pub(super) fn facts(
        &self,
        rule: &Rule,
        event: &Event,
        happened_at: Timestamp,
    ) -> aiwg_store::Result<Facts> {
        let depth = event.caused_by.as_ref().map_or(0, |cause| cause.depth);
        let is_file = event.source == EventSource::FileWatcher;
        Ok(Facts {
            depth,
            own_change: is_file && self.state.memory.ran_at(&rule.id, happened_at),
            check_change: is_file && self.state.only_a_check_ran_at(happened_at),
            ..self.facts_later(rule, std::slice::from_ref(event))?
        })
    }

    /// The facts for a decision about matches that are due.
    pub(super) fn facts_later(&self, rule: &Rule, events: &[Event]) -> aiwg_store::Result<Facts> {
        let since = Timestamp::from_millis(self.now.as_millis() - WINDOW_MS);
        let memory = &self.state.memory;
        let counts = rule.max_firings.is_some() || events.iter().any(is_counted);
        let firings = if counts { self.store.counted_firings(&rule.id, since, self.now)? } else { 0 };
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
}

/// True if the circuit breaker counts the firings for an event: what files, tasks and the daemon itself cause, and
/// not what people, scripts and schedules do.
fn is_counted(event: &Event) -> bool {
    !matches!(event.source, EventSource::Client | EventSource::Scheduler)
        || event.caused_by.as_ref().is_some_and(|cause| cause.depth > 0)
}
