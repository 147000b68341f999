//! The engine's thread: gather, apply, commit, publish.

use std::{
    collections::VecDeque,
    io,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use aiwg_protocol::types::Timestamp;
use aiwg_store::{ErrorKind, Store, View};
use tokio::sync::{
    Notify,
    mpsc::{self, error::TryRecvError},
    watch,
};

use super::{
    Classes,
    call::Command,
    clock::Clock,
    command::{EngineConfig, EngineError, Order},
    due::Due,
    effects::Effects,
    handle::{Engine, begin_with_others, wake},
    hosts::Hosts,
    others::Others,
    starts::starts_before,
    state::State,
    transaction::{Look, Transaction},
    waits::Waits,
};
use crate::{
    accounts::Accounts,
    bus::Bus,
    health::{Health, IssueKind},
    rules::{template, tripped_message},
    telemetry::{Spans, Tally},
};

/// Maximum number of commands in one transaction: more would make the first of them wait.
const MAX_COMMANDS: usize = 1024;

/// Maximum text that they bring together, in bytes, and then one command more: it is all in memory, and in the
/// database's log.
const MAX_TEXT_BYTES: usize = 8 * 1024 * 1024;

/// Maximum text of a transaction, in bytes, without a check that there is room for it.
const LITTLE: usize = 64 * 1024;

/// Bytes written for a byte of text that comes in, at most as a rule: it may be in an event, in the tasks that come
/// of it, and in theirs.
const WRITTEN: u64 = 4;

/// Interval between attempts to write the database, while it cannot be written.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// Interval between looks for commands meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A task that no host can run.
const HOSTS_ISSUE: IssueKind = IssueKind::named("hosts");

/// This host works by another configuration than others.
const OTHER_CONFIG_ISSUE: IssueKind = IssueKind::named("other_config");

/// Text that events may bring, in bytes, before retention is run.
const MUCH: u64 = 64 * 1024 * 1024;

/// The parts of the engine.
pub struct EngineSetup {
    /// The store.
    pub store: Box<dyn Store>,
    /// The engine's part of the configuration.
    pub config: EngineConfig,
    /// Channel on which committed events are published.
    pub bus: Bus,
    /// Channel of the orders to the supervisor.
    pub orders: mpsc::UnboundedSender<Order>,
    /// The accounts of agents, as far as they are known.
    pub accounts: Accounts,
    /// Records the engine's issues.
    pub health: Health,
    /// Notified when retention should run: events have brought much, or the disk is full.
    pub grown: Arc<Notify>,
    /// Notified when messages to platforms wait to be sent, or people for an agent that works.
    pub messages: Arc<Notify>,
    /// Publishes the times at which matches are due, for [`super::fire_when_due`].
    pub next_due: watch::Sender<Due>,
}

pub(super) struct Thread {
    pub(super) setup: EngineSetup,
    pub(super) state: State,
    commands: mpsc::UnboundedReceiver<Command>,
    /// The store's clock.
    clock: Clock,
    /// What it counts.
    tally: Tally,
    /// The spans that wait to be sent.
    spans: Spans,
    /// True while this host does what only one of those that share the store may do.
    leads: watch::Sender<bool>,
    /// Commands that are not committed yet, each with its time of arrival.
    pub(super) taken: VecDeque<(Command, Instant)>,
    /// True if the state in memory may differ from the store, which could not be read.
    pub(super) is_stale: bool,
    /// When something is due next, where others have written something that this host knows of since that, and what is the matter, was reported.
    heard: Option<Due>,
    /// True if the last transaction failed. Until one has succeeded, it is tried again and again.
    pub(super) in_trouble: bool,
    /// Time of the last maintenance of the store.
    looked_after: Instant,
    /// Text that events have brought since retention ran last, in bytes.
    grown: u64,
    /// True if the thread ends.
    pub(super) exit: bool,
}

/// Starts the engine.
///
/// # Errors
/// The store cannot be read, or there is no thread to be had.
pub fn start(mut setup: EngineSetup) -> io::Result<(Engine, JoinHandle<()>)> {
    let waits = Waits::default();
    let mut state = State::new(setup.config.clone(), waits.clone());
    state.accounts = setup.accounts.clone();
    state.hosts = Hosts::of(setup.store.host());
    let host = setup.store.host().map(Arc::from);
    if state.config.classes.are_used() {
        // Lanes may have changed since they were put into classes.
        classify(&mut *setup.store, &state.config.classes).map_err(io::Error::other)?;
    }
    let starts = {
        let view = setup.store.view().map_err(io::Error::other)?;
        // Nothing of it concerns runs that it keeps: it keeps none yet.
        drop(state.catch_up(&*view, &setup.bus).map_err(io::Error::other)?);
        starts_before(&*view).map_err(io::Error::other)?.saturating_add(1)
    };
    state.uncounted_start = Some(starts);
    state.go_on_draining(&mut *setup.store).map_err(io::Error::other)?;
    state.accounts.restore(state.accounts_unshared.values());
    setup.store.set_patience(TRY_EVERY).map_err(io::Error::other)?;
    let (sender, commands) = mpsc::unbounded_channel();
    let (refusals, gates) = (state.memory.refusals(), state.gates.clone());
    let (tally, spans) = (Tally::of_start(starts), Spans::default());
    let clock = state.clock.clone();
    let first = state.hosts.me().map(|_| (begin_with_others(), Instant::now()));
    let (leads, does_lead) = watch::channel(state.hosts.leads());
    gates.note_rest(&state);
    let thread = Thread {
        setup,
        state,
        commands,
        clock: clock.clone(),
        tally: tally.clone(),
        spans: spans.clone(),
        leads,
        taken: first.into_iter().collect(),
        // What others write meanwhile.
        is_stale: host.is_some(),
        heard: None,
        in_trouble: false,
        looked_after: Instant::now(),
        grown: 0,
        exit: false,
    };
    // It makes prompts of their templates.
    let builder = std::thread::Builder::new().name("engine".to_owned()).stack_size(template::STACK);
    let handle = builder.spawn(move || thread.run())?;
    Ok((Engine::new(sender, (waits, clock), (refusals, gates), (tally, spans), (host, does_lead)), handle))
}

/// Has done what others have stored for it.
pub(super) fn heard_of(others: Others, (orders, messages): (&mpsc::UnboundedSender<Order>, &Notify)) {
    for order in others.orders {
        // The supervisor goes last at shutdown.
        let _ = orders.send(order);
    }
    if others.messages {
        messages.notify_one();
    }
}

/// Knows what others have written, and has done what of it is for this host.
fn hear(
    state: &mut State,
    store: &dyn View,
    bus: &Bus,
    told: (&mpsc::UnboundedSender<Order>, &Notify),
) -> aiwg_store::Result<()> {
    heard_of(state.catch_up(store, bus)?, told);
    // They may have opened them.
    state.gates.clear();
    state.unstarted.clear();
    Ok(())
}

fn classify(store: &mut dyn Store, classes: &Classes) -> aiwg_store::Result<()> {
    let mut tx = store.begin()?;
    tx.classify(&|task| classes.place_of(task))?;
    tx.commit().map(drop)
}

impl Thread {
    fn run(mut self) {
        while self.wait() {
            self.read_first();
            if self.taken.is_empty() && !self.in_trouble {
                continue;
            }
            self.look_for_room();
            let mut effects = Effects::default();
            match self.transact(&mut effects, MAX_COMMANDS) {
                Ok(has_written) => self.deliver(effects, has_written),
                Err(error) => self.recover(effects, &error),
            }
            self.look_after_store();
            if self.exit {
                return self.close_store();
            }
        }
    }

    /// Answers what changes nothing, and comes before all that does: it waits for no lock that others have on the database.
    fn read_first(&mut self) {
        while self.taken.front().is_some_and(|(command, _)| command.changes_nothing()) {
            if let Some((command, _)) = self.taken.pop_front() {
                self.read(command);
            }
        }
        if let Some(due) = self.heard.take() {
            self.report_all();
            self.publish_due(due);
        }
    }

    /// Answers what changes nothing, by what is committed.
    pub(super) fn read(&mut self, mut command: Command) {
        match self.look_at(&mut command) {
            Ok(()) => {
                self.setup.store.has_caught_up();
                command.answer();
            }
            Err(error) => {
                command.refuse(EngineError::Storage(error.to_string().into()));
                if self.state.hosts.me().is_some() {
                    // A transaction finds out what is wrong with a store that others have as well.
                    self.take(wake());
                }
            }
        }
    }

    fn look_at(&mut self, command: &mut Command) -> aiwg_store::Result<()> {
        let view = self.setup.store.view()?;
        self.is_stale |= view.has_moved();
        if self.is_stale {
            hear(&mut self.state, &*view, &self.setup.bus, (&self.setup.orders, &self.setup.messages))?;
            self.is_stale = false;
            self.state.name_unplaced(&*view)?;
            self.heard = Some(due(&self.state, &*view, self.clock.now())?);
            if self.state.may_have_to_act(&*view) {
                self.taken.push_back((wake(), Instant::now()));
            }
        }
        command.read(&Look { state: &self.state, store: &*view, now: view.now() }).map(drop)
    }

    fn close_store(&mut self) {
        if let Err(error) = self.setup.store.close(self.state.has_room) {
            tracing::warn!(%error, "the database's log was left beside it; the next start takes it in");
        }
    }

    /// Notifies retention if events have brought much, and has the store do its own maintenance, once in a while.
    fn look_after_store(&mut self) {
        if self.grown >= MUCH {
            self.grown = 0;
            self.setup.grown.notify_one();
        }
        if self.looked_after.elapsed() >= TRY_EVERY {
            self.looked_after = Instant::now();
            self.setup.store.look_after(self.state.has_room);
        }
    }

    /// Waits until there is something to do; false when nobody is left who could send something. While the database cannot be written, that is
    /// something to do: what is queued is to start, and the health to be well, as soon as it can be.
    fn wait(&mut self) -> bool {
        if !self.taken.is_empty() {
            return true;
        }
        if !self.in_trouble {
            let Some(command) = self.commands.blocking_recv() else { return false };
            self.take(command);
            return true;
        }
        let until = Instant::now() + TRY_EVERY;
        while Instant::now() < until {
            match self.commands.try_recv() {
                Ok(command) => {
                    self.take(command);
                    return true;
                }
                Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => std::thread::sleep(LOOK_EVERY),
            }
        }
        self.take(wake());
        true
    }

    fn take(&mut self, command: Command) {
        self.taken.push_back((command, Instant::now()));
    }

    /// Takes what else has come, so that it does not wait unseen.
    pub(super) fn take_all(&mut self) {
        while let Ok(command) = self.commands.try_recv() {
            self.take(command);
        }
    }

    /// Carries out what is taken, and what comes meanwhile, `most` commands at most. Committed commands leave `taken`.
    /// True if anything was written.
    pub(super) fn transact(&mut self, effects: &mut Effects, most: usize) -> aiwg_store::Result<bool> {
        let (mut count, mut bytes) = (0, 0);
        let mut open = self.setup.store.begin()?;
        // Whatever comes of this transaction: it is known only once.
        self.is_stale |= open.has_moved();
        if self.is_stale {
            hear(&mut self.state, &*open, &self.setup.bus, (&self.setup.orders, &self.setup.messages))?;
            self.is_stale = false;
        }
        let now = open.now();
        self.clock.note(now);
        effects.at = now;
        let mut tx = Transaction { state: &mut self.state, store: &mut *open, effects, now };
        if self.in_trouble && tx.state.has_room {
            // Whether it can be written again is known only once it has been.
            tx.store.write_something()?;
        }
        tx.store_endings()?;
        tx.note_labels()?;
        while count < most && bytes < MAX_TEXT_BYTES {
            if count == self.taken.len() && tx.state.has_room {
                match self.commands.try_recv() {
                    Ok(command) => self.taken.push_back((command, Instant::now())),
                    Err(_) => break,
                }
            }
            let Some((command, _)) = self.taken.get_mut(count) else { break };
            bytes += command.text();
            command.carry_out(&mut tx)?;
            count += 1;
        }
        if bytes > LITTLE {
            tx.store.make_room(WRITTEN * bytes as u64)?;
        }
        tx.settle()?;
        for (command, _) in self.taken.iter_mut().take(count) {
            command.complete(&mut tx)?;
        }
        tx.store_answers()?;
        effects.due = match due(&self.state, &*open, now) {
            Err(error) if error.kind() == ErrorKind::Damaged => {
                tracing::warn!(%error, "it could not be read when something is due next");
                None
            }
            due => Some(due?),
        };
        let began = Instant::now();
        let has_written = open.commit()?;
        effects.commit = has_written.then(|| began.elapsed());
        effects.done.extend(self.taken.drain(..count).map(|(command, _)| command));
        self.state.endings.clear();
        self.exit |= effects.exit;
        Ok(has_written)
    }

    pub(super) fn deliver(&mut self, effects: Effects, has_written: bool) {
        if has_written && self.state.has_room {
            self.in_trouble = false;
            self.setup.health.clear(IssueKind::STORAGE);
        }
        self.report_all();
        if let Some(due) = effects.due {
            self.publish_due(due);
        }
        self.grown += effects.events.iter().map(|event| event.payload.as_str().len() as u64).sum::<u64>();
        let topics = effects.events.iter().map(|event| event.topic.as_str());
        self.tally.add(topics, &effects.notes, effects.commit, effects.done.len());
        self.spans.put(effects.spans);
        if effects.counts_start {
            self.state.uncounted_start = None;
        }
        effects.journal.write();
        self.setup.bus.note(&effects.events);
        // First, or whoever asked would wait while the agents are started.
        for command in effects.done {
            command.answer();
        }
        if effects.messages {
            self.setup.messages.notify_one();
        }
        for order in effects.orders {
            if let Order::Start(start) = &order
                && let Some(slot) = self.state.running.get_mut(&start.no)
            {
                slot.is_new = false;
            }
            self.order(order);
        }
        self.setup.bus.publish(effects.events, &effects.ended, &effects.decided);
    }

    pub(super) fn order(&self, order: Order) {
        // The supervisor goes last at shutdown; with it gone, the order is carried out at the next start.
        let _ = self.setup.orders.send(order);
    }

    /// Says what is the matter now.
    fn report_all(&self) {
        self.state.gates.note_rest(&self.state);
        self.report_tripped();
        self.report_accounts();
        self.report_missed();
        self.report_hosts();
    }

    fn report_tripped(&self) {
        // Those that are still in the configuration: nothing can be done about the others, nor need be.
        let rules = &self.state.config.rules;
        let known = self.state.memory.tripped().filter(|rule| rules.get(rule).is_some());
        let mut rules: Vec<_> = known.map(|rule| (rule, self.state.record.tripped_why(rule))).collect();
        if rules.is_empty() {
            return self.setup.health.clear(IssueKind::AUTOMATION);
        }
        rules.sort_unstable();
        self.setup.health.report(IssueKind::AUTOMATION, tripped_message(&rules));
    }

    fn report_accounts(&self) {
        match self.state.trouble_with_accounts() {
            Some(trouble) => self.setup.health.report(IssueKind::ACCOUNT, trouble),
            None => self.setup.health.clear(IssueKind::ACCOUNT),
        }
    }

    fn report_missed(&self) {
        match self.state.missed() {
            Some(missed) => self.setup.health.report(IssueKind::EXPECTED, missed),
            None => self.setup.health.clear(IssueKind::EXPECTED),
        }
    }

    /// Says what no host can run, and who leads.
    fn report_hosts(&self) {
        if self.state.hosts.me().is_none() {
            return;
        }
        match &self.state.unplaced {
            Some(unplaced) => self.setup.health.report(HOSTS_ISSUE, unplaced.clone()),
            None => self.setup.health.clear(HOSTS_ISSUE),
        }
        match self.state.hosts.differs() {
            Some(why) => self.setup.health.report(OTHER_CONFIG_ISSUE, why),
            None => self.setup.health.clear(OTHER_CONFIG_ISSUE),
        }
        let leads = self.state.hosts.leads();
        self.leads.send_if_modified(|before| std::mem::replace(before, leads) != leads);
    }

    fn publish_due(&self, next: Due) {
        self.setup.next_due.send_if_modified(|due| std::mem::replace(due, next) != next);
    }
}

/// When something is due next.
fn due(state: &State, store: &dyn View, now: Timestamp) -> aiwg_store::Result<Due> {
    let turn = state.money.turn(now);
    let look = state.next_look_at_accounts(now);
    let missed = state.next_missed(now);
    let with_gates = |due: Option<Timestamp>| [due, turn, look, missed].into_iter().flatten().min();
    let first = store.next_deadline(None)?;
    let is_past = first.is_some_and(|first| first <= now);
    let next = if is_past { store.next_deadline(Some(now))? } else { first };
    Ok(Due { first: with_gates(first), next: with_gates(next) })
}
