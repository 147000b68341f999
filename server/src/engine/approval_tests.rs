//! The bounds of what a task asks people for, over the real store.

use aiwg_model::{NewApproval, TaskNo, TaskSpec};
use aiwg_protocol::{
    terms::{ApprovalLimits, OnTimeout},
    types::{ApprovalKind, ApprovalRequest, ApprovalState, Timestamp},
};
use aiwg_store::Store;
use aiwg_store_sqlite::SqliteStore;
use tempfile::TempDir;

use super::{
    EngineConfig, EngineError,
    approvals::MOST_OF_TASK,
    effects::Effects,
    state::State,
    transaction::{Failure, Transaction},
    waits::Waits,
};

const TASK: TaskNo = TaskNo(1);

struct Machine {
    store: SqliteStore,
    state: State,
    _dir: TempDir,
}

impl Machine {
    /// One with a task that runs.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join("db")).unwrap();
        let config = EngineConfig { max_parallel: 1, max_task_depth: 8, ..EngineConfig::default() };
        let state = State::new(config, Waits::default());
        let mut machine = Self { store, state, _dir: dir };
        machine.done(|tx| assert!(tx.submit(&spec()).is_ok()));
        machine
    }

    fn done<T>(&mut self, work: impl FnOnce(&mut Transaction<'_>) -> T) -> T {
        let mut effects = Effects::default();
        let mut open = self.store.begin().unwrap();
        let now = Timestamp::from_millis(1000);
        let mut tx = Transaction { state: &mut self.state, store: &mut *open, effects: &mut effects, now };
        let done = work(&mut tx);
        tx.take_new_events().unwrap();
        tx.settle().unwrap();
        open.commit().unwrap();
        done
    }

    fn counts(&mut self) -> (u64, u64) {
        self.store.view().unwrap().approval_counts(TASK).unwrap()
    }
}

fn spec() -> TaskSpec {
    TaskSpec { prompt: "x".to_owned(), ..TaskSpec::default() }
}

fn question(n: u64) -> NewApproval {
    NewApproval {
        task: TASK,
        kind: ApprovalKind::Question,
        summary: "which?".to_owned(),
        request: ApprovalRequest { question: Some(format!("which of {n}?")), ..ApprovalRequest::default() },
        expires_at: None,
        on_timeout: OnTimeout::Reject,
    }
}

/// Asks a question. False if there are too many.
fn asks(tx: &mut Transaction<'_>, n: u64) -> bool {
    match tx.ask_person(&question(n), None) {
        Ok(_) => true,
        Err(Failure::Refused(EngineError::TooManyAsked(TASK))) => false,
        Err(_) => panic!("it may ask"),
    }
}

#[test]
fn a_task_asks_so_much_at_once_and_so_much_in_all() {
    let mut machine = Machine::new();
    let asked = machine.done(|tx| (0..30).filter(|n| asks(tx, *n)).count());
    assert_eq!((asked, machine.counts()), (20, (20, 20)));
    // What was asked before is no other question.
    assert!(machine.done(|tx| asks(tx, 0)));
    for first in (100..).step_by(20).take_while(|first| *first < 100 + MOST_OF_TASK) {
        machine.done(|tx| {
            for row in tx.store.approvals_of(TASK).unwrap() {
                tx.store.decide_approval(row.no, ApprovalState::Rejected, None).unwrap();
            }
            for n in first..first + 20 {
                asks(tx, n);
            }
        });
    }
    assert_eq!(machine.counts().0, MOST_OF_TASK);
    assert!(!machine.done(|tx| asks(tx, 99_999)));
}

#[test]
fn of_starts_that_are_asked_for_again_and_again_the_latest_stay() {
    let mut machine = Machine::new();
    let waiting = TaskNo(2);
    machine.done(|tx| assert!(tx.submit(&spec()).is_ok()));
    let limits = ApprovalLimits { timeout_minutes: None, on_timeout: OnTimeout::Reject };
    for _ in 0..30 {
        machine.done(|tx| tx.ask_to_start_again(waiting, &spec(), limits).unwrap());
    }
    let view = machine.store.view().unwrap();
    let rows = view.approvals_of(waiting).unwrap();
    let pending: Vec<_> = rows.iter().filter(|row| row.state == ApprovalState::Pending).collect();
    assert_eq!((rows.len(), pending.len()), (21, 1), "{rows:?}");
    assert_eq!(view.holds(waiting).unwrap().len(), 1);
}
