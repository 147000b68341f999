//! The commands, applied within a transaction.

use std::collections::{HashMap, HashSet};

use aiwg_protocol::types::{TaskState, TaskSubmitted, Timestamp};

use super::{
    batch::Batch,
    command::{Command, EngineError, Policy, Prune, Pruned, Starts},
    memory::Memory,
    reply::Reply,
    waits::Waits,
};
use crate::store::{Ending, Store, TaskNo};

/// How many tasks, and how many events, are forgotten in one transaction.
const PRUNED_AT_ONCE: u64 = 500;

/// What the engine keeps in memory: nothing that could not be read from the store again.
pub(super) struct State {
    pub(super) policy: Policy,
    pub(super) running: HashSet<TaskNo>,
    pub(super) memory: Memory,
    pub(super) closing: bool,
    pub(super) last_event: u64,
    pub(super) last_task: u64,
    /// How much may be started. It is not in the store: the next daemon tries.
    pub(super) starts: Starts,
    /// Whether there is room for what is new. Where there is not, nothing is started.
    pub(super) has_room: bool,
    /// Which running tasks wait for which. It is not in the store: a wait ends with its connection.
    pub(super) waits: Waits,
    /// Why running tasks are being ended, where that could not be stored yet. This alone is not in the store.
    pub(super) endings: HashMap<TaskNo, Ending>,
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
    pub(super) fn new(policy: Policy, waits: Waits) -> Self {
        Self {
            policy,
            running: HashSet::new(),
            memory: Memory::default(),
            closing: false,
            last_event: 0,
            last_task: 0,
            starts: Starts::default(),
            has_room: true,
            waits,
            endings: HashMap::new(),
        }
    }

    /// Whether this task runs, once the transaction is committed.
    fn is_running(&self, id: &str) -> bool {
        id.parse().is_ok_and(|no| self.running.contains(&no))
    }

    /// Reads again what it holds of the store.
    pub(super) fn load(&mut self, store: &Store) -> rusqlite::Result<()> {
        (self.last_event, self.last_task) = store.last_numbers()?;
        self.running = store.running_numbers()?.into_iter().collect();
        self.memory = Memory::load(store, self.memory.refusals(), Timestamp::now())?;
        Ok(())
    }
}

