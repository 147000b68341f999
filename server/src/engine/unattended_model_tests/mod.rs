//! Everything that decides whether a task runs, together, over the real store: lanes, holds, delays, approvals, takeovers, budgets, limits, checks,
//! losses, and a daemon that dies at any moment. No exact course is expected, which a page could not hold, but what must be true of any.

mod ops;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use aiwg_model::{
    EndReason, Hold, InForce, Order, Outcome, Processes, RoundDetail, Rounds, RunCost, RunRow, TaskNo,
    TaskRow, Used,
};
use aiwg_protocol::{
    config::Config,
    types::{ApprovalDecider, ApprovalState, ApprovalVia, TaskState, TaskUsage, Timestamp},
};
use aiwg_store::{Store, View};
use aiwg_store_sqlite::SqliteStore;
use futures::{FutureExt, future::BoxFuture};
use proptest::prelude::*;
use tokio::sync::mpsc;

use self::ops::{Op, op, spec};
use super::{
    Budgets, By, Choice, Classes, DueScope, Edit, Engine, EngineConfig, EngineError, Verdict,
    call::Command,
    effects::Effects,
    model_fate::{Fate, fate},
    state::State,
    transaction::Transaction,
    waits::Waits,
};

const SLOTS: usize = 3;
const DOCS_SLOTS: usize = 1;
const MAX_ROUNDS: u32 = 3;
const HOUR_MS: i64 = 3_600_000;

/// Cost of a run whose agent does not tell it.
const UNKNOWN: f64 = 0.5;

/// The most that a sum may differ by.
const NOTHING: f64 = 1e-6;

fn config(day_usd: f64) -> EngineConfig {
    let text = format!(
        r#"{{"lanes": {{"docs": {{"max_parallel": {DOCS_SLOTS}, "priority": -1}}}},
             "budget": {{"day_usd": {day_usd}, "unknown_cost_usd": {UNKNOWN}, "rules": {{"r": {{"day_usd": 1.5}}}}}}}}"#
    );
    let config: Config = serde_json::from_str(&text).unwrap();
    EngineConfig {
        max_parallel: SLOTS,
        max_task_depth: 8,
        classes: Classes::of(&config),
        budgets: Budgets::of(&config),
        ..EngineConfig::default()
    }
}

/// The expected state, beside the store.
#[derive(Debug, Clone, Default)]
struct Ledger {
    tasks: u64,
    now: i64,
    day_usd: f64,
    is_paused: bool,
    /// Cost of all runs.
    spent: f64,
    /// Costs that running agents have reported. A daemon that starts again does not know them.
    told: HashMap<TaskNo, f64>,
    /// The runs of each task that have ended by themselves: of its agent, and of its check.
    ended: BTreeMap<TaskNo, (usize, usize)>,
    /// The tasks of which a person has said that they are done, whatever their checks say.
    done_by_people: BTreeSet<TaskNo>,
    /// How often a person has given each task back for its agent to go on.
    given_back: BTreeMap<TaskNo, usize>,
}

/// The engine without its thread.
struct Machine {
    store: SqliteStore,
    rest: Rest,
}

/// The cost that counts for a run of which none is known: no more than was set aside for it.
fn unknown(store: &dyn View, row: &TaskRow) -> f64 {
    let runs = store.runs(row.no).unwrap();
    runs.last().and_then(|run| run.reserved_usd).map_or(UNKNOWN, |reserved| reserved.min(UNKNOWN))
}

struct Rest {
    state: State,
    engine: Engine,
    commands: mpsc::UnboundedReceiver<Command>,
    /// Callers that wait for an answer.
    callers: Vec<BoxFuture<'static, ()>>,
}

impl Machine {
    fn open(path: &Path, day_usd: f64) -> Self {
        let mut store = SqliteStore::open(path).unwrap();
        let waits = Waits::default();
        let mut state = State::new(config(day_usd), waits.clone());
        state.load(&*store.view().unwrap()).unwrap();
        let (sender, commands) = mpsc::unbounded_channel();
        let (refusals, gates) = (state.memory.refusals(), state.gates.clone());
        let leads = (None, tokio::sync::watch::channel(true).1);
        let engine =
            Engine::new(sender, (waits, Default::default()), (refusals, gates), Default::default(), leads);
        Self { store, rest: Rest { state, engine, commands, callers: Vec::new() } }
    }

