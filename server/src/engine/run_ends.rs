//! The ends of runs: what becomes of their tasks, and what they have used.

use aiwg_model::{EndReason, Hold, Outcome, RunCost, RunId, RunRow, StopReason, TaskRow, Used};
use aiwg_protocol::types::{TaskState, TaskUsage};

use super::{
    budget::spender,
    command::Starts,
    payload::task_event,
    retry::Again,
    steer::{AS_IT_WAS, has_news},
    takeover::is_over_for_a_person,
    transaction::{Failure, Transaction},
};
use crate::telemetry::Note;

/// Least number of times that a check is run which is lost each time.
const LEAST_CHECKS: u32 = 2;

/// Maximum number of launches of a task where not even its agent could be started.
const MOST_LAUNCHES: u32 = 20;

impl Transaction<'_> {
    /// The task of a run that its keeper says is over.
    fn over(&mut self, run: RunId) -> Result<TaskRow, Failure> {
        self.state.leaving.remove(&run);
        self.current(run)
    }

    pub(super) fn ended(&mut self, run: RunId, outcome: &Outcome) -> Result<(), Failure> {
        let task = self.over(run)?;
        self.look_before_person(&task)?;
        let mut task = match outcome.reason == EndReason::NOT_STARTED {
            true => self.take_back_sent(&task, false)?,
            false => self.note_received(&task, &outcome.received)?,
        };
        let outcome = self.given_ending(&task, outcome.clone());
        let passed_over = self.pass_over(&task, &outcome);
        let is_passed_over = passed_over.is_some();
        let outcome = passed_over.unwrap_or(outcome);
        self.withdraw_questions(&task)?;
        task = self.take_back_unheard(&task, &outcome)?;
        let has_news = has_news(&task, &outcome);
        // One that was given back before its agent had been ended just goes on.
        let is_ended_for_a_person = task.ending == Some(StopReason::Take);
        if (task.spec.terms.taken.is_some() || is_ended_for_a_person) && is_over_for_a_person(&task) {
            if task.spec.terms.taken.is_some_and(|taken| taken.is_done) {
                return Ok(self.finish_by_hand(&task, &outcome)?);
            }
            if is_ended_for_a_person || self.has_session(&task, &outcome)? {
                return Ok(self.put_back(&task, &outcome, &AS_IT_WAS)?);
            }
            self.not_taken(&mut task)?;
        }
        if is_passed_over {
            return Ok(self.put_back(&task, &outcome, &AS_IT_WAS)?);
        }
        if self.ended_in_round(&task, &outcome)? {
            return Ok(());
        }
        match self.again_after(&task, &outcome)? {
            Some(again) => self.put_back(&task, &outcome, &again)?,
            None if has_news => self.put_back(&task, &outcome, &AS_IT_WAS)?,
            None => self.finish(&task, &outcome)?,
        }
        Ok(())
    }

    pub(super) fn interrupted(
        &mut self,
        run: RunId,
        started: bool,
        most_attempts: u32,
        rests: bool,
        used: Used,
    ) -> Result<(), Failure> {
        let task = self.over(run)?;
        self.look_before_person(&task)?;
        self.interrupt(task, started, (most_attempts, rests), used)
    }

    /// The run of a task is over, since its agent was lost.
    pub(super) fn interrupt(
        &mut self,
        task: TaskRow,
        started: bool,
        (most_attempts, rests): (u32, bool),
        used: Used,
    ) -> Result<(), Failure> {
        let no = task.no;
        // Where no agent was started, as when the daemon is killed at that moment, nothing has been spent.
        let reason = if started { EndReason::LOST } else { EndReason::NOT_STARTED };
        // Also the first run may be a check: the one before the first round.
        let has_runs = task.launch > 1 || task.spec.terms.verify.is_some();
        let runs = if has_runs { self.store.runs(no)? } else { Vec::new() };
        let is_check = runs.last().is_some_and(|run| run.kind == RunRow::CHECK);
        let times = 1 + runs.iter().filter(|run| run.reason.as_ref() == Some(&reason)).count();
        // A check costs no money: it is run again in any case.
        let most_times = match started {
            true if is_check => most_attempts.max(LEAST_CHECKS),
            true => most_attempts,
            false => MOST_LAUNCHES,
        };
        if task.spec.terms.taken.is_some_and(|taken| taken.is_done) && is_over_for_a_person(&task) {
            let task = self.note_received(&task, &used.received)?;
            let used =
                if started && !is_check { used } else { Used { cost: RunCost::Nothing, ..Used::default() } };
            let lost = Outcome { reason, ..Outcome::without_exit(TaskState::Failed, "") }.with(used);
            return Ok(self.finish_by_hand(&task, &lost)?);
        }
        let may_again = times < usize::try_from(most_times).unwrap_or(usize::MAX);
        // A person who has taken it may go on with what is left, however often its agent was lost.
        let is_taken = task.spec.terms.taken.is_some()
            && self.has_session(&task, &Outcome::without_exit(TaskState::Failed, "").with(used.clone()))?;
        if matches!(task.ending, None | Some(StopReason::Take)) && (may_again || is_taken) {
            let task = self.note_perhaps_received(&task, &used.received)?;
            let used = if is_check { Used { cost: RunCost::Nothing, ..Used::default() } } else { used };
            self.queue_again(&task, reason, (used, is_check))?;
            if rests {
                self.store.hold(no, &Hold::rest())?;
            }
            return Ok(());
        }
        let why = match (started, times) {
            (true, times) if is_check => format!(
                "its check was killed, or lost with the machine, {times} times: see that it does not end the process that started it"
            ),
            (true, 0 | 1) => "its agent was lost when the daemon or the machine went down".to_owned(),
            (true, attempts) => format!(
                "its agent was killed, or lost with the machine, in each of {attempts} attempts: no more are made, see daemon.max_attempts"
            ),
            (false, _) => format!(
                "its agent could not be started: the process that was to keep it was killed {times} times"
            ),
        };
        let task = self.note_received(&task, &used.received)?;
        let used =
            if started && !is_check { used } else { Used { cost: RunCost::Nothing, ..Used::default() } };
        let outcome = Outcome { reason, ..Outcome::without_exit(TaskState::Failed, why) }.with(used);
        Ok(self.finish(&task, &self.given_ending(&task, outcome))?)
    }

    /// The system is short of something: the task has not begun, and nothing else is started for now.
    pub(super) fn not_started(&mut self, run: RunId) -> Result<(), Failure> {
        let task = self.over(run)?;
        self.look_before_person(&task)?;
        self.state.starts = Starts::None;
        let none = || Outcome {
            reason: EndReason::NOT_STARTED,
            cost: RunCost::Nothing,
            ..Outcome::without_exit(TaskState::Failed, "its agent could not be started")
        };
        let is_ended_for_a_person = task.ending == Some(StopReason::Take);
        match task.ending {
            _ if task.spec.terms.taken.is_some_and(|taken| taken.is_done) && is_over_for_a_person(&task) => {
                Ok(self.finish_by_hand(&task, &none())?)
            }
            _ if is_ended_for_a_person => {
                Ok(self.queue_again(&task, EndReason::NOT_STARTED, (Used::default(), false))?)
            }
            None => Ok(self.queue_again(&task, EndReason::NOT_STARTED, (Used::default(), false))?),
            ending => Ok(self.finish(&task, &none().given(ending))?),
        }
    }

    /// From its slot to its old place in the queue.
    fn queue_again(
        &mut self,
        task: &TaskRow,
        reason: EndReason,
        (used, is_check): (Used, bool),
    ) -> aiwg_store::Result<()> {
        let started = reason != EndReason::NOT_STARTED;
        let outcome = Outcome { reason, ..Outcome::without_exit(TaskState::Queued, "") }.with(used);
        self.end_of_run(task, &mut outcome.clone())?;
        self.store.requeue(task.no, started)?;
        if !is_check {
            self.take_back_sent(task, started)?;
        }
        self.is_queued_again(task)
    }

    /// Puts a running task back to its old place in the queue after a run, with what is to hold it there. What the run has used counts.
    pub(super) fn put_back(
        &mut self,
        task: &TaskRow,
        outcome: &Outcome,
        again: &Again,
    ) -> aiwg_store::Result<()> {
        self.end_of_run(task, &mut outcome.clone())?;
        self.store.requeue(task.no, again.is_attempt)?;
        self.state.endings.remove(&task.run());
        for hold in &again.holds {
            self.store.hold(task.no, hold)?;
        }
        self.is_queued_again(task)
    }

    /// Puts a running task back to its old place in the queue after a run whose end is stored already, with what is to hold it there.
    pub(super) fn requeue_after_run(
        &mut self,
        task: &TaskRow,
        hold: Option<&Hold>,
    ) -> aiwg_store::Result<()> {
        self.store.requeue(task.no, false)?;
        if let Some(hold) = hold {
            self.store.hold(task.no, hold)?;
        }
        self.is_queued_again(task)
    }

    fn is_queued_again(&mut self, task: &TaskRow) -> aiwg_store::Result<()> {
        if task.spec.terms.taken.is_some() {
            self.store.hold(task.no, &Hold::taken())?;
        }
        self.keep_session(task.no)?;
        self.not_running(task);
        self.publish_task_event(
            &task_event(task.no, &task.spec, TaskState::Queued, task.attempts),
            &task.spec,
        );
        Ok(())
    }

    /// Stores how the current run of a task has ended, and counts what it used. The outcome's usage is that of the whole task afterwards.
    pub(super) fn end_of_run(&mut self, task: &TaskRow, outcome: &mut Outcome) -> aiwg_store::Result<()> {
        self.note_run_ended(task, outcome);
        self.note_span(task);
        self.charge(task, outcome)?;
        self.span_of_run(task, outcome);
        self.store.end_run(task.run(), outcome, self.now)?;
        let before = self.used_before(task)?;
        if let Some(usage) = &outcome.usage {
            let rule = task.spec.cause.as_ref().and_then(|cause| cause.rule.as_deref());
            let slot = self.state.running.get(&task.no);
            let agent = spender(slot.and_then(|slot| slot.profile.as_deref()), task);
            self.store.add_usage((rule, agent), usage, before.is_none(), self.now)?;
        }
        outcome.usage = match (before, outcome.usage.take()) {
            (Some(before), Some(usage)) => Some(before.and(usage)),
            (before, usage) => before.or(usage),
        };
        Ok(())
    }

    /// Has the end of a task's current run counted.
    fn note_run_ended(&mut self, task: &TaskRow, outcome: &Outcome) {
        let span = self.state.running.get(&task.no).map(|slot| slot.span);
        self.effects.notes.push(Note::RunEnded {
            is_check: span.is_some_and(|span| span.is_check),
            why: outcome.reason.name().to_owned(),
            took_ms: span.map(|span| self.now.as_millis().saturating_sub(span.from.as_millis())),
        });
    }

    /// The usage of a task's earlier runs; none where none of them has reported it.
    pub(super) fn used_before(&self, task: &TaskRow) -> aiwg_store::Result<Option<TaskUsage>> {
        if task.launch <= 1 {
            return Ok(None);
        }
        let runs = self.store.runs(task.no)?;
        let earlier = runs.into_iter().filter(|run| run.id.n < task.launch).filter_map(|run| run.usage);
        Ok(earlier.reduce(TaskUsage::and))
    }
}
