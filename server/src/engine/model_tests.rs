//! The state machine over the real store, against a model that a page can hold: random operations, random crashes.

use std::path::Path;

use aiwg_model::{EndReason, Outcome, RunId, StopReason, TaskNo, TaskSpec, Used};
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::{self, Store, View};
use aiwg_store_sqlite::SqliteStore;
use futures::{FutureExt, future::BoxFuture};
use proptest::prelude::*;
use tokio::sync::mpsc;

use super::{
    Engine, EngineConfig, EngineError,
    call::Command,
    effects::Effects,
    model_fate::{Fate, fate},
    state::State,
    transaction::Transaction,
    waits::Waits,
};

const SLOTS: usize = 2;

/// An operation. A task is named by any number, of which the tasks so far take the remainder. A stale report comes
/// from the run before.
#[derive(Debug, Clone)]
enum Op {
    Submit { priority: i32, after: Option<usize> },
    Cancel(usize),
    TimeUp { task: usize, is_stale: bool },
    Ended { task: usize, well: bool, is_stale: bool },
    Interrupted { task: usize, started: bool, most_attempts: u32, is_stale: bool },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (-1..=1, proptest::option::weighted(0.3, 0..100_usize))
            .prop_map(|(priority, after)| Op::Submit { priority, after }),
        2 => (0..100_usize).prop_map(Op::Cancel),
        1 => (0..100_usize, stale()).prop_map(|(task, is_stale)| Op::TimeUp { task, is_stale }),
        4 => (0..100_usize, any::<bool>(), stale())
            .prop_map(|(task, well, is_stale)| Op::Ended { task, well, is_stale }),
        1 => (0..100_usize, any::<bool>(), 1..4_u32, stale()).prop_map(|(task, started, most_attempts, is_stale)| {
            Op::Interrupted { task, started, most_attempts, is_stale }
        }),
    ]
}

fn stale() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.2)
}

/// A task of the model.
#[derive(Debug, Clone, PartialEq)]
struct Task {
    state: TaskState,
    launch: u32,
    attempts: u32,
    /// End reason of each of its runs; none for one that goes on.
    runs: Vec<Option<EndReason>>,
    priority: i32,
    after: Option<usize>,
    ending: Option<StopReason>,
}

impl Task {
    /// Its run has ended.
    fn ran(&mut self, reason: EndReason) {
        *self.runs.last_mut().unwrap() = Some(reason);
    }
}

/// All that is expected, by the number less one.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model(Vec<Task>);

impl Model {
    /// Applies an operation. True if it is allowed.
    fn apply(&mut self, op: &Op) -> bool {
        match *op {
            Op::Submit { priority, after } => {
                let after = after.filter(|_| !self.0.is_empty()).map(|after| after % self.0.len());
                let state = TaskState::Queued;
                let runs = Vec::new();
                self.0.push(Task { state, launch: 0, attempts: 0, runs, priority, after, ending: None });
                self.cascade();
                true
            }
            Op::Cancel(task) => match self.state(task) {
                Some(TaskState::Queued) => self.end(task, TaskState::Cancelled, None),
                Some(TaskState::Running) => self.note(task, StopReason::Cancel),
                _ => false,
            },
            Op::TimeUp { task, is_stale } => {
                !is_stale && self.is_running(task) && self.note(task, StopReason::Timeout)
            }
            Op::Ended { task, well, is_stale } => {
                let reported = if well { TaskState::Completed } else { TaskState::Failed };
                !is_stale && self.is_running(task) && {
                    let state = self.ending(task).unwrap_or(reported);
                    self.end(task, state, Some(EndReason::of_state(state)))
                }
            }
            Op::Interrupted { task, started, most_attempts, is_stale } => {
                let reason = if started { EndReason::LOST } else { EndReason::NOT_STARTED };
                !is_stale
                    && self.is_running(task)
                    && match self.ending(task) {
                        None if !started || self.at(task).attempts < most_attempts => {
                            let task = self.at(task);
                            task.ran(reason);
                            task.state = TaskState::Queued;
                            task.attempts -= u32::from(!started);
                            true
                        }
                        None => self.end(task, TaskState::Failed, Some(reason)),
                        Some(state) => self.end(task, state, Some(EndReason::of_state(state))),
                    }
            }
        }
    }

    /// Starts what can start: the highest priority first, then the first submitted.
    fn fill_slots(&mut self) {
        while self.0.iter().filter(|task| task.state == TaskState::Running).count() < SLOTS {
            let ready = |task: &Task| {
                let waits = task.after.is_some_and(|after| self.0[after].state != TaskState::Completed);
                task.state == TaskState::Queued && !waits
            };
            let next = (0..self.0.len()).filter(|at| ready(&self.0[*at]));
            let Some(next) = next.min_by_key(|at| (-self.0[*at].priority, *at)) else { return };
            self.0[next].state = TaskState::Running;
            self.0[next].attempts += 1;
            self.0[next].launch += 1;
            self.0[next].runs.push(None);
        }
    }