impl Turn<'_> {
    /// Applies one command, and all that it leads to. Its answer waits for the commit.
    ///
    /// # Errors
    /// The store's: the transaction is to be rolled back.
    pub(super) fn apply(&mut self, command: Command) -> rusqlite::Result<()> {
        self.carry_out_command(command)?;
        self.take_drafts()
    }

    /// Stores why tasks are being ended, where that could not be stored when they were told to.
    pub(super) fn store_endings(&mut self) -> rusqlite::Result<()> {
        for (no, ending) in &self.state.endings {
            if self
                .store
                .task_if_readable(*no)?
                .is_some_and(|task| task.state == TaskState::Running && task.ending.is_none())
            {
                self.store.mark_ending(*no, *ending)?;
            }
        }
        Ok(())
    }

    /// Starts tasks while there are slots, and takes in what that leads to. Belongs to the end of every transaction, so that a task that can
    /// start at once is queued and started with one sync.
    pub(super) fn settle(&mut self) -> rusqlite::Result<()> {
        while self.fill_slots()? {
            self.take_drafts()?;
        }
        Ok(())
    }

    fn carry_out_command(&mut self, command: Command) -> rusqlite::Result<()> {
        match command {
            Command::Publish(draft, reply) => {
                let done = self.publish_from_outside(draft);
                self.answer(done, reply, |_, emitted| emitted)
            }
            Command::PublishAll { drafts, told_up_to, reply } => {
                let done = self.publish_all(drafts, told_up_to);
                self.answer(done, reply, |_, ()| ())
            }
            Command::FilesTold(told, reply) => {
                let done = self.store.set_files_told(told).map_err(Failure::from);
                self.answer(done, reply, |_, ()| ())
            }
            Command::KnowSchedules(jobs, reply) => {
                let done = self.store.know_schedules(&jobs, self.now).map_err(Failure::from);
                self.answer(done, reply, |_, settled| settled)
            }
            Command::ScheduleFires { job, at, draft, reply } => {
                let done = self.schedule_fires(&job, at, draft);
                self.answer(done, reply, |_, fires| fires)
            }
            Command::FireDue(which, reply) => {
                let done = self.fire_due(which).map_err(Failure::from);
                self.answer(done, reply, |_, ()| ())
            }
            Command::Switch { rule, enabled, cause, reply } => {
                let done = self.switch(rule.as_deref(), enabled, cause);
                self.answer(done, reply, |_, ()| ())
            }
            Command::TryOut(event, reply) => {
                let done = self.try_out(&event).map_err(Failure::from);
                self.answer(done, reply, |_, decided| decided)
            }
            Command::Submit(task, reply) => {
                let done = self.submit(*task);
                self.answer(done, reply, submitted)
            }
            Command::Committed(reply) => {
                let last = self.state.last_event;
                self.answer(Ok(last), reply, |_, last| last)
            }
            Command::ForgetConversation(name, reply) => {
                let done = self.store.forget_conversation(&name).map_err(Failure::from);
                self.answer(done, reply, |_, count| count as u64)
            }
            Command::Cancel(no, reply) => {
                let done = self.cancel(no);
                self.answer(done, reply, |_, cancelled| cancelled)
            }
            Command::CancelMany(which, reply) => {
                let done = self.cancel_many(&which);
                self.answer(done, reply, |_, cancelled| cancelled)
            }
            Command::RetryMany(which, cause, reply) => {
                let done = self.retry_many(&which, cause.as_ref());
                self.answer(done, reply, |state, mut retried| {
                    retried.tasks.iter_mut().filter(|task| state.is_running(&task.task_id)).for_each(
                        |task| {
                            task.state = TaskState::Running;
                        },
                    );
                    retried
                })
            }
            Command::EndRunning(no, ending, reply) => {
                let done = self.end_running(no, ending);
                self.answer(done, reply, |_, ()| ())
            }
            Command::Stalled { no, silent_ms, end, reply } => {
                let done = self.stalled(no, silent_ms, end);
                self.answer(done, reply, |_, ()| ())
            }
            Command::Configure(policy, in_force, reply) => {
                let done = self.store.set_in_force(&in_force).map_err(Failure::from);
                if done.is_ok() {
                    let before = std::mem::replace(&mut self.state.policy, policy);
                    self.batch.policy_before.get_or_insert(before);
                }
                self.answer(done, reply, |_, ()| ())
            }
            Command::Ended(no, outcome, reply) => {
                let done = self.ended(no, outcome);
                self.answer(done, reply, |_, ()| ())
            }
            Command::NotStarted(no, reply) => {
                let done = self.not_started(no);
                self.answer(done, reply, |_, ()| ())
            }
            Command::Allow(starts, reply) => {
                self.state.starts = self.state.starts.with(starts);
                self.answer(Ok(()), reply, |_, ()| ())
            }
            Command::Rested(no, reply) => {
                let done = self.store.rested(no).map_err(Failure::from);
                self.answer(done, reply, |_, ()| ())
            }
            Command::Interrupted { no, started, most_attempts, rests, reply } => {
                let done = self.interrupted(no, started, most_attempts, rests);
                self.answer(done, reply, |_, ()| ())
            }
            Command::Prune(what, reply) => {
                let done = self.prune(what).map_err(Failure::from);
                self.answer(done, reply, |_, pruned| pruned)
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
            Command::Wake => self.fail_unreadable(),
            Command::Exit => {
                self.batch.exit = true;
                Ok(())
            }
        }
    }

    fn prune(&mut self, what: Prune) -> rusqlite::Result<Pruned> {
        self.store.set_aged(what.aged)?;
        let tasks = self.store.prune_tasks(what.tasks, PRUNED_AT_ONCE)?;
        let events = self.store.prune_events(what.events, PRUNED_AT_ONCE)?;
        let more = self.store.give_back()?;
        Ok(Pruned { more: more || events > 0 || !tasks.is_empty(), tasks, events })
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
            reply.send(answer);
        }));
        fatal
    }
}

/// Whether it was started at once is known only at the end of the transaction.
fn submitted(state: &State, (no, is): (TaskNo, TaskState)) -> TaskSubmitted {
    TaskSubmitted {
        task_id: no.to_string(),
        state: if state.running.contains(&no) { TaskState::Running } else { is },
    }
}
