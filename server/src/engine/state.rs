//! The engine's state in memory.

use std::collections::{HashMap, HashSet};

use aiwg_model::{AskedBy, QueueSwitch, RunId, RunRow, StopReason, TaskNo, TaskRow};
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::View;

use super::{
    accounts::{PUBLISHED, UNSHARED, published, unshared},
    budget::{Budgets, Money, charged, given_to, reserved_of},
    clock::Clock,
    command::{EngineConfig, Starts},
    cursors::Cursors,
    fallbacks::Unstarted,
    gates::Gates,
    hosts::{Hosts, IN_FORCE, LACKS},
    memory::Memory,
    messages::Messages,
    pause::{DRAINING, draining},
    record::{EXPECTED, FAILURES, Record, TRIPS},
    spans::{RunSpan, Spans},
    trees::{APPLIED, TREES, Trees, load_applied},
    waits::Waits,
};
use crate::accounts::Accounts;

/// The sources of the cursors that belong to it.
const SOURCES: [&str; 10] =
    [PUBLISHED, UNSHARED, IN_FORCE, LACKS, DRAINING, FAILURES, EXPECTED, TRIPS, APPLIED, TREES];

/// The engine's state in memory. Except where a field says so, it can be read from the store again.
pub(super) struct State {
    pub(super) config: EngineConfig,
    /// The store's clock.
    pub(super) clock: Clock,
    /// The hosts that share the store.
    pub(super) hosts: Hosts,
    /// The running tasks, on whatever host.
    pub(super) running: HashMap<TaskNo, Slot>,
    /// The runs that this host keeps, from before the state was read again. They are not in the store.
    pub(super) kept: HashMap<TaskNo, Slot>,
    /// The runs that were given up while this host keeps them, until their keepers have said that they are over: their tasks do not begin here before.
    pub(super) leaving: HashSet<RunId>,
    /// The tasks that no host can run, and what they wait for, for people.
    pub(super) unplaced: Option<String>,
    /// The accounts of agents, as far as they are known. They are not in the store: the daemons of a user share them.
    pub(super) accounts: Accounts,
    /// The published state of each account.
    pub(super) accounts_published: HashMap<String, String>,
    /// The pauses of accounts that were not in the file which the daemons share at the last look.
    pub(super) accounts_unshared: HashMap<String, String>,
    /// The mark of the accounts at which that was so; none if it is to be looked at again.
    pub(super) accounts_kept_at: Option<(usize, u64)>,
    /// The fallbacks that could not be started.
    pub(super) unstarted: Unstarted,
    /// The ends of rules' tasks.
    pub(super) record: Record,
    /// The gates that were closed at the last look.
    pub(super) gates: Gates,
    /// Time since which nothing is started; none if the queue is not paused.
    pub(super) paused_since: Option<Timestamp>,
    /// Time since which nothing is started until this daemon ends, once no task runs.
    pub(super) draining_since: Option<Timestamp>,
    pub(super) memory: Memory,
    /// The work trees that tasks have.
    pub(super) trees: Trees,
    /// The changes that this host was told to bring back. They are not in the store.
    pub(super) brought_here: HashSet<RunId>,
    /// The state of messaging.
    pub(super) messages: Messages,
    /// The money that was spent and is expected to be.
    pub(super) money: Money,
    /// The latest runs that are over.
    pub(super) spans: Spans,
    /// The numbers of the rules' revisions, as far as they have made tasks since they were put in force.
    pub(super) revisions: HashMap<String, u64>,
    /// The generation of the numbers under which senders are stored: another one when some may have been forgotten, or not stored.
    pub(super) generation: u64,
    pub(super) closing: bool,
    pub(super) last_event: u64,
    pub(super) last_task: u64,
    /// The number of this start, until it is stored.
    pub(super) uncounted_start: Option<u64>,
    /// Limit on the tasks that may start. It is not in the store: the next daemon tries.
    pub(super) starts: Starts,
    /// True if there is room for what is new. If not, nothing is started.
    pub(super) has_room: bool,
    /// Pairs of running tasks of which one waits for the other. It is not in the store: a wait ends with its
    /// connection.
    pub(super) waits: Waits,
    /// Stop reasons of runs that could not be stored yet. They are not in the store.
    pub(super) endings: HashMap<RunId, StopReason>,
}

