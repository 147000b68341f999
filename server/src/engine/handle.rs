//! The engine as everyone else sees it.

use std::{collections::HashMap, sync::Arc};

use aiwg_model::{CallKey, InForce, Outcome, RunId, Sender, StopReason, TaskNo, TaskSpec, Used};
use aiwg_protocol::{
    config::Rule,
    types::{
        Cause, Event, EventEmitted, RuleRefusal, TaskCancelled, TaskSubmitted, TasksCancelled, TasksRetried,
        Timestamp,
    },
};
use tokio::sync::{mpsc, watch};

use super::{
    call::{Call, Command},
    clock::Clock,
    command::{DueScope, EngineConfig, EngineError, NewEvent, Prune, Pruned, Select, Starts},
    gates::{Gate, Gates},
    memory::Refusals,
    state::State,
    transaction::{Failure, Transaction},
    waits::{Wait, Waits},
};
use crate::{
    rules::Decision,
    telemetry::{Counts, Spans, Tally},
};

/// Sends commands to the engine. Every call returns once its effect is committed.
///
/// A call's command is with the engine as soon as the call is polled first, whatever else waits there: commands take effect in that
/// order. Who calls bounds how many wait: a connection has so many calls in flight, every other source waits for its answer.
#[derive(Clone)]
pub struct Engine {
    commands: mpsc::UnboundedSender<Command>,
    waits: Waits,
    clock: Clock,
    refusals: Refusals,
    gates: Gates,
    tally: Tally,
    spans: Spans,
    /// The id of this host; none where no other can have the store.
    pub(super) host: Option<Arc<str>>,
    /// True while this host does what only one of those that share the store may do.
    leads: watch::Receiver<bool>,
}

impl Engine {
    pub(super) fn new(
        commands: mpsc::UnboundedSender<Command>,
        (waits, clock): (Waits, Clock),
        (refusals, gates): (Refusals, Gates),
        (tally, spans): (Tally, Spans),
        (host, leads): (Option<Arc<str>>, watch::Receiver<bool>),
    ) -> Self {
        Self { commands, waits, clock, refusals, gates, tally, spans, host, leads }
    }

    /// The time by the store's clock. Whatever is stored, or compared with what is, goes by it.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes in an event, and what the rules make of it.
    ///
    /// # Errors
    /// The database could not be written, or the daemon is stopping.
    pub async fn publish(&self, new: NewEvent) -> Result<EventEmitted, EngineError> {
        self.publish_from(new, None, None).await
    }

    /// The same, of an event that a client has sent; once for all calls with this key.
    ///
    /// # Errors
    /// The same.
    pub async fn publish_from(
        &self,
        new: NewEvent,
        sender: Option<Arc<Sender>>,
        key: Option<CallKey>,
    ) -> Result<EventEmitted, EngineError> {
        let text = new.payload.as_str().len();
        let publish = Call::bringing(move |tx| tx.publish_from_outside(&new, sender.as_ref()));
        self.call(publish.with_text(text).once(key)).await
    }

