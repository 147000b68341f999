//! Budgets day by day: what starts, what waits and for how long, and what is said about it.

mod costs;
mod gates;

use std::sync::Arc;

use aiwg_model::{
    EndReason, InForce, Order, Outcome, RunCost, RunId, RunRow, SessionCost, StopReason, TaskNo, TaskSpec,
    Terms, Used,
};
use aiwg_protocol::{
    config::Config,
    types::{Cause, Event, TaskState, TaskUsage, Timestamp, Waiting},
};
use aiwg_store::Store;
use aiwg_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Notify, mpsc, watch};

use super::Budgets;
use crate::engine::{
    Classes, EngineConfig, Select, effects::Effects, state::State, transaction::Transaction, waits::Waits,
};
use crate::{
    accounts::Accounts,
    bus::Bus,
    engine::{self, Due, EngineSetup},
    health::Health,
};

/// A daemon without its threads, whose clock is set by hand.
struct Daemon {
    dir: TempDir,
    store: SqliteStore,
    state: State,
    now: Timestamp,
    config: EngineConfig,
}

/// The effects of a transaction.
struct Done {
    started: Vec<u64>,
    ended: Vec<(u64, StopReason)>,
    caps: Vec<Option<f64>>,
    events: Vec<Arc<Event>>,
}

impl Done {
    /// The topics about budgets, each with the span and the rule of its bound.
    fn told(&self) -> Vec<String> {
        let of_budgets = self.events.iter().filter(|event| event.topic.starts_with("budget:"));
        let shown = |event: &Arc<Event>| {
            let payload: Value = serde_json::from_str(event.payload.as_str()).unwrap();
            let rule = payload.get("rule").and_then(Value::as_str).unwrap_or("all");
            format!("{} {} {rule}", event.topic, payload["span"].as_str().unwrap())
        };
        of_budgets.map(shown).collect()
    }
}

fn config(budget: Value) -> EngineConfig {
    let config = json!({
        "budget": budget, "schedule": { "timezone": "Europe/Berlin" }, "lanes": { "one": { "max_parallel": 1 } }
    });
    let config: Config = serde_json::from_value(config).unwrap();
    EngineConfig {
        max_parallel: 4,
        max_task_depth: 8,
        classes: Classes::of(&config),
        budgets: Budgets::of(&config),
        ..EngineConfig::default()
    }
}

