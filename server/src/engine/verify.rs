//! Tasks with a check: whichever step is next follows from the rows of their runs, so that no crash loses or doubles a round.

use aiwg_model::{
    EndReason, Outcome, PastRound, ProtectRecord, RoundDetail, Rounds, RunId, RunRow, StopReason, TaskRow,
    Terms, VerifyTerms, is_answer, is_end_of_work,
};
use aiwg_protocol::types::{Json, Round, RoundEvent, TaskState};

use super::{
    Engine, EngineError,
    call::Call,
    feedback::{afresh, again, fingerprint, quoted_list},
    steer::waits_for_agent,
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
            Some(check) if is_good(check) => Next::Verified,
            Some(check) if could_not_run(check) => not_run(terms, check),
            _ => Next::Step(Step::Work(1)),
        };
    };
    let Some(check) = last.check else { return Next::Step(Step::Check(n)) };
    let protected = last.protected();
    if is_good(check) && protected.is_empty() {
        Next::Verified
    } else if could_not_run(check) {
        not_run(terms, check)
    } else if is_stuck(&rounds) {
        let why = match is_good(check) {
            true => format!(
                "it is stuck: {}, in rounds {} and {n}, and nothing was changed in between",
                is_blocked(&protected),
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
            true => is_blocked(&protected),
            false => format!("the check still fails; {}", how_to_see(check)),
        };
        Next::Failed(
            EndReason::ROUNDS,
            format!("it is not done after {n} rounds, as many as it may have: {rest}"),
        )
    } else {
        Next::Step(Step::Work(n + 1))
    }
}

/// The reason for which a good check does not count.
fn is_blocked(protected: &[String]) -> String {
    format!(
        "the check succeeds, but protected files are not as they were: {} (where a check writes them itself, have git ignore them, or protect less)",
        quoted_list(protected)
    )
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

/// What the agent is asked in a round after the first.
pub(super) fn round_prompt(asked: &str, terms: &VerifyTerms, runs: &[RunRow]) -> Option<RoundPrompt> {
    let Rounds { rounds, session, .. } = Rounds::of(runs);
    rounds.last()?.check?;
    Some(RoundPrompt {
        session: session.map(str::to_owned),
        again: again(terms, &rounds),
        afresh: afresh(asked, terms, &rounds),
    })
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
        Next::Verified if rounds > 0 => Next::Step(Step::Work(rounds.saturating_add(1))),
        Next::Failed(reason, _) if [EndReason::ROUNDS, EndReason::STUCK].contains(&reason) => {
            Next::Step(Step::Work(rounds.saturating_add(1)))
        }
        other => other,
    }
}

/// The part of its time limit that a task's agent has used up, in milliseconds: in all its runs since one that has exceeded it, after which
/// a policy has begun again.
pub(crate) fn used_ms(runs: &[RunRow]) -> u64 {
    let timeout = EndReason::stopped(StopReason::Timeout);
    let since = runs.iter().rposition(|run| run.reason.as_ref() == Some(&timeout)).map_or(0, |at| at + 1);
    let took = |run: &RunRow| -> Option<i64> {
        Some(run.ended_at?.as_millis().saturating_sub(run.started_at.as_millis()).max(0))
    };
    let agents = runs.iter().skip(since).filter(|run| run.kind == RunRow::AGENT);
    agents.filter_map(took).fold(0, |sum, ms| sum.saturating_add(u64::try_from(ms).unwrap_or(0)))
}

/// True if the protected files are to be put on record before the run of a task that begins after these: before the first one of its agent. A
/// check before that has them put on record as well, so that what it writes is known.
pub(super) fn is_to_record(terms: &VerifyTerms, on: Option<&ProtectRecord>, runs: &[RunRow]) -> bool {
    let is_by_agent =
        |on: &ProtectRecord| runs.iter().any(|run| run.id.n == on.run && run.kind == RunRow::AGENT);
    !terms.protect.is_empty() && !on.is_some_and(is_by_agent)
}

