//! Tasks with a check: whichever step is next follows from the rows of their runs, so that no crash loses or doubles a round.

use aiwg_model::{
    EndReason, Hold, Outcome, PastRound, ProtectRecord, RoundDetail, Rounds, RunId, RunRow, StopReason,
    TaskRow, Terms, VerifyTerms, is_answer, is_end_of_work,
};
use aiwg_protocol::types::{Json, Round, RoundEvent, TaskState};

use super::{
    Engine, EngineError,
    call::Call,
    feedback::{afresh, again, changed_protected, fingerprint, quoted_list},
    retry::crash_pause_ms,
    steer::{crashes_to_wait_for, waits_for_agent},
    transaction::{Failure, Transaction},
};

/// The next step of a task with a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The agent works, in this round.
    Work(u32),
    /// The check runs, in this round; 0 before the first one.
    Check(u32),
}

/// The step that follows, or the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Step(Step),
    /// The check has succeeded.
    Verified,
    /// It has failed for good, for this reason.
    Failed(EndReason, String),
}

/// The step that follows these runs, or the end: of nothing but the rows.
pub(super) fn next(terms: &VerifyTerms, runs: &[RunRow]) -> Next {
    let Rounds { before, rounds, .. } = Rounds::of(runs);
    let n = u32::try_from(rounds.len()).unwrap_or(u32::MAX);
    let Some(last) = rounds.last() else {
        return match before {
            None if terms.before => Next::Step(Step::Check(0)),
            Some(check) if is_good(check) && is_as_before(check) => Next::Verified,
            Some(check) if could_not_run(check) => not_run(terms, check),
            _ => Next::Step(Step::Work(1)),
        };
    };
    let Some(check) = last.check else { return Next::Step(Step::Check(n)) };
    let (protected, unseen) = (last.protected(), last.unseen());
    let is_slow = protected.is_empty() && RoundDetail::of(check).is_slow;
    if is_good(check) && protected.is_empty() && unseen.is_none() {
        Next::Verified
    } else if could_not_run(check) {
        not_run(terms, check)
    } else if is_slow && slow_looks(runs) < MOST_LOOKS {
        // It costs no money, and says nothing of the agent.
        Next::Step(Step::Check(n))
    } else if is_slow {
        let why = format!(
            "the check succeeds, but it is not known whether the protected files are as they were: {}; that is not the agent's fault",
            unseen.unwrap_or_default()
        );
        Next::Failed(EndReason::CHECK_FAILED_TO_RUN, why)
    } else if is_stuck(&rounds) {
        let why = match is_good(check) {
            true => format!(
                "it is stuck: {}, in rounds {} and {n}, and nothing was changed in between",
                is_blocked(last),
                n - 1
            ),
            false => format!(
                "it is stuck: the check has failed in the same way in rounds {} and {n}, and nothing was changed in between; {}",
                n - 1,
                how_to_see(check)
            ),
        };
        Next::Failed(EndReason::STUCK, why)
    } else if n >= terms.max_rounds {
        let rest = match is_good(check) {
            true => is_blocked(last),
            false => format!("the check still fails; {}", how_to_see(check)),
        };
        Next::Failed(
            EndReason::ROUNDS,
            match n {
                1 => format!("it is not done after its only round: {rest}"),
                _ => format!("it is not done after {n} rounds, as many as it may have: {rest}"),
            },
        )
    } else {
        Next::Step(Step::Work(n + 1))
    }
}

/// The reason for which a good check does not count.
fn is_blocked(last: &PastRound<'_>) -> String {
    let protected = last.protected();
    if let Some(why) = last.unseen().filter(|_| protected.is_empty()) {
        return format!(
            "the check succeeds, but it is not known whether the protected files are as they were: {why}"
        );
    }
    let (by_person, others) = changed_protected(last);
    let mut parts = Vec::new();
    if !others.is_empty() {
        parts.push(format!(
            "protected files are not as they were: {} (where a check writes them itself, have git ignore them, or protect less; a retry compares \
             with what was before the first attempt: where a person has changed them, submit the task afresh)",
            quoted_list(&others)
        ));
    }
    if !by_person.is_empty() {
        parts.push(format!(
            "protected files are not as they were when the person gave the task back who had changed them: {} (a retry compares with that as well; \
             where they are to be as they are now, submit the task afresh)",
            quoted_list(&by_person)
        ));
    }
    format!("the check succeeds, but {}", parts.join(", and "))
}

/// Number of looks at the protected files after a good check, where each takes too long, before the task is given up.
const MOST_LOOKS: usize = 3;

