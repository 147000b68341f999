//! The keeper of one running task: from the order, or from what an earlier daemon left, to the task's end.

mod adopt;
mod attempts;
mod basis;
mod end;
mod look;
mod request;
mod time;
mod tree;
mod unstarted;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aiwg_git::Look;
use aiwg_model::{Message, MessageId, ProtectRecord, RoundOrder, RunId, RunRow, StopReason, VerifyTerms};
use aiwg_protocol::{config::StalledTasks, types::Timestamp};
use aiwg_shim::{Process, Started};
use tokio::time::Instant;

use attempts::back_off;
use basis::Basis;
pub(super) use look::Kept;
use request::Request;
use time::{own_zone, with_pauses};
use unstarted::{lacks, no_place, not_started};

use super::{
    LeftRunning, Shared,
    account::has_own_login,
    environment::{kept_back, markers},
    force::Force,
    launch::{End, Launch, RETRY},
    messages::Messages,
    most_attempts,
    outcome::{could_not_start, removed},
    overdue::{Noticed, Overdue},
    prepare::{Prepared, Recorded, Unprepared, prepare},
    shim::{self, OwnShim},
    silence::Silence,
    trees::Place,
    work::COMPARED_WITHIN,
};
use crate::{
    engine::{EngineError, StartOrder, messages_for_agent},
    messaging::Secrets,
    profiles::program,
    rules::minutes_to_ms,
    running::KeeperOrders,
};

/// A task that is running in the store: its agent, or its check.
pub(super) struct Agent {
    task: Launch,
    /// The directory of its run.
    dir: PathBuf,
    timeout_ms: Option<u64>,
    /// The part of the time limit that earlier runs have used up, in milliseconds.
    used_ms: u64,
    /// The end of its time but for pauses, once it is waited for.
    limit: OnceLock<Instant>,
    started_at: Timestamp,
    /// True if its task's own environment decides by which login it works.
    has_own_login: bool,
    /// The time zone that its task's own environment sets, as a variable; none where it sets none.
    own_zone: Option<BTreeMap<String, String>>,
    /// The check of the task, if it has one.
    verify: Option<VerifyTerms>,
    /// True if that is what runs.
    is_check: bool,
    /// The record of its protected files; none where nothing is protected, or before there is one.
    protected: OnceLock<ProtectRecord>,
    /// True if the daemon has had its shim end the check, since that did not do so by itself.
    has_timed_out: AtomicBool,
    /// Its place in a work tree, once that is ready; none for the project's own directory.
    place: OnceLock<Place>,
    /// The name of its profile; none for the section `agent`.
    profile: Option<String>,
    /// The messages that waited for its agent when this daemon began.
    waiting: Vec<Message>,
    /// None if an earlier daemon had it started.
    order: Option<StartOrder>,
}

impl Agent {
    /// One that is to be started, in a directory of its own in its task's.
    pub(super) fn ordered(order: StartOrder, task_dir: &Path) -> Self {
        let StartOrder { no, launch, timeout_ms, started_at, .. } = order;
        let task = Launch { no, launch };
        let dir = task_dir.join(task.id().dir());
        let round = order.round.as_ref();
        let (used_ms, is_check) = round.map_or((0, false), |round| (round.used_ms, round.is_check));
        let verify = round.map(|round| round.verify.clone());
        let on_record =
            |round: &RoundOrder| round.protected.clone().filter(|on| !round.records && on.found.is_none());
        Self {
            task,
            dir,
            timeout_ms,
            used_ms,
            limit: OnceLock::new(),
            started_at,
            verify,
            is_check,
            protected: round.and_then(on_record).map(OnceLock::from).unwrap_or_default(),
            has_timed_out: AtomicBool::new(false),
            place: OnceLock::new(),
            has_own_login: has_own_login(&order.env),
            own_zone: own_zone(&order.env),
            profile: order.profile.clone(),
            waiting: Vec::new(),
            order: Some(order),
        }
    }