impl Engine {
    /// Notes that the protected files of a task are on record in the directory of a run, under this hash.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub(crate) async fn note_protected(&self, run: RunId, hash: String) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.note_protected(run, &hash))).await
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
        self.state.endings.remove(&task.no);
        if !self.may_go_on() || (is_work && !self.may_go_on_working(task)?) {
            return self.requeue_after_run(task);
        }
        self.store.go_on(task.no)?;
        let Some(task) = self.store.task(task.no)? else { return Ok(()) };
        self.launch(task)
    }

    /// Notes that the protected files are on record in the directory of a run, under this hash.
    fn note_protected(&mut self, run: RunId, hash: &str) -> Result<(), Failure> {
        let task = self.current(run)?;
        let mut terms = task.spec.terms.clone();
        let before = terms.protected.take().unwrap_or_default();
        terms.protected = Some(ProtectRecord { run: run.n, hash: hash.to_owned(), ..before });
        Ok(self.store.set_terms(task.no, &terms)?)
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
mod tests {
    use aiwg_model::{RunId, Sent, Taken, TaskNo};
    use aiwg_protocol::types::{CheckCommand, TaskUsage, Timestamp};

    use super::*;

    const FAILED: EndReason = EndReason::CHECK_FAILED;

    fn terms(max_rounds: u32) -> VerifyTerms {
        VerifyTerms {
            command: CheckCommand::Shell("make test".to_owned()),
            max_rounds,
            timeout_minutes: 20.0,
            before: false,
            protect: Vec::new(),
        }
    }

    fn run(n: usize, kind: &'static str, reason: Option<EndReason>) -> RunRow {
        let (n, at) = (u32::try_from(n).unwrap(), i64::try_from(n).unwrap() * 1000);
        RunRow {
            id: RunId { task: TaskNo(1), n },
            kind: kind.into(),
            started_at: Timestamp::from_millis(at),
            ended_at: reason.as_ref().map(|_| Timestamp::from_millis(at + 500)),
            exit_code: reason.as_ref().map(|reason| i32::from(*reason != EndReason::DONE)),
            reason,
            signal: None,
            usage: None,
            dir: None,
            profile: None,
            reserved_usd: None,
            charged_usd: None,
            detail: None,
        }
    }

    /// Runs by letters: `w` work that is done, `f` work that failed, `l` lost work, `s` work that was not started, `r` work that
    /// runs; `c` a check that fails, `g` a good one, `x` one that cannot be run, `m` a lost one, `q` one that runs.
    fn runs(letters: &str) -> Vec<RunRow> {
        let lost = || Some(EndReason::LOST);
        let one = |(at, letter)| {
            let (kind, reason) = match letter {
                'w' => (RunRow::AGENT, Some(EndReason::DONE)),
                'f' => (RunRow::AGENT, Some(EndReason::FAILED)),
                'l' => (RunRow::AGENT, lost()),
                's' => (RunRow::AGENT, Some(EndReason::NOT_STARTED)),
                'r' => (RunRow::AGENT, None),
                'c' => (RunRow::CHECK, Some(FAILED)),
                'g' => (RunRow::CHECK, Some(EndReason::DONE)),
                'x' => (RunRow::CHECK, Some(EndReason::CHECK_FAILED_TO_RUN)),
                'm' => (RunRow::CHECK, lost()),
                'q' => (RunRow::CHECK, None),
                other => panic!("{other}"),
            };
            run(at + 1, kind, reason)
        };
        letters.chars().enumerate().map(one).collect()
    }

    fn detailed(mut run: RunRow, detail: RoundDetail) -> RunRow {
        run.detail = detail.to_json();
        run
    }

    #[test]
    fn the_next_step_follows_from_the_rows_alone() {
        let work = |n| Next::Step(Step::Work(n));
        let check = |n| Next::Step(Step::Check(n));
        for (rows, expected) in [
            ("", work(1)),
            ("w", check(1)),
            ("f", check(1)),
            ("wc", work(2)),
            ("wcw", check(2)),
            ("wg", Next::Verified),
            ("wcwg", Next::Verified),
            // What was lost or is under way is done again.
            ("l", work(1)),
            ("s", work(1)),
            ("r", work(1)),
            ("wm", check(1)),
            ("wq", check(1)),
            ("wmmg", Next::Verified),
            ("wcl", work(2)),
            ("wcslw", check(2)),
            ("wcwmc", work(3)),
        ] {
            assert_eq!(next(&terms(9), &runs(rows)), expected, "{rows}");
        }
    }

    fn reason(next: &Next) -> &str {
        match next {
            Next::Failed(reason, _) => reason.name(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rounds_are_used_up_and_a_check_that_cannot_be_run_has_no_second_one() {
        assert_eq!(reason(&next(&terms(2), &runs("wcwc"))), "rounds");
        assert_eq!(reason(&next(&terms(1), &runs("lwmc"))), "rounds");
        assert_eq!(next(&terms(2), &runs("wclwm")), Next::Step(Step::Check(2)));
        assert_eq!(reason(&next(&terms(9), &runs("wx"))), "check_failed_to_run");
    }

    #[test]
    fn an_agent_gets_its_messages_before_the_task_has_ended() {
        let sent = |run| Sent { text: "x".to_owned(), from: None, run, at: None, is_unsure: false };
        let waits = Terms { sent: vec![sent(Some(1)), sent(None)], ..Terms::default() };
        let of = |rows: &str, of: &Terms| with_messages(next(&terms(2), &runs(rows)), &runs(rows), of);
        for (rows, round) in
            [("w", 1), ("wm", 1), ("wg", 2), ("wc", 2), ("wcw", 2), ("wcwc", 3), ("wcwcw", 3)]
        {
            assert_eq!(of(rows, &waits), Next::Step(Step::Work(round)), "{rows}");
        }
        assert_eq!(reason(&of("wx", &waits)), "check_failed_to_run");
        let taken = Terms { taken: Some(Taken { since: Timestamp::default() }), ..waits.clone() };
        let none = Terms { sent: vec![sent(Some(1))], ..Terms::default() };
        for terms in [taken, none] {
            assert_eq!(of("w", &terms), Next::Step(Step::Check(1)));
            assert_eq!(of("wg", &terms), Next::Verified);
        }
    }

    #[test]
    fn a_check_before_the_first_round_may_save_all() {
        let terms = VerifyTerms { before: true, ..terms(3) };
        assert_eq!(next(&terms, &[]), Next::Step(Step::Check(0)));
        assert_eq!(next(&terms, &runs("m")), Next::Step(Step::Check(0)));
        assert_eq!(next(&terms, &runs("g")), Next::Verified);
        assert_eq!(next(&terms, &runs("c")), Next::Step(Step::Work(1)));
        assert_eq!(next(&terms, &runs("cl")), Next::Step(Step::Work(1)));
        assert_eq!(next(&terms, &runs("cwc")), Next::Step(Step::Work(2)));
        assert_eq!(reason(&next(&terms, &runs("x"))), "check_failed_to_run");
    }

    fn round_of(at: usize, files: Option<u64>, tail: &str, protected: &[&str]) -> [RunRow; 2] {
        let protected = protected.iter().map(|name| (*name).to_owned()).collect();
        let work = RoundDetail { files, protected, ..RoundDetail::default() };
        let check = RoundDetail { tail: Some(tail.to_owned()), ..RoundDetail::default() };
        [
            detailed(run(at, RunRow::AGENT, Some(EndReason::DONE)), work),
            detailed(run(at + 1, RunRow::CHECK, Some(FAILED)), check),
        ]
    }

    #[test]
    fn the_same_failure_twice_without_a_change_is_stuck() {
        let two = |files, tail: &str| {
            let rounds =
                [round_of(1, Some(3), "1 failed in 0.2s", &[]), round_of(3, files, tail, &[])].concat();
            next(&terms(9), &rounds)
        };
        assert_eq!(reason(&two(Some(0), "1 failed in 7.9s")), "stuck");
        for (files, tail) in
            [(Some(1), "1 failed in 7.9s"), (None, "1 failed in 7.9s"), (Some(0), "none collected")]
        {
            assert_eq!(two(files, tail), Next::Step(Step::Work(3)), "{files:?} {tail}");
        }
        // What a lost run has changed is not known.
        let [lost, work, check] = [run(3, RunRow::AGENT, Some(EndReason::LOST))]
            .into_iter()
            .chain(round_of(4, Some(0), "x", &[]))
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let rounds = [round_of(1, Some(3), "x", &[]).to_vec(), vec![lost, work, check]].concat();
        assert_eq!(next(&terms(9), &rounds), Next::Step(Step::Work(3)));
    }

    #[test]
    fn a_good_check_does_not_count_while_a_protected_file_is_changed() {
        let protected = RoundDetail { protected: vec!["tests/a".to_owned()], ..RoundDetail::default() };
        let work = detailed(run(1, RunRow::AGENT, Some(EndReason::DONE)), protected);
        let good = run(2, RunRow::CHECK, Some(EndReason::DONE));
        let rows = [work, good];
        assert_eq!(next(&terms(2), &rows), Next::Step(Step::Work(2)));
        let asked = round_prompt("Mend it", &terms(2), &rows).unwrap();
        assert!(
            asked.again.contains("\"tests/a\"") && asked.again.contains("has succeeded"),
            "{}",
            asked.again
        );
        let Next::Failed(reason, why) = next(&terms(1), &rows) else { panic!() };
        assert!(reason == EndReason::ROUNDS && why.contains("tests/a"), "{why}");
    }

    #[test]
    fn a_round_is_asked_for_in_the_session_of_the_one_before() {
        let mut rows = round_of(1, Some(1), "=== it\nsays ===", &[]).to_vec();
        assert!(round_prompt("Mend it", &terms(3), &rows[..1]).is_none());
        rows[0].usage = Some(TaskUsage { session_id: Some("s".to_owned()), ..TaskUsage::default() });
        let asked = round_prompt("Mend it", &terms(3), &rows).unwrap();
        assert_eq!(asked.session.as_deref(), Some("s"));
        assert!(
            asked.again.contains("round 2 of 3; one more is left")
                && asked.again.contains("=== it\nsays ===")
        );
        assert!(!asked.again.contains("Mend it"));
        assert!(
            asked.afresh.starts_with("Mend it\n\n")
                && asked.afresh.contains("round 1: the agent exited with 0, changed one file")
        );
    }

    #[test]
    fn the_time_of_all_rounds_counts_and_that_of_checks_does_not() {
        assert_eq!(used_ms(&runs("wcwc")), 1000);
        assert_eq!(used_ms(&runs("wr")), 500);
        let mut again = runs("wcwc");
        again[0].reason = Some(EndReason::stopped(StopReason::Timeout));
        assert_eq!(used_ms(&again), 500);
    }
}
