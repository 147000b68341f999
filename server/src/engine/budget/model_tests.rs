//! Budgets over the real store, whatever agents cost, whenever the daemon dies, however the clock is set: nothing starts that does not fit, and each
//! cent is counted once.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use aiwg_model::{EndReason, InForce, Order, Outcome, RunCost, TaskNo, TaskRow, TaskSpec, Terms, Used};
use aiwg_protocol::{
    config::Config,
    types::{BudgetSpan, Cause, Event, TaskState, TaskUsage, Timestamp},
};
use aiwg_store::{Store, View};
use aiwg_store_sqlite::SqliteStore;
use proptest::prelude::*;

use super::{Budgets, bounds::Bound, period::Period, reserved};
use crate::engine::{
    Classes, EngineConfig,
    effects::Effects,
    model_fate::{Fate, fate},
    state::State,
    transaction::Transaction,
    waits::Waits,
};

const SLOTS: usize = 3;

/// Cost of a run whose agent does not tell it.
const UNKNOWN: f64 = 0.5;

/// The most that a sum may differ by.
const NOTHING: f64 = 1e-6;

/// An operation. A task is named by any number, of which the tasks so far take the remainder.
#[derive(Debug, Clone)]
enum Op {
    Submit { rule: usize, priority: i32, ignores: bool },
    Told { task: usize, usd: f64 },
    Ended { task: usize, usd: Option<f64> },
    Lost { task: usize, started: bool },
    Paused { task: usize, usd: f64 },
    Clock { hours: i64 },
    Reload { day_usd: f64 },
}

fn op() -> impl Strategy<Value = Op> {
    let task = || 0..100_usize;
    let usd = || 0.0..2.0_f64;
    prop_oneof![
        6 => (0..3_usize, -1..=1, prop::bool::weighted(0.1))
            .prop_map(|(rule, priority, ignores)| Op::Submit { rule, priority, ignores }),
        3 => (task(), usd()).prop_map(|(task, usd)| Op::Told { task, usd }),
        5 => (task(), proptest::option::weighted(0.8, usd())).prop_map(|(task, usd)| Op::Ended { task, usd }),
        1 => (task(), any::<bool>()).prop_map(|(task, started)| Op::Lost { task, started }),
        1 => (task(), usd()).prop_map(|(task, usd)| Op::Paused { task, usd }),
        1 => (-30..40_i64).prop_map(|hours| Op::Clock { hours }),
        1 => (0.5..6.0_f64).prop_map(|day_usd| Op::Reload { day_usd }),
    ]
}

fn config(day_usd: f64) -> EngineConfig {
    let text = format!(
        r#"{{"schedule": {{"timezone": "Europe/Berlin"}}, "budget": {{"day_usd": {day_usd}, "month_usd": 20, "task_usd": {TASK}, "unknown_cost_usd": {UNKNOWN},
             "rules": {{"r1": {{"day_usd": 1.2, "month_usd": 8}}}}}}}}"#
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
struct Model {
    /// Money that was spent, by day and rule.
    spent: BTreeMap<(String, Option<String>), f64>,
    /// Costs that runs have reported so far. A daemon that starts again does not know them.
    told: HashMap<TaskNo, f64>,
    /// Number of tasks.
    tasks: u64,
    now: i64,
    day_usd: f64,
    /// Number of times that each event was published.
    events: HashMap<String, usize>,
}

/// The cap of each task.
const TASK: f64 = 1.5;

impl Model {
    fn period(&self) -> Period {
        Period::of(Timestamp::from_millis(self.now), config(self.day_usd).budgets.zone())
    }

    /// A run of a task has ended that has cost so much.
    fn ran(&mut self, task: &TaskRow, usd: f64) {
        self.told.remove(&task.no);
        if usd > 0.0 {
            let rule = task.spec.counts_to().map(str::to_owned);
            *self.spent.entry((self.period().day, rule)).or_default() += usd;
        }
    }

    fn note(&mut self, events: &[Arc<Event>]) {
        for event in events.iter().filter(|event| event.topic.starts_with("budget:")) {
            let payload: serde_json::Value = serde_json::from_str(event.payload.as_str()).unwrap();
            let key =
                format!("{} {} {} {}", event.topic, payload["period"], payload["rule"], payload["limitUsd"]);
            *self.events.entry(key).or_default() += 1;
        }
    }
}

/// A daemon without its threads.
struct Machine {
    store: SqliteStore,
    state: State,
}

impl Machine {
    fn open(path: &Path, day_usd: f64) -> Self {
        let mut store = SqliteStore::open(path).unwrap();
        let mut state = State::new(config(day_usd), Waits::default());
        state.load(&*store.view().unwrap()).unwrap();
        Self { store, state }
    }