    fn at(&mut self, task: usize) -> &mut Task {
        let count = self.0.len();
        &mut self.0[task % count]
    }

    fn state(&self, task: usize) -> Option<TaskState> {
        (!self.0.is_empty()).then(|| self.0[task % self.0.len()].state)
    }

    fn is_running(&self, task: usize) -> bool {
        self.state(task) == Some(TaskState::Running)
    }

    fn ending(&mut self, task: usize) -> Option<TaskState> {
        self.at(task).ending.map(|ending| match ending {
            StopReason::Timeout => TaskState::Timeout,
            _ => TaskState::Cancelled,
        })
    }

    fn note(&mut self, task: usize, ending: StopReason) -> bool {
        self.at(task).ending.get_or_insert(ending);
        true
    }

    fn end(&mut self, task: usize, state: TaskState, reason: Option<EndReason>) -> bool {
        let task = self.at(task);
        task.state = state;
        if let Some(reason) = reason {
            task.ran(reason);
        }
        self.cascade();
        true
    }

    /// Whatever waits in vain is cancelled, in any order: one pass for each link of a chain.
    fn cascade(&mut self) {
        loop {
            let vain = |task: &Task| {
                let waits_for = task.after.map(|after| self.0[after].state);
                task.state == TaskState::Queued
                    && waits_for.is_some_and(|state| state.is_final() && state != TaskState::Completed)
            };
            let Some(at) = self.0.iter().position(vain) else { return };
            self.0[at].state = TaskState::Cancelled;
        }
    }
}

/// The engine without its thread.
struct Machine {
    store: SqliteStore,
    rest: Rest,
}

/// All of it but the store.
struct Rest {
    state: State,
    engine: Engine,
    commands: mpsc::UnboundedReceiver<Command>,
}

impl Machine {
    fn open(path: &Path) -> Self {
        let mut store = SqliteStore::open(path).unwrap();
        let config = EngineConfig { max_parallel: SLOTS, max_task_depth: 8, ..EngineConfig::default() };
        let waits = Waits::default();
        let mut state = State::new(config, waits.clone());
        state.load(&*store.view().unwrap()).unwrap();
        let (sender, commands) = mpsc::unbounded_channel();
        let (refusals, gates) = (state.memory.refusals(), state.gates.clone());
        let leads = (None, tokio::sync::watch::channel(true).1);
        let engine =
            Engine::new(sender, (waits, Default::default()), (refusals, gates), Default::default(), leads);
        Self { store, rest: Rest { state, engine, commands } }
    }

    fn check(&mut self, model: &Model) {
        let view = self.store.view().unwrap();
        assert_eq!(tasks(&*view), as_stored(model));
        for (task, no) in model.0.iter().zip((1..).map(TaskNo)) {
            let is_waiting = view.task(no).unwrap().unwrap().is_waiting;
            let holds = view.holds(no).unwrap();
            assert_eq!(is_waiting, !holds.is_empty(), "{no}: {holds:?}");
            let runs = view.runs(no).unwrap();
            assert_eq!(runs.iter().map(|run| run.reason.clone()).collect::<Vec<_>>(), task.runs, "{no}");
            let numbers: Vec<u32> = runs.iter().map(|run| run.id.n).collect();
            assert_eq!(numbers, (1..=task.launch).collect::<Vec<_>>(), "{no}");
            assert!(runs.iter().all(|run| run.ended_at.is_some() == run.reason.is_some()), "{no}: {runs:?}");
            assert!(task.state == TaskState::Queued || holds.is_empty(), "{no}: {holds:?}");
        }
        let running = model.0.iter().filter(|task| task.state == TaskState::Running).count();
        assert_eq!(self.rest.state.running.len(), running);
        assert_eq!(
            view.queued() as usize,
            model.0.iter().filter(|task| task.state == TaskState::Queued).count()
        );
    }

    /// Answers, once the transaction is over.
    fn finish(&mut self, effects: Effects, fate: Fate) {
        if fate != Fate::Committed {
            self.rest.state.load(&*self.store.view().unwrap()).unwrap();
        }
        for command in effects.done {
            match fate {
                Fate::Committed => command.answer(),
                _ => command.refuse(EngineError::Closing),
            }
        }
    }
}