impl Daemon {
    fn new(budget: Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join("db")).unwrap();
        let config = config(budget);
        let state = State::new(config.clone(), Waits::default());
        Self { dir, store, state, now: "2026-11-30T20:00:00Z".parse().unwrap(), config }
    }

    fn at(&mut self, time: &str) {
        self.now = time.parse().unwrap();
    }

    fn act(&mut self, work: impl FnOnce(&mut Transaction<'_>)) -> Done {
        let mut effects = Effects::default();
        let mut open = self.store.begin().unwrap();
        let mut tx =
            Transaction { state: &mut self.state, store: &mut *open, effects: &mut effects, now: self.now };
        work(&mut tx);
        tx.take_new_events().unwrap();
        tx.settle().unwrap();
        open.commit().unwrap();
        self.state.gates.note_rest(&self.state);
        let mut done = Done { started: vec![], ended: vec![], caps: vec![], events: effects.events };
        for order in effects.orders {
            match order {
                Order::Start(order) => {
                    done.started.push(order.no.0);
                    done.caps.push(order.cap_usd);
                }
                Order::Tell(..) | Order::Bring(_) => {}
                Order::End(run, why) => done.ended.push((run.task.0, why)),
            }
        }
        done
    }

    /// Something that wakes the engine.
    fn wake(&mut self) -> Done {
        self.act(|_| {})
    }

    fn submit(&mut self, spec: TaskSpec) -> Done {
        self.act(|tx| assert!(tx.submit(&spec).is_ok()))
    }

    /// The last run of a task has ended, and has cost so much if it tells.
    fn ended(&mut self, no: u64, usd: Option<f64>) -> Done {
        self.ends(no, &outcome(usd))
    }

    fn ends(&mut self, no: u64, outcome: &Outcome) -> Done {
        self.act(|tx| {
            let run = tx.store.task(TaskNo(no)).unwrap().unwrap().run();
            assert!(tx.ended(run, outcome).is_ok());
        })
    }

    /// A run was lost, with what is known of what it has used.
    fn lost(&mut self, run: RunId, started: bool, used: Used) -> Done {
        self.act(|tx| assert!(tx.interrupted(run, started, 3, false, used).is_ok()))
    }

    fn runs(&mut self, no: u64) -> Vec<RunRow> {
        self.store.view().unwrap().runs(TaskNo(no)).unwrap()
    }

    fn told(&mut self, no: u64, usd: f64) -> Done {
        self.act(|tx| {
            let run = tx.store.task(TaskNo(no)).unwrap().unwrap().run();
            assert!(tx.cost_so_far(run, usd, None).is_ok());
        })
    }

    fn configure(&mut self, budget: Value) -> Done {
        self.config = config(budget);
        let config = self.config.clone();
        self.act(|tx| drop(tx.configure(&config, &InForce { named: None, text: None }).unwrap()))
    }

    /// The daemon dies, and another one comes.
    fn crash(&mut self) {
        self.store = SqliteStore::open(&self.dir.path().join("again")).unwrap();
        self.store = SqliteStore::open(&self.dir.path().join("db")).unwrap();
        self.state = State::new(self.config.clone(), Waits::default());
        self.state.load(&*self.store.view().unwrap()).unwrap();
    }

    /// Money that is spent in the month.
    fn spent(&mut self) -> f64 {
        let rows = self.store.view().unwrap().spending("0000", "9999").unwrap();
        rows.iter().map(|row| row.usd).sum()
    }

    fn gate(&self, class: &str) -> Option<(Waiting, Option<Timestamp>)> {
        self.state.gates.closed(class).map(|gate| (gate.waiting, gate.until))
    }
}

fn task() -> TaskSpec {
    TaskSpec { prompt: "x".to_owned(), ..TaskSpec::default() }
}

fn of_rule(rule: &str) -> TaskSpec {
    let cause = Cause { task: None, rule: Some(rule.to_owned()), event: None, depth: 0 };
    TaskSpec { rule: Some(rule.to_owned()), cause: Some(cause), ..task() }
}

fn outcome(usd: Option<f64>) -> Outcome {
    let ended = Outcome::without_exit(TaskState::Completed, "");
    let usage = usd.map(|usd| TaskUsage { cost_usd: Some(usd), ..TaskUsage::default() });
    let cost = if usd.is_some() { RunCost::Told } else { RunCost::Unknown };
    Outcome { usage, cost, ..ended }
}

/// The outcome of a run in a session that has cost so much in all.
fn of_session(total_usd: f64, reason: EndReason) -> Outcome {
    let usage =
        TaskUsage { cost_usd: Some(total_usd), session_id: Some("s".to_owned()), ..TaskUsage::default() };
    let session = Some(SessionCost { total_usd, is_sessions: true, ..SessionCost::default() });
    Outcome { usage: Some(usage), session, reason, ..outcome(Some(total_usd)) }
}

