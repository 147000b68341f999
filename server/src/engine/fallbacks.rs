//! Which profile does a task: the one that it asks for, one with which it stays, or a fallback.
//!
//! The gate and the start ask the same function, so that nothing starts with a profile that the gate has not looked at.

use std::collections::HashMap;

use aiwg_model::{EndReason, Outcome, RunCost, RunRow, TaskRow};
use aiwg_protocol::config::AgentConfig;
use aiwg_protocol::types::{TaskState, Timestamp};

use super::{classes::Class, transaction::Transaction};
use crate::accounts::Look;

/// The pause of a fallback that could not be started, in milliseconds; twice as long after each further time.
const PAUSE_MS: u64 = 5 * 60_000;

/// The longest of these pauses, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 60 * 60_000;

/// The fallbacks that could not be started, by their names. They are not in the store: the next daemon tries.
#[derive(Debug, Default)]
pub(super) struct Unstarted(HashMap<Option<String>, Pause>);

/// The pause of a fallback.
#[derive(Debug, Clone, Copy)]
struct Pause {
    /// Time until which it is passed over.
    until: Timestamp,
    /// Its length, in milliseconds.
    ms: u64,
}

impl Unstarted {
    /// Notes that a fallback could not be started, and returns the time until which it is passed over.
    fn note(&mut self, profile: Option<String>, now: Timestamp) -> Timestamp {
        let ms =
            self.0.get(&profile).map_or(PAUSE_MS, |pause| pause.ms.saturating_mul(2).min(LONGEST_PAUSE_MS));
        let until = now.after_ms(ms);
        self.0.insert(profile, Pause { until, ms });
        until
    }

    /// True if a fallback is passed over.
    fn has(&self, profile: &Option<String>, now: Timestamp) -> bool {
        // The clock may have been set back.
        let is_pausing = |pause: &Pause| pause.until > now && pause.until <= now.after_ms(pause.ms);
        self.0.get(profile).is_some_and(is_pausing)
    }

    /// Forgets all of them: they were those of another configuration.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Transaction<'_> {
    /// The profiles that may do the tasks of a class, the one that comes first at the front: the one with which they stay, or the one that they ask
    /// for with its fallbacks. A fallback that could not be started is passed over for a while.
    pub(super) fn candidates(&self, class: &Class<'_>) -> Vec<Option<String>> {
        let mut all = self.state.config.profiles.able(class.profile(), class.has_role);
        if !class.stays_with.is_empty() {
            let kept = Some(class.stays_with).filter(|name| *name != AgentConfig::NAME).map(str::to_owned);
            if all.contains(&kept) {
                return vec![kept];
            }
        }
        let (mut is_first, now) = (true, self.now);
        all.retain(|profile| std::mem::take(&mut is_first) || !self.state.unstarted.has(profile, now));
        all
    }

    /// The profile that does a task in its next run: the first whose account has not reached a limit, of the one in whose session it was interrupted,
    /// if there is one, and of the [`candidates`](Self::candidates) of its class. One whose limit should be over is among them if the gate has let the
    /// task through to try that.
    pub(super) fn profile_for(&self, task: &TaskRow, interrupted: Option<&RunRow>) -> Option<String> {
        let class = self.place_of(&task.spec).class;
        let class = Class::named(&class);
        let candidates = self.candidates(&class);
        let first = candidates.first().cloned().flatten();
        let sticky =
            interrupted.map(|run| run.profile.clone()).filter(|profile| candidates.contains(profile));
        if class.has_own_login {
            // Of its account nothing is known.
            return sticky.unwrap_or(first);
        }
        let mut in_order = sticky.into_iter().chain(candidates);
        let may = |profile: &Option<String>| {
            self.look_at(profile.as_deref()).is_none_or(|(_, look)| matches!(look, Look::Open | Look::Probe))
        };
        // The gate lets nothing through where there is none.
        in_order.find(may).unwrap_or(first)
    }

    /// Passes a fallback over whose agent could not be started in this run of a task: the end of the run, after which the task waits for another
    /// profile, since a limit is no failure. None for the profile that the task asks for, or stays with, which says what is wrong.
    pub(super) fn pass_over(&mut self, task: &TaskRow, outcome: &Outcome) -> Option<Outcome> {
        let has_run = outcome.processes.is_some() || outcome.cost != RunCost::Nothing;
        let slot = self.state.running.get(&task.no)?;
        if has_run || slot.span.is_check || task.ending.is_some() || outcome.state != TaskState::Failed {
            return None;
        }
        let profile = slot.profile.clone();
        let class = self.place_of(&task.spec).class;
        let class = Class::named(&class);
        if self.candidates(&class).first() == Some(&profile) {
            return None;
        }
        let until = self.state.unstarted.note(profile.clone(), self.now);
        let profile = profile.unwrap_or_else(|| AgentConfig::NAME.to_owned());
        let error = outcome.error.as_deref().unwrap_or_default();
        tracing::warn!(task = %task.no, profile, %until, error, "a fallback could not be started, and is passed over until then");
        Some(Outcome { reason: EndReason::NOT_STARTED, ..outcome.clone() })
    }
}