impl Rest {
    /// Applies an operation within the open transaction, as the thread would. Its answer tells whether it was
    /// allowed.
    fn apply(
        &mut self,
        store: &mut dyn aiwg_store::Transaction,
        op: &Op,
        before: &Model,
        effects: &mut Effects,
    ) -> Receipt {
        let count = before.0.len();
        let launches: Vec<u32> = before.0.iter().map(|task| task.launch).collect();
        let no = move |task: usize| TaskNo((task % count.max(1)) as u64 + 1);
        let run = move |task: usize, is_stale: bool| {
            let n = launches.get(task % count.max(1)).copied().unwrap_or(0);
            RunId { task: no(task), n: n.saturating_sub(u32::from(is_stale)) }
        };
        let (engine, op) = (self.engine.clone(), op.clone());
        let mut receipt: Receipt = async move {
            match op {
                Op::Submit { priority, after } => {
                    let after = after.filter(|_| count > 0).map(no).into_iter().collect();
                    engine.submit(spec(priority, after)).await.is_ok()
                }
                Op::Cancel(task) => engine.cancel(no(task), None).await.is_ok(),
                Op::TimeUp { task, is_stale } => {
                    engine.end_run(run(task, is_stale), StopReason::Timeout).await.is_ok()
                }
                Op::Ended { task, well, is_stale } => {
                    engine.ended(run(task, is_stale), outcome(well)).await.is_ok()
                }
                Op::Interrupted { task, started, most_attempts, is_stale } => engine
                    .interrupted(run(task, is_stale), started, most_attempts, false, Used::default())
                    .await
                    .is_ok(),
            }
        }
        .boxed();
        assert_eq!(receipt.as_mut().now_or_never(), None, "nobody is answered before the commit");
        let mut command = self.commands.try_recv().unwrap();
        let state = &mut self.state;
        command.carry_out(&mut Transaction { state, store, effects, now: Timestamp::now() }).unwrap();
        effects.done.push(command);
        receipt
    }

    /// Fills the slots, as at the end of every transaction.
    fn fill_slots(&mut self, store: &mut dyn aiwg_store::Transaction, effects: &mut Effects) {
        let state = &mut self.state;
        Transaction { state, store, effects, now: Timestamp::now() }.fill_slots().unwrap();
    }
}

/// Resolves to whether an operation was allowed.
type Receipt = BoxFuture<'static, bool>;

fn spec(priority: i32, after: Vec<TaskNo>) -> TaskSpec {
    TaskSpec { prompt: "x".to_owned(), priority, after, ..TaskSpec::default() }
}

fn outcome(well: bool) -> Outcome {
    let state = if well { TaskState::Completed } else { TaskState::Failed };
    Outcome { error: None, ..Outcome::without_exit(state, "") }
}

type Stored = Vec<(TaskState, u32)>;

fn as_stored(model: &Model) -> Stored {
    model.0.iter().map(|task| (task.state, task.attempts)).collect()
}

fn tasks(store: &dyn View) -> Stored {
    let numbers = 1..;
    numbers.map_while(|no| store.task(TaskNo(no)).unwrap()).map(|task| (task.state, task.attempts)).collect()
}

/// The database as it is on the disk at this moment, its log cut off at a part of its length, as a power cut may leave it.
fn torn(from: &Path, to: &Path, part: f64) -> Stored {
    let wal =
        |path: &Path| path.with_file_name(format!("{}-wal", path.file_name().unwrap().to_str().unwrap()));
    std::fs::copy(from, to).unwrap();
    let log = std::fs::read(wal(from)).unwrap_or_default();
    std::fs::write(wal(to), &log[..(log.len() as f64 * part) as usize]).unwrap();
    tasks(&*SqliteStore::open(to).unwrap().view().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_what_the_model_says_whatever_happens(
        transactions in prop::collection::vec((prop::collection::vec(op(), 1..4), fate()), 1..25),
        part in 0.0..1.0,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.db");
        let mut machine = Machine::open(&path);
        let mut model = Model::default();
        // What was true after each commit.
        let mut history = vec![as_stored(&model)];
        for (ops, fate) in &transactions {
            let mut next = model.clone();
            let mut effects = Effects::default();
            let mut open = machine.store.begin().unwrap();
            let mut expected = Vec::new();
            for op in ops {
                let receipt = machine.rest.apply(&mut *open, op, &next, &mut effects);
                expected.push((next.apply(op), receipt));
            }
            if *fate == Fate::Crashed {
                std::mem::forget(open);
                drop(machine);
                machine = Machine::open(&path);
                machine.check(&model);
                continue;
            }
            next.fill_slots();
            machine.rest.fill_slots(&mut *open, &mut effects);
            if *fate == Fate::Committed {
                open.commit().unwrap();
            } else {
                drop(open);
            }
            machine.finish(effects, *fate);
            if *fate == Fate::Committed {
                for (allowed, receipt) in expected {
                    prop_assert_eq!(receipt.now_or_never(), Some(allowed));
                }
                model = next;
                history.push(as_stored(&model));
            }
            machine.check(&model);
        }
        let whole = torn(&path, &dir.path().join("whole.db"), 1.0);
        prop_assert_eq!(Some(&whole), history.last(), "what was committed is lost");
        let torn = torn(&path, &dir.path().join("torn.db"), part);
        prop_assert!(history.contains(&torn), "half a transaction is there: {:?}", torn);
    }
}