/// Number of the last checks, one after the other, after which the look at the protected files has taken too long.
fn slow_looks(runs: &[RunRow]) -> usize {
    let checks = runs.iter().rev().take_while(|run| run.kind == RunRow::CHECK);
    checks.filter(|run| RoundDetail::of(run).is_slow).count()
}

/// True if the protected files are as before the first round, as far as the look after a check has shown.
fn is_as_before(check: &RunRow) -> bool {
    let detail = RoundDetail::of(check);
    detail.protected.is_empty() && detail.unseen.is_none()
}

fn not_run(terms: &VerifyTerms, check: &RunRow) -> Next {
    let command = serde_json::to_string(&terms.command).unwrap_or_default();
    let code = check.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
    let said = RoundDetail::of(check).tail.unwrap_or_default();
    let said = said.trim().lines().last().map(|line| format!(": {line}")).unwrap_or_default();
    let why = format!(
        "its check {command} could not be run{code}{said}; that is not the agent's fault: mend the command of \"verify\""
    );
    Next::Failed(EndReason::CHECK_FAILED_TO_RUN, why)
}

fn how_to_see(check: &RunRow) -> String {
    format!("`aiwg task get {}` shows what it wrote", check.id.task)
}

fn is_good(check: &RunRow) -> bool {
    check.reason.as_ref() == Some(&EndReason::DONE)
}

fn could_not_run(check: &RunRow) -> bool {
    check.reason.as_ref() == Some(&EndReason::CHECK_FAILED_TO_RUN)
}

/// True if the last two rounds have failed in the same way, and the last one has changed no file. Where that is not known, it has.
fn is_stuck(rounds: &[PastRound<'_>]) -> bool {
    let [.., before, last] = rounds else { return false };
    let has_changed_nothing = RoundDetail::of(last.work).files == Some(0) && !last.is_resumed;
    has_changed_nothing && fingerprint(before).is_some() && fingerprint(before) == fingerprint(last)
}

/// The prompts of a round: in its session, and in a new one. None for the task's own prompt, in a new session.
pub(super) struct RoundPrompt {
    pub(super) session: Option<String>,
    pub(super) again: String,
    pub(super) afresh: String,
}

/// The prompts of a round after the first; none also where no more than a message is left of it. A round whose agent has failed, and that goes on for a
/// message, is done again.
pub(super) fn round_prompt(
    asked: &str,
    terms: &VerifyTerms,
    runs: &[RunRow],
    is_given_back: bool,
) -> Option<RoundPrompt> {
    let Rounds { mut rounds, session, .. } = Rounds::of(runs);
    rounds.pop_if(|last| last.check.is_none() && !is_done_by(last.work));
    rounds.last()?.check?;
    Some(RoundPrompt {
        session: session.map(str::to_owned),
        again: again(terms, &rounds, is_given_back),
        afresh: afresh(asked, terms, &rounds, is_given_back),
    })
}

/// True if an agent has done what it was asked in this run, as far as it was allowed to.
pub(super) fn is_done_by(run: &RunRow) -> bool {
    run.reason.as_ref().is_some_and(|reason| ["done", "refused"].contains(&reason.name()))
}

/// The step that follows where messages wait for the agent: it gets them before the task has ended, unless nothing that it does could change the end.
pub(super) fn with_messages(next: Next, runs: &[RunRow], terms: &Terms) -> Next {
    if !waits_for_agent(terms) {
        return next;
    }
    let rounds = u32::try_from(Rounds::of(runs).rounds.len()).unwrap_or(u32::MAX);
    match next {
        // What the agent does about them belongs to the round: the check comes after it.
        Next::Step(Step::Check(n)) if n > 0 => Next::Step(Step::Work(n)),
        Next::Verified if rounds > 0 || came_meanwhile(runs, terms) => {
            Next::Step(Step::Work(rounds.saturating_add(1)))
        }
        Next::Failed(reason, _) if [EndReason::ROUNDS, EndReason::STUCK].contains(&reason) => {
            Next::Step(Step::Work(rounds.saturating_add(1)))
        }
        other => other,
    }
}

/// True if a message waits that has come since the first run has begun. One from before is a note on the prompt, and goes with it.
fn came_meanwhile(runs: &[RunRow], terms: &Terms) -> bool {
    let Some(began) = runs.first().map(|run| run.started_at) else { return false };
    terms.sent.iter().any(|sent| sent.run.is_none() && sent.at.is_some_and(|at| at >= began))
}

/// The part of its time limit that a task's agent has used up, in milliseconds: in all its runs since one that has exceeded it, after which
/// a policy has begun again.
pub(crate) fn used_ms(runs: &[RunRow]) -> u64 {
    let timeout = EndReason::stopped(StopReason::Timeout);
    let since = runs.iter().rposition(|run| run.reason.as_ref() == Some(&timeout)).map_or(0, |at| at + 1);
    let took = |run: &RunRow| -> Option<i64> {
        let waited = RoundDetail::of(run).waited_ms.and_then(|ms| i64::try_from(ms).ok()).unwrap_or(0);
        let ran = run.ended_at?.as_millis().saturating_sub(run.started_at.as_millis());
        Some(ran.saturating_sub(waited).max(0))
    };
    let agents = runs.iter().skip(since).filter(|run| run.kind == RunRow::AGENT);
    agents.filter_map(took).fold(0, |sum, ms| sum.saturating_add(u64::try_from(ms).unwrap_or(0)))
}

/// True if the protected files are to be put on record before the run of a task that begins after these: before the first one of its agent. A
/// check before that has them put on record as well, so that what it writes is known.
pub(super) fn is_to_record(terms: &VerifyTerms, on: Option<&ProtectRecord>, runs: &[RunRow]) -> bool {
    let is_by_agent =
        |on: &ProtectRecord| runs.iter().any(|run| run.id.n == on.run && run.kind == RunRow::AGENT);
    !terms.protect.is_empty() && !on.is_some_and(|on| on.task.is_some() || on.is_anew || is_by_agent(on))
}

impl Engine {
    /// Notes that the protected files of a task are on record in the directory of a run that is to begin, under this hash; that they stay on record
    /// as they were without one. Gives the record.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub(crate) async fn note_protected(
        &self,
        run: RunId,
        hash: Option<String>,
    ) -> Result<ProtectRecord, EngineError> {
        self.call(Call::changing(move |tx| tx.note_protected(run, hash.as_ref()))).await
    }
}

