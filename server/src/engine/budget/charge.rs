//! The cost of a run that is over: it is counted once, and the run's usage says what was counted.

use std::collections::BTreeMap;

use aiwg_model::{EndReason, Outcome, RoundDetail, RunCost, RunRow, TaskRow, whole_usd};

use super::spender;
use crate::engine::transaction::Transaction;

/// The cost of a dear run where no cap is higher, in US dollars.
const DEAR_USD: f64 = 100.0;

/// As many times the cost of a dear run, or a cap, are not believed any more.
const BELIEVED_TIMES: f64 = 1000.0;

impl Transaction<'_> {
    /// Counts what a run has cost that is over, once it is no longer in its slot's share. The cost in the outcome's usage is what was counted.
    pub(in crate::engine) fn charge(
        &mut self,
        task: &TaskRow,
        outcome: &mut Outcome,
    ) -> aiwg_store::Result<()> {
        self.leave_out_absurd(task, outcome);
        self.take_off_session(task, outcome)?;
        let slot = self.state.running.get_mut(&task.no);
        let (set_aside, so_far) = slot.map_or((f64::INFINITY, 0.0), |slot| {
            slot.cap_usd = 0.0;
            (std::mem::take(&mut slot.reserved_usd), std::mem::take(&mut slot.reported_usd))
        });
        let known = outcome.usage.as_ref().and_then(|usage| usage.cost_usd);
        let is_told = outcome.cost == RunCost::Told && known.is_some();
        let least = known.unwrap_or_default().max(so_far);
        let usd = match is_told || !self.may_have_cost(task, outcome)? {
            true => least,
            // No more than was set aside, or many such runs would pass a bound in which each of them had fitted.
            false => least.max(self.budgets().unknown_cost_usd(None).min(set_aside)),
        };
        let usd = whole_usd(usd);
        if usd <= 0.0 {
            return Ok(());
        }
        outcome.usage.get_or_insert_default().cost_usd = Some(usd);
        self.store.charge(task.run(), usd)?;
        let rule = task.spec.counts_to();
        if let Some(rule) = rule.filter(|_| is_told) {
            self.store.add_rule_cost(rule, task.no, usd)?;
            self.state.money.expected.remove(rule);
        }
        let profile = self.state.running.get(&task.no).and_then(|slot| slot.profile.clone());
        self.spend(rule, spender(profile.as_deref(), task), usd)
    }

    /// Takes a cost that no run can have as one that is not known, and says so: it would close a day and a month for good.
    fn leave_out_absurd(&self, task: &TaskRow, outcome: &mut Outcome) {
        let most_usd = self.most_believed_usd(task);
        let Some(usage) = &mut outcome.usage else { return };
        let Some(usd) = usage.cost_usd.filter(|usd| *usd > most_usd) else { return };
        usage.cost_usd = None;
        (outcome.cost, outcome.session) = (RunCost::Unknown, None);
        let why = format!(
            "a cost of ${usd} is not believed: it counts as one that is not known (`budget.unknown_cost_usd`); see the agent's output"
        );
        tracing::warn!(task = %task.no, usd, most_usd, "{why}");
        // The run keeps it, since more runs may come after it.
        let detail = outcome.detail.as_ref().and_then(RoundDetail::read).unwrap_or_default();
        outcome.detail = RoundDetail { cost_note: Some(why.clone()), ..detail }.to_json();
        outcome.error = Some(and_said(outcome.error.take(), &why));
    }

    /// The outcome of a task with what is to be known of the costs of its runs.
    pub(in crate::engine) fn with_cost_notes(
        &self,
        task: &TaskRow,
        outcome: &Outcome,
    ) -> aiwg_store::Result<Outcome> {
        let mut outcome = outcome.clone();
        // The one of an only run is there.
        if task.launch > 1 {
            for run in self.store.runs(task.no)? {
                let Some(note) = RoundDetail::of(&run).cost_note else { continue };
                if !outcome.error.as_ref().is_some_and(|error| error.contains(&note)) {
                    outcome.error = Some(and_said(outcome.error.take(), &note));
                }
            }
        }
        Ok(outcome)
    }

    /// The most that is believed of the cost of a task's run, in US dollars.
    pub(super) fn most_believed_usd(&self, task: &TaskRow) -> f64 {
        let profile = self.state.running.get(&task.no).and_then(|slot| slot.profile.as_deref());
        let caps = [self.budgets().config.task_usd, self.state.config.profiles.cap_usd(profile)];
        caps.into_iter().flatten().fold(DEAR_USD, f64::max) * BELIEVED_TIMES
    }

    /// Takes from a cost that is the session's what the session had cost before this run, if the run went on in it: because an earlier run of
    /// its task was in it, or because the configured command resumes one. The same session in a run
    /// that did not, or a total below an earlier one, is another session by the same name: all of its cost is new.
    fn take_off_session(&mut self, task: &TaskRow, outcome: &mut Outcome) -> aiwg_store::Result<()> {
        let Some(usage) = &mut outcome.usage else { return Ok(()) };
        let (Some(id), Some(session)) = (&usage.session_id, &outcome.session) else { return Ok(()) };
        let of_last = (id, session.total_usd, session.is_resumed);
        let of_others = session.others.iter().map(|(id, usd)| (id, *usd, false));
        let (mut before_all, mut other_sessions) = (0.0, BTreeMap::new());
        for (place, (id, total_usd, is_resumed)) in std::iter::once(of_last).chain(of_others).enumerate() {
            let known = self.store.session_cost(id, total_usd)?;
            let in_task = if total_usd >= known { self.cost_of_session(task, id)? } else { None };
            let is_same = is_resumed && total_usd >= known;
            let before = in_task.or(is_same.then_some(known)).unwrap_or_default();
            before_all += before;
            if place > 0 {
                other_sessions.insert(id.clone(), whole_usd((total_usd - before).max(0.0)));
            }
        }
        if !session.is_sessions {
            return Ok(());
        }
        usage.cost_usd = usage.cost_usd.map(|usd| whole_usd((usd - before_all).max(0.0)));
        if !other_sessions.is_empty() {
            let detail = outcome.detail.as_ref().and_then(RoundDetail::read).unwrap_or_default();
            outcome.detail = RoundDetail { other_sessions, ..detail }.to_json();
        }
        Ok(())
    }

    /// The cost of a session in the earlier runs of a task, as it was counted; none if none of them was in it. A run resumes only such a session.
    pub(super) fn cost_of_session(&self, task: &TaskRow, session: &str) -> aiwg_store::Result<Option<f64>> {
        if task.launch <= 1 {
            return Ok(None);
        }
        let runs = self.store.runs(task.no)?;
        let cost = |run: &RunRow| {
            let of_run = run.usage.as_ref().and_then(|usage| usage.session_id.as_deref());
            let others = RoundDetail::of(run).other_sessions;
            if of_run != Some(session) {
                return others.get(session).copied();
            }
            let all = run.charged_usd.or_else(|| run.usage.as_ref()?.cost_usd).unwrap_or_default();
            Some((all - others.values().sum::<f64>()).max(0.0))
        };
        let earlier = runs.iter().filter(|run| run.id.n < task.launch);
        Ok(earlier.filter_map(cost).reduce(|sum, usd| sum + usd))
    }

    /// True if a run was one of an agent, of which not all of the cost need be known.
    fn may_have_cost(&self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<bool> {
        let has_none = outcome.cost == RunCost::Nothing || outcome.reason == EndReason::NOT_STARTED;
        if has_none || !self.budgets().are_set() {
            return Ok(false);
        }
        let run = self.store.runs(task.no)?.into_iter().find(|run| run.id == task.run());
        Ok(run.is_none_or(|run| run.kind == RunRow::AGENT))
    }
}

/// An error, if there is one, and what else is to be said.
fn and_said(error: Option<String>, more: &str) -> String {
    match error {
        Some(error) => format!("{error}; {more}"),
        None => more.to_owned(),
    }
}
