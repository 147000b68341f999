//! The next run of a task: what its agent is asked, and in which session.

use aiwg_model::{
    EndReason, RoundOrder, Rounds, RunRow, StopReason, TaskNo, TaskRow, TaskSpec, Terms, VerifyTerms,
    is_answer,
};
use aiwg_protocol::{
    config::AgentConfig,
    types::{RetryOn, RetryPolicy},
};

use super::{
    steer::{asked_with, going_on, waiting},
    takeover::{has_heard_of_person, is_given_back},
    transaction::Transaction,
    verify::{self, Next, Step, is_done_by, is_to_record, round_prompt, used_ms, with_messages},
};

/// The prompt for an agent that goes on in a session which was interrupted through no fault of its own.
const GO_ON: &str = "Go on where you stopped: you were interrupted by a limit, and not by an error of yours.";

/// Stands before the prompt of a task that was changed since its session has heard of it.
const CHANGED: &str = "What you are asked was changed while you were interrupted. From now on it is this, in place of what was asked before:";

/// Stands after it.
const GO_ON_BY_THAT: &str = "Look at what you have done so far, and go on by that.";

/// Stands before the prompt of an agent that goes on where another one, of another profile, was interrupted.
const TAKEN_OVER: &str = "Another agent has begun with what is asked below, and cannot go on for now. The work tree holds what it has done \
                          so far: look at that first, with `git status` and `git diff` for example. Then go on from there, and do not \
                          begin again.";

/// Stands before the task's own prompt where a person has had the session of an agent that was lost, or has failed.
const ASKED_AGAIN: &str = "Before that you were interrupted, and it is not known how far you had come. What you are asked is this, as far as it \
                           is not done by now:";

/// The prompt and the session of a task's next run.
pub(super) struct NextRun {
    /// The profile by which its agent runs; none for the section `agent`.
    pub(super) profile: Option<String>,
    /// The agent's prompt.
    pub(super) prompt: String,
    /// The session in which it goes on; none for a new one.
    pub(super) resume: Option<String>,
    /// The prompt where it cannot go on in that session.
    pub(super) fresh_prompt: Option<String>,
    /// The round that it belongs to; none for a task without a check.
    pub(super) round: Option<RoundOrder>,
}

impl NextRun {
    /// The run of an agent with this prompt, in this session.
    fn of(prompt: String, resume: Option<String>) -> Self {
        Self { profile: None, prompt, resume, fresh_prompt: None, round: None }
    }

    /// The same run on another host, where none of its sessions is.
    pub(super) fn on_another_host(self) -> Self {
        match self.fresh_prompt {
            Some(prompt) if self.resume.is_some() => {
                Self { prompt, resume: None, fresh_prompt: None, ..self }
            }
            _ => self,
        }
    }

    /// The same run in another directory than the one before: programs keep their sessions by directory.
    pub(super) fn elsewhere(self) -> Self {
        match (&self.resume, &self.fresh_prompt) {
            (Some(_), Some(afresh)) => {
                Self { prompt: taken_over(afresh), resume: None, fresh_prompt: None, ..self }
            }
            _ => self,
        }
    }
}

