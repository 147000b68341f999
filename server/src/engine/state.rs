//! What the engine keeps in memory.

use std::collections::HashMap;

use aiwg_model::{StopReason, TaskNo};
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::View;

use super::{
    command::{Policy, Starts},
    memory::Memory,
    waits::Waits,
};

/// What the engine keeps in memory: nothing that could not be read from the store again.
pub(super) struct State {
    pub(super) policy: Policy,
    /// The running tasks, each with the number of its run.
    pub(super) running: HashMap<TaskNo, u32>,
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
    pub(super) endings: HashMap<TaskNo, StopReason>,
}

impl State {
    pub(super) fn new(policy: Policy, waits: Waits) -> Self {
        Self {
            policy,
            running: HashMap::new(),
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

    /// True if this task runs, once the transaction is committed.
    fn is_running(&self, id: &str) -> bool {
        id.parse().is_ok_and(|no| self.running.contains_key(&no))
    }

    /// Has a task count as running if it does: known only at the end of the transaction that has taken it in.
    pub(super) fn mark_if_running(&self, id: &str, state: &mut TaskState) {
        if self.is_running(id) {
            *state = TaskState::Running;
        }
    }

    /// Reads again what it holds of the store.
    pub(super) fn load(&mut self, store: &dyn View) -> aiwg_store::Result<()> {
        (self.last_event, self.last_task) = store.last_numbers()?;
        self.running.clear();
        for no in store.running_numbers()? {
            // Of one whose row cannot be read there are no reports: it fails.
            let n = store.task_if_readable(no)?.map_or(0, |task| task.launch);
            self.running.insert(no, n);
        }
        self.memory = Memory::load(store, self.memory.refusals(), Timestamp::now())?;
        Ok(())
    }
}