    fn check(&mut self, model: &Model) {
        let state = &self.state;
        let view = self.store.view().unwrap();
        let mut stored: BTreeMap<(String, Option<String>), f64> = BTreeMap::new();
        for row in view.spending("0000", "9999").unwrap() {
            *stored.entry((row.day, row.rule)).or_default() += row.usd;
        }
        assert_eq!(stored.keys().collect::<Vec<_>>(), model.spent.keys().collect::<Vec<_>>());
        for (key, usd) in &stored {
            assert!((usd - model.spent[key]).abs() < NOTHING, "{key:?}: {usd}, not {}", model.spent[key]);
        }
        let mut is_untouched = true;
        for bound in state.config.budgets.all() {
            let (spent, set_aside) = taken(&*view, &bound, model.period());
            let in_memory = reserved(state.running.values(), bound.rule);
            assert!((in_memory - set_aside).abs() < NOTHING, "{bound:?}: {in_memory}, not {set_aside}");
            is_untouched &= spent == 0.0 && set_aside == 0.0;
        }
        // What is queued is not kept from an untouched budget, however dear it is.
        let heads = view.heads().unwrap();
        assert!(!is_untouched || heads.is_empty() || !state.running.is_empty(), "{heads:?}");
        assert!(model.events.values().all(|count| *count == 1), "{:?}", model.events);
    }
}

/// Money of a bound that is spent, and that is set aside, as the store has it.
fn taken(view: &dyn View, bound: &Bound<'_>, period: Period) -> (f64, f64) {
    let (first, last) = match bound.span {
        BudgetSpan::Month => period.days_of_month,
        _ => (period.day.clone(), period.day),
    };
    let counts = |rule: Option<&str>| bound.rule.is_none() || rule == bound.rule;
    let spent = view.spending(&first, &last).unwrap();
    let spent = spent.iter().filter(|row| counts(row.rule.as_deref())).map(|row| row.usd).sum();
    let running = view.running().unwrap();
    let running = running.iter().filter(|task| counts(task.spec.counts_to()));
    let of_run = |no: TaskNo| {
        let open = view.runs(no).unwrap().into_iter().find(|run| run.ended_at.is_none()).unwrap();
        open.reserved_usd.unwrap()
    };
    (spent, running.map(|task| of_run(task.no)).sum())
}

/// The cost that counts for the open run of a task if nothing is known of it.
fn unknown_usd(view: &dyn View, no: TaskNo) -> f64 {
    let open = view.runs(no).unwrap().into_iter().find(|run| run.ended_at.is_none()).unwrap();
    open.reserved_usd.unwrap().min(UNKNOWN)
}

fn spec(rule: usize, priority: i32, ignores: bool) -> TaskSpec {
    let rule = (rule > 0).then(|| format!("r{rule}"));
    let cause = rule.clone().map(|rule| Cause { task: None, rule: Some(rule), event: None, depth: 0 });
    let terms = Terms { ignore_budget: ignores, ..Terms::default() };
    TaskSpec { prompt: "x".to_owned(), priority, rule, cause, terms, ..TaskSpec::default() }
}

fn outcome(usd: Option<f64>, reason: EndReason) -> Outcome {
    let cost = if usd.is_some() { RunCost::Told } else { RunCost::Unknown };
    let usage = usd.map(|usd| TaskUsage { cost_usd: Some(usd), ..TaskUsage::default() });
    Outcome { reason, usage, cost, ..Outcome::without_exit(TaskState::Completed, "") }
}

/// Carries out an operation, and notes in the model what it spends.
fn apply(tx: &mut Transaction<'_>, op: &Op, model: &mut Model) {
    let budgets = tx.state.config.budgets.clone();
    let running = |task: usize| {
        let no = TaskNo(task as u64 % model.tasks.max(1) + 1);
        let row = tx.store.task(no).unwrap().filter(|row| row.state == TaskState::Running)?;
        Some((row, model.told.get(&no).copied().unwrap_or_default()))
    };
    let is_done = match *op {
        Op::Clock { hours } => {
            model.now += hours * 3_600_000;
            true
        }
        Op::Submit { rule, priority, ignores } => {
            model.tasks += 1;
            tx.submit(&spec(rule, priority, ignores)).is_ok()
        }
        Op::Reload { day_usd } => {
            model.day_usd = day_usd;
            tx.configure(&config(day_usd), &InForce { named: None, text: None }).is_ok()
        }
        Op::Told { task, usd } => {
            let Some((row, before)) = running(task) else { return };
            model.told.insert(row.no, before.max(usd));
            let is_done = tx.cost_so_far(row.run(), usd, None).is_ok();
            let is_beyond = |bound: &Bound<'_>| {
                let (spent, set_aside) = taken(&*tx.store, bound, model.period());
                spent + set_aside > bound.limit_usd + NOTHING
            };
            let is_bound = !row.spec.terms.ignore_budget;
            if usd > TASK || is_bound && budgets.bounds(row.spec.counts_to()).iter().any(is_beyond) {
                assert!(tx.store.task(row.no).unwrap().unwrap().ending.is_some(), "{} goes on", row.no);
            }
            is_done
        }
        Op::Ended { task, usd } => {
            let Some((row, so_far)) = running(task) else { return };
            let unknown = unknown_usd(&*tx.store, row.no);
            model.ran(&row, usd.unwrap_or(unknown).max(so_far));
            tx.ended(row.run(), &outcome(usd, EndReason::DONE)).is_ok()
        }
        Op::Paused { task, usd } => {
            let Some((row, so_far)) = running(task) else { return };
            model.ran(&row, usd.max(so_far));
            tx.ended(row.run(), &outcome(Some(usd), EndReason::OVERLOADED)).is_ok()
        }
        Op::Lost { task, started } => {
            let Some((row, so_far)) = running(task) else { return };
            let unknown = unknown_usd(&*tx.store, row.no);
            model.ran(&row, if started { unknown.max(so_far) } else { so_far });
            tx.interrupted(row.run(), started, 3, false, Used::default()).is_ok()
        }
    };
    assert!(is_done, "{op:?}");
}