    /// One that an earlier daemon started, or was about to.
    pub(super) fn found(found: &LeftRunning, dir: PathBuf) -> Self {
        let (task, run) = (&found.task, found.run.as_ref());
        let started_at = run.map(|run| run.started_at).or(task.started_at).unwrap_or_else(Timestamp::now);
        let RunId { task: no, n: launch } = task.run();
        let from = task.spec.terms.tree.as_ref().and_then(|tree| tree.from.as_deref());
        let place = run.and_then(|run| Place::of(run, from));
        Self {
            task: Launch { no, launch },
            dir,
            timeout_ms: task.spec.timeout_ms,
            used_ms: found.used_ms,
            limit: OnceLock::new(),
            started_at,
            verify: task.spec.terms.verify.clone(),
            is_check: run.is_some_and(|run| run.kind == RunRow::CHECK),
            protected: task.spec.terms.protected.clone().map(OnceLock::from).unwrap_or_default(),
            has_timed_out: AtomicBool::new(false),
            place: place.map(OnceLock::from).unwrap_or_default(),
            has_own_login: has_own_login(&task.spec.env),
            own_zone: own_zone(&task.spec.env),
            profile: run.and_then(|run| run.profile.clone()),
            waiting: messages_for_agent(&task.spec.terms),
            order: None,
        }
    }

    /// The check, if that is what runs.
    fn check(&self) -> Option<&VerifyTerms> {
        self.verify.as_ref().filter(|_| self.is_check)
    }