impl Transaction<'_> {
    /// The next run of a task that is to start, by the runs that it has had.
    pub(super) fn next_run(&self, task: &TaskRow) -> aiwg_store::Result<NextRun> {
        // The first one, of most tasks: there is nothing to read.
        let runs = if task.launch > 1 { self.store.runs(task.no)? } else { Vec::new() };
        let paused = paused_session(&runs).map(str::to_owned);
        match &task.spec.terms.verify {
            None => self.next_work(task, &runs),
            Some(terms) => self.next_of_rounds(task, terms, &runs, paused),
        }
    }

    fn next_work(&self, task: &TaskRow, runs: &[RunRow]) -> aiwg_store::Result<NextRun> {
        let sent = &task.spec.terms.sent;
        let own = self.asked(task)?;
        let before = gone_on_from(task, runs);
        let first =
            before.and_then(|run| go_on_with(task, runs, said_first(task, runs, run, &own).as_deref()));
        let going_on = before.and_then(|_| going_on(first.as_deref(), sent, runs));
        let asked = asked_with(own, sent);
        let session = before.and_then(|run| run.usage.as_ref()?.session_id.clone());
        let profile = self.profile_for(task, before.filter(|_| session.is_some()));
        let next = match (before, session, going_on) {
            (Some(run), ..) if run.profile != profile => NextRun::of(taken_over(&asked), None),
            (_, Some(session), Some(prompt)) => {
                NextRun { fresh_prompt: Some(asked), ..NextRun::of(prompt, Some(session)) }
            }
            _ => NextRun::of(asked, None),
        };
        Ok(NextRun { profile, ..next })
    }

    /// The next run of a task with a check.
    fn next_of_rounds(
        &self,
        task: &TaskRow,
        terms: &VerifyTerms,
        runs: &[RunRow],
        paused: Option<String>,
    ) -> aiwg_store::Result<NextRun> {
        let found = verify::next(terms, runs);
        let is_verified = found == Next::Verified;
        let (n, is_check) = match with_messages(found, runs, &task.spec.terms) {
            Next::Step(Step::Work(round)) => (round, false),
            Next::Step(Step::Check(round)) => (round, true),
            // The end is stored with the run that brings it. If it is not, that check says it again.
            Next::Verified | Next::Failed(..) => {
                (u32::try_from(Rounds::of(runs).rounds.len()).unwrap_or(u32::MAX), true)
            }
        };
        let protected = task.spec.terms.protected.clone();
        let records = is_to_record(terms, protected.as_ref(), runs);
        let round =
            RoundOrder { n, is_check, used_ms: used_ms(runs), verify: terms.clone(), protected, records };
        let round = Some(round);
        let last_work = runs.iter().rev().find(|run| run.kind == RunRow::AGENT && run.ended_at.is_some());
        if is_check {
            // It has the environment of the agent whose work it checks.
            let profile = match last_work {
                Some(run) => run.profile.clone(),
                None => self.profile_for(task, None),
            };
            return Ok(NextRun { round, profile, ..NextRun::of(String::new(), None) });
        }
        let sent = &task.spec.terms.sent;
        let asked = match round_prompt(
            &asked_with(self.asked(task)?, sent),
            terms,
            runs,
            is_given_back(sent, runs),
        ) {
            Some(asked) if !is_verified => asked,
            // A message came after all was done.
            _ => return Ok(NextRun { round, ..self.next_work(task, runs)? }),
        };
        let profile = self.profile_for(task, last_work.filter(|_| asked.session.is_some()));
        if last_work.is_some_and(|run| run.profile != profile) {
            let prompt = taken_over(&asked.afresh);
            return Ok(NextRun { profile, round, ..NextRun::of(prompt, None) });
        }
        let prompt = match (&asked.session, interrupted(runs).filter(|_| paused.is_some())) {
            (Some(_), Some(run)) => go_on_with(task, runs, Some(go_on(run))).unwrap_or_default(),
            (Some(_), None) => go_on_with(task, runs, Some(&asked.again)).unwrap_or_default(),
            (None, _) => asked.afresh.clone(),
        };
        let prompt = match &asked.session {
            Some(_) => going_on(Some(&prompt), sent, runs).unwrap_or(prompt),
            None => prompt,
        };
        let fresh_prompt = Some(asked.afresh);
        Ok(NextRun { profile, fresh_prompt, round, ..NextRun::of(prompt, asked.session) })
    }
}

impl Transaction<'_> {
    /// Has a queued task stay with the profile in whose session it has to go on, if there is one: no fallback knows what a person has decided or done
    /// there.
    pub(super) fn keep_session(&mut self, no: TaskNo) -> aiwg_store::Result<()> {
        let Some(task) = self.store.task_if_readable(no)? else { return Ok(()) };
        let staying = self.staying(&task)?;
        if staying.terms == task.spec.terms && staying.class == task.spec.class {
            return Ok(());
        }
        self.store.set_terms(no, &staying.terms)?;
        self.store.edit(no, &staying)
    }

    /// A task that stays with the profile in whose session it has to go on, if there is one.
    pub(super) fn staying(&self, task: &TaskRow) -> aiwg_store::Result<TaskSpec> {
        let runs = if task.launch > 0 { self.store.runs(task.no)? } else { Vec::new() };
        let name = |run: &RunRow| run.profile.clone().unwrap_or_else(|| AgentConfig::NAME.to_owned());
        let stays_with = kept_session(task, &runs).map(name);
        let own_priority = task.spec.priority.saturating_sub(task.spec.lane_priority);
        let terms = self.state.with_demand(task, &runs, Terms { stays_with, ..task.spec.terms.clone() });
        Ok(self.placed(TaskSpec { terms, ..task.spec.clone() }, own_priority))
    }
}