/// Starts what may start: nothing of it passes a bound.
fn settle(tx: &mut Transaction<'_>, model: &Model) {
    tx.release_due().unwrap();
    let before = tx.effects.orders.len();
    tx.settle().unwrap();
    let started: Vec<TaskNo> = tx.effects.orders[before..]
        .iter()
        .filter_map(|order| if let Order::Start(order) = order { Some(order.no) } else { None })
        .collect();
    let rows: Vec<_> = started.iter().map(|no| tx.store.task(*no).unwrap().unwrap()).collect();
    for bound in tx.state.config.budgets.all() {
        let counts = |row: &&TaskRow| bound.rule.is_none() || row.spec.counts_to() == bound.rule;
        let Some(last) = rows.iter().rposition(|row| counts(&row) && !row.spec.terms.ignore_budget) else {
            continue;
        };
        let of_run = |no: TaskNo| tx.store.runs(no).unwrap().last().unwrap().reserved_usd.unwrap();
        // Those after it are such as ignore the budget.
        let after: f64 = rows[last + 1..].iter().filter(counts).map(|row| of_run(row.no)).sum();
        let (spent, set_aside) = taken(&*tx.store, &bound, model.period());
        let taken = spent + set_aside - after;
        assert!(
            taken <= bound.limit_usd + NOTHING,
            "{bound:?}: {spent} + {set_aside}, {rows:?}",
            rows = started
        );
        let all = tx.store.running().unwrap();
        let ignoring: Vec<TaskNo> = rows[last + 1..].iter().map(|row| row.no).collect();
        let given_to = |no: TaskNo| {
            let run = tx.store.runs(no).unwrap().into_iter().next_back().unwrap();
            run.reserved_usd.unwrap().max(run.cap_usd.unwrap_or_default())
        };
        let given = all.iter().filter(|row| counts(row) && !ignoring.contains(&row.no));
        let given: f64 = given.map(|row| given_to(row.no)).sum();
        assert!(spent + given <= bound.limit_usd + NOTHING, "{bound:?}: {spent}, and {given} were given");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_bound_holds_whatever_happens(
        transactions in prop::collection::vec((prop::collection::vec(op(), 1..5), fate()), 1..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.db");
        let mut model = Model { now: 1_795_900_000_000, day_usd: 3.0, ..Model::default() };
        let mut machine = Machine::open(&path, model.day_usd);
        for (ops, fate) in &transactions {
            let mut next = model.clone();
            let mut effects = Effects::default();
            let mut open = machine.store.begin().unwrap();
            let state = &mut machine.state;
            for op in ops {
                let now = Timestamp::from_millis(next.now);
                let mut tx = Transaction { state, store: &mut *open, effects: &mut effects, now };
                apply(&mut tx, op, &mut next);
                tx.take_new_events().unwrap();
            }
            let now = Timestamp::from_millis(next.now);
            settle(&mut Transaction { state, store: &mut *open, effects: &mut effects, now }, &next);
            next.note(&effects.events);
            match fate {
                Fate::Committed => {
                    open.commit().unwrap();
                    model = next;
                }
                Fate::RolledBack => {
                    drop(open);
                    if let Some(config) = effects.config_before {
                        machine.state.config = config;
                    }
                    machine.state.load(&*machine.store.view().unwrap()).unwrap();
                    model.told.clear();
                }
                Fate::Crashed => {
                    std::mem::forget(open);
                    drop(machine);
                    machine = Machine::open(&path, model.day_usd);
                    model.told.clear();
                }
            }
            machine.check(&model);
        }
    }
}