    /// Makes tasks of the matches that have settled.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn fire_due(&self, which: DueScope) -> Result<(), EngineError> {
        self.call(Call::bringing(move |tx| tx.fire_due(which))).await
    }

    /// Switches a rule, or all of automation, on or off. Lasts over restarts. A tripped rule starts counting again.
    ///
    /// # Errors
    /// There is no such rule, or the database could not be written.
    pub async fn switch(
        &self,
        rule: Option<String>,
        enabled: bool,
        cause: Option<Cause>,
        sender: Option<Arc<Sender>>,
    ) -> Result<(), EngineError> {
        let switch = move |tx: &mut Transaction<'_>| {
            tx.switch(rule.as_deref(), enabled, cause.as_ref(), sender.as_ref())
        };
        self.call(Call::changing(switch)).await
    }

    /// The rules' decisions on an event. Changes nothing.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn dry_run(&self, event: Event) -> Result<Vec<(Rule, Decision)>, EngineError> {
        self.call(Call::reading(move |tx| tx.dry_run(&event))).await
    }

    /// The last match of each rule that came to nothing.
    pub fn refusals(&self) -> HashMap<String, RuleRefusal> {
        self.refusals.lock().clone()
    }

    /// True while this host does what only one of those that share the store may do, such as to watch the files.
    pub(crate) fn leads(&self) -> watch::Receiver<bool> {
        self.leads.clone()
    }

    /// The spans of what has happened.
    pub(crate) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// What it has counted since the start.
    pub(crate) fn counts(&self) -> Counts {
        self.tally.counts()
    }

    /// Time since which nothing is started, since the queue is paused or drains; none if neither.
    pub fn paused_since(&self) -> Option<Timestamp> {
        self.gates.paused_since()
    }

    /// Time since which the queue drains, after which the daemon ends; none if it does not.
    pub fn draining_since(&self) -> Option<Timestamp> {
        self.gates.draining_since()
    }

    /// Time since which this one of several hosts is given no new tasks; none if it is.
    pub fn host_draining_since(&self) -> Option<Timestamp> {
        self.gates.host_draining_since()
    }

    /// The gate that keeps queued tasks of this class from starting, though nothing holds them; none if only a slot is missing.
    pub fn gate(&self, class: &str) -> Option<Gate> {
        self.gates.closed(class)
    }

    /// True if the thread runs.
    pub fn is_there(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Takes in a task.
    ///
    /// # Errors
    /// The database could not be written, or the daemon is stopping.
    pub async fn submit(&self, task: TaskSpec) -> Result<TaskSubmitted, EngineError> {
        self.submit_once(task, None).await
    }

    /// The same, once for all calls with this key.
    ///
    /// # Errors
    /// The same, or the key stands for another call.
    pub async fn submit_once(
        &self,
        task: TaskSpec,
        key: Option<CallKey>,
    ) -> Result<TaskSubmitted, EngineError> {
        let text = task.prompt.len();
        let submit = Call::bringing(move |tx| tx.take_task(&task)).with_text(text);
        self.call(submit.at_end(mark_submitted).once(key)).await
    }

    /// Returns once all that was sent before is committed, with the number of the last event by then.
    ///
    /// # Errors
    /// It has failed, or the engine's thread has ended.
    pub async fn committed(&self) -> Result<u64, EngineError> {
        self.call(Call::changing(|tx| Ok::<_, EngineError>(tx.state.last_event))).await
    }

    /// Forgets a conversation, though not its tasks. Returns the number of its turns.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn forget_conversation(&self, conversation: String) -> Result<u64, EngineError> {
        self.call(Call::changing(move |tx| {
            tx.store.forget_conversation(&conversation).map(|count| count as u64)
        }))
        .await
    }

    /// Cancels a task. `by` says for people who does; it is kept with the task.
    ///
    /// # Errors
    /// It does not exist or has ended, or the database could not be written.
    pub async fn cancel(&self, no: TaskNo, by: Option<String>) -> Result<TaskCancelled, EngineError> {
        let cancel = Call::changing(move |tx| tx.cancel(no, by.as_deref()));
        self.call(cancel.without_store(move |unstored| unstored.cancel(no))).await
    }

    /// Cancels many tasks in one step.
    ///
    /// # Errors
    /// One that is named does not exist, or the database could not be written.
    pub async fn cancel_many(
        &self,
        which: Select,
        by: Option<String>,
    ) -> Result<TasksCancelled, EngineError> {
        let named = which.clone();
        let cancel = Call::changing(move |tx| tx.cancel_many(&which, by.as_deref()));
        self.call(cancel.without_store(move |unstored| unstored.cancel_many(&named))).await
    }

    /// Submits the specifications of many tasks again: all of them, or none.
    ///
    /// # Errors
    /// One that is named does not exist, the queue is full, the chain would be too deep, or the database could not be written.
    pub async fn retry_many(
        &self,
        which: Select,
        cause: Option<Cause>,
        sender: Option<Arc<Sender>>,
    ) -> Result<TasksRetried, EngineError> {
        let retry = Call::bringing(move |tx| tx.retry_many(&which, cause.as_ref(), sender.as_ref()));
        let complete = |state: &State, retried: &mut TasksRetried| {
            retried.tasks.iter_mut().for_each(|task| state.mark_if_running(&task.task_id, &mut task.state));
        };
        self.call(retry.at_end(complete)).await
    }

    /// Submits the specification of a task again, once for all calls with this key.
    ///
    /// # Errors
    /// The same as of many, or the key stands for another call.
    pub async fn retry_once(
        &self,
        no: TaskNo,
        cause: Option<Cause>,
        sender: Option<Arc<Sender>>,
        key: Option<CallKey>,
    ) -> Result<TaskSubmitted, EngineError> {
        let which = Select::Named(vec![no]);
        let retry = Call::bringing(move |tx| {
            let retried = tx.retry_many(&which, cause.as_ref(), sender.as_ref())?;
            // It comes first: the tasks that wait for it have higher numbers.
            let first = retried.tasks.into_iter().next().ok_or(EngineError::TaskNotFound(no))?;
            Ok::<_, Failure>(TaskSubmitted { task_id: first.task_id, state: first.state })
        });
        self.call(retry.at_end(mark_submitted).once(key)).await
    }

    /// Ends the agent of a run.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub async fn end_run(&self, run: RunId, ending: StopReason) -> Result<(), EngineError> {
        let end = Call::changing(move |tx| tx.end_run(run, ending));
        self.call(end.without_store(move |unstored| unstored.end_run(run, ending))).await
    }

    /// The agent of a run has written nothing for so long; `end` has it ended.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub async fn stalled(&self, run: RunId, silent_ms: u64, end: bool) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.stalled(run, silent_ms, end))).await
    }

    /// Puts another configuration in force, and keeps it for starts that nobody asks for. More slots are filled at
    /// once. Returns what a person should know of what that does to queued tasks.
    ///
    /// # Errors
    /// The database could not be written, so that nothing has changed.
    pub(crate) async fn configure(
        &self,
        config: EngineConfig,
        in_force: InForce,
    ) -> Result<Vec<String>, EngineError> {
        self.call(Call::changing(move |tx| tx.configure(&config, &in_force))).await
    }

    /// A run has ended, and its task with it.
    ///
    /// # Errors
    /// The run is over already, or the database could not be written.
    pub async fn ended(&self, run: RunId, outcome: Outcome) -> Result<(), EngineError> {
        let text = outcome.result.as_ref().map_or(0, String::len);
        self.call(Call::changing(move |tx| tx.ended(run, &outcome)).with_text(text)).await
    }

    /// A run was interrupted: its agent was lost with the machine. `started` says if there had been one. With `most_attempts` the task
    /// fails, with fewer it is queued again; `rests` has it wait for [`Engine::rested`]. `used` is
    /// what its agent had used by then, and which messages it had got.
    ///
    /// # Errors
    /// The run is over already, or the database could not be written.
    pub async fn interrupted(
        &self,
        run: RunId,
        started: bool,
        most_attempts: u32,
        rests: bool,
        used: Used,
    ) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.interrupted(run, started, most_attempts, rests, used.clone())))
            .await
    }

    /// The agent of a run could not be started, since the system is short of something.
    ///
    /// # Errors
    /// The run is over already, or the database could not be written.
    pub async fn not_started(&self, run: RunId) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.not_started(run))).await
    }

    /// Sets the limit on tasks that may start.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn allow(&self, starts: Starts) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.allow(starts))).await
    }

    /// Deletes some of what is not to be kept, so little that nobody waits long. The caller repeats it until nothing is left.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn prune(&self, what: Prune) -> Result<Pruned, EngineError> {
        self.call(Call::changing(move |tx| tx.prune(what))).await
    }

    /// From here on no task is started and nothing is taken in from outside.
    ///
    /// # Errors
    /// The engine's thread has ended.
    pub async fn close(&self) -> Result<(), EngineError> {
        let close = Call::changing(|tx| tx.close());
        self.call(close.without_store(|unstored| unstored.close())).await
    }

    /// Ends every running task.
    ///
    /// # Errors
    /// The database could not be written.
    pub async fn end_all(&self) -> Result<(), EngineError> {
        let end = Call::changing(|tx| tx.end_all());
        self.call(end.without_store(|unstored| unstored.end_all())).await
    }

    /// The agent of `task` waits for the end of `other` as long as this lives, and does nothing meanwhile: its slot is lent.
    pub(crate) async fn waits_for(&self, task: TaskNo, other: TaskNo) -> Wait {
        let wait = self.waits.begin(task, other);
        self.wake().await;
        wait
    }

    /// The running tasks whose agents wait for a task, each with that one.
    pub(crate) fn waits(&self) -> Vec<(TaskNo, TaskNo)> {
        self.waits.pairs()
    }

    /// The tasks that the agent of this one waits for.
    pub(crate) fn awaited_by(&self, task: TaskNo) -> Vec<TaskNo> {
        let awaited = |(by, other)| (by == task && other != task).then_some(other);
        self.waits.pairs().into_iter().filter_map(awaited).collect()
    }

    /// The tasks whose agents wait for each other, in a ring of any length.
    pub(crate) fn rings(&self) -> Vec<TaskNo> {
        self.waits.rings()
    }

    /// Has what is known of the accounts of agents count, now that it has changed beside the engine.
    ///
    /// # Errors
    /// The database could not be written, or the engine has ended.
    pub async fn look_at_accounts(&self) -> Result<(), EngineError> {
        self.call(Call::changing(|tx| tx.fail_unreadable())).await
    }

    /// Starts queued tasks if slots are free: those that an earlier daemon left in the queue.
    pub async fn wake(&self) {
        self.ring();
    }

    /// The same, of whoever cannot wait: something may be wrong with the store, or with this host's part of it.
    pub(crate) fn ring(&self) {
        let _ = self.commands.send(wake());
    }

    /// Has it look at what others have written. That takes no lock, so that many hosts can do it at once; only where there may be something to start,
    /// a transaction follows.
    pub(crate) fn look(&self) {
        let look = Call::reading(|_| Ok::<_, EngineError>(()));
        let _ = self.commands.send(look.into_command().0);
    }

    /// Ends the thread, once all before it is committed. A queue that drains goes on to do so only where the daemon `restarts`.
    pub async fn exit(&self, restarts: bool) {
        let exit = Call::changing(move |tx| tx.exit(restarts));
        let (exit, _) = exit.without_store(|unstored| unstored.exit()).into_command();
        let _ = self.commands.send(exit);
    }

    /// Returns when the thread has ended, be it by a panic.
    pub(crate) async fn gone(&self) {
        self.commands.closed().await;
    }

    /// Sends a command whose answer nobody waits for.
    pub(super) fn order(&self, call: Call<()>) {
        let _ = self.commands.send(call.into_command().0);
    }

    pub(super) async fn call<R: Send + 'static>(&self, call: Call<R>) -> Result<R, EngineError> {
        let (command, answer) = call.into_command();
        self.commands.send(command).map_err(|_| EngineError::Closing)?;
        answer.await.map_err(|_| EngineError::Closing)?
    }
}

fn mark_submitted(state: &State, submitted: &mut TaskSubmitted) {
    state.mark_if_running(&submitted.task_id, &mut submitted.state);
}

/// Says of this host what those that share its store are to know at its start.
pub(super) fn begin_with_others() -> Command {
    Call::changing(|tx| tx.begin_with_others()).into_command().0
}

/// Does only what belongs to the end of every transaction: starts tasks. Tasks whose rows cannot be read fail.
pub(super) fn wake() -> Command {
    Call::changing(|tx| tx.fail_unreadable()).into_command().0
}
