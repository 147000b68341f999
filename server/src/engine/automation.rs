//! The rules' switches, and how the rules are.

use std::{collections::HashMap, sync::Arc};

use aiwg_model::{RuleFacts, Sender, Switch};
use aiwg_protocol::{
    config::Rule,
    types::{AutomationEvent, Cause, Event, EventSource, Json, RuleRefusal},
};

use aiwg_store::Reader;

use super::{
    command::{Automation, EngineError, NewEvent, RuleState},
    record::TRIPS,
    transaction::{Failure, Look, Transaction},
};
use crate::{
    config::nearest,
    rules::{Decision, Refusal, WINDOW_MINUTES, decide, enable_command},
};

/// The state of these rules, from facts that can be read beside the engine, which may just be waiting for the disk.
pub(crate) fn automation(
    rules: Vec<Rule>,
    (facts, trips): (RuleFacts, HashMap<String, String>),
    refusals: &HashMap<String, RuleRefusal>,
) -> Automation {
    let RuleFacts { switches, busy, mut pending } = facts;
    let switched = |rule: &str| switches.get(rule).and_then(|switch| switch.enabled);
    let state = |rule: Rule| RuleState {
        enabled: switched(&rule.id).unwrap_or(rule.enabled),
        tripped_at: switches.get(&rule.id).and_then(|switch| switch.tripped_at),
        tripped_why: trips.get(&rule.id).cloned(),
        busy: busy.get(&rule.id).copied().unwrap_or(0),
        pending: pending.remove(&rule.id),
        last_refusal: refusals.get(&rule.id).cloned(),
        rule,
    };
    Automation { enabled: switched("").unwrap_or(true), rules: rules.into_iter().map(state).collect() }
}

/// The facts about the rules, and the reason for which each tripped last.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn rule_facts(reader: &dyn Reader) -> aiwg_store::Result<(RuleFacts, HashMap<String, String>)> {
    Ok((reader.rule_facts()?, reader.cursors(TRIPS)?))
}

impl Look<'_> {
    /// The rules' decisions on an event. Changes nothing.
    pub(super) fn dry_run(&self, event: &Event) -> aiwg_store::Result<Vec<(Rule, Decision)>> {
        let rules = Arc::clone(&self.state.config.rules);
        let decided = rules.matching(event).into_iter().map(|rule| {
            let facts = self.facts(rule, event, self.now)?;
            Ok((rule.clone(), decide(rule, &facts)))
        });
        decided.collect()
    }
}

impl Transaction<'_> {
    /// Switches a rule, or all of automation, on or off.
    pub(super) fn switch(
        &mut self,
        id: Option<&str>,
        enabled: bool,
        cause: Option<&Cause>,
        sender: Option<&Arc<Sender>>,
    ) -> Result<(), Failure> {
        if let Some(id) = id {
            self.state.config.rules.get(id).ok_or_else(|| self.no_rule(id))?;
            if enabled {
                // A tripped rule starts counting again.
                self.store.forgive_firings(id)?;
                self.forget_failures(id)?;
            }
        }
        let switch = Switch { enabled: Some(enabled), tripped_at: None };
        self.store.set_switch(id, switch)?;
        self.state.memory.set_switch(id, switch);
        if enabled {
            // Why it did nothing before is no longer so.
            self.state.memory.forget_refusals(id);
            self.resume_pending(id)?;
        }
        let word = if enabled { "enabled" } else { "disabled" };
        tracing::info!(target: "automation", rule = id.unwrap_or("all"), "{word}");
        let event = AutomationEvent { rule: id.map(str::to_owned), ..AutomationEvent::default() };
        let origin = self.origin(sender)?;
        // At once: others that it has led to are yet to be taken in, and come after it.
        let event = self.numbered(of_automation(&format!("automation:{word}"), &event, cause.cloned()));
        self.store_event(event, None, origin)?;
        Ok(())
    }

    /// Puts a rule out of force until someone enables it again. Returns the reason.
    pub(super) fn trip(&mut self, rule: &Rule, events: &[Event], firings: u32) -> aiwg_store::Result<String> {
        let why = format!("it has fired {firings} times within {WINDOW_MINUTES} minutes");
        self.set_tripped(&rule.id, &why)?;
        let why = format!("tripped: {why}; {} resets it", enable_command(&rule.id));
        self.note_refused(&rule.id, events, Refusal::TRIPPED, &why)?;
        self.store.refuse_pending(&rule.id, Refusal::TRIPPED, &why, self.now)?;
        self.store.remove_pending(&rule.id)?;
        let Some(event) = events.last() else { return Ok(why) };
        self.effects.journal.warn(&rule.id, event, why.clone());
        let payload = AutomationEvent {
            rule: Some(rule.id.clone()),
            firings: Some(firings),
            minutes: Some(WINDOW_MINUTES),
            event: Some(event.seq),
            ..AutomationEvent::default()
        };
        self.publish_own("automation:tripped", &payload, event.caused_by.clone());
        Ok(why)
    }

    fn no_rule(&self, id: &str) -> EngineError {
        let rules = self.state.config.rules.rules();
        let known: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        EngineError::RuleNotFound { id: id.to_owned(), near: nearest(id, &known).map(str::to_owned) }
    }

    /// Remembers why a match came to nothing. True if that is news.
    pub(super) fn note_refusal(&mut self, rule: &Rule, event: &Event, reason: String) -> bool {
        let before = self.state.memory.last_refusal(&rule.id);
        let is_news = before.is_none_or(|before| before.event != event.seq || before.reason != reason);
        self.state.memory.refused(&rule.id, RuleRefusal { at: self.now, event: event.seq, reason });
        is_news
    }

    /// Resumes the pending matches from before a rule was switched off, as after the end of its task: nobody asked
    /// for them to be lost.
    fn resume_pending(&mut self, id: Option<&str>) -> aiwg_store::Result<()> {
        let ids = match id {
            Some(id) => vec![id.to_owned()],
            None => self.store.all_pending()?.into_keys().collect(),
        };
        for id in ids {
            if !self.is_switched_off(&id) {
                self.no_longer_busy(&id)?;
            }
        }
        Ok(())
    }

    /// True if someone has switched the rule off, or all of them.
    pub(super) fn is_switched_off(&self, id: &str) -> bool {
        let memory = &self.state.memory;
        !memory.is_enabled() || memory.switched(id) == Some(false)
    }

    /// Publishes an event of automation itself.
    pub(super) fn publish_own(&mut self, topic: &str, payload: &AutomationEvent, cause: Option<Cause>) {
        self.effects.new_events.push_back(of_automation(topic, payload, cause));
    }
}

fn of_automation(topic: &str, payload: &AutomationEvent, cause: Option<Cause>) -> NewEvent {
    NewEvent {
        topic: topic.to_owned(),
        payload: Json::new(payload).unwrap_or_default(),
        source: EventSource::Automation,
        cause,
        happened_at: None,
        traceparent: None,
    }
}
