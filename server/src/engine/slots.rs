//! Selects the tasks that start: those for which there is a slot, including those that others wait for in theirs.

use std::collections::{HashMap, HashSet};

use aiwg_model::{RunRow, RunStart, TaskNo, TaskRow};
use aiwg_protocol::types::{Event, TaskState, Timestamp};

use super::{
    budget::{Share, charged_before},
    command::{Order, StartOrder, Starts},
    next_run::NextRun,
    payload::task_event,
    spans::RunSpan,
    state::Slot,
    transaction::Transaction,
};

impl Transaction<'_> {
    /// Starts what there is room for. True if any were started, or there are events to take in.
    pub(super) fn fill_slots(&mut self) -> aiwg_store::Result<bool> {
        let mut has_started = false;
        while !self.state.closing {
            let Some(no) = self.next()? else { break };
            // Even one that cannot be read has changed something.
            has_started = true;
            let Some(task) = self.readable(no)? else { continue };
            match self.is_over_cap(&task)? {
                Some(outcome) => self.finish(&task, &outcome)?,
                None => self.start(no)?,
            }
        }
        // A look at the gates may have something to say.
        Ok(has_started || !self.effects.new_events.is_empty())
    }

    /// The task that is to start now, if there is room for one.
    fn next(&mut self) -> aiwg_store::Result<Option<TaskNo>> {
        if self.state.starts == Starts::None || !self.state.has_room {
            return Ok(None);
        }
        let slots = self.state.config.max_parallel;
        let running = self.state.running.len();
        if running < slots {
            return self.next_open();
        }
        let pairs = self.waits()?;
        if pairs.is_empty() || running >= self.most_running() {
            return Ok(None);
        }
        if running - lent(&pairs, &self.state.running) < slots {
            return self.next_open();
        }
        if self.state.resting_since().is_some() {
            return Ok(None);
        }
        // Whoever waits for it does nothing: it takes that one's slot, whatever else is queued, since nothing goes on without it.
        let mut awaited: Vec<TaskNo> = Vec::new();
        for (task, other) in &pairs {
            let is_free = self.state.running.contains_key(task)
                && !waits_for_running(*task, &pairs, &self.state.running);
            if is_free && !awaited.contains(other) && self.may_start_awaited(*other)? {
                awaited.push(*other);
            }
        }
        self.store.next_of(&awaited)
    }

    /// Pairs of a running task and one that it waits for, including those that must complete before that one can
    /// start.
    fn waits(&self) -> aiwg_store::Result<Vec<(TaskNo, TaskNo)>> {
        let mut all = Vec::new();
        for (task, other) in self.state.waits.pairs() {
            if self.state.running.contains_key(&other) {
                all.push((task, other));
            } else {
                all.extend(self.store.needed(other)?.into_iter().map(|no| (task, no)));
            }
        }
        Ok(all)
    }

    fn start(&mut self, no: TaskNo) -> aiwg_store::Result<()> {
        if self.state.starts == Starts::One {
            self.state.starts = Starts::None;
        }
        self.store.start(no, self.now)?;
        let Some(task) = self.store.task(no)? else { return Ok(()) };
        if let Some(rule) = &task.spec.rule {
            let depth = task.spec.cause.as_ref().map_or(0, |cause| cause.depth);
            self.state.memory.started(rule, no, depth, self.now);
        }
        self.publish_task_event(&task_event(no, &task.spec, TaskState::Running, task.attempts), &task.spec);
        self.launch(task)
    }

    /// True if the next run of a task may begin in its slot.
    pub(super) fn may_go_on(&self) -> bool {
        !self.state.closing && self.state.starts != Starts::None && self.state.has_room
    }

    /// Begins the next run of a running task.
    pub(super) fn launch(&mut self, task: TaskRow) -> aiwg_store::Result<()> {
        let next = self.next_run(&task)?;
        let is_check = next.round.as_ref().is_some_and(|round| round.is_check);
        let share = self.begin_run(&task, next.profile.as_deref(), is_check)?;
        if !is_check {
            self.note_sent(&task)?;
        }
        let event = match task.spec.cause.as_ref().and_then(|cause| cause.event) {
            Some(seq) => self.store.event(seq)?,
            None => None,
        };
        let is_role = self.state.config.profiles.profile_of(task.spec.agent.as_deref()).is_none();
        let cap_usd = if is_check { None } else { self.cap_of_run(share, next.profile.as_deref()) };
        self.effects
            .orders
            .push(Order::Start(Box::new(start_order(task, is_role, next, cap_usd, event, self.now))));
        Ok(())
    }

    /// Notes that the run of a task begins which has the number of its launch. Returns its share in the budgets, if there are any: a check has none.
    fn begin_run(
        &mut self,
        task: &TaskRow,
        profile: Option<&str>,
        is_check: bool,
    ) -> aiwg_store::Result<Option<Share>> {
        let (id, at) = (task.run(), self.now);
        let kind = if is_check { RunRow::CHECK } else { RunRow::AGENT };
        let share = if is_check { None } else { self.share(task)? };
        let reserved_usd = share.map(|share| share.reserved_usd);
        self.store.begin_run(&RunStart { id, kind, at, dir: Some(&id.dir()), profile, reserved_usd })?;
        let span = RunSpan { is_check, from: at, until: None };
        let mut slot = Slot { profile: profile.map(str::to_owned), span, ..Slot::of(task) };
        if let Some(reserved_usd) = reserved_usd {
            slot = Slot { reserved_usd, before_usd: charged_before(self.store, task)?, ..slot };
        }
        self.state.running.insert(task.no, slot);
        Ok(share)
    }

    /// Maximum number of running agents, including those that only wait: no ring of waits has more and more started.
    fn most_running(&self) -> usize {
        let depth = usize::try_from(self.state.config.max_task_depth).unwrap_or(usize::MAX);
        self.state.config.max_parallel.saturating_mul(depth.saturating_add(1))
    }
}

