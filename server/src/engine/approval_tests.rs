//! What a task asks people for, its bounds and its use, and what they send to its agent, over the real store.

use aiwg_model::{EndReason, NewApproval, Outcome, Received, RunCost, RunId, TaskNo, TaskSpec, Used};
use aiwg_protocol::{
    terms::{ApprovalLimits, OnTimeout},
    types::{ApprovalKind, ApprovalRequest, ApprovalState, Json, TaskState, Timestamp},
};
use aiwg_store::Store;
use aiwg_store_sqlite::SqliteStore;
use tempfile::TempDir;

use super::{
    EngineConfig, EngineError,
    approvals::MOST_OF_TASK,
    effects::Effects,
    permissions::{LetThrough, PermissionAnswer, Permit, ToolCall},
    state::State,
    steer::SentBy,
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

fn tool_call() -> ToolCall {
    let input = Json::from_text(r#"{"command":"make"}"#.to_owned()).unwrap();
    ToolCall { task: TASK, tool: "Bash".to_owned(), input, is_subagents: false }
}

fn asked(tx: &mut Transaction<'_>, call: &ToolCall) -> Permit {
    match tx.ask_permission(call, None, None) {
        Ok(PermissionAnswer::Given(permit)) => permit,
        Ok(PermissionAnswer::LetThrough(id)) => panic!("{id} was let through"),
        Err(_) => panic!("it may ask"),
    }
}

fn used(tx: &mut Transaction<'_>, id: &str) -> Permit {
    tx.about_to_use(&tool_call(), id).unwrap_or_else(|_| panic!("it runs"))
}

#[test]
fn an_agent_that_has_not_heard_of_being_put_off_waits_for_no_other_call() {
    let mut machine = Machine::new();
    machine.done(|tx| {
        let Permit::Waits(no) = asked(tx, &tool_call()) else { panic!("it may be asked") };
        assert_eq!(used(tx, "first"), Permit::PutOff(no));
        // The answer is lost: the agent's own rules count, and it asks; or it makes the call again.
        assert_eq!(asked(tx, &tool_call()), Permit::Waits(no));
        assert_eq!(used(tx, "second"), Permit::PutOff(no));
        // A part of it, which would keep it from its end, does not wait for that.
        let subagents = ToolCall { is_subagents: true, ..tool_call() };
        assert!(matches!(asked(tx, &subagents), Permit::Denied(..)));
    });
}

#[test]
fn a_call_that_was_put_off_is_asked_for_again_where_a_hook_has_used_its_approval_that_was_killed() {
    let mut machine = Machine::new();
    machine.done(|tx| {
        let Permit::Waits(no) = asked(tx, &tool_call()) else { panic!("it may be asked") };
        assert_eq!(used(tx, "first"), Permit::PutOff(no));
        tx.store.decide_approval(no, ApprovalState::Approved, None).unwrap();
        // The hook that had asked is gone, and its call is still there.
        assert_eq!(asked(tx, &tool_call()), Permit::Allowed(no));
        let run = tx.store.task_if_readable(TASK).unwrap().unwrap().run();
        let put_off = Outcome { reason: EndReason::DEFERRED, ..Outcome::without_exit(TaskState::Failed, "") };
        assert!(tx.ended(run, &put_off).is_ok());
    });
    // Its next run began at once, since it waits for nobody.
    machine.done(|tx| {
        let task = tx.store.task_if_readable(TASK).unwrap().unwrap();
        assert_eq!((task.state, task.launch), (TaskState::Running, 2));
        assert_eq!(used(tx, "first"), Permit::Undecided);
        assert!(matches!(asked(tx, &tool_call()), Permit::Waits(_)));
    });
}

#[test]
fn what_was_let_through_is_not_let_through_again() {
    for is_over in [false, true] {
        let mut machine = Machine::new();
        machine.done(|tx| {
            let Permit::Waits(no) = asked(tx, &tool_call()) else { panic!("it may be asked") };
            tx.store.decide_approval(no, ApprovalState::Approved, None).unwrap();
            assert_eq!(used(tx, "first"), Permit::Allowed(no));
            let first = tx.ask_permission(&tool_call(), None, None);
            assert!(matches!(first, Ok(PermissionAnswer::LetThrough(id)) if id == "first"));
            let before = LetThrough { id: "first".to_owned(), is_over };
            let again = tx.ask_permission(&tool_call(), Some(&before), None);
            match again.unwrap_or_else(|_| panic!("it may ask")) {
                PermissionAnswer::Given(Permit::Allowed(other)) => assert!(!is_over && other == no),
                // The hook before the second call was killed, or has not found the daemon.
                PermissionAnswer::Given(Permit::Waits(other)) => assert!(is_over && other != no),
                other => panic!("{other:?}"),
            }
        });
    }
}

#[test]
fn a_message_that_was_perhaps_read_stays_so_where_the_next_run_is_not_started() {
    let mut machine = Machine::new();
    let by = SentBy { is_agent: false, is_live: true };
    machine.done(|tx| {
        assert!(tx.send(TASK, "x", None, by).is_ok());
        let received = Received { read: vec![1], ..Received::default() };
        let lost = Used { received, ..Used::default() };
        assert!(tx.interrupted(RunId { task: TASK, n: 1 }, true, 9, false, lost).is_ok());
    });
    for n in [2, 3] {
        let sent = machine.store.view().unwrap().task(TASK).unwrap().unwrap().spec.terms.sent;
        assert_eq!((sent[0].run, sent[0].is_unsure), (Some(n), true));
        machine.done(|tx| {
            assert!(tx.interrupted(RunId { task: TASK, n }, false, 9, false, Used::default()).is_ok());
        });
    }
}

#[test]
fn a_message_that_a_limited_or_overloaded_run_has_not_taken_in_goes_to_the_next_one() {
    for reason in [EndReason::LIMITED, EndReason::OVERLOADED] {
        let mut machine = Machine::new();
        let by = SentBy { is_agent: false, is_live: false };
        machine.done(|tx| assert!(tx.send(TASK, "a note", None, by).is_ok()));
        let ended = |machine: &mut Machine, n, outcome: &Outcome| {
            machine.done(|tx| assert!(tx.ended(RunId { task: TASK, n }, outcome).is_ok()));
            let row = machine.store.view().unwrap().task(TASK).unwrap().unwrap();
            let sent = &row.spec.terms.sent[0];
            (row.state, sent.run, sent.is_unsure)
        };
        let done = Outcome { reason: EndReason::DONE, ..Outcome::without_exit(TaskState::Completed, "") };
        assert_eq!(ended(&mut machine, 1, &done), (TaskState::Running, Some(2), false));
        let received = Received { is_without_prompt: true, ..Received::default() };
        let paused = Outcome { reason, received, ..Outcome::without_exit(TaskState::Failed, "") };
        assert_eq!(ended(&mut machine, 2, &paused), (TaskState::Queued, None, true));
    }
}

#[test]
fn a_message_to_a_run_whose_agent_could_not_be_started_waits_again() {
    let mut machine = Machine::new();
    let by = SentBy { is_agent: false, is_live: false };
    machine.done(|tx| assert!(tx.send(TASK, "a note", None, by).is_ok()));
    let done = Outcome { reason: EndReason::DONE, ..Outcome::without_exit(TaskState::Completed, "") };
    machine.done(|tx| assert!(tx.ended(RunId { task: TASK, n: 1 }, &done).is_ok()));
    let unstarted = Outcome { cost: RunCost::Nothing, ..Outcome::without_exit(TaskState::Failed, "") };
    machine.done(|tx| assert!(tx.ended(RunId { task: TASK, n: 2 }, &unstarted).is_ok()));
    let row = machine.store.view().unwrap().task(TASK).unwrap().unwrap();
    let sent = &row.spec.terms.sent[0];
    assert_eq!((row.state, sent.run, sent.is_unsure), (TaskState::Failed, None, false));
}