    fn check(&mut self, ledger: &Ledger) {
        let state = &self.rest.state;
        let view = self.store.view().unwrap();
        let rows: Vec<TaskRow> =
            (1..=ledger.tasks).map(|no| view.task(TaskNo(no)).unwrap().unwrap()).collect();
        let running: BTreeSet<TaskNo> =
            rows.iter().filter(|row| row.state == TaskState::Running).map(|row| row.no).collect();
        assert_eq!(running, state.running.keys().copied().collect());
        assert!(running.len() <= SLOTS, "{running:?}");
        let in_docs = rows.iter().filter(|row| running.contains(&row.no) && row.spec.lane.is_some()).count();
        assert!(in_docs <= DOCS_SLOTS, "{in_docs}");
        for row in &rows {
            self::check_task(&*view, row, ledger);
        }
        let spent: f64 = view.spending("0000", "9999").unwrap().iter().map(|row| row.usd).sum();
        assert!((spent - ledger.spent).abs() < NOTHING, "{spent}, not {}", ledger.spent);
        // What nothing holds back has started, if there is a slot.
        let idle = |row: &&TaskRow| row.state == TaskState::Queued && !row.is_waiting;
        if running.len() < SLOTS && !ledger.is_paused {
            for row in rows.iter().filter(idle) {
                assert!(state.gates.closed(&row.spec.class).is_some(), "{} waits for nothing", row.no);
            }
        }
    }
}

fn check_task(view: &dyn View, row: &TaskRow, ledger: &Ledger) {
    let (no, runs, holds) = (row.no, view.runs(row.no).unwrap(), view.holds(row.no).unwrap());
    assert_eq!(row.is_waiting, !holds.is_empty(), "{no}: {holds:?}");
    assert!(row.state == TaskState::Queued || holds.is_empty(), "{no}: {holds:?}");
    let numbers: Vec<u32> = runs.iter().map(|run| run.id.n).collect();
    assert_eq!(
        numbers,
        (1..=row.launch).collect::<Vec<_>>(),
        "{no}: no run is missing, and none is there twice"
    );
    let open = runs.iter().filter(|run| run.ended_at.is_none()).count();
    assert_eq!(open, usize::from(row.state == TaskState::Running), "{no}: {runs:?}");
    let ended = |kind: &str| {
        let by_itself = [EndReason::DONE, EndReason::FAILED, EndReason::CHECK_FAILED];
        runs.iter()
            .filter(|run| run.kind == kind && run.reason.as_ref().is_some_and(|why| by_itself.contains(why)))
            .count()
    };
    let (agents, checks) = ledger.ended.get(&no).copied().unwrap_or_default();
    assert_eq!((ended(RunRow::AGENT), ended(RunRow::CHECK)), (agents, checks), "{no}: each end counts once");
    if row.spec.terms.verify.is_some() {
        let rounds = Rounds::of(&runs);
        // Whoever gives a task back has its agent go on, also beyond its last round.
        let further = ledger.given_back.get(&no).copied().unwrap_or_default();
        assert!(rounds.rounds.len() <= MAX_ROUNDS as usize + further, "{no}");
        let check = rounds.rounds.last().and_then(|round| round.check.as_ref());
        let is_green = check.is_some_and(|check| check.exit_code == Some(0));
        let counts_as_done = row.state == TaskState::Completed && !ledger.done_by_people.contains(&no);
        assert!(is_green || !counts_as_done, "{no} counts as done without its check: {runs:?}");
    }
    let is_unapproved =
        |state| matches!(state, ApprovalState::Pending | ApprovalState::Rejected | ApprovalState::Withdrawn);
    if view.approvals_of(no).unwrap().iter().any(|asked| is_unapproved(asked.state)) {
        assert_eq!(row.launch, 0, "{no} has run without a person's word");
    }
}

