//! The changes of a task's state.

use std::collections::HashSet;

use aiwg_model::{EndReason, Hold, Outcome, RunCost, RunId, RunRow, StopReason, TaskNo, TaskRow, TaskSpec};
use aiwg_protocol::types::{
    Cause, EventSource, Json, TaskCancelled, TaskEvent, TaskState, TaskSubmitted, TaskUsage,
};
use aiwg_store::Classified;

use super::{
    command::{EngineError, NewEvent, Order, Starts, being_cancelled},
    next_run::Again,
    payload::{payload, task_event, topic, with_end},
    steer::{AS_IT_WAS, has_news, is_over_for_a_person},
    transaction::{Failure, Transaction},
};

/// Least number of times that a check is run which is lost each time.
const LEAST_CHECKS: u32 = 2;

/// Maximum number of launches of a task where not even its agent could be started.
const MOST_LAUNCHES: u32 = 20;

impl Transaction<'_> {
    /// Takes in a task from outside.
    pub(super) fn take_task(&mut self, task: &TaskSpec) -> Result<TaskSubmitted, Failure> {
        let (no, state) = self.submit(task)?;
        Ok(TaskSubmitted { task_id: no.to_string(), state })
    }

    /// Takes in a task, and gives what has become of it at once: queued, or cancelled.
    pub(super) fn submit(&mut self, task: &TaskSpec) -> Result<(TaskNo, TaskState), Failure> {
        if self.state.closing {
            return Err(EngineError::Closing.into());
        }
        self.not_too_deep(task)?;
        self.room_for(1)?;
        let waits = self.dependencies(&task.after)?;
        let turns_before = match &task.conversation {
            Some(conversation) => self.store.open_turns(conversation)?,
            None => Vec::new(),
        };
        let no = self.enqueue(task)?;
        let state = match waits {
            Waits::For(mut open) => {
                open.extend(turns_before);
                open.sort_unstable();
                open.dedup();
                for other in open {
                    self.store.hold(no, &Hold::after(other))?;
                }
                TaskState::Queued
            }
            Waits::InVain(other, ended) => {
                let Some(row) = self.store.task(no)? else {
                    return Err(EngineError::TaskNotFound(no).into());
                };
                self.finish(&row, &waited_in_vain(other, ended))?;
                self.store.note_in_vain(no, other)?;
                TaskState::Cancelled
            }
        };
        Ok((no, state))
    }

    /// Refuses a task that would make a chain longer than the configuration allows.
    pub(super) fn not_too_deep(&self, task: &TaskSpec) -> Result<(), EngineError> {
        let depth = task.cause.as_ref().map_or(0, |cause| cause.depth);
        if depth >= self.state.config.max_task_depth { Err(EngineError::ChainTooDeep(depth)) } else { Ok(()) }
    }

    pub(super) fn cancel(&mut self, no: TaskNo) -> Result<TaskCancelled, Failure> {
        let state = self.store.task_state(no)?.ok_or(EngineError::TaskNotFound(no))?;
        if state.is_final() {
            return Err(EngineError::TaskEnded(no).into());
        }
        let task = self.readable(no)?.ok_or(EngineError::TaskEnded(no))?;
        match task.state {
            TaskState::Queued => {
                let outcome = Outcome::without_exit(TaskState::Cancelled, "cancelled before it was started");
                self.finish(&task, &outcome)?;
                Ok(TaskCancelled { cancelled: true, state: TaskState::Cancelled })
            }
            TaskState::Running => {
                self.end_running(no, StopReason::Cancel)?;
                Ok(being_cancelled())
            }
            _ => Err(EngineError::TaskEnded(no).into()),
        }
    }

    /// Ends the agent of a running task. The first stop reason stays.
    pub(super) fn end_running(&mut self, no: TaskNo, ending: StopReason) -> Result<(), Failure> {
        let task = self.running(no)?;
        if task.ending.is_none() {
            self.store.mark_ending(no, ending)?;
        }
        let run = task.run();
        self.effects.orders.push(Order::End(run, task.ending.unwrap_or(ending)));
        Ok(())
    }

    /// Ends the agent of a running task, unless that run is over.
    pub(super) fn end_run(&mut self, run: RunId, ending: StopReason) -> Result<(), Failure> {
        self.current(run)?;
        self.end_running(run.task, ending)
    }

    /// Says that a running task writes nothing any more, and has it ended if that is wanted.
    pub(super) fn stalled(&mut self, run: RunId, silent_ms: u64, end: bool) -> Result<(), Failure> {
        let (no, task) = (run.task, self.current(run)?);
        let event = TaskEvent {
            silent_ms: Some(silent_ms),
            ..task_event(no, &task.spec, TaskState::Running, task.attempts)
        };
        self.publish_task_event(&event, &task.spec);
        if end {
            self.end_running(no, StopReason::Stalled)?;
        }
        Ok(())
    }

    pub(super) fn ended(&mut self, run: RunId, outcome: &Outcome) -> Result<(), Failure> {
        let task = self.current(run)?;
        let outcome = outcome.clone().given(task.ending);
        if task.spec.terms.taken.is_some() && is_over_for_a_person(&task) {
            return Ok(self.put_back(&task, &outcome, &AS_IT_WAS)?);
        }
        if self.ended_in_round(&task, &outcome)? {
            return Ok(());
        }
        match self.again_after(&task, &outcome)? {
            Some(again) => self.put_back(&task, &outcome, &again)?,
            None if has_news(&task, &outcome) => self.put_back(&task, &outcome, &AS_IT_WAS)?,
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
    ) -> Result<(), Failure> {
        let (no, task) = (run.task, self.current(run)?);
        // Where no agent was started, as when the daemon is killed at that moment, nothing has been spent.
        let reason = if started { EndReason::LOST } else { EndReason::NOT_STARTED };
        let runs = if task.launch > 1 { self.store.runs(no)? } else { Vec::new() };
        let is_check = runs.last().is_some_and(|run| run.kind == RunRow::CHECK);
        let times = 1 + runs.iter().filter(|run| run.reason.as_ref() == Some(&reason)).count();
        // A check costs no money: it is run again in any case.
        let most_times = match started {
            true if is_check => most_attempts.max(LEAST_CHECKS),
            true => most_attempts,
            false => MOST_LAUNCHES,
        };
        let may_again = times < usize::try_from(most_times).unwrap_or(usize::MAX);
        if matches!(task.ending, None | Some(StopReason::Take)) && may_again {
            self.queue_again(&task, reason, is_check)?;
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
        let cost = if started && !is_check { RunCost::Unknown } else { RunCost::Nothing };
        let outcome = Outcome { reason, cost, ..Outcome::without_exit(TaskState::Failed, why) };
        Ok(self.finish(&task, &outcome.given(task.ending))?)
    }

    /// The system is short of something: the task has not begun, and nothing else is started for now.
    pub(super) fn not_started(&mut self, run: RunId) -> Result<(), Failure> {
        let task = self.current(run)?;
        self.state.starts = Starts::None;
        match task.ending {
            None => Ok(self.queue_again(&task, EndReason::NOT_STARTED, false)?),
            ending => {
                let reason = EndReason::NOT_STARTED;
                let outcome = Outcome {
                    reason,
                    cost: RunCost::Nothing,
                    ..Outcome::without_exit(TaskState::Failed, "its agent could not be started")
                };
                Ok(self.finish(&task, &outcome.given(ending))?)
            }
        }
    }

    /// From its slot to its old place in the queue. A check has cost nothing.
    fn queue_again(&mut self, task: &TaskRow, reason: EndReason, is_check: bool) -> aiwg_store::Result<()> {
        self.store.requeue(task.no, reason != EndReason::NOT_STARTED)?;
        let cost = if is_check { RunCost::Nothing } else { RunCost::Unknown };
        let outcome = Outcome { reason, cost, ..Outcome::without_exit(TaskState::Queued, "") };
        self.store.end_run(task.run(), &outcome, self.now)?;
        self.charge(task, &outcome)?;
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
        self.state.endings.remove(&task.no);
        for hold in &again.holds {
            self.store.hold(task.no, hold)?;
        }
        self.is_queued_again(task)
    }

    /// Puts a running task back to its old place in the queue after a run whose end is stored already.
    pub(super) fn requeue_after_run(&mut self, task: &TaskRow) -> aiwg_store::Result<()> {
        self.store.requeue(task.no, false)?;
        self.is_queued_again(task)
    }

    fn is_queued_again(&mut self, task: &TaskRow) -> aiwg_store::Result<()> {
        if task.spec.terms.taken.is_some() {
            self.store.hold(task.no, &Hold::taken())?;
        }
        self.not_running(task);
        self.publish_task_event(
            &task_event(task.no, &task.spec, TaskState::Queued, task.attempts),
            &task.spec,
        );
        Ok(())
    }

    /// Stores how the current run of a task has ended, and counts what it used. The outcome's usage is that of the whole task afterwards.
    pub(super) fn end_of_run(&mut self, task: &TaskRow, outcome: &mut Outcome) -> aiwg_store::Result<()> {
        if let Some(usage) = &mut outcome.usage
            && let (Some(id), Some(session)) = (&usage.session_id, outcome.session)
        {
            let before = self.store.session_cost(id, session.total_usd)?;
            if session.is_sessions {
                usage.cost_usd = (session.total_usd - before).max(0.0);
            }
        }
        self.store.end_run(task.run(), outcome, self.now)?;
        self.charge(task, outcome)?;
        let before = self.used_before(task)?;
        if let Some(usage) = &outcome.usage {
            let rule = task.spec.cause.as_ref().and_then(|cause| cause.rule.as_deref());
            self.store.add_usage(rule, usage, before.is_none(), self.now)?;
        }
        outcome.usage = match (before, outcome.usage.take()) {
            (Some(before), Some(usage)) => Some(before.and(usage)),
            (before, usage) => before.or(usage),
        };
        Ok(())
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

    /// A new task with its class, and with what its lane adds to its priority.
    fn classified(&self, task: &TaskSpec) -> TaskSpec {
        let priority = task.priority.saturating_add(self.lane_priority(task.lane.as_deref()));
        TaskSpec { class: self.class_of(task), priority, ..task.clone() }
    }

    /// The class of a task in the queue.
    pub(super) fn class_of(&self, task: &TaskSpec) -> String {
        let (lane, agent, rule) = (task.lane.as_deref(), task.agent.as_deref(), task.counts_to());
        let ignores_budget = task.terms.ignore_budget;
        self.state.config.classes.class_of(&Classified { lane, agent, rule, ignores_budget })
    }

    /// What a lane adds to the priority of its tasks.
    pub(super) fn lane_priority(&self, lane: Option<&str>) -> i32 {
        lane.and_then(|lane| self.state.config.classes.lane(lane)).map_or(0, |lane| lane.priority)
    }

    /// Refuses what would make the queue longer than the configuration allows.
    pub(super) fn room_for(&mut self, tasks: usize) -> Result<(), Failure> {
        let Some(most) = self.state.config.max_queued else { return Ok(()) };
        let is_full = |tx: &Self| {
            let free = tx.state.config.max_parallel.saturating_sub(tx.state.running.len());
            tx.store.queued() + tasks.saturating_sub(free) as u64 > u64::from(most)
        };
        if is_full(self) {
            // Those that came in this very transaction may have slots waiting for them.
            self.fill_slots()?;
        }
        if is_full(self) { Err(EngineError::QueueFull(most).into()) } else { Ok(()) }
    }

    /// Stores a new task and says so.
    pub(super) fn enqueue(&mut self, task: &TaskSpec) -> aiwg_store::Result<TaskNo> {
        self.state.last_task += 1;
        let no = TaskNo(self.state.last_task);
        let origin = self.origin(task.sender.as_ref())?;
        let task = &TaskSpec { origin, ..self.classified(task) };
        self.store.insert_task(no, task, self.now)?;
        if let Some(at) = task.start_at.filter(|at| *at > self.now) {
            self.store.hold(no, &Hold::delay(at))?;
        }
        if let Some(rule) = &task.rule {
            self.state.memory.queued(rule);
        }
        self.publish_task_event(&task_event(no, task, TaskState::Queued, 0), task);
        if let Some(limits) = task.terms.approval {
            self.ask_to_start(no, task, limits)?;
        }
        Ok(no)
    }

    /// Publishes an event about a task.
    pub(super) fn publish_task_event(&mut self, event: &TaskEvent, spec: &TaskSpec) {
        self.publish_about(event.task_id.clone(), spec, topic(event), payload(event));
    }

    /// Publishes an event about a task, with this topic and payload.
    pub(super) fn publish_about(&mut self, task_id: String, spec: &TaskSpec, topic: String, payload: Json) {
        let before = spec.cause.as_ref();
        self.effects.new_events.push_back(NewEvent {
            topic,
            payload,
            source: EventSource::Supervisor,
            cause: Some(Cause {
                task: Some(task_id),
                rule: before.and_then(|cause| cause.rule.clone()),
                event: before.and_then(|cause| cause.event),
                depth: before.map_or(0, |cause| cause.depth) + 1,
            }),
            happened_at: None,
        });
    }

    /// The task that a report is about, unless it comes from a run that is over: another one may be under way by now.
    pub(super) fn current(&mut self, run: RunId) -> Result<TaskRow, Failure> {
        let task = self.running(run.task)?;
        if task.launch == run.n { Ok(task) } else { Err(EngineError::RunIsOver(run).into()) }
    }

    /// A task that runs, with the reason for which its agent is being ended.
    pub(super) fn running(&mut self, no: TaskNo) -> Result<TaskRow, Failure> {
        let mut task = self.readable(no)?.ok_or(EngineError::TaskNotFound(no))?;
        task.ending = task.ending.or_else(|| self.state.endings.get(&no).copied());
        if task.state == TaskState::Running { Ok(task) } else { Err(EngineError::TaskEnded(no).into()) }
    }

    /// A task that has to go on. One whose row cannot be read has failed, and what waits for it waits in vain.
    pub(super) fn readable(&mut self, no: TaskNo) -> aiwg_store::Result<Option<TaskRow>> {
        let row = self.store.task_or_fail(no, self.now)?;
        if row.is_none()
            && let Some(failed) = self.store.task(no)?
        {
            self.state.running.remove(&no);
            self.effects.ended.push(no);
            self.withdraw_approvals(no)?;
            self.wait_in_vain(no, failed.state)?;
        }
        Ok(row)
    }

    /// Fails the running tasks whose rows cannot be read: nobody keeps their agents.
    pub(super) fn fail_unreadable(&mut self) -> aiwg_store::Result<()> {
        let running: Vec<TaskNo> = self.state.running.keys().copied().collect();
        running.into_iter().try_for_each(|no| self.readable(no).map(drop))
    }

    /// The dependencies of a new task that are still under way.
    fn dependencies(&self, after: &[TaskNo]) -> Result<Waits, Failure> {
        let own = TaskNo(self.state.last_task + 1);
        let (mut open, mut seen, mut in_vain) = (Vec::new(), HashSet::new(), None);
        for no in after.iter().copied().filter(|no| seen.insert(*no)) {
            if no == own {
                return Err(EngineError::DependencyOnItself(no).into());
            }
            match self.store.task_state(no)?.ok_or(EngineError::DependencyNotFound(no))? {
                TaskState::Completed => {}
                state if state.is_final() => in_vain = in_vain.or(Some((no, state))),
                _ => open.push(no),
            }
        }
        Ok(in_vain.map_or(Waits::For(open), |(no, state)| Waits::InVain(no, state)))
    }

    /// Ends a task, and with it those that wait for it in vain, and those that wait for these.
    pub(super) fn finish(&mut self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<()> {
        self.finish_one(task, outcome)?;
        self.wait_in_vain(task.no, outcome.state)
    }

    /// Ends a task whose last run's end is stored already, and what waits for it in vain.
    pub(super) fn finish_after_run(&mut self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<()> {
        self.finish_stored(task, outcome)?;
        self.wait_in_vain(task.no, outcome.state)
    }

    /// Goes on with what has waited for the end of a task: what waits in vain ends as well, and what waits for that.
    fn wait_in_vain(&mut self, no: TaskNo, state: TaskState) -> aiwg_store::Result<()> {
        let mut ended = vec![(no, state)];
        while let Some((no, state)) = ended.pop() {
            for waiting in self.store.release(Hold::AFTER, &Hold::after(no).key)? {
                let Some(other) = self.readable(waiting)?.filter(|row| row.state == TaskState::Queued) else {
                    continue;
                };
                // A turn of a conversation waits for the end of those before it, whatever that is.
                if state != TaskState::Completed && other.spec.after.contains(&no) {
                    self.finish_one(&other, &waited_in_vain(no, state))?;
                    self.store.note_in_vain(waiting, no)?;
                    ended.push((waiting, TaskState::Cancelled));
                }
            }
        }
        Ok(())
    }

    fn finish_one(&mut self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<()> {
        let mut outcome = outcome.clone();
        if task.state == TaskState::Running {
            self.end_of_run(task, &mut outcome)?;
        }
        self.finish_stored(task, &outcome)
    }

    /// Ends a task whose last run's end is stored already.
    fn finish_stored(&mut self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<()> {
        self.store.finish(task.no, task.state, outcome, self.now)?;
        self.not_running(task);
        self.withdraw_approvals(task.no)?;
        self.effects.ended.push(task.no);
        let duration =
            task.started_at.map(|started| self.now.as_millis().saturating_sub(started.as_millis()));
        let event = task_event(task.no, &task.spec, outcome.state, task.attempts);
        let event = with_end(event, outcome, duration);
        self.publish_task_event(&event, &task.spec);
        if let Some(rule) = &task.spec.rule {
            self.note_end_for_rule(rule, outcome)?;
        }
        match &task.spec.rule {
            Some(rule) if self.state.memory.ended(rule) => self.no_longer_busy(rule),
            _ => Ok(()),
        }
    }

    fn not_running(&mut self, task: &TaskRow) {
        self.state.running.remove(&task.no);
        if let Some(rule) = &task.spec.rule {
            self.state.memory.stopped(rule, task.no, self.now);
        }
    }
}

/// The dependencies of a new task, as they stand.
enum Waits {
    /// For these to complete; none if it can start.
    For(Vec<TaskNo>),
    /// For one that has ended in another way.
    InVain(TaskNo, TaskState),
}

fn waited_in_vain(other: TaskNo, ended: TaskState) -> Outcome {
    let how = match ended {
        TaskState::Timeout => "ran longer than its time limit",
        TaskState::Cancelled => "was cancelled",
        _ => "failed",
    };
    Outcome::without_exit(TaskState::Cancelled, format!("{other}, which it was to start after, {how}"))
}