/// The run whose session a task has to go on in, since what a person has decided or done is known there only: a call of its agent was put off, or a
/// person has had the task, and the agent was at most interrupted since; or since it is between two rounds, or all is done but for messages. None if
/// there is no such session.
fn kept_session<'a>(task: &TaskRow, runs: &'a [RunRow]) -> Option<&'a RunRow> {
    let sent = &task.spec.terms.sent;
    let work = || runs.iter().rev().filter(|run| run.kind == RunRow::AGENT && was_one(run));
    let is_pause = |run: &&RunRow| run.reason.as_ref().is_some_and(EndReason::is_pause);
    let mut pauses = work().take_while(is_pause);
    let is_persons =
        |run: &RunRow| run.reason.as_ref() == Some(&EndReason::DEFERRED) || has_heard_of_person(sent, run);
    let is_taken = |run: &RunRow| run.reason == Some(EndReason::stopped(StopReason::Take));
    let is_kept = is_given_back(sent, runs)
        || pauses.any(is_persons)
        || work().find(|run| !is_pause(run)).is_some_and(is_taken);
    let is_kept = is_kept
        || match task.spec.terms.verify {
            Some(_) => is_between_rounds(runs),
            None => is_done(task, before_pauses(runs)),
        };
    let has_session = |run: &&RunRow| run.usage.as_ref().is_some_and(|usage| usage.session_id.is_some());
    work().find(has_session).filter(|_| is_kept)
}

/// The runs up to the last one that was more than a pause.
fn before_pauses(runs: &[RunRow]) -> &[RunRow] {
    let is_pause = |run: &RunRow| run.reason.as_ref().is_some_and(EndReason::is_pause);
    let last = runs.iter().rposition(|run| was_one(run) && !is_pause(run));
    runs.get(..last.map_or(0, |last| last + 1)).unwrap_or_default()
}

/// True if the check of a round was the last to run: its agent goes on in the same session.
fn is_between_rounds(runs: &[RunRow]) -> bool {
    let is_checked = |run: &RunRow| run.kind == RunRow::CHECK && run.reason.as_ref().is_some_and(is_answer);
    last_run(runs).is_some_and(is_checked)
}

/// The prompt of an agent that goes on where another one, of another profile, has stopped.
fn taken_over(asked: &str) -> String {
    format!("{TAKEN_OVER}\n\n{asked}")
}

/// The prompt with which a session goes on: this one, preceded by the task's own if that was changed since its agent was asked last. Then nobody goes
/// on where it stopped.
fn go_on_with(task: &TaskRow, runs: &[RunRow], prompt: Option<&str>) -> Option<String> {
    let mut asked = runs.iter().filter(|run| run.kind == RunRow::AGENT && was_one(run));
    let is_known = |changed_after: u32| asked.any(|run| run.id.n > changed_after);
    if task.spec.terms.changed_after.is_none_or(is_known) {
        return prompt.map(str::to_owned);
    }
    let changed = format!("{CHANGED}\n\n{}\n\n{GO_ON_BY_THAT}", task.spec.prompt);
    Some(match prompt.filter(|prompt| !matches!(*prompt, GO_ON | "")) {
        Some(prompt) => format!("{changed}\n\n{prompt}"),
        None => changed,
    })
}

/// The run in whose session the next one goes on; none if the agent begins anew. Whatever was lost or has failed is done again, with all that its
/// agent was asked: a message is no more than a part of that.
fn gone_on_from<'a>(task: &TaskRow, runs: &'a [RunRow]) -> Option<&'a RunRow> {
    let sent = &task.spec.terms.sent;
    interrupted(runs).or_else(|| {
        let goes_on = is_done(task, runs) || is_given_back(sent, runs);
        let last = last_work(runs).filter(|_| goes_on && !waiting(sent, runs).is_empty())?;
        let has_session = |run: &&RunRow| run.usage.as_ref().is_some_and(|usage| usage.session_id.is_some());
        runs.iter().rev().filter(|run| run.kind == RunRow::AGENT).find(has_session).or(Some(last))
    })
}

/// The words with which the session of this run goes on, before any message.
fn said_first(task: &TaskRow, runs: &[RunRow], before: &RunRow, asked: &str) -> Option<String> {
    if interrupted(runs).is_some() {
        return Some(go_on(before).to_owned());
    }
    let is_taken = last_work(runs)?.reason == Some(EndReason::stopped(StopReason::Take));
    // A prompt that was changed is told as such.
    let is_told = is_done(task, runs) || is_taken || go_on_with(task, runs, None).is_some();
    (!is_told).then(|| format!("{ASKED_AGAIN}\n\n{asked}"))
}