impl Rest {
    /// Carries out a command within the open transaction, as the thread would.
    fn carry_out(
        &mut self,
        store: &mut dyn aiwg_store::Transaction,
        effects: &mut Effects,
        now: Timestamp,
        call: impl Future<Output = ()> + Send + 'static,
    ) {
        let mut caller = call.boxed();
        assert_eq!(caller.as_mut().now_or_never(), None, "nobody is answered before the commit");
        self.callers.push(caller);
        let mut command = self.commands.try_recv().unwrap();
        command.carry_out(&mut Transaction { state: &mut self.state, store, effects, now }).unwrap();
        effects.done.push(command);
    }

    fn apply(
        &mut self,
        store: &mut dyn aiwg_store::Transaction,
        effects: &mut Effects,
        op: &Op,
        ledger: &mut Ledger,
    ) {
        let now = Timestamp::from_millis(ledger.now);
        let count = ledger.tasks;
        let no = move |task: usize| TaskNo(task as u64 % count.max(1) + 1);
        let running = |store: &dyn aiwg_store::Transaction, task: usize| {
            store.task(no(task)).unwrap().filter(|row| row.state == TaskState::Running)
        };
        let is_check = |store: &dyn aiwg_store::Transaction, row: &TaskRow| {
            store.runs(row.no).unwrap().last().is_some_and(|run| run.kind == RunRow::CHECK)
        };
        let engine = self.engine.clone();
        let call: BoxFuture<'static, ()> = match op.clone() {
            Op::Submit(submit) => {
                ledger.tasks += 1;
                async move { drop(engine.submit(spec(&submit, now, count)).await) }.boxed()
            }
            Op::Hold { task, hours } => {
                let until = hours.map(|hours| Timestamp::from_millis(now.as_millis() + hours * HOUR_MS));
                async move { drop(engine.hold_by_hand(no(task), until, None).await) }.boxed()
            }
            Op::Release(task) => async move { drop(engine.release_by_hand(no(task), None).await) }.boxed(),
            Op::Edit { task, is_docs, priority } => {
                let lane = Some(if is_docs { "docs".to_owned() } else { String::new() });
                let edit = Edit { lane, priority: Some(priority), ..Edit::default() };
                async move { drop(engine.edit(no(task), edit, None).await) }.boxed()
            }
            Op::Cancel(task) => async move { drop(engine.cancel(no(task), None).await) }.boxed(),
            Op::Pause => {
                ledger.is_paused = true;
                async move { drop(engine.pause(By::default()).await) }.boxed()
            }
            Op::Resume => {
                ledger.is_paused = false;
                async move { drop(engine.resume(By::default()).await) }.boxed()
            }
            Op::Take { task, now } => {
                async move { drop(engine.take(no(task), now, None, None).await) }.boxed()
            }
            Op::Give { task, done } => {
                let is_taken = |row: TaskRow| row.spec.terms.taken.is_some();
                if store.task(no(task)).unwrap().is_some_and(is_taken) {
                    if done {
                        ledger.done_by_people.insert(no(task));
                    } else {
                        *ledger.given_back.entry(no(task)).or_default() += 1;
                    }
                }
                async move { drop(engine.give(no(task), done, None).await) }.boxed()
            }
            Op::Decide { approval, is_yes } => {
                let choice = if is_yes { Choice::Approve } else { Choice::Reject };
                let by = ApprovalDecider {
                    uid: None,
                    user: None,
                    program: None,
                    pid: None,
                    via: ApprovalVia::Sdk,
                };
                let verdict = Verdict { choice, reason: None, by };
                let no = aiwg_model::ApprovalNo(approval);
                async move { drop(engine.decide(no, verdict).await) }.boxed()
            }
            Op::Told { task, usd } => {
                let Some(row) = running(store, task).filter(|row| !is_check(store, row)) else { return };
                let told = ledger.told.entry(row.no).or_default();
                *told = told.max(usd);
                let run = row.run();
                async move { drop(engine.cost_so_far(run, usd, None).await) }.boxed()
            }
            Op::Ended { task, code, usd } => {
                let Some(row) = running(store, task) else { return };
                let is_check = is_check(store, &row);
                ledger.ran(&row, if is_check { 0.0 } else { usd.unwrap_or_else(|| unknown(store, &row)) });
                if row.ending.is_none() {
                    let (agents, checks) = ledger.ended.entry(row.no).or_default();
                    *(if is_check { checks } else { agents }) += 1;
                }
                let (run, outcome) = (row.run(), outcome(code, usd, is_check));
                async move { drop(engine.ended(run, outcome).await) }.boxed()
            }
            Op::Limited { task, usd } => {
                let Some(row) = running(store, task).filter(|row| !is_check(store, row)) else { return };
                ledger.ran(&row, usd);
                let outcome = Outcome { reason: EndReason::LIMITED, ..outcome(1, Some(usd), false) };
                let run = row.run();
                async move { drop(engine.ended(run, outcome).await) }.boxed()
            }
            Op::Lost { task, started } => {
                let Some(row) = running(store, task) else { return };
                let is_paid = started && !is_check(store, &row);
                ledger.ran(&row, if is_paid { unknown(store, &row) } else { 0.0 });
                let run = row.run();
                async move { drop(engine.interrupted(run, started, 3, started, Used::default()).await) }
                    .boxed()
            }
            Op::Rested(task) => {
                let Some(row) = store.task(no(task)).unwrap() else { return };
                let run = row.run();
                async move { drop(engine.rested(run).await) }.boxed()
            }
            Op::Wait { minutes } => {
                ledger.now += minutes * 60_000;
                return;
            }
            Op::Reload { day_usd } => {
                ledger.day_usd = day_usd;
                let in_force = InForce { named: None, text: None };
                async move { drop(engine.configure(config(day_usd), in_force).await) }.boxed()
            }
        };
        self.carry_out(store, effects, now, call);
    }

    /// Ends the transaction as the thread does: what is due, then what may start. Nothing starts that something holds.
    fn settle(&mut self, store: &mut dyn aiwg_store::Transaction, effects: &mut Effects, ledger: &Ledger) {
        let now = Timestamp::from_millis(ledger.now);
        let mut tx = Transaction { state: &mut self.state, store, effects, now };
        tx.fire_due(DueScope::All).unwrap();
        tx.take_new_events().unwrap();
        let held: BTreeSet<TaskNo> =
            (1..=ledger.tasks).map(TaskNo).filter(|no| !tx.store.holds(*no).unwrap().is_empty()).collect();
        let before = tx.effects.orders.len();
        tx.settle().unwrap();
        for order in &tx.effects.orders[before..] {
            let Order::Start(start) = order else { continue };
            let row = tx.store.task(start.no).unwrap().unwrap();
            assert!(!held.contains(&row.no), "{} has started although it is held", row.no);
            assert!(!ledger.is_paused, "{} has started in a pause", row.no);
            assert!(row.spec.terms.taken.is_none(), "{} has started while a person has it", row.no);
            assert!(
                row.spec.expires_at.is_none_or(|at| at > now) || row.launch > 1,
                "{} had expired",
                row.no
            );
        }
    }

    /// Answers, once the transaction is over.
    fn finish(&mut self, effects: Effects, fate: Fate) {
        for command in effects.done {
            match fate {
                Fate::Committed => command.answer(),
                _ => command.refuse(EngineError::Closing),
            }
        }
        for mut caller in self.callers.drain(..) {
            assert_eq!(caller.as_mut().now_or_never(), Some(()), "each call is answered");
        }
    }
}

