//! Runs that cost more than they may: they are ended, and it is said which bound that was.

use aiwg_model::{Outcome, RunId, StopReason, TaskRow};
use aiwg_protocol::{
    config::AgentConfig,
    types::{BudgetSpan, TaskState},
};

use super::{
    super::transaction::{Failure, Transaction},
    bounds::Bound,
};

impl Transaction<'_> {
    /// An agent has reported the cost of its run so far.
    pub(in crate::engine) fn cost_so_far(
        &mut self,
        run: RunId,
        usd: f64,
        session: Option<&str>,
    ) -> Result<(), Failure> {
        let task = self.current(run)?;
        let usd = match session {
            Some(session) => (usd - self.cost_of_session(&task, session)?.unwrap_or_default()).max(0.0),
            None => usd,
        };
        // The end of the run says that it is not believed.
        if usd > self.most_believed_usd(&task) {
            return Ok(());
        }
        let Some(slot) = self.state.running.get_mut(&run.task) else { return Ok(()) };
        slot.reported_usd = slot.reported_usd.max(usd);
        let over = match (self.over_profile(run), self.budgets().are_set()) {
            (over, true) => self.over_budgets(&task, run)?.or(over),
            (over, false) => over,
        };
        let Some(over) = over else { return Ok(()) };
        if let Some(slot) = self.state.running.get_mut(&run.task) {
            slot.over.get_or_insert(over);
        }
        if task.ending.is_none() {
            self.end_running(run.task, StopReason::Budget)?;
        }
        Ok(())
    }

    /// The reason for which a run is ended, if it has reported more than the cap of its profile.
    fn over_profile(&self, run: RunId) -> Option<String> {
        let slot = self.state.running.get(&run.task)?;
        let profile = slot.profile.as_deref();
        let cap = self.state.config.profiles.cap_usd(profile).filter(|cap| slot.reported_usd > *cap)?;
        let section = match profile {
            None | Some(AgentConfig::NAME) => "agent.cap_usd".to_owned(),
            Some(name) => format!("agents.{name}.cap_usd"),
        };
        Some(said(&format!("its run has cost ${:.2}, and may cost ${cap:.2}", slot.reported_usd), &section))
    }

    /// The reason for which a run is ended, if what it has reported is more than the budgets allow. It counts as set aside.
    fn over_budgets(&mut self, task: &TaskRow, run: RunId) -> aiwg_store::Result<Option<String>> {
        self.open_book()?;
        let Some(slot) = self.state.running.get_mut(&run.task) else { return Ok(None) };
        let (reported, cost) = (slot.reported_usd, slot.before_usd + slot.reported_usd);
        let given_usd = slot.cap_usd;
        if reported > slot.reserved_usd {
            slot.reserved_usd = reported;
            self.store.reserve(run, reported)?;
        }
        if let Some(cap) = self.budgets().config.task_usd.filter(|cap| cost > *cap) {
            return Ok(Some(of_task(cost, cap)));
        }
        if task.spec.terms.ignore_budget {
            return Ok(None);
        }
        let bounds = self.budgets().bounds(task.spec.counts_to());
        // What the others were given is theirs, but a run that keeps to what it was given itself is not ended for that: a bound may have been lowered.
        let is_over_own = reported > given_usd;
        let is_passed = |bound: &&Bound<'_>| {
            bound.is_passed(self.taken(bound)) || is_over_own && bound.is_passed(self.given(bound, None))
        };
        Ok(bounds.iter().find(is_passed).map(|bound| of_bound(bound, reported)))
    }

    /// The outcome of a run that was being ended, with the bound that was reached, if it was for that.
    pub(in crate::engine) fn given_ending(&self, task: &TaskRow, outcome: Outcome) -> Outcome {
        let over = self.state.running.get(&task.no).and_then(|slot| slot.over.clone());
        let outcome = outcome.given(task.ending);
        match over.filter(|_| task.ending == Some(StopReason::Budget)) {
            Some(over) => Outcome { error: Some(over), ..outcome },
            None => outcome,
        }
    }
}

/// The end of a task that a budget does not let go on.
pub(super) fn outcome(why: Option<String>) -> Outcome {
    let outcome = Outcome::without_exit(TaskState::Failed, "").given(Some(StopReason::Budget));
    Outcome { error: why.or(outcome.error), ..outcome }
}

/// The reason for the end of a task that has cost as much as one may.
pub(super) fn of_task(cost: f64, cap: f64) -> String {
    said(&format!("it has cost ${cost:.2}, and a task may cost ${cap:.2}"), "budget.task_usd")
}

fn of_bound(bound: &Bound<'_>, reported: f64) -> String {
    let (period, key) = match bound.span {
        BudgetSpan::Month => ("month", "month_usd"),
        _ => ("day", "day_usd"),
    };
    let (whose, section) = match bound.rule {
        Some(rule) => (format!(" of the rule {rule}"), format!("budget.rules.{rule}.{key}")),
        None => (String::new(), format!("budget.{key}")),
    };
    let limit = bound.limit_usd;
    let why = format!(
        "the budget{whose} for the {period}, ${limit:.2}, has no more left: its run has cost ${reported:.2}"
    );
    said(&why, &section)
}

/// The reason, with the key to raise.
fn said(why: &str, key: &str) -> String {
    format!("{why}; raise \"{key}\", reload, and retry it")
}