impl Transaction<'_> {
    /// Goes on with a task whose run has ended, if that run is a step of its rounds. False if it ends as any other task.
    pub(super) fn ended_in_round(&mut self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<bool> {
        let Some(terms) = task.spec.terms.verify.clone() else { return Ok(false) };
        // An agent that does not exit after its result has done its work all the same.
        if task.ending.is_some_and(|ending| ending != StopReason::Finished) {
            return Ok(false);
        }
        let runs = self.store.runs(task.no)?;
        let Some(run) = runs.iter().find(|run| run.id == task.run()) else { return Ok(false) };
        let is_check = run.kind == RunRow::CHECK;
        // A check that ended in a way of its own, as one that has removed the directory of its run, says nothing: it would be run for ever.
        if is_check && !is_answer(&outcome.reason) {
            return Ok(false);
        }
        if !is_check && (!is_end_of_work(&outcome.reason) || outcome.processes.is_none()) {
            return Ok(false);
        }
        let mut ran = outcome.clone();
        self.end_of_run(task, &mut ran)?;
        if !is_check && let Some(result) = &outcome.result {
            self.store.keep_result(task.no, result)?;
        }
        let runs = self.store.runs(task.no)?;
        let found = next(&terms, &runs);
        if is_check && Rounds::of(&runs).rounds.is_empty() {
            self.note_written(task, outcome)?;
        }
        if is_check {
            self.publish_round(task, &terms, &runs, found == Next::Verified);
        }
        let next = with_messages(found, &runs, &task.spec.terms);
        let work = Rounds::of(&runs).rounds.last().map(|round| (round.work.exit_code, round.work.signal));
        let (exit_code, signal) = work.unwrap_or((None, None));
        let end = |state, reason, error| Outcome {
            state,
            reason,
            error,
            exit_code,
            signal,
            result: task
                .result
                .clone()
                .filter(|_| is_check)
                .or_else(|| outcome.result.clone().filter(|_| !is_check)),
            ..ran.clone()
        };
        match next {
            Next::Step(step) => {
                let is_work = matches!(step, Step::Work(_));
                match if is_work { self.cannot_go_on(task)? } else { None } {
                    Some(over) => self.finish_after_run(task, &end(over.state, over.reason, over.error))?,
                    None if is_work && !is_check && crashes_to_wait_for(&runs) > 0 => {
                        self.state.endings.remove(&task.run());
                        let until = self.in_ms(crash_pause_ms(crashes_to_wait_for(&runs)));
                        self.requeue_after_run(task, Some(&Hold::pause(until)))?;
                    }
                    None => self.go_on(task, is_work)?,
                }
            }
            Next::Verified => {
                self.finish_after_run(task, &end(TaskState::Completed, EndReason::DONE, None))?
            }
            Next::Failed(reason, why) => {
                self.finish_after_run(task, &end(TaskState::Failed, reason, Some(why)))?
            }
        }
        Ok(true)
    }

    /// Goes on with the next run of a running task, in its slot; from its old place in the queue where nothing may start now, or where a gate is closed
    /// before its agent.
    fn go_on(&mut self, task: &TaskRow, is_work: bool) -> aiwg_store::Result<()> {
        self.state.endings.remove(&task.run());
        let staying = TaskRow { spec: self.staying(task)?, ..task.clone() };
        let may_work = self.state.resting_since().is_none() && self.may_go_on();
        if !(if is_work { may_work && self.may_go_on_working(&staying)? } else { self.may_go_on() }) {
            return self.requeue_after_run(task, None);
        }
        if staying.spec.terms != task.spec.terms {
            self.store.set_terms(task.no, &staying.spec.terms)?;
        }
        self.store.go_on(task.no)?;
        let Some(task) = self.store.task(task.no)? else { return Ok(()) };
        self.launch(task)
    }

    fn note_protected(&mut self, run: RunId, hash: Option<&String>) -> Result<ProtectRecord, Failure> {
        let task = self.current(run)?;
        let mut on = task.spec.terms.protected.clone().unwrap_or_default();
        if let Some(hash) = hash {
            let is_anew = on.is_anew || on.found.is_some();
            on = ProtectRecord { task: None, run: run.n, hash: hash.clone(), is_anew, ..on };
        }
        // What a person has found counts for one run only: from here on an agent changes files.
        on.found = None;
        self.store.set_terms(task.no, &Terms { protected: Some(on.clone()), ..task.spec.terms.clone() })?;
        Ok(on)
    }

    /// The record with which a retry of a task compares the protected files: that of the task, whose agent may have changed them. None if its agent
    /// has done nothing yet, or the task was completed.
    pub(super) fn inherited_record(&self, task: &TaskRow) -> aiwg_store::Result<Option<ProtectRecord>> {
        let Terms { protected: Some(on), verify: Some(verify), .. } = &task.spec.terms else {
            return Ok(None);
        };
        if task.state == TaskState::Completed || is_to_record(verify, Some(on), &self.store.runs(task.no)?) {
            return Ok(None);
        }
        Ok(Some(ProtectRecord { task: on.task.or(Some(task.no)), found: None, ..on.clone() }))
    }

    /// Notes what the check before the first round has written.
    fn note_written(&mut self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<()> {
        let mut terms = task.spec.terms.clone();
        let written = outcome.detail.as_ref().and_then(RoundDetail::read).unwrap_or_default().written;
        let Some(protected) = terms.protected.as_mut().filter(|_| !written.is_empty()) else { return Ok(()) };
        protected.written = written;
        self.store.set_terms(task.no, &terms)
    }

    fn publish_round(&mut self, task: &TaskRow, terms: &VerifyTerms, runs: &[RunRow], verified: bool) {
        let all = Rounds::of(runs);
        let round = match (all.rounds.last(), all.before) {
            (Some(_), _) => all.to_wire(false).pop(),
            (None, Some(check)) => Some(before_the_first(check)),
            (None, None) => None,
        };
        let Some(round) = round else { return };
        let event = RoundEvent {
            task_id: task.no.to_string(),
            agent: task.spec.agent.clone(),
            rule: task.spec.cause.as_ref().and_then(|cause| cause.rule.clone()),
            verified,
            max_rounds: terms.max_rounds,
            round,
        };
        let payload = Json::new(&event).unwrap_or_default();
        let is_round = event.round.n > 0;
        for topic in
            [is_round.then_some("task:round"), verified.then_some("task:verified")].into_iter().flatten()
        {
            self.publish_about(event.task_id.clone(), &task.spec, topic.to_owned(), payload.clone());
        }
    }
}

/// The check before the first round, as a round.
fn before_the_first(check: &RunRow) -> Round {
    Round {
        n: 0,
        run: check.id.n,
        exit: None,
        verify: Some(aiwg_model::check_result(check, false)),
        cost_usd: None,
        turns: None,
        files: None,
        protected: Vec::new(),
        at: check.ended_at.unwrap_or(check.started_at),
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
