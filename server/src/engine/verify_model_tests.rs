//! Rounds over the real store, whatever becomes of their runs and whenever the daemon dies: none is lost, and none is done twice.

use std::path::Path;

use aiwg_model::{
    EndReason, Order, Outcome, Processes, RoundDetail, Rounds, RunCost, RunRow, TaskNo, TaskSpec, Terms,
    Used, VerifyTerms,
};
use aiwg_protocol::types::{CheckCommand, TaskState, TaskUsage, Timestamp};
use aiwg_store::Store;
use aiwg_store_sqlite::SqliteStore;
use proptest::prelude::*;

use super::{
    EngineConfig,
    effects::Effects,
    model_fate::{Fate, fate},
    state::State,
    transaction::Transaction,
    waits::Waits,
};

const TASK: TaskNo = TaskNo(1);
const MAX_ROUNDS: u32 = 4;

/// The end of the run that is under way.
#[derive(Debug, Clone, Copy)]
enum Op {
    /// Of its own, with this exit code.
    Ended {
        code: i32,
    },
    Lost,
    NotStarted,
    Overloaded,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        // 0 is rare: it ends the task where a check exits with it.
        6 => prop_oneof![1 => Just(0), 4 => 1..9].prop_map(|code| Op::Ended { code }),
        1 => Just(Op::Lost),
        1 => Just(Op::NotStarted),
        1 => Just(Op::Overloaded),
    ]
}

/// The expected state of the task.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    /// The exit codes of each round: of the agent, and of the check once that has run.
    rounds: Vec<(i32, Option<i32>)>,
    /// The exit code of the check before the first round.
    before: Option<i32>,
    lost: u32,
    end: Option<(TaskState, &'static str)>,
}

impl Model {
    fn is_checking(&self, has_before: bool) -> bool {
        match self.rounds.last() {
            None => has_before && self.before.is_none(),
            Some((_, check)) => check.is_none(),
        }
    }

    fn apply(&mut self, op: Op, has_before: bool) {
        let is_checking = self.is_checking(has_before);
        match op {
            Op::Ended { code } if !is_checking => self.rounds.push((code, None)),
            Op::Ended { code } => {
                match self.rounds.last_mut() {
                    Some((_, check)) => *check = Some(code),
                    None => self.before = Some(code),
                }
                if code == 0 {
                    self.end = Some((TaskState::Completed, "done"));
                } else if self.rounds.len() == MAX_ROUNDS as usize {
                    self.end = Some((TaskState::Failed, "rounds"));
                }
            }
            // Attempts are counted where runs are lost, and rounds are none.
            Op::Lost => self.lost += 1,
            Op::NotStarted | Op::Overloaded => {}
        }
    }
}

struct Machine {
    store: SqliteStore,
    state: State,
}

impl Machine {
    fn open(path: &Path) -> Self {
        let mut store = SqliteStore::open(path).unwrap();
        let config = EngineConfig { max_parallel: 1, max_task_depth: 8, ..EngineConfig::default() };
        let mut state = State::new(config, Waits::default());
        state.load(&*store.view().unwrap()).unwrap();
        Self { store, state }
    }

