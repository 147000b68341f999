//! Ends agents while the store cannot be written. The stop reasons are stored when they can be.

use std::collections::BTreeSet;

use aiwg_model::{RunId, StopReason, TaskNo};
use aiwg_protocol::types::{TaskCancelled, TaskCancelledOne, TasksCancelled};
use tokio::sync::mpsc;

use super::{
    Select,
    command::{Order, being_cancelled},
    state::State,
};

/// The state, and no transaction.
pub(super) struct Unstored<'a> {
    pub(super) state: &'a mut State,
    pub(super) orders: &'a mpsc::UnboundedSender<Order>,
    /// True if the thread ends.
    pub(super) exit: &'a mut bool,
    /// True if the command is refused otherwise, and not tried again.
    pub(super) is_given_up: bool,
}

impl Unstored<'_> {
    /// Ends the agent of a run; none if that is over.
    pub(super) fn end_run(&mut self, run: RunId, ending: StopReason) -> Option<()> {
        (self.here(run.task)? == run.n).then(|| self.end_running(run.task, ending))?
    }

    /// The number of the run of a task that runs on this host; none if it does not.
    fn here(&self, no: TaskNo) -> Option<u32> {
        self.state.running.get(&no).filter(|slot| !slot.is_elsewhere).map(|slot| slot.n)
    }

    /// Ends the agent of a running task; none if the task does not run here.
    fn end_running(&mut self, no: TaskNo, ending: StopReason) -> Option<()> {
        let run = RunId { task: no, n: self.here(no)? };
        let ending = *self.state.endings.entry(run).or_insert(ending);
        // The supervisor goes last at shutdown; with it gone, the order is carried out at the next start.
        let _ = self.orders.send(Order::End(run, ending));
        Some(())
    }

    /// Cancels a running task.
    pub(super) fn cancel(&mut self, no: TaskNo) -> Option<TaskCancelled> {
        self.end_running(no, StopReason::Cancel).map(|()| being_cancelled())
    }

    /// Cancels the named tasks, if all of them run.
    pub(super) fn cancel_many(&mut self, which: &Select) -> Option<TasksCancelled> {
        let Select::Named(named) = which else { return None };
        if !named.iter().all(|no| self.here(*no).is_some()) {
            return None;
        }
        let named: BTreeSet<TaskNo> = named.iter().copied().collect();
        let cancelled = |no: TaskNo| {
            let TaskCancelled { cancelled, state } = self.cancel(no)?;
            Some(TaskCancelledOne { task_id: no.to_string(), cancelled, state })
        };
        let tasks = named.into_iter().filter_map(cancelled).collect();
        Some(TasksCancelled { tasks, more: false })
    }

    /// Ends the agents of all tasks that run here.
    pub(super) fn end_all(&mut self) -> Option<()> {
        let running: Vec<TaskNo> = self.state.running.keys().copied().collect();
        for no in running {
            self.end_running(no, StopReason::Stop);
        }
        Some(())
    }

    /// Takes in no more from outside, and starts no more.
    pub(super) fn close(&mut self) -> Option<()> {
        self.state.closing = true;
        Some(())
    }

    /// Ends the thread, where what was sent before it cannot be stored any more.
    pub(super) fn exit(&mut self) -> Option<()> {
        *self.exit |= self.is_given_up;
        self.is_given_up.then_some(())
    }
}