/// Number of slots that running tasks have lent: they wait for one that runs. Two that wait for the same one have
/// lent one slot.
///
/// One that waits for a person, which is noted as a wait for itself, has lent its slot whatever the others do.
fn lent(pairs: &[(TaskNo, TaskNo)], running: &HashMap<TaskNo, Slot>) -> usize {
    let for_person = |task: &TaskNo| pairs.contains(&(*task, *task));
    let asking = running.keys().filter(|task| for_person(task)).count();
    let (mut tasks, mut others) = (HashSet::new(), HashSet::new());
    for (task, other) in pairs {
        if !for_person(task) && running.contains_key(task) && running.contains_key(other) {
            tasks.insert(task);
            others.insert(other);
        }
    }
    tasks.len().min(others.len()) + asking
}

fn waits_for_running(task: TaskNo, pairs: &[(TaskNo, TaskNo)], running: &HashMap<TaskNo, Slot>) -> bool {
    pairs.iter().any(|(who, other)| *who == task && other != who && running.contains_key(other))
}

fn start_order(
    task: TaskRow,
    is_role: bool,
    next: NextRun,
    cap_usd: Option<f64>,
    event: Option<Event>,
    now: Timestamp,
) -> StartOrder {
    StartOrder {
        no: task.no,
        depth: task.spec.cause.map_or(0, |cause| cause.depth),
        launch: task.launch,
        prompt: next.prompt,
        resume: next.resume,
        fresh_prompt: next.fresh_prompt,
        round: next.round,
        // A name that is a profile's is no role of its program.
        agent: task.spec.agent.filter(|_| is_role && next.profile.is_none()),
        profile: next.profile,
        env: task.spec.env,
        cap_usd,
        timeout_ms: task.spec.timeout_ms,
        event,
        started_at: now,
    }
}
