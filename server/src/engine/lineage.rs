//! Records of what led to what, made in the transactions in which it did.

use std::sync::Arc;

use aiwg_model::{MatchDecision, Sender, TaskNo};
use aiwg_protocol::{
    config::{Action, Rule},
    types::{Event, Json},
};

use super::transaction::Transaction;
use crate::telemetry::Note;

impl Transaction<'_> {
    /// The number under which a sender is stored. It is stored with the first event or task that comes from it.
    pub(super) fn origin(&mut self, sender: Option<&Arc<Sender>>) -> aiwg_store::Result<Option<u64>> {
        let Some(sender) = sender else { return Ok(None) };
        let generation = self.state.generation;
        if let Some(id) = sender.stored(generation) {
            return Ok(Some(id));
        }
        let id = self.store.insert_origin(sender.who())?;
        sender.note_stored(generation, id);
        Ok(Some(id))
    }

    /// The number of the revision of a rule that makes a task.
    pub(super) fn revision(&mut self, rule: &Rule) -> aiwg_store::Result<Option<u64>> {
        if let Some(id) = self.state.revisions.get(&rule.id) {
            return Ok(Some(*id));
        }
        // Without the environment of its agents, which no answer shows.
        let mut shown = rule.clone();
        let Action::SubmitTask { env, .. } = &mut shown.action;
        env.clear();
        // A rule has been read from JSON, so it can be written as such.
        let Ok(definition) = Json::new(&shown) else { return Ok(None) };
        let id = self.store.revision(&rule.id, &definition, self.now)?;
        self.state.revisions.insert(rule.id.clone(), id);
        Ok(Some(id))
    }

    /// Notes that a rule refused these events: by a word, and a reason for people.
    pub(super) fn note_refused(
        &mut self,
        rule: &str,
        events: &[Event],
        word: &'static str,
        reason: &str,
    ) -> aiwg_store::Result<()> {
        self.span_of_rule(rule, events, Err(word))?;
        events.iter().try_for_each(|event| {
            self.effects.notes.push(Note::Refused { rule: rule.to_owned(), why: word });
            self.store.insert_decision(&MatchDecision {
                rule: rule.to_owned(),
                event: event.seq,
                decision: word.into(),
                at: self.now,
                reason: Some(reason.to_owned()),
                task: None,
            })
        })
    }

    /// Notes that these events went into a task, besides the last one, which the task itself names.
    pub(super) fn note_gathered(
        &mut self,
        rule: &str,
        events: &[Event],
        task: TaskNo,
    ) -> aiwg_store::Result<()> {
        let (_, others) = events.split_last().unzip();
        others.into_iter().flatten().try_for_each(|event: &Event| {
            self.store.insert_decision(&MatchDecision {
                rule: rule.to_owned(),
                event: event.seq,
                decision: MatchDecision::GATHERED.into(),
                at: self.now,
                reason: None,
                task: Some(task),
            })
        })
    }
}