    /// Does something in a transaction, and commits it.
    fn done(&mut self, now: i64, work: impl FnOnce(&mut Transaction<'_>)) {
        let mut effects = Effects::default();
        let mut open = self.store.begin().unwrap();
        let now = Timestamp::from_millis(now);
        let mut tx = Transaction { state: &mut self.state, store: &mut *open, effects: &mut effects, now };
        work(&mut tx);
        tx.settle().unwrap();
        open.commit().unwrap();
    }

    fn check(&mut self, model: &Model, has_before: bool) {
        let view = self.store.view().unwrap();
        let task = view.task(TASK).unwrap().unwrap();
        let runs = view.runs(TASK).unwrap();
        let rounds = Rounds::of(&runs);
        let stored: Vec<_> = rounds
            .rounds
            .iter()
            .map(|round| (round.work.exit_code.unwrap(), round.check.map(|check| check.exit_code.unwrap())))
            .collect();
        assert_eq!(stored, model.rounds);
        assert_eq!(rounds.before.map(|check| check.exit_code.unwrap()), model.before);
        let numbers: Vec<u32> = runs.iter().map(|run| run.id.n).collect();
        assert_eq!(numbers, (1..=task.launch).collect::<Vec<_>>());
        match model.end {
            Some((state, reason)) => {
                assert_eq!((task.state, task.reason.unwrap().name()), (state, reason));
                assert!(runs.iter().all(|run| run.ended_at.is_some()) && self.state.running.is_empty());
                let cost: f64 = f64::from(u32::try_from(model.rounds.len()).unwrap());
                assert_eq!(
                    task.usage.and_then(|usage| usage.cost_usd).unwrap_or_default(),
                    cost,
                    "each round is paid for once"
                );
            }
            None => {
                assert_eq!(task.state, TaskState::Running);
                let open: Vec<_> = runs.iter().filter(|run| run.ended_at.is_none()).collect();
                assert_eq!(open.len(), 1, "one run is under way: {open:?}");
                let kind = if model.is_checking(has_before) { RunRow::CHECK } else { RunRow::AGENT };
                assert_eq!((open[0].id, open[0].kind.as_ref()), (task.run(), kind));
            }
        }
    }
}

fn outcome(reason: EndReason, code: i32, is_check: bool) -> Outcome {
    let usage = TaskUsage { cost_usd: Some(1.0), session_id: Some("s".to_owned()), ..TaskUsage::default() };
    // Each failure is another one: nothing is stuck.
    let detail = RoundDetail { files: Some(1), ..RoundDetail::default() };
    Outcome {
        reason,
        exit_code: Some(code),
        processes: Some(Processes { ended: 0, left: 0 }),
        usage: (!is_check && code >= 0).then_some(usage),
        cost: if is_check { RunCost::Nothing } else { RunCost::Told },
        detail: detail.to_json(),
        ..Outcome::without_exit(if code == 0 { TaskState::Completed } else { TaskState::Failed }, "")
    }
}

/// Carries out an operation on the run that is under way, and starts what may start.
fn carry_out(tx: &mut Transaction<'_>, op: Op, is_checking: bool) {
    let task = tx.store.task(TASK).unwrap().unwrap();
    let run = task.run();
    let is_done = match op {
        Op::Ended { code } => {
            let reason = match (is_checking, code) {
                (_, 0) => EndReason::DONE,
                (true, _) => EndReason::CHECK_FAILED,
                (false, _) => EndReason::FAILED,
            };
            tx.ended(run, &outcome(reason, code, is_checking)).is_ok()
        }
        Op::Overloaded if !is_checking => {
            let outcome = Outcome { usage: None, ..outcome(EndReason::OVERLOADED, 1, false) };
            tx.ended(run, &outcome).is_ok()
        }
        Op::Overloaded | Op::NotStarted => {
            tx.interrupted(run, false, u32::MAX, false, Used::default()).is_ok()
        }
        Op::Lost => tx.interrupted(run, true, u32::MAX, false, Used::default()).is_ok(),
    };
    assert!(is_done, "{op:?}");
    // What comes again from the run before counts for nothing.
    let again = tx.ended(run, &outcome(EndReason::DONE, 0, is_checking));
    assert!(again.is_err(), "a run ends once: {op:?}");
}

fn checked_by(verify: VerifyTerms) -> TaskSpec {
    TaskSpec {
        prompt: "x".to_owned(),
        terms: Terms { verify: Some(verify), ..Terms::default() },
        ..TaskSpec::default()
    }
}

#[test]
fn a_check_before_the_first_round_that_is_lost_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut machine = Machine::open(&dir.path().join("daemon.db"));
    let verify = VerifyTerms {
        command: CheckCommand::Shell("make test".to_owned()),
        max_rounds: MAX_ROUNDS,
        timeout_minutes: 1.0,
        before: true,
        protect: Vec::new(),
    };
    machine.done(1000, |tx| assert!(tx.submit(&checked_by(verify)).is_ok()));
    for (launch, end) in [(1, None), (2, Some((TaskState::Failed, "lost")))] {
        // As where interrupted tasks are not to be carried out again.
        machine.done(1000 + i64::from(launch), |tx| {
            let run = tx.store.task(TASK).unwrap().unwrap().run();
            assert_eq!(run.n, launch);
            assert!(tx.interrupted(run, true, 1, false, Used::default()).is_ok());
        });
        machine.check(&Model { end, ..Model::default() }, true);
    }
    let why = machine.store.view().unwrap().task(TASK).unwrap().unwrap().error.unwrap();
    assert!(why.starts_with("its check was killed, or lost with the machine, 2 times"), "{why}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_round_is_lost_or_done_twice(
        has_before in any::<bool>(),
        // Fewer than the launches after which a task is given up whose agent cannot be started.
        operations in prop::collection::vec((op(), fate()), 1..18),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.db");
        let mut machine = Machine::open(&path);
        let mut model = Model::default();
        let mut now = 1_000_000;
        let verify = VerifyTerms {
            command: CheckCommand::Shell("make test".to_owned()),
            max_rounds: MAX_ROUNDS,
            timeout_minutes: 1.0,
            before: has_before,
            protect: Vec::new(),
        };
        machine.done(now, |tx| assert!(tx.submit(&checked_by(verify)).is_ok()));
        machine.check(&model, has_before);
        for (op, fate) in operations {
            if model.end.is_some() {
                break;
            }
            now += 3_600_000;
            let mut next = model.clone();
            next.apply(op, has_before);
            let mut effects = Effects::default();
            let mut open = machine.store.begin().unwrap();
            let at = Timestamp::from_millis(now);
            let mut tx = Transaction { state: &mut machine.state, store: &mut *open, effects: &mut effects, now: at };
            carry_out(&mut tx, op, model.is_checking(has_before));
            // The pause after an overload is over.
            tx.now = Timestamp::from_millis(now + 1_800_000);
            tx.release_due().unwrap();
            tx.settle().unwrap();
            let started = effects.orders.iter().filter(|order| matches!(order, Order::Start(_))).count();
            assert_eq!(started, usize::from(next.end.is_none()), "{op:?}");
            match fate {
                Fate::Committed => {
                    open.commit().unwrap();
                    model = next;
                }
                Fate::RolledBack => {
                    drop(open);
                    machine.state.load(&*machine.store.view().unwrap()).unwrap();
                }
                Fate::Crashed => {
                    std::mem::forget(open);
                    drop(machine);
                    machine = Machine::open(&path);
                }
            }
            machine.check(&model, has_before);
        }
    }
}