/// The slot of a running task.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    /// The number of its run; 0 where its row cannot be read.
    pub(super) n: u32,
    /// Its class in the queue.
    pub(super) class: String,
    /// The profile by which its run was started; none for the section `agent`.
    pub(super) profile: Option<String>,
    /// The rule that it counts to.
    pub(super) rule: Option<String>,
    /// The cost that is set aside for its run, in US dollars; 0 where there are no budgets.
    pub(super) reserved_usd: f64,
    /// The most that its agent was given to spend in this run, in US dollars; 0 where there are no budgets, or no cap.
    pub(super) cap_usd: f64,
    /// The cost of its runs before, in US dollars; 0 where there are no budgets.
    pub(super) before_usd: f64,
    /// The cost of its run so far as its agent has reported it, in US dollars. It is not in the store: the agent's output says it again.
    pub(super) reported_usd: f64,
    /// The bound for which its run is ended, for people. It is not in the store: see above.
    pub(super) over: Option<String>,
    /// The person who has asked for it on a messaging platform.
    pub(super) asked_by: Option<AskedBy>,
    /// True if it works in a work tree: then no change of the project's files is its doing.
    pub(super) is_in_tree: bool,
    /// The check that runs in it, or the agent.
    pub(super) span: RunSpan,
    /// The id of the host that it is on; none where only one has the store.
    pub(super) host: Option<String>,
    /// True if that is another one.
    pub(super) is_elsewhere: bool,
    /// True as long as the transaction is open that begins its run, where several hosts share the store.
    pub(super) is_new: bool,
    /// Number of the messages to its agent that its keeper knows of. It is not in the store.
    pub(super) told: usize,
    /// True if its keeper was told to end it. It is not in the store.
    pub(super) is_told_to_end: bool,
}

impl Slot {
    /// The slot of this running task.
    pub(super) fn of(task: &TaskRow) -> Self {
        Self {
            n: task.launch,
            class: task.spec.class.clone(),
            rule: task.spec.counts_to().map(str::to_owned),
            asked_by: task.spec.terms.asked_by.clone(),
            is_in_tree: task.spec.terms.tree.is_some(),
            told: task.spec.terms.sent.len(),
            ..Self::default()
        }
    }

    /// Takes over what is not in the store from the slot that it was before.
    pub(super) fn go_on_from(&mut self, before: Self) {
        self.reported_usd = before.reported_usd;
        self.over = before.over;
        self.told = before.told;
        self.is_told_to_end = before.is_told_to_end;
    }

    /// The slot of each running task, with what the store says of its money: in a few questions, however many there are.
    fn read_all(
        store: &dyn View,
        (budgets, hosts): (&Budgets, &Hosts),
    ) -> aiwg_store::Result<HashMap<TaskNo, Self>> {
        let numbers = store.running_numbers()?;
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let mut tasks: HashMap<TaskNo, TaskRow> =
            store.running()?.into_iter().map(|task| (task.no, task)).collect();
        let mut runs: HashMap<TaskNo, Vec<RunRow>> = HashMap::new();
        for run in store.runs_of_running()? {
            runs.entry(run.id.task).or_default().push(run);
        }
        let mut slot = |no| {
            let runs = runs.remove(&no).unwrap_or_default();
            // Of one whose row cannot be read there are no reports: it fails.
            tasks.remove(&no).map_or_else(Self::default, |task| Self::with(&task, &runs, (budgets, hosts)))
        };
        Ok(numbers.into_iter().map(|no| (no, slot(no))).collect())
    }

    /// The slot of a running task that has had these runs.
    pub(super) fn with(task: &TaskRow, runs: &[RunRow], (budgets, hosts): (&Budgets, &Hosts)) -> Self {
        let mut slot = Self::of(task);
        let run = runs.iter().rfind(|run| run.ended_at.is_none());
        slot.profile = run.and_then(|run| run.profile.clone());
        if let Some(run) = run {
            slot.span = RunSpan { is_check: run.kind == RunRow::CHECK, from: run.started_at, until: None };
            slot.is_elsewhere = hosts.is_elsewhere(run.host.as_deref());
            slot.host.clone_from(&run.host);
        }
        if budgets.are_set() {
            slot.reserved_usd = reserved_of(runs, budgets);
            slot.cap_usd = given_to(runs);
            slot.before_usd = if task.launch == 0 { 0.0 } else { charged(runs) };
        }
        slot
    }
}