/// True if an agent has done what the task asks for, and no more than messages to it are left.
fn is_done(task: &TaskRow, runs: &[RunRow]) -> bool {
    let is_lost = |run: &RunRow| run.reason.as_ref() == Some(&EndReason::LOST);
    let mut ended =
        runs.iter().rev().filter(|run| run.kind == RunRow::AGENT && was_one(run) && !is_lost(run));
    let is_tried_again = |policy: &RetryPolicy| policy.on.contains(&RetryOn::Refused);
    let terms = &task.spec.terms;
    let fails_if_refused = terms.verify.is_none() && terms.retry.as_ref().is_some_and(is_tried_again);
    let is_refused = |run: &RunRow| run.reason.as_ref().is_some_and(|reason| reason.name() == "refused");
    ended.next().is_some_and(|run| is_done_by(run) && !(fails_if_refused && is_refused(run)))
}

/// The prompt of a session that goes on after this run. One with a pending call goes on with that by itself: any other prompt would be a turn of
/// its own, after all else.
fn go_on(interrupted: &RunRow) -> &'static str {
    if interrupted.reason.as_ref() == Some(&EndReason::DEFERRED) { "" } else { GO_ON }
}

/// The session that was interrupted and is to be resumed: that of the last run which got as far as to have one, if it ended for a reason
/// that is a pause.
fn paused_session(runs: &[RunRow]) -> Option<&str> {
    interrupted(runs)?.usage.as_ref()?.session_id.as_deref()
}

/// The last run that was one at all, if it ended for a reason that is a pause.
fn interrupted(runs: &[RunRow]) -> Option<&RunRow> {
    last_run(runs).filter(|run| run.reason.as_ref().is_some_and(EndReason::is_pause))
}

/// The last run of an agent that was one at all.
fn last_work(runs: &[RunRow]) -> Option<&RunRow> {
    let was_one =
        |run: &&RunRow| run.ended_at.is_some() && run.reason.as_ref() != Some(&EndReason::NOT_STARTED);
    runs.iter().rev().filter(|run| run.kind == RunRow::AGENT).find(was_one)
}

/// The last run that was one at all.
fn last_run(runs: &[RunRow]) -> Option<&RunRow> {
    runs.iter().rev().find(|run| was_one(run))
}

/// True if a run has ended that was one at all.
pub(super) fn was_one(run: &RunRow) -> bool {
    run.ended_at.is_some() && run.reason.as_ref() != Some(&EndReason::NOT_STARTED)
}

#[cfg(test)]
pub(super) mod tests {
    use aiwg_model::RunId;
    use aiwg_protocol::types::{TaskUsage, Timestamp};

    use super::*;

    pub(in crate::engine) fn run(n: u32, reason: EndReason, session: Option<&str>) -> RunRow {
        let usage = TaskUsage { session_id: session.map(str::to_owned), ..TaskUsage::default() };
        RunRow {
            id: RunId { task: TaskNo(1), n },
            kind: RunRow::AGENT.into(),
            started_at: Timestamp::default(),
            ended_at: Some(Timestamp::default()),
            reason: Some(reason),
            exit_code: None,
            signal: None,
            usage: Some(usage),
            dir: None,
            profile: None,
            reserved_usd: None,
            cap_usd: None,
            charged_usd: None,
            detail: None,
            tree: None,
            host: None,
        }
    }

    #[test]
    fn elsewhere_nobody_goes_on_in_a_session() {
        let next = NextRun::of(GO_ON.to_owned(), Some("s".to_owned()));
        let next = NextRun { fresh_prompt: Some("Do it".to_owned()), ..next }.elsewhere();
        assert_eq!((next.prompt, next.resume), (taken_over("Do it"), None));
    }

    #[test]
    fn a_call_that_was_put_off_is_made_without_a_prompt() {
        let deferred = run(1, EndReason::DEFERRED, Some("s"));
        assert_eq!((paused_session(std::slice::from_ref(&deferred)), go_on(&deferred)), (Some("s"), ""));
        assert_eq!(go_on(&run(1, EndReason::LIMITED, Some("s"))), GO_ON);
        // Another pause after it says nothing of the call any more.
        let runs = [deferred, run(2, EndReason::LIMITED, Some("s"))];
        assert_eq!(interrupted(&runs).map(go_on), Some(GO_ON));
    }

    #[test]
    fn a_session_goes_on_after_a_pause_only() {
        assert_eq!(paused_session(&[]), None);
        let limited = || run(1, EndReason::LIMITED, Some("s"));
        assert_eq!(paused_session(&[limited()]), Some("s"));
        assert_eq!(paused_session(&[limited(), run(2, EndReason::NOT_STARTED, None)]), Some("s"));
        assert_eq!(paused_session(&[limited(), run(2, EndReason::LOST, Some("s"))]), None);
        assert_eq!(paused_session(&[run(1, EndReason::LIMITED, None)]), None);
        assert_eq!(paused_session(&[run(1, EndReason::FAILED, Some("s"))]), None);
    }
}
