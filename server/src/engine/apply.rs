//! The commands, applied within a transaction.

use std::{collections::HashSet, sync::Arc};

use aiwg_protocol::types::{
    Cause, Event, EventEmitted, EventSource, TaskCancelled, TaskState, TaskSubmitted, Timestamp,
};

use super::{
    batch::Batch,
    command::{Command, Draft, EngineError, Order, Reply, StartOrder},
    payload::TaskEvent,
};
use crate::{
    rules::{MAX_DEPTH, RuleIndex},
    store::{Ending, NewTask, Outcome, Store, TaskNo, TaskRow},
};

/// What the engine keeps in memory: nothing that could not be read from the store again.
pub(super) struct State {
    pub(super) rules: Arc<RuleIndex>,
    pub(super) max_parallel: usize,
    pub(super) running: HashSet<TaskNo>,
    pub(super) closing: bool,
    last_event: u64,
    last_task: u64,
}

/// A command's own error, or the store's, which undoes the whole transaction.
pub(super) enum Failure {
    Refused(EngineError),
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Refused(error)
    }
}

/// The state and an open transaction.
pub(super) struct Turn<'a> {
    pub(super) state: &'a mut State,
    pub(super) store: &'a mut Store,
    pub(super) batch: &'a mut Batch,
    pub(super) now: Timestamp,
}

impl State {
    pub(super) fn new(rules: Arc<RuleIndex>, max_parallel: usize) -> Self {
        Self { rules, max_parallel, running: HashSet::new(), closing: false, last_event: 0, last_task: 0 }
    }

    /// Reads again what it holds of the store.
    pub(super) fn load(&mut self, store: &Store) -> rusqlite::Result<()> {
        (self.last_event, self.last_task) = store.last_numbers()?;
        self.running = store.running()?.into_iter().map(|task| task.no).collect();
        Ok(())
    }
}

