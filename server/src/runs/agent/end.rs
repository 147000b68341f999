//! The end of a run: from what its shim has left to its outcome.

use std::{
    io,
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use aiwg_agents::evaluation::Evaluation;
use aiwg_git::Look;
use aiwg_model::{EndReason, Outcome, RoundDetail, StopReason, Used, VerifyTerms, is_end_of_work};
use aiwg_protocol::{config::DaemonConfig, types::TaskState};
use aiwg_shim::{EndedFor, ExitRecord};
use tokio::{sync::watch, task::spawn_blocking, time::timeout};

use super::{Agent, Basis};
use crate::{
    beside::beside,
    profiles::{Profile, program},
    runs::{
        Shared,
        account::{account, run_end},
        check,
        force::end_what_is_left,
        launch::{End, RETRY},
        outcome::{ended_by_shim, outcome, removed, report_unknown, used_until_lost},
        reset::AgentClock,
        set_up, work,
    },
};

/// Longest wait of a run's end for the user's other daemons to know what it says of the account.
const SHARED_WITHIN: Duration = Duration::from_secs(1);

impl Agent {
    /// Notes what an evaluation says of the agent's account, for all daemons of the user, before the end of the run counts.
    fn note_of(
        &self,
        shared: &Shared,
        profile: &Profile,
        clock: AgentClock,
    ) -> impl FnOnce(&Evaluation) + Send + 'static {
        let account = account(profile).filter(|_| !self.has_own_login);
        let accounts = shared.context.accounts.clone();
        let (root, run, started_at) = (shared.context.project.root(), self.task.id(), self.started_at);
        let by = format!("{run} in {}, started at {started_at}", root.display());
        let (program, health) = (program(&profile.agent), shared.context.health.clone());
        move |evaluation: &Evaluation| {
            report_unknown(evaluation, program, &health);
            if let Some(account) = account {
                accounts.note(&account, &run_end(evaluation, by, started_at, &clock), clock.now);
            }
        }
    }

    /// The agent's end, by what the shim, now gone, has left.
    pub(super) async fn end_of(
        &self,
        shared: &Arc<Shared>,
        basis: &Basis,
        dir: &Path,
        end: &mut watch::Receiver<Option<StopReason>>,
    ) -> io::Result<End> {
        let ending = *end.borrow();
        let record = loop {
            let (its, launch) = (dir.to_owned(), self.task.launch);
            match beside(move || aiwg_shim::read_exit(&its, launch)).await {
                // That it cannot be read now says nothing about the task.
                Err(error) if error.is_shortage() => tokio::time::sleep(RETRY).await,
                Err(error) => {
                    tracing::warn!(task = %self.task.no, %error, "how its agent ended cannot be read");
                    break None;
                }
                Ok(record) => break record,
            }
        };
        if let Some(record) = record {
            if record.output_taken {
                tracing::warn!(
                    task = %self.task.no,
                    "what its agent wrote to was removed, moved away or replaced, so its result may be missing: keep it from touching .aiwg"
                );
            }
            // Someone else than this daemon, a service manager say, has had the shim end it.
            let timed_out = self.has_timed_out.load(Ordering::Relaxed);
            let from_outside = record.end_requested && ending.is_none() && !timed_out;
            let started = record.spawn_error.is_none();
            let was_cut_off = record.ended_for == Some(EndedFor::Lease) && ending.is_none();
            if let Some(failed) = self.set_up_failed(dir).await {
                return Ok(End::of(failed.given(ending)));
            }
            let outcome = self.outcome_of(shared, basis, record, (dir, end)).await;
            return Ok(if (from_outside && outcome.state == TaskState::Failed) || was_cut_off {
                tracing::warn!(task = %self.task.no, was_cut_off, "its agent was ended, and not by the daemon");
                End::Lost { started, rest: None, used: Box::new(outcome.used()) }
            } else {
                End::of(outcome)
            });
        }
        let (launch, its) = (self.task, dir.to_owned());
        let run = beside(move || launch.run(&its)).await;
        let started = run.is_some_and(|run| run.agent.is_some());
        // The shim was killed: what it kept may still be running, and nobody else would end it.
        if end_what_is_left(self.task, shared).await {
            return Ok(End::of(removed(dir, self.is_check).given(ending)));
        }
        let used = match self.is_check {
            true => Used::default(),
            false => {
                let (agent, prices, its) = (basis.profile.agent.clone(), basis.prices(), dir.to_owned());
                let run = self.task.id();
                beside(move || used_until_lost(&its, &agent, run, &prices)).await
            }
        };
        Ok(End::Lost { started, rest: None, used: Box::new(used) })
    }

    /// The end of a run in a work tree that could not be set up; none if that is not so.
    async fn set_up_failed(&self, dir: &Path) -> Option<Outcome> {
        self.place.get()?;
        let dir = dir.to_owned();
        beside(move || set_up::failed(&dir)).await
    }

    /// The outcome of a run, given how it ended. It reads the output.
    async fn outcome_of(
        &self,
        shared: &Arc<Shared>,
        basis: &Basis,
        record: ExitRecord,
        (dir, end): (&Path, &mut watch::Receiver<Option<StopReason>>),
    ) -> Outcome {
        let ending = *end.borrow();
        let (run_dir, root) = (dir.to_owned(), shared.context.project.root().to_owned());
        if let Some(terms) = self.check().cloned() {
            let timed_out = self.has_timed_out.load(Ordering::Relaxed);
            let protect = terms.protect.clone();
            let outcome = beside(move || check::outcome(&record, &run_dir, &terms, timed_out)).await;
            return self.with_protected((&**shared, basis.daemon()), outcome, protect, end).await;
        }
        let ended_for = record.ended_for;
        let (profile, of_tokens) = (basis.profile.clone(), basis.prices());
        let clock = AgentClock::of(self.own_zone.iter().chain([&basis.profile.env]));
        let note = self.note_of(shared, &basis.profile, clock.clone());
        let run = self.task.id();
        let evaluate =
            move || outcome(&record, &run_dir, (&profile, &root, run), (&of_tokens, &clock), ending, note);
        let outcome = ended_by_shim(beside(evaluate).await, ended_for, &basis.profile.agent, dir);
        // So that no other daemon starts a task that would meet the same limit; the store keeps what takes longer.
        let _ = timeout(SHARED_WITHIN, shared.context.accounts.are_shared()).await;
        let Some(terms) = self.verify.clone() else { return outcome };
        let waited = shared.context.running.paused(self.task.id()).total;
        let waited_ms = u64::try_from(waited.as_millis()).ok().filter(|ms| *ms > 0);
        let detail = match is_end_of_work(&outcome.reason) {
            true => self.work((&**shared, basis.daemon()), terms, dir, end).await,
            false => RoundDetail::default(),
        };
        let detail = RoundDetail { waited_ms, ..detail };
        let is_something = detail != RoundDetail::default() || is_end_of_work(&outcome.reason);
        Outcome { detail: is_something.then(|| detail.to_json()).flatten(), ..outcome }
    }

    /// The changes that an agent's run has made.
    async fn work(
        &self,
        (shared, daemon): (&Shared, &DaemonConfig),
        terms: VerifyTerms,
        dir: &Path,
        end: &mut watch::Receiver<Option<StopReason>>,
    ) -> RoundDetail {
        let project = &shared.context.project;
        let (root, task_dir, run_dir) =
            (self.works_in(shared), project.action_dir(self.task.no), dir.to_owned());
        let ignore = shared.context.settings.get().config.watch.ignore.clone();
        let on = self.protected.get().cloned();
        let look = Look::within(work::COMPARED_WITHIN);
        let its = look.clone();
        let detail = spawn_blocking(move || {
            // These first, since the round depends on them, and not on the number.
            let compared = work::protected_changes(&its, &root, &terms.protect, &task_dir, on.as_ref());
            let files = work::changed(&its.part(work::LOOK_WITHIN), &root, &ignore, &run_dir);
            with_compared(RoundDetail { files, ..RoundDetail::default() }, compared)
        });
        self.looked((shared, daemon), end, &look, detail).await
    }

    /// The outcome of a check with what has become of the protected files meanwhile. One before the first round has had them put on record itself.
    async fn with_protected(
        &self,
        (shared, daemon): (&Shared, &DaemonConfig),
        outcome: Outcome,
        protect: Vec<String>,
        end: &mut watch::Receiver<Option<StopReason>>,
    ) -> Outcome {
        let on = self.protected.get().cloned();
        let is_before =
            on.as_ref().is_some_and(|on| on.task.is_none() && !on.is_anew && on.run == self.task.launch);
        // A failed check counts anyway, and whatever it has changed is seen after the next round.
        if protect.is_empty() || !(is_before || outcome.reason == EndReason::DONE) {
            return outcome;
        }
        let project = &shared.context.project;
        let (root, task_dir) = (self.works_in(shared), project.action_dir(self.task.no));
        let detail = outcome.detail.as_ref().and_then(RoundDetail::read).unwrap_or_default();
        let look = Look::within(work::COMPARED_WITHIN);
        let its = look.clone();
        let detail = spawn_blocking(move || match is_before {
            true => {
                let written = work::protected_written(&its, &root, &protect, &task_dir, on.as_ref());
                RoundDetail { written, ..detail }
            }
            false => {
                let compared = work::protected_changes(&its, &root, &protect, &task_dir, on.as_ref());
                with_compared(detail, compared)
            }
        });
        let detail = self.looked((shared, daemon), end, &look, detail).await;
        Outcome { detail: detail.to_json(), ..outcome }
    }
}

/// The detail of a run with what has become of the protected files.
fn with_compared(detail: RoundDetail, compared: work::Compared) -> RoundDetail {
    let work::Compared { changed, given_back, unseen, is_slow } = compared;
    RoundDetail { protected: changed, given_back, unseen, is_slow, ..detail }
}