fn time(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

#[test]
fn what_does_not_fit_waits_until_the_day_turns() {
    let mut daemon = Daemon::new(json!({ "day_usd": 1, "unknown_cost_usd": 0.4 }));
    assert_eq!(daemon.submit(task()).started, [1]);
    assert_eq!(daemon.submit(task()).started, [2]);
    let third = daemon.submit(task());
    assert_eq!(third.started, Vec::<u64>::new(), "0.8 are set aside");
    assert_eq!(third.told(), Vec::<String>::new(), "it fits if those cost less");
    let midnight = time("2026-11-30T23:00:00Z");
    assert_eq!(daemon.gate(""), Some((Waiting::Budget, midnight)));
    assert_eq!(daemon.state.money.turn(daemon.now), midnight);
    // One costs less than expected: the third fits. The next does not, whatever the others cost.
    assert_eq!(daemon.ended(1, Some(0.1)).started, [3]);
    assert_eq!(daemon.ended(2, Some(0.4)).told(), Vec::<String>::new());
    let ended = daemon.ended(3, Some(0.4));
    assert_eq!(ended.told(), ["budget:warning day all"]);
    assert_eq!(daemon.submit(task()).told(), ["budget:exhausted day all"]);
    daemon.crash();
    assert_eq!((daemon.wake().started, daemon.submit(task()).told()), (vec![], vec![]), "it is said once");
    daemon.at("2026-11-30T22:59:59Z");
    assert_eq!(daemon.wake().started, Vec::<u64>::new());
    daemon.at("2026-11-30T23:00:00Z");
    let turned = daemon.wake();
    assert_eq!((turned.told(), turned.started), (vec![], vec![4, 5]));
    assert_eq!(daemon.gate(""), None);
    assert_eq!(daemon.state.money.turn(daemon.now), None);
}

#[test]
fn a_clock_that_is_set_changes_nothing_of_what_was_spent() {
    let mut daemon = Daemon::new(json!({ "day_usd": 1, "unknown_cost_usd": 0.6 }));
    daemon.submit(task());
    daemon.ended(1, None);
    assert_eq!(daemon.submit(task()).started, Vec::<u64>::new());
    // Back in the middle of the day.
    daemon.at("2026-11-30T12:00:00Z");
    assert_eq!(daemon.wake().started, Vec::<u64>::new());
    // The day before has money of its own; this day's is still spent when it comes again.
    daemon.at("2026-11-29T12:00:00Z");
    assert_eq!(daemon.wake().started, [2]);
    daemon.at("2026-11-30T13:00:00Z");
    daemon.submit(task());
    assert_eq!(daemon.wake().started, Vec::<u64>::new());
    daemon.ended(2, None);
    assert!((daemon.spent() - 1.2).abs() < 1e-9);
}

#[test]
fn a_raised_bound_lets_tasks_start_and_is_told_of_anew() {
    let mut daemon = Daemon::new(json!({ "month_usd": 1, "unknown_cost_usd": 1 }));
    daemon.submit(task());
    daemon.ended(1, None);
    assert_eq!(daemon.submit(task()).told(), ["budget:exhausted month all"]);
    assert_eq!(daemon.gate(""), Some((Waiting::Budget, time("2026-11-30T23:00:00Z"))));
    assert_eq!(daemon.configure(json!({ "month_usd": 2, "unknown_cost_usd": 1 })).started, [2]);
    daemon.ended(2, None);
    assert_eq!(daemon.submit(task()).told(), ["budget:exhausted month all"]);
    assert_eq!(daemon.configure(json!({})).started, [3], "no budget keeps anything");
    assert_eq!(daemon.gate(""), None);
}

#[test]
fn a_bound_of_a_rule_keeps_its_tasks_only_and_its_agents_tasks() {
    let mut daemon = Daemon::new(json!({ "rules": { "a": { "day_usd": 0.5 } }, "unknown_cost_usd": 0.5 }));
    assert_eq!(daemon.submit(of_rule("a")).started, [1]);
    let by_its_agent =
        Cause { task: Some("task-0001".to_owned()), rule: Some("a".to_owned()), event: None, depth: 1 };
    let held = daemon.submit(TaskSpec { cause: Some(by_its_agent), priority: 100, ..task() });
    assert_eq!(held.started, Vec::<u64>::new());
    assert_eq!(daemon.submit(of_rule("b")).started, [3]);
    assert_eq!(daemon.submit(task()).started, [4]);
    let heads = daemon.store.view().unwrap().heads().unwrap();
    assert_eq!(heads.iter().map(|head| (&*head.class, head.no.0)).collect::<Vec<_>>(), [("\u{1f}a", 2)]);
    assert_eq!(daemon.gate("\u{1f}a").unwrap().0, Waiting::Budget);
    assert_eq!(daemon.gate(""), None);
    let ended = daemon.ended(1, None);
    assert_eq!(ended.told(), ["budget:warning day a", "budget:exhausted day a"]);
}

#[test]
fn what_is_left_goes_to_higher_priorities_first() {
    let mut daemon = Daemon::new(json!({ "day_usd": 1, "unknown_cost_usd": 0.3 }));
    for usd in [0.9, 0.9, 0.9] {
        daemon.submit(of_rule("dear"));
        let last = daemon.state.last_task;
        daemon.at("2026-11-29T12:00:00Z");
        daemon.wake();
        daemon.ended(last, Some(usd));
        daemon.at(&format!("2026-11-{}T12:00:00Z", 20 - last));
    }
    daemon.at("2026-11-30T20:00:00Z");
    assert_eq!(daemon.submit(task()).started, [4]);
    // It needs more than is left, and the cheap ones behind it do not take it away.
    let dear = daemon.submit(TaskSpec { priority: 5, ..of_rule("dear") });
    assert_eq!((dear.told(), dear.started), (vec![], vec![]));
    assert_eq!(daemon.submit(task()).started, Vec::<u64>::new());
    assert_eq!(daemon.submit(TaskSpec { priority: 9, ..task() }).started, [7], "but one before it does");
    daemon.ended(4, Some(0.0));
    assert_eq!(daemon.ended(7, Some(0.0)).started, [5]);
}

#[test]
fn a_dear_task_has_an_untouched_day_for_itself() {
    let mut daemon = Daemon::new(json!({ "day_usd": 1, "unknown_cost_usd": 7 }));
    let first = daemon.submit(task());
    assert_eq!((first.started, first.caps), (vec![1], vec![Some(1.0)]));
    assert_eq!(daemon.submit(task()).started, Vec::<u64>::new());
    daemon.ended(1, Some(0.01));
    daemon.at("2026-12-01T12:00:00Z");
    assert_eq!(daemon.wake().started, [2]);
}

#[test]
fn a_person_may_ignore_the_budget_and_an_agent_that_retries_may_not() {
    let mut daemon = Daemon::new(json!({ "day_usd": 1, "unknown_cost_usd": 1, "task_usd": 1 }));
    daemon.submit(task());
    daemon.submit(TaskSpec { priority: 10, ..task() });
    let ignoring = || TaskSpec {
        terms: Terms { ignore_budget: true, ..Terms::default() },
        lane: Some("one".to_owned()),
        ..task()
    };
    let urgent = daemon.submit(ignoring());
    assert_eq!((urgent.started, urgent.caps), (vec![3], vec![Some(1.0)]), "its own cap stays");
    assert_eq!(daemon.submit(ignoring()).started, Vec::<u64>::new(), "and its lane is full");
    daemon.ended(3, Some(0.5));
    daemon.ended(4, Some(0.5));
    assert!((daemon.spent() - 1.0).abs() < 1e-9, "it counts");
    let retried = |daemon: &mut Daemon, by: Option<Cause>| {
        let retried = daemon.act(|tx| {
            assert!(tx.retry_many(&Select::Named(vec![TaskNo(3)]), by.as_ref(), None).is_ok());
        });
        retried.started
    };
    let agent = Cause { task: Some("task-0001".to_owned()), rule: None, event: None, depth: 1 };
    assert_eq!(retried(&mut daemon, Some(agent)), Vec::<u64>::new());
    assert_eq!(retried(&mut daemon, None), [6]);
}

#[test]
fn a_task_has_a_cap_over_all_its_runs() {
    let mut daemon = Daemon::new(json!({ "task_usd": 1 }));
    let first = daemon.submit(task());
    assert_eq!(first.caps, [Some(1.0)]);
    assert_eq!(daemon.told(1, 0.3).ended, []);
    let paused = daemon.ends(1, &of_session(0.6, EndReason::OVERLOADED));
    assert_eq!(paused.started, Vec::<u64>::new());
    daemon.at("2026-11-30T20:10:00Z");
    let again = daemon.act(|tx| tx.release_due().unwrap());
    assert_eq!(again.started, [1]);
    assert!((again.caps[0].unwrap() - 0.4).abs() < 1e-9, "{:?}", again.caps);
    daemon.crash();
    assert_eq!(daemon.told(1, 0.35).ended, []);
    assert_eq!(daemon.told(1, 0.45).ended, [(1, StopReason::Budget)]);
    assert_eq!(daemon.told(1, 0.5).ended, [], "once");
    daemon.ends(1, &of_session(1.1, EndReason::FAILED));
    let row = daemon.store.view().unwrap().task(TaskNo(1)).unwrap().unwrap();
    assert_eq!((row.state, row.reason), (TaskState::Failed, Some(EndReason::BUDGET)));
    let why = "it has cost $1.05, and a task may cost $1.00; raise \"budget.task_usd\", reload, and retry it";
    assert_eq!(row.error.as_deref(), Some(why));
    assert!((daemon.spent() - 1.1).abs() < 1e-9, "the session's total is a running one: {}", daemon.spent());
}

#[test]
fn a_task_whose_cap_is_used_up_does_not_start_again() {
    let mut daemon = Daemon::new(json!({ "task_usd": 1 }));
    daemon.submit(task());
    daemon.ends(1, &of_session(1.0, EndReason::OVERLOADED));
    daemon.at("2026-11-30T20:10:00Z");
    let again = daemon.act(|tx| tx.release_due().unwrap());
    assert_eq!(again.started, Vec::<u64>::new());
    let row = daemon.store.view().unwrap().task(TaskNo(1)).unwrap().unwrap();
    assert_eq!((row.state, row.reason), (TaskState::Failed, Some(EndReason::BUDGET)));
}

#[test]
fn a_run_that_passes_a_bound_is_ended_but_not_one_that_ignores_it() {
    let mut daemon = Daemon::new(json!({ "day_usd": 1, "unknown_cost_usd": 0.5 }));
    daemon.submit(task());
    let ignoring = Terms { ignore_budget: true, ..Terms::default() };
    daemon.submit(TaskSpec { terms: ignoring, ..task() });
    assert_eq!(daemon.told(1, 0.5).ended, []);
    assert_eq!(daemon.told(2, 0.9).ended, []);
    assert_eq!(daemon.told(1, 0.51).ended, [(1, StopReason::Budget)]);
    daemon.ends(1, &of_session(0.51, EndReason::FAILED));
    let row = daemon.store.view().unwrap().task(TaskNo(1)).unwrap().unwrap();
    let why = "the budget for the day, $1.00, has no more left: its run has cost $0.51; raise \"budget.day_usd\", reload, \
               and retry it";
    assert_eq!(row.error.as_deref(), Some(why));
}

#[test]
fn whoever_tells_no_cost_counts_with_what_is_configured_once() {
    let mut daemon = Daemon::new(json!({ "day_usd": 100, "unknown_cost_usd": 0.5 }));
    daemon.submit(task());
    // Its session is known, but not what it has cost: that comes with the total of the next run.
    let usage = TaskUsage { session_id: Some("s".to_owned()), ..TaskUsage::default() };
    daemon.ends(1, &Outcome { usage: Some(usage), reason: EndReason::OVERLOADED, ..outcome(None) });
    assert!((daemon.spent() - 0.5).abs() < 1e-9);
    daemon.at("2026-11-30T20:10:00Z");
    daemon.act(|tx| tx.release_due().unwrap());
    daemon.ends(1, &of_session(1.75, EndReason::DONE));
    assert!((daemon.spent() - 1.75).abs() < 1e-9, "{}", daemon.spent());
    // What was told before it was lost is more than nothing is known.
    daemon.submit(task());
    daemon.told(2, 2.0);
    daemon.lost(RunId { task: TaskNo(2), n: 1 }, true, Used::default());
    assert!((daemon.spent() - 3.75).abs() < 1e-9, "{}", daemon.spent());
    // No agent, no cost.
    daemon.lost(RunId { task: TaskNo(2), n: 2 }, false, Used::default());
    daemon.ends(2, &Outcome { cost: RunCost::Nothing, ..outcome(None) });
    assert!((daemon.spent() - 3.75).abs() < 1e-9, "{}", daemon.spent());
}

#[test]
fn a_check_costs_nothing_even_where_it_is_lost() {
    let mut daemon = Daemon::new(json!({ "day_usd": 1, "task_usd": 1, "unknown_cost_usd": 0.5 }));
    let verify = aiwg_model::VerifyTerms {
        command: serde_json::from_value(json!("true")).unwrap(),
        max_rounds: 3,
        timeout_minutes: 1.0,
        before: false,
        protect: Vec::new(),
    };
    daemon.submit(TaskSpec { terms: Terms { verify: Some(verify), ..Terms::default() }, ..task() });
    let processes = Some(aiwg_model::Processes { ended: 0, left: 0 });
    let done = Outcome { reason: EndReason::DONE, processes, ..outcome(Some(0.3)) };
    assert_eq!(daemon.ends(1, &done).started, [1], "its check");
    let shares =
        |daemon: &Daemon| (daemon.state.running[&TaskNo(1)].reserved_usd, daemon.state.running.len());
    assert_eq!(shares(&daemon), (0.0, 1));
    daemon.crash();
    assert_eq!(shares(&daemon), (0.0, 1));
    daemon.lost(RunId { task: TaskNo(1), n: 2 }, true, Used::default());
    assert!((daemon.spent() - 0.3).abs() < 1e-9, "{}", daemon.spent());
}

#[test]
fn the_median_of_the_latest_tasks_is_expected() {
    let mut daemon = Daemon::new(json!({ "day_usd": 100, "unknown_cost_usd": 0.5 }));
    let reserved = |daemon: &Daemon, no: u64| daemon.state.running[&TaskNo(no)].reserved_usd;
    for (no, usd) in (1..).zip([9.0, 1.0, 2.0]) {
        daemon.submit(of_rule("r"));
        daemon.ended(no, Some(usd));
    }
    daemon.submit(of_rule("r"));
    daemon.submit(of_rule("other"));
    daemon.submit(task());
    assert_eq!([4, 5, 6].map(|no| reserved(&daemon, no)), [2.0, 0.5, 0.5]);
    daemon.crash();
    assert_eq!([4, 5, 6].map(|no| reserved(&daemon, no)), [2.0, 0.5, 0.5]);
}

#[test]
fn without_a_budget_nothing_is_set_aside_and_what_is_told_is_kept() {
    let mut daemon = Daemon::new(json!({}));
    let started = daemon.submit(of_rule("r"));
    assert_eq!((started.started, started.caps), (vec![1], vec![None]));
    let run = daemon.store.view().unwrap().runs(TaskNo(1)).unwrap().remove(0);
    assert_eq!(run.reserved_usd, None);
    daemon.ended(1, Some(0.25));
    daemon.submit(task());
    daemon.ended(2, None);
    let rows = daemon.store.view().unwrap().spending("2026-11-30", "2026-11-30").unwrap();
    assert_eq!(
        rows.iter().map(|row| (row.rule.as_deref(), row.usd)).collect::<Vec<_>>(),
        [(Some("r"), 0.25)]
    );
}

#[tokio::test]
async fn whoever_wakes_the_engine_is_told_when_the_month_turns() {
    let dir = tempfile::tempdir().unwrap();
    let (next_due, mut due) = watch::channel(Due::default());
    let (orders, _orders) = mpsc::unbounded_channel();
    let setup = EngineSetup {
        store: Box::new(SqliteStore::open(&dir.path().join("db")).unwrap()),
        config: config(json!({ "month_usd": 1, "unknown_cost_usd": 1 })),
        bus: Bus::new(0),
        orders,
        accounts: Accounts::default(),
        health: Health::default(),
        grown: Arc::new(Notify::new()),
        messages: Arc::new(Notify::new()),
        next_due,
    };
    let (engine, thread) = engine::start(setup).unwrap();
    for _ in 0..2 {
        engine.submit(task()).await.unwrap();
    }
    let until = engine.gate("").unwrap().until;
    assert!(until.is_some());
    due.wait_for(|due| due.first == until && due.next == until).await.unwrap();
    engine.exit(false).await;
    thread.join().unwrap();
}