impl Turn<'_> {
    /// Applies one command. Its answer waits for the commit.
    ///
    /// # Errors
    /// The store's: the transaction is to be rolled back.
    pub(super) fn apply(&mut self, command: Command) -> rusqlite::Result<()> {
        match command {
            Command::Publish(draft, reply) => {
                let done = self.publish_from_outside(draft);
                self.answer(done, reply, |_, emitted| emitted)
            }
            Command::Submit(task, reply) => {
                let done = self.submit(&task);
                // Whether it was started at once is known only at the end of the transaction.
                self.answer(done, reply, |state, no| TaskSubmitted {
                    task_id: no.to_string(),
                    state: if state.running.contains(&no) { TaskState::Running } else { TaskState::Queued },
                })
            }
            Command::Cancel(no, reply) => {
                let done = self.cancel(no);
                self.answer(done, reply, |_, cancelled| cancelled)
            }
            Command::TimeUp(no, reply) => {
                let done = self.end_running(no, Ending::Timeout);
                self.answer(done, reply, |_, ()| ())
            }
            Command::Ended(no, outcome, reply) => {
                let done = self.ended(no, outcome);
                self.answer(done, reply, |_, ()| ())
            }
            Command::Interrupted { no, started, requeue, reply } => {
                let done = self.interrupted(no, started, requeue);
                self.answer(done, reply, |_, ()| ())
            }
            Command::Close(reply) => {
                self.state.closing = true;
                self.answer(Ok(()), reply, |_, ()| ())
            }
            Command::EndAll(reply) => {
                let running: Vec<TaskNo> = self.state.running.iter().copied().collect();
                let done = running.into_iter().try_for_each(|no| self.end_running(no, Ending::Stop));
                self.answer(done, reply, |_, ()| ())
            }
            Command::Wake | Command::Exit => Ok(()),
        }
    }

    /// Starts tasks while there are slots. Belongs to the end of every transaction, so that a task that can start at once is
    /// queued and started with one sync.
    pub(super) fn fill_slots(&mut self) -> rusqlite::Result<()> {
        while !self.state.closing && self.state.running.len() < self.state.max_parallel {
            let Some(no) = self.store.next_queued()? else { break };
            self.store.start(no, self.now)?;
            self.state.running.insert(no);
            let Some(task) = self.store.task(no)? else { break };
            self.tell(&TaskEvent::new(no, &task.order, TaskState::Running, task.attempts), &task.order);
            self.take_drafts()?;
            let event = match task.order.cause.as_ref().and_then(|cause| cause.event) {
                Some(seq) => self.store.event(seq)?,
                None => None,
            };
            self.batch.orders.push(Order::Start(Box::new(start_order(task, event, self.now))));
        }
        Ok(())
    }

    /// Keeps the answer until the outcome of the transaction is known.
    fn answer<T: Send + 'static, R: Send + 'static>(
        &mut self,
        done: Result<T, Failure>,
        reply: Reply<R>,
        finish: impl FnOnce(&State, T) -> R + Send + 'static,
    ) -> rusqlite::Result<()> {
        let (done, fatal) = match done {
            Ok(value) => (Ok(value), Ok(())),
            Err(Failure::Refused(error)) => (Err(error), Ok(())),
            Err(Failure::Store(error)) => (Err(EngineError::Storage(error.to_string().into())), Err(error)),
        };
        self.batch.answers.push(Box::new(move |outcome| {
            let answer = outcome.and_then(|state| done.map(|value| finish(state, value)));
            // Whoever asked may have gone.
            let _ = reply.send(answer);
        }));
        fatal
    }

    fn publish_from_outside(&mut self, draft: Draft) -> Result<EventEmitted, Failure> {
        if self.state.closing {
            return Err(EngineError::Closing.into());
        }
        let emitted = self.publish(draft)?;
        self.take_drafts()?;
        Ok(emitted)
    }

    fn submit(&mut self, task: &NewTask) -> Result<TaskNo, Failure> {
        if self.state.closing {
            return Err(EngineError::Closing.into());
        }
        let no = self.enqueue(task)?;
        self.take_drafts()?;
        Ok(no)
    }

    fn cancel(&mut self, no: TaskNo) -> Result<TaskCancelled, Failure> {
        let task = self.store.task(no)?.ok_or(EngineError::TaskNotFound(no))?;
        match task.state {
            TaskState::Queued => {
                let outcome = Outcome::without_exit(TaskState::Cancelled, "cancelled before it was started");
                self.finish(&task, &outcome)?;
                Ok(TaskCancelled { cancelled: true, state: TaskState::Cancelled })
            }
            TaskState::Running => {
                self.end_running(no, Ending::Cancel)?;
                Ok(TaskCancelled { cancelled: true, state: TaskState::Running })
            }
            _ => Err(EngineError::TaskEnded(no).into()),
        }
    }

    /// Has the agent of a running task ended. What it is ended for stays with the first who asked.
    fn end_running(&mut self, no: TaskNo, ending: Ending) -> Result<(), Failure> {
        let task = self.store.task(no)?.ok_or(EngineError::TaskNotFound(no))?;
        if task.state != TaskState::Running {
            return Err(EngineError::TaskEnded(no).into());
        }
        if task.ending.is_none() {
            self.store.mark_ending(no, ending)?;
        }
        self.batch.orders.push(Order::End(no, task.ending.unwrap_or(ending)));
        Ok(())
    }

    fn ended(&mut self, no: TaskNo, outcome: Outcome) -> Result<(), Failure> {
        let task = self.store.task(no)?.ok_or(EngineError::TaskNotFound(no))?;
        if task.state != TaskState::Running {
            return Err(EngineError::TaskEnded(no).into());
        }
        let outcome = outcome.given(task.ending);
        Ok(self.finish(&task, &outcome)?)
    }

    fn interrupted(&mut self, no: TaskNo, started: bool, requeue: bool) -> Result<(), Failure> {
        let task = self.store.task(no)?.ok_or(EngineError::TaskNotFound(no))?;
        if task.state != TaskState::Running {
            return Err(EngineError::TaskEnded(no).into());
        }
        if task.ending.is_none() && (requeue || !started) {
            self.store.requeue(no, started)?;
            self.state.running.remove(&no);
            self.tell(&TaskEvent::new(no, &task.order, TaskState::Queued, task.attempts), &task.order);
            return Ok(self.take_drafts()?);
        }
        let outcome = Outcome::without_exit(
            TaskState::Failed,
            "its agent was lost when the daemon or the machine went down",
        );
        Ok(self.finish(&task, &outcome.given(task.ending))?)
    }

    fn finish(&mut self, task: &TaskRow, outcome: &Outcome) -> rusqlite::Result<()> {
        self.store.finish(task.no, task.state, outcome, self.now)?;
        self.state.running.remove(&task.no);
        self.batch.ended.push(task.no);
        let duration = task.started_at.map(|started| self.now.as_millis() - started.as_millis());
        let event =
            TaskEvent::new(task.no, &task.order, outcome.state, task.attempts).ended(outcome, duration);
        self.tell(&event, &task.order);
        self.take_drafts()
    }

    /// Stores a new task and says so.
    fn enqueue(&mut self, task: &NewTask) -> rusqlite::Result<TaskNo> {
        self.state.last_task += 1;
        let no = TaskNo(self.state.last_task);
        self.store.insert_task(no, task, self.now)?;
        self.tell(&TaskEvent::new(no, task, TaskState::Queued, 0), task);
        Ok(no)
    }

    /// Has an event about a task taken in.
    fn tell(&mut self, event: &TaskEvent<'_>, order: &NewTask) {
        let before = order.cause.as_ref();
        self.batch.drafts.push_back(Draft {
            topic: event.topic(),
            payload: event.payload(),
            source: EventSource::Supervisor,
            cause: Some(Cause {
                task: Some(event.task_id.clone()),
                rule: before.and_then(|cause| cause.rule.clone()),
                event: before.and_then(|cause| cause.event),
                depth: before.map_or(0, |cause| cause.depth) + 1,
            }),
        });
    }

    /// Takes in the events that this transaction itself has caused, and those that they cause.
    fn take_drafts(&mut self) -> rusqlite::Result<()> {
        while let Some(draft) = self.batch.drafts.pop_front() {
            self.publish(draft)?;
        }
        Ok(())
    }

    /// Stores an event and what the rules make of it.
    fn publish(&mut self, draft: Draft) -> rusqlite::Result<EventEmitted> {
        self.state.last_event += 1;
        let Draft { topic, payload, source, cause: caused_by } = draft;
        let event = Event { seq: self.state.last_event, topic, payload, source, at: self.now, caused_by };
        self.store.insert_event(&event)?;
        let rules = self.fire_rules(&event)?;
        let seq = event.seq;
        self.batch.events.push(Arc::new(event));
        Ok(EventEmitted { seq, rules })
    }

    /// Gives the ids of the rules that fired.
    fn fire_rules(&mut self, event: &Event) -> rusqlite::Result<Vec<String>> {
        let rules = Arc::clone(&self.state.rules);
        let matches = rules.matching(event);
        let mut fired = Vec::with_capacity(matches.len());
        for found in matches {
            let rule = &found.rule.id;
            if event.caused_by.as_ref().is_some_and(|cause| cause.depth >= MAX_DEPTH) {
                tracing::warn!(target: "automation", rule, event = event.seq, "refused: the chain of tasks is {MAX_DEPTH} deep");
                continue;
            }
            let no = self.enqueue(&found.task(event))?;
            tracing::info!(target: "automation", rule, event = event.seq, topic = event.topic, task = %no, "fired");
            fired.push(rule.clone());
        }
        Ok(fired)
    }
}

fn start_order(task: TaskRow, event: Option<Event>, now: Timestamp) -> StartOrder {
    StartOrder {
        no: task.no,
        launch: task.launch,
        prompt: task.order.prompt,
        agent: task.order.agent,
        env: task.order.env,
        timeout_ms: task.order.timeout_ms,
        event,
        started_at: now,
    }
}