impl Ledger {
    /// A run has ended that has cost so much, or as much as it had told.
    fn ran(&mut self, row: &TaskRow, usd: f64) {
        self.spent += usd.max(self.told.remove(&row.no).unwrap_or_default());
    }
}

fn outcome(code: i32, usd: Option<f64>, is_check: bool) -> Outcome {
    let usage = TaskUsage { cost_usd: usd, session_id: Some("s".to_owned()), ..TaskUsage::default() };
    let cost = match (is_check, usd) {
        (true, _) => RunCost::Nothing,
        (false, Some(_)) => RunCost::Told,
        (false, None) => RunCost::Unknown,
    };
    let reason = match (is_check, code) {
        (_, 0) => EndReason::DONE,
        (true, _) => EndReason::CHECK_FAILED,
        (false, _) => EndReason::FAILED,
    };
    Outcome {
        reason,
        exit_code: Some(code),
        processes: Some(Processes { ended: 0, left: 0 }),
        usage: (!is_check && usd.is_some()).then_some(usage),
        cost,
        // Each failure is another one: nothing is stuck.
        detail: RoundDetail { files: Some(1), ..RoundDetail::default() }.to_json(),
        ..Outcome::without_exit(if code == 0 { TaskState::Completed } else { TaskState::Failed }, "")
    }
}