impl State {
    pub(super) fn new(config: EngineConfig, waits: Waits) -> Self {
        Self {
            config,
            clock: Clock::default(),
            hosts: Hosts::default(),
            running: HashMap::new(),
            kept: HashMap::new(),
            leaving: HashSet::new(),
            unplaced: None,
            accounts: Accounts::default(),
            accounts_published: HashMap::new(),
            accounts_unshared: HashMap::new(),
            accounts_kept_at: None,
            unstarted: Unstarted::default(),
            record: Record::default(),
            gates: Gates::default(),
            paused_since: None,
            draining_since: None,
            memory: Memory::default(),
            trees: Trees::default(),
            brought_here: HashSet::new(),
            messages: Messages::default(),
            money: Money::default(),
            spans: Spans::default(),
            revisions: HashMap::new(),
            generation: 0,
            closing: false,
            last_event: 0,
            last_task: 0,
            uncounted_start: None,
            starts: Starts::default(),
            has_room: true,
            waits,
            endings: HashMap::new(),
        }
    }

    /// Time since which nothing is to be started here.
    pub(super) fn resting_since(&self) -> Option<Timestamp> {
        self.stopped_since().or_else(|| self.hosts.draining_since())
    }

    /// Time since which nothing is to be started, since the queue is paused or this daemon is about to end.
    pub(super) fn stopped_since(&self) -> Option<Timestamp> {
        self.paused_since.or(self.draining_since)
    }

    /// Number of the tasks that run on this host.
    pub(super) fn running_here(&self) -> usize {
        match self.hosts.me() {
            None => self.running.len(),
            Some(_) => self.running.values().filter(|slot| !slot.is_elsewhere).count(),
        }
    }

    /// True if this host may have something to do about what others have written: there may be something to start, or it was given up.
    pub(super) fn may_have_to_act(&self, store: &dyn View) -> bool {
        if self.hosts.is_given_up() {
            return true;
        }
        let has_slots = || self.running_here() < self.config.max_parallel || !self.waits.is_empty();
        !self.closing && self.resting_since().is_none() && store.queued() > 0 && has_slots()
    }

    /// True if this task runs, once the transaction is committed.
    fn is_running(&self, id: &str) -> bool {
        id.parse().is_ok_and(|no| self.running.contains_key(&no))
    }

    /// Sets `running` for a task that runs: known only at the end of the transaction that has taken it in.
    pub(super) fn mark_if_running(&self, id: &str, state: &mut TaskState) {
        if self.is_running(id) {
            *state = TaskState::Running;
        }
    }

    /// Reads again what it holds of the store.
    pub(super) fn load(&mut self, store: &dyn View) -> aiwg_store::Result<()> {
        self.clock.note(store.now());
        let mut cursors = Cursors::read(store, &SOURCES)?;
        (self.last_event, self.last_task) = store.last_numbers()?;
        self.hosts.load_with(store, &mut cursors)?;
        if self.hosts.me().is_some() {
            self.kept.extend(self.running.drain().filter(|(_, slot)| !slot.is_elsewhere && !slot.is_new));
        }
        self.running = Slot::read_all(store, (&self.config.budgets, &self.hosts))?;
        self.money = Money::default();
        self.accounts_published = published(&mut cursors, &self.hosts);
        self.accounts_unshared = unshared(&mut cursors, &self.hosts);
        self.accounts_kept_at = None;
        self.record = Record::load(&mut cursors);
        self.paused_since = store.queue_switch(QueueSwitch::Paused)?;
        self.draining_since = draining(store, &mut cursors, &self.hosts)?;
        self.memory = Memory::load(store, self.memory.refusals(), store.now())?;
        self.trees = Trees::load(&mut cursors, &self.hosts);
        load_applied(&mut cursors, &self.hosts, &mut self.memory);
        // Without messaging nobody asks for it.
        self.messages = match self.config.messaging {
            Some(_) => Messages::load(store)?,
            None => Messages::default(),
        };
        self.revisions.clear();
        self.generation += 1;
        Ok(())
    }
}
