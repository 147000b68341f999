//! The changes of a task's state.

use aiwg_model::{EndReason, Hold, Outcome, RunId, RunRow, StopReason, TaskNo, TaskRow, TaskSpec};
use aiwg_protocol::types::{Cause, EventSource, Json, TaskCancelled, TaskEvent, TaskState};

use super::{
    command::{EngineError, NewEvent, Order, being_cancelled},
    next_run::was_one,
    payload::{payload, task_event, topic, with_end},
    transaction::{Failure, Transaction},
};
use crate::telemetry::Note;

impl Transaction<'_> {
    /// Cancels a task. `by` says for people who does.
    pub(super) fn cancel(&mut self, no: TaskNo, by: Option<&str>) -> Result<TaskCancelled, Failure> {
        let state = self.store.task_state(no)?.ok_or(EngineError::TaskNotFound(no))?;
        if state.is_final() {
            return Err(EngineError::TaskEnded(no).into());
        }
        let mut task = self.readable(no)?.ok_or(EngineError::TaskEnded(no))?;
        // The first one has cancelled it.
        if by.is_some() && task.ending.is_none() {
            task.spec.terms.cancelled_by = by.map(str::to_owned);
            self.store.set_terms(no, &task.spec.terms)?;
        }
        match task.state {
            TaskState::Queued => {
                let why = match task.launch {
                    0 => "cancelled before it was started",
                    _ => "cancelled while it waited for its next run",
                };
                self.finish(&task, &Outcome::without_exit(TaskState::Cancelled, why))?;
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
        let slot = self.state.running.get_mut(&no);
        // The host on which it is reads that in the store.
        if slot.as_ref().is_some_and(|slot| slot.is_elsewhere) {
            return Ok(());
        }
        if let Some(slot) = slot {
            slot.is_told_to_end = true;
        }
        self.effects.orders.push(Order::End(task.run(), task.ending.unwrap_or(ending)));
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
            host: self.host_of(no),
            ..task_event(no, &task.spec, TaskState::Running, task.attempts)
        };
        self.publish_task_event(&event, &task.spec);
        if end {
            self.end_running(no, StopReason::Stalled)?;
        }
        Ok(())
    }

    /// Publishes an event about a task.
    pub(super) fn publish_task_event(&mut self, event: &TaskEvent, spec: &TaskSpec) {
        self.publish_about(event.task_id.clone(), spec, topic(event), payload(event));
    }

    /// Publishes an event about a task, with this topic and payload.
    pub(super) fn publish_about(&mut self, task_id: String, spec: &TaskSpec, topic: String, payload: Json) {
        let cause = cause_about(task_id, spec);
        self.publish_of(topic, payload, cause);
    }

    /// Publishes that someone has done this to a task, which has not brought it to another state. `by` is the cause of what an agent does: it comes
    /// of that one's task, so that a chain of such events ends.
    pub(super) fn publish_done_to(&mut self, what: &str, task: &TaskRow, by: Option<&Cause>) {
        let event = task_event(task.no, &task.spec, task.state, task.attempts);
        let event = TaskEvent { host: self.host_of(task.no), ..event };
        let cause = by.cloned().unwrap_or_else(|| cause_about(event.task_id.clone(), &task.spec));
        self.publish_of(format!("task:{what}"), payload(&event), cause);
    }

    fn publish_of(&mut self, topic: String, payload: Json, cause: Cause) {
        self.effects.new_events.push_back(NewEvent {
            topic,
            payload,
            source: EventSource::Supervisor,
            cause: Some(cause),
            happened_at: None,
            traceparent: None,
        });
    }

    /// The task that a report is about, unless it comes from a run that is over: another one may be under way by now.
    pub(super) fn current(&mut self, run: RunId) -> Result<TaskRow, Failure> {
        let task = self.running(run.task)?;
        let is_elsewhere = self.state.running.get(&run.task).is_some_and(|slot| slot.is_elsewhere);
        if task.launch == run.n && !is_elsewhere { Ok(task) } else { Err(EngineError::RunIsOver(run).into()) }
    }

    /// A task that runs, with the reason for which its agent is being ended.
    pub(super) fn running(&mut self, no: TaskNo) -> Result<TaskRow, Failure> {
        let mut task = self.readable(no)?.ok_or(EngineError::TaskNotFound(no))?;
        let run = task.run();
        task.ending = task.ending.or_else(|| self.state.endings.get(&run).copied());
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
        } else if outcome.usage.is_none() {
            // What its runs have used until it was queued again.
            outcome.usage = self.used_before(&TaskRow { launch: task.launch + 1, ..task.clone() })?;
        }
        self.finish_stored(task, &outcome)
    }

    /// Ends a task whose last run's end is stored already.
    fn finish_stored(&mut self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<()> {
        let outcome = &self.with_reason(task, said_by(task, &self.with_cost_notes(task, outcome)?))?;
        self.store.finish(task.no, task.state, outcome, self.now)?;
        self.span_of_task(task, outcome);
        let host = self.host_of(task.no);
        self.not_running(task);
        self.withdraw_approvals(task.no)?;
        self.effects.ended.push(task.no);
        self.bring_back(task, outcome.state)?;
        let duration =
            task.started_at.map(|started| self.now.as_millis().saturating_sub(started.as_millis()));
        let attempts = match task.state {
            // One that was put off counts now.
            TaskState::Queued if task.launch > 0 => {
                self.store.task(task.no)?.map_or(task.attempts, |row| row.attempts)
            }
            _ => task.attempts,
        };
        let event = TaskEvent { host, ..task_event(task.no, &task.spec, outcome.state, attempts) };
        let event = with_end(event, outcome, duration);
        self.publish_task_event(&event, &task.spec);
        self.answer_person(task, outcome)?;
        if let Some(rule) = &task.spec.rule {
            self.effects.notes.push(Note::TaskEnded { rule: rule.clone(), state: outcome.state.name() });
            self.note_end_for_rule(rule, outcome)?;
        }
        match &task.spec.rule {
            Some(rule) if self.state.memory.ended(rule) => self.no_longer_busy(rule),
            _ => Ok(()),
        }
    }

    /// The outcome of a task with the reason for that: one whose agent has worked has not been left without a start, whatever kept its last run from one.
    fn with_reason(&self, task: &TaskRow, outcome: Outcome) -> aiwg_store::Result<Outcome> {
        let has_worked = |runs: Vec<RunRow>| runs.iter().any(was_one);
        if outcome.reason != EndReason::NOT_STARTED
            || task.launch == 0
            || !has_worked(self.store.runs(task.no)?)
        {
            return Ok(outcome);
        }
        Ok(Outcome { reason: EndReason::FAILED, ..outcome })
    }

    /// The name of the host that a task runs on; none where only one has the store.
    fn host_of(&self, no: TaskNo) -> Option<String> {
        let id = self.state.running.get(&no)?.host.as_deref()?;
        self.state.hosts.get(id).map(|host| host.name.clone())
    }

    pub(super) fn not_running(&mut self, task: &TaskRow) {
        self.state.running.remove(&task.no);
        if let Some(rule) = &task.spec.rule {
            self.state.memory.stopped(rule, task.no, self.now);
        }
    }
}

/// The outcome of a task that someone has cancelled, with who it was.
fn said_by(task: &TaskRow, outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    let is_cancelled =
        outcome.reason == EndReason::stopped(StopReason::Cancel) && outcome.state == TaskState::Cancelled;
    if let (true, Some(by), Some(error)) = (is_cancelled, &task.spec.terms.cancelled_by, &mut outcome.error) {
        error.push_str(&format!(", by {by}"));
    }
    outcome
}

pub(super) fn waited_in_vain(other: TaskNo, ended: TaskState) -> Outcome {
    let how = match ended {
        TaskState::Timeout => "ran longer than its time limit",
        TaskState::Cancelled => "was cancelled",
        _ => "failed",
    };
    Outcome::without_exit(TaskState::Cancelled, format!("{other}, which it was to start after, {how}"))
}

/// The cause of an event about a task: that task.
fn cause_about(task_id: String, spec: &TaskSpec) -> Cause {
    let before = spec.cause.as_ref();
    Cause {
        task: Some(task_id),
        rule: before.and_then(|cause| cause.rule.clone()),
        event: before.and_then(|cause| cause.event),
        depth: before.map_or(0, |cause| cause.depth) + 1,
    }
}