    /// The directory of its run.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn task(&self) -> Launch {
        self.task
    }

    /// Keeps it until the engine knows of its end.
    pub(super) async fn keep(mut self, shared: &Arc<Shared>, mut orders: KeeperOrders) {
        let dir = self.dir.clone();
        let loaded = shared.context.settings.get();
        let order = self.order.take();
        let is_ours = order.is_some();
        let most = most_attempts(&loaded.config.daemon);
        let mut own = None;
        let result = match (self.basis(loaded, is_ours).await, order) {
            (Err(error), _) => Err(error),
            (Ok(basis), Some(order)) => {
                self.start(shared, &basis, &dir, order, (&mut orders, &mut own)).await
            }
            (Ok(basis), None) => self.adopt(shared, &basis, &dir, &mut orders).await,
        };
        let result = result.unwrap_or_else(|error| End::of(could_not_start(&error)));
        let result = match result {
            End::Lost { started, used, .. } if is_ours => {
                // A check costs nothing but time.
                let times = if self.is_check { 1 } else { self.task.launch };
                End::Lost { started, rest: Some(back_off(times)), used }
            }
            other => other,
        };
        // Before anyone hears of its end, and may have its work tree.
        self.keep_tree(shared, &dir).await;
        self.task.report(shared, &result, (most, &self.works_in(shared))).await;
        if let Some(own) = own {
            own.release().await;
        }
        self.leave_tree(shared).await;
        if self.place.get().is_some() {
            tree::remove_surplus(shared).await;
        }
    }

    /// Starts it, and keeps it until its end is known. Its shim, if there is one, waits until that is stored.
    async fn start(
        &self,
        shared: &Arc<Shared>,
        basis: &Arc<Basis>,
        dir: &Path,
        order: StartOrder,
        (orders, own): (&mut KeeperOrders, &mut Option<OwnShim>),
    ) -> io::Result<End> {
        let agent = &basis.profile.agent;
        let limit_ms = self.limit_ms(basis.daemon());
        let markers = markers(&order, &shared.context.socket);
        let secrets = Secrets::of_config(&shared.context.settings.get().config);
        let kept_back = kept_back(&agent.env, std::env::vars_os(), &secrets).map_err(io::Error::other)?;
        let look = Look::within(COMPARED_WITHIN);
        let prepared = tokio::task::spawn_blocking({
            let (shared, basis, run, look) =
                (Arc::clone(shared), Arc::clone(basis), self.task.id(), look.clone());
            let task_dir = shared.context.project.action_dir(run.task);
            move || prepare((&*shared, &look), &basis.profile, (&task_dir, run), &order, limit_ms)
        });
        // Meanwhile: the one takes as long as the other, and a shim without a specification does nothing.
        let spawned = shim::spawn(self.task, markers, &kept_back);
        // It is not reaped yet, so this cannot be another one.
        let shim = spawned.as_ref().ok().and_then(|child| child.id()).and_then(Process::of);
        // Before it does anything: what is no known shim may be ended.
        shared.context.running.set_processes(self.task.no, self.task.launch, shim, None);
        let daemon = basis.daemon();
        let prepared = self.looked((&**shared, daemon), &mut orders.end, &look, prepared).await;
        let Prepared { spec, protected, place, set_up } = match prepared {
            Ok(prepared) => prepared,
            Err(Unprepared::Task(error)) => return Ok(not_started(&error)),
            Err(Unprepared::Place(error)) => return Ok(End::NotStarted(no_place(&error, shared))),
            Err(Unprepared::Tree(why)) => return Ok(self.has_no_tree(shared, why).await),
        };
        if let Some(place) = place
            && let Err(error) = self.note_place(shared, place, set_up).await
        {
            return Ok(End::NotStarted(format!("its work tree could not be noted: {error}")));
        }
        if let Some(recorded) = protected
            && let Err(error) = self.note_protected(shared, recorded).await
        {
            return Ok(End::NotStarted(format!(
                "the record of its protected files could not be stored: {error}"
            )));
        }
        let own = match spawned {
            Ok(child) => own.insert(OwnShim::new(child)),
            Err(error) => return Ok(not_started(&error)),
        };
        if let Err(error) = own.give(&spec).await
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            return Ok(not_started(&error));
        }
        // A shim that was killed before it could read is like any that was killed: no agent was started.
        drop(spec);
        let mut shortage = None;
        let ended = async {
            match own.started().await {
                Some(Started::Started(process)) => {
                    let agent = Some(process.pid);
                    shared.context.running.set_processes(self.task.no, self.task.launch, shim, agent);
                    shared.shortage.over();
                }
                Some(Started::Failed(error)) if error.is_shortage() => shortage = Some(lacks(&error, agent)),
                _ => {}
            }
            own.ended(dir).await
        };
        let code = self.until(shared, basis, dir, (Some(Duration::ZERO), shim), ended, orders).await;
        if let Some(why) = shortage {
            return Ok(End::NotStarted(why));
        }
        let ending = *orders.end.borrow();
        if code == Some(aiwg_shim::EXIT_REMOVED.into()) {
            return Ok(End::of(removed(dir, self.is_check).given(ending)));
        }
        self.end_of(shared, basis, dir, &mut orders.end).await
    }

    /// Notes the hash of the record of its protected files where its agent cannot change it.
    async fn note_protected(&self, shared: &Shared, recorded: Recorded) -> Result<(), EngineError> {
        let hash = match recorded {
            Recorded::Anew(hash) => Some(hash),
            Recorded::AsBefore => None,
        };
        let on = shared.context.engine.note_protected(self.task.id(), hash).await?;
        let _ = self.protected.set(on);
        Ok(())
    }

    /// Waits for the shim's end, and has it end the agent when someone says so or the time is up: the shim looks at the time itself, unless
    /// its agent has stopped it. Gives what the shim has exited with, where that can be told.
    async fn until(
        &self,
        shared: &Arc<Shared>,
        basis: &Basis,
        dir: &Path,
        (age, shim): (Option<Duration>, Option<Process>),
        ended: impl Future<Output = Option<i32>>,
        KeeperOrders { end, messages, heard }: &mut KeeperOrders,
    ) -> Option<i32> {
        tokio::pin!(ended);
        // Before its agent runs, it may not have come so far as to take that for a request.
        let known = || shim.filter(|_| shared.context.running.pid(self.task.no).is_some());
        let mut request = Request::new(self.task, dir);
        let daemon = basis.daemon();
        let passed = age.unwrap_or_else(|| self.ran_for(shared.context.engine.now()));
        let own_limit = *self.limit.get_or_init(|| self.time_limit(daemon, passed));
        let mut limit = own_limit;
        let may_be_silent = daemon.stall_minutes.filter(|_| !self.is_check);
        let may_be_silent = may_be_silent.map(|minutes| Duration::from_millis(minutes_to_ms(minutes)));
        let mut silence = Silence::of(dir, may_be_silent);
        let of_tokens = basis.is_cost_bounded().then(|| basis.prices());
        let stdout = dir.join(aiwg_shim::STDOUT_FILE);
        let agent = Some(&basis.profile.agent).filter(|_| !self.is_check);
        let mut overdue = Overdue::of(agent, &stdout, of_tokens);
        let mut ending = end.borrow_and_update().is_some();
        let passing_on = self.messages(basis, dir).pass_on(shared, messages, heard);
        tokio::pin!(passing_on);
        let mut no_more = self.is_check;
        let mut force = Force::default();
        if ending {
            force.requested();
        }
        loop {
            tokio::select! {
                code = &mut ended => return code,
                () = force.due() => force.end(self.task, shim, dir).await,
                () = &mut passing_on, if !ending && !no_more => no_more = true,
                // The request is repeated: it may have come before the shim could take it.
                () = tokio::time::sleep(RETRY), if ending => request.make(known()),
                Ok(()) = end.changed(), if !ending => {
                    ending = true;
                    force.requested();
                    request.make(known());
                }
                silent = silence.too_long(), if !ending => {
                    let paused = shared.context.running.paused(self.task.id());
                    if let Some(at) = paused.ran_on.filter(|at| at.elapsed() < silent) {
                        silence.excused(at);
                        continue;
                    }
                    let end = daemon.stalled_tasks == StalledTasks::End;
                    let silent_ms = u64::try_from(silent.as_millis()).unwrap_or(u64::MAX);
                    if let Err(error) = shared.context.engine.stalled(self.task.id(), silent_ms, end).await {
                        tracing::warn!(task = %self.task.no, %error, "it is stalled, but that could not be stored");
                    }
                }
                noticed = overdue.noticed(), if !ending => match noticed {
                    Noticed::Overdue => self.order_end(shared, StopReason::Finished).await,
                    Noticed::Mute => shared.context.running.set_mute(self.task.id()),
                    Noticed::Taken(ids) => {
                        shared.context.running.set_heard(self.task.id());
                        let taken = ids.iter().filter_map(|id| MessageId::number(id, self.task.no)).collect();
                        if let Err(error) = shared.context.engine.delivered(self.task.id(), taken).await {
                            tracing::warn!(task = %self.task.no, %error, "it has taken messages in, but that could not be stored");
                        }
                    }
                    Noticed::Cost(usd, session) => {
                        let told = shared.context.engine.cost_so_far(self.task.id(), usd, session).await;
                        if let Err(error) = told {
                            tracing::warn!(task = %self.task.no, usd, %error, "what it has cost so far could not be stored");
                        }
                    }
                },
                () = tokio::time::sleep_until(limit), if !ending => {
                    limit = with_pauses(own_limit, shared.context.running.paused(self.task.id()));
                    if limit > Instant::now() {
                        continue;
                    }
                    if !self.is_check {
                        self.order_end(shared, StopReason::Timeout).await;
                        continue;
                    }
                    self.has_timed_out.store(true, Ordering::Relaxed);
                    ending = true;
                    force.requested();
                    request.make(known());
                }
            }
        }
    }

    /// The messages to its agent.
    fn messages(&self, basis: &Basis, dir: &Path) -> Messages {
        let program = program(&basis.profile.agent);
        Messages { run: self.task, dir: dir.to_owned(), program, earlier: self.waiting.clone() }
    }

    /// Has the engine note why it is to end; the order comes from there.
    async fn order_end(&self, shared: &Shared, why: StopReason) {
        if let Err(error) = shared.context.engine.end_run(self.task.id(), why).await {
            tracing::warn!(task = %self.task.no, ?why, %error, "it is to end, but that could not be stored");
            tokio::time::sleep(RETRY).await;
        }
    }
}