/// The operations after which all tasks must end by and by: a person releases, approves and gives back all, and there is money.
fn all_clear(view: &dyn View, ledger: &Ledger) -> Vec<Op> {
    let mut ops = vec![Op::Resume, Op::Reload { day_usd: 1e6 }, Op::Wait { minutes: 48 * 60 }];
    for no in 1..=ledger.tasks {
        let task = (no - 1) as usize;
        let Some(row) = view.task(TaskNo(no)).unwrap().filter(|row| !row.state.is_final()) else { continue };
        for hold in view.holds(row.no).unwrap() {
            match hold.kind.as_ref() {
                Hold::BY_HAND => ops.push(Op::Release(task)),
                Hold::REST => ops.push(Op::Rested(task)),
                Hold::APPROVAL => ops.push(Op::Decide { approval: hold.key.parse().unwrap(), is_yes: true }),
                _ => {}
            }
        }
        if row.spec.terms.taken.is_some() {
            ops.push(Op::Give { task, done: false });
        }
        if row.state == TaskState::Running {
            ops.push(Op::Ended { task, code: 0, usd: Some(0.01) });
        }
    }
    ops
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_runs_that_may_not_and_nothing_waits_for_ever(
        transactions in prop::collection::vec((prop::collection::vec(op(), 1..5), fate()), 1..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.db");
        let mut ledger = Ledger { now: 1_795_900_000_000, day_usd: 3.0, ..Ledger::default() };
        let mut machine = Machine::open(&path, ledger.day_usd);
        let transact = |mut machine: Machine, ops: &[Op], fate: Fate, ledger: &mut Ledger| {
            let mut next = ledger.clone();
            let mut effects = Effects::default();
            let mut open = machine.store.begin().unwrap();
            for op in ops {
                machine.rest.apply(&mut *open, &mut effects, op, &mut next);
            }
            machine.rest.settle(&mut *open, &mut effects, &next);
            match fate {
                Fate::Committed => {
                    open.commit().unwrap();
                    *ledger = next;
                }
                Fate::RolledBack => {
                    drop(open);
                    if let Some(config) = effects.config_before.take() {
                        machine.rest.state.config = config;
                    }
                    machine.rest.state.load(&*machine.store.view().unwrap()).unwrap();
                    ledger.told.clear();
                }
                Fate::Crashed => std::mem::forget(open),
            }
            machine.rest.finish(effects, fate);
            if fate == Fate::Crashed {
                drop(machine);
                machine = Machine::open(&path, ledger.day_usd);
                ledger.told.clear();
            }
            if fate != Fate::Committed {
                // A daemon begins with a look at what may start.
                let (mut effects, mut open) = (Effects::default(), machine.store.begin().unwrap());
                machine.rest.settle(&mut *open, &mut effects, ledger);
                open.commit().unwrap();
            }
            machine.check(ledger);
            machine
        };
        for (ops, fate) in &transactions {
            machine = transact(machine, ops, *fate, &mut ledger);
        }
        for round in 0.. {
            let ops = all_clear(&*machine.store.view().unwrap(), &ledger);
            machine = transact(machine, &ops, Fate::Committed, &mut ledger);
            let view = machine.store.view().unwrap();
            let open: Vec<TaskNo> = (1..=ledger.tasks)
                .map(TaskNo)
                .filter(|no| !view.task(*no).unwrap().unwrap().state.is_final())
                .collect();
            if open.is_empty() {
                break;
            }
            let holds: Vec<_> = open.iter().map(|no| view.holds(*no).unwrap()).collect();
            assert!(round < 40 * ledger.tasks, "{open:?} wait for ever: {holds:?}");
        }
    }
}
