//! The rules: which of them an event matches, and what they make of it.
//!
//! They only decide. What they decide is carried out by the engine, in the transaction that stores the event.

mod index;
pub mod template;

use std::time::Duration;

use aiwg_protocol::{
    config::{Action, Condition, Rule, Trigger},
    types::{Cause, Event},
};

use crate::store::NewTask;
pub use index::{BadPattern, RuleIndex};

/// How many tasks may lie between an event and what came from outside. Deeper ones fire no rule: the chain ends.
pub const MAX_DEPTH: u32 = 8;

/// A rule that an event matched.
#[derive(Debug)]
pub struct Match<'a> {
    /// The rule.
    pub rule: &'a Rule,
}

impl Match<'_> {
    /// The task that the rule makes of the event.
    pub fn task(&self, event: &Event) -> NewTask {
        let Action::SubmitTask { prompt, priority, agent, timeout_minutes, env } = &self.rule.action;
        NewTask {
            prompt: prompt.clone(),
            agent: agent.clone(),
            priority: *priority,
            timeout_ms: timeout_minutes.map(minutes_to_ms),
            env: env.clone(),
            after: Vec::new(),
            metadata: Default::default(),
            cause: Some(Cause {
                task: event.caused_by.as_ref().and_then(|cause| cause.task.clone()),
                rule: Some(self.rule.id.clone()),
                event: Some(event.seq),
                depth: event.caused_by.as_ref().map_or(0, |cause| cause.depth),
            }),
        }
    }
}

/// Whether this version acts upon the rule; why not, otherwise.
pub fn unsupported(rule: &Rule) -> Option<&'static str> {
    match (&rule.trigger, &rule.condition) {
        (Trigger::FileChange { .. }, _) => Some("file_change triggers are not supported yet"),
        (Trigger::Schedule { .. }, _) => Some("schedule triggers are not supported yet"),
        (_, Condition::Debounce { .. }) => Some("debounce conditions are not supported yet"),
        (Trigger::Event { .. }, Condition::Always) => None,
    }
}

/// The longest time limit of a task, in minutes: a year. The store and the timers have no word for much longer ones.
pub const LONGEST_TASK_MINUTES: f64 = 525_600.0;

/// Whether a task may have this time limit, in minutes.
pub fn is_task_time(minutes: f64) -> bool {
    minutes > 0.0 && minutes <= LONGEST_TASK_MINUTES
}

/// Minutes, as people give them, in milliseconds.
pub fn minutes_to_ms(minutes: f64) -> u64 {
    u64::try_from(Duration::try_from_secs_f64(minutes * 60.0).unwrap_or(Duration::MAX).as_millis())
        .unwrap_or(u64::MAX)
}
