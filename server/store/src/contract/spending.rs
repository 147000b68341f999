//! Money: what was spent by day, what tasks of rules cost, what is set aside.

use aiwg_model::{RunId, RunRow, RunStart, Spending, TaskNo};

use super::{Backend, at, commit, queue, task};
use crate::RULE_COSTS;

fn spent(day: &str, rule: Option<&str>, agent: Option<&str>, usd: f64) -> Spending {
    Spending { day: day.to_owned(), rule: rule.map(str::to_owned), agent: agent.map(str::to_owned), usd }
}

/// Spending adds up by day, rule and agent, until the day is forgotten.
pub fn spending_adds_up_by_day(backend: &dyn Backend) {
    let mut store = backend.store();
    commit(&mut *store, |tx| {
        tx.add_spending(&spent("2026-01-02", Some("a"), None, 0.5))?;
        tx.add_spending(&spent("2026-01-01", None, Some("reviewer"), 2.0))?;
        tx.add_spending(&spent("2026-01-02", Some("a"), None, 0.25))?;
        tx.add_spending(&spent("2026-02-01", None, None, 4.0))
    });
    let of_january =
        [spent("2026-01-01", None, Some("reviewer"), 2.0), spent("2026-01-02", Some("a"), None, 0.75)];
    assert_eq!(store.view().unwrap().spending("2026-01-01", "2026-01-31").unwrap(), of_january);
    let reader = backend.reader();
    assert_eq!(reader.spending("2026-01-01", "2026-01-02").unwrap(), of_january);
    assert_eq!(commit(&mut *store, |tx| tx.prune_spending("2026-02-01", 1)), 1);
    assert_eq!(reader.spending("0000", "9999").unwrap().len(), 2, "no more at once than asked for");
    assert_eq!(commit(&mut *store, |tx| tx.prune_spending("2026-02-01", 9)), 1);
    assert_eq!(reader.spending("0000", "9999").unwrap(), [spent("2026-02-01", None, None, 4.0)]);
}

/// The costs of the latest tasks of a rule are known, each as the sum of its runs.
pub fn the_latest_costs_of_a_rule_are_kept(backend: &dyn Backend) {
    let mut store = backend.store();
    commit(&mut *store, |tx| {
        tx.add_rule_cost("b", TaskNo(1), 9.0)?;
        for no in 1..=u64::from(RULE_COSTS) + 3 {
            tx.add_rule_cost("a", TaskNo(no), 1.0)?;
        }
        tx.add_rule_cost("a", TaskNo(5), 0.5)
    });
    let view = store.view().unwrap();
    let costs = view.rule_costs("a").unwrap();
    assert_eq!((costs.len(), costs.iter().sum::<f64>()), (RULE_COSTS as usize, f64::from(RULE_COSTS) + 0.5));
    assert_eq!(view.rule_costs("b").unwrap(), [9.0]);
    assert!(view.rule_costs("c").unwrap().is_empty());
}

/// A run is noted with what is set aside for it, and with what it was charged.
pub fn a_run_is_charged(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = queue(&mut *store, 1, &task("x"));
    let id = RunId { task: no, n: 1 };
    let start = RunStart {
        id,
        kind: RunRow::AGENT,
        at: at(1),
        dir: None,
        profile: None,
        reserved_usd: Some(0.5),
        cap_usd: None,
        host: None,
    };
    commit(&mut *store, |tx| tx.begin_run(&start));
    let mut money = |work: &dyn Fn(&mut dyn crate::Transaction) -> crate::Result<()>| {
        commit(&mut *store, |tx| work(tx));
        let run = backend.reader().runs(no).unwrap().remove(0);
        (run.reserved_usd, run.charged_usd)
    };
    assert_eq!(money(&|tx| tx.reserve(id, 0.75)), (Some(0.75), None));
    assert_eq!(money(&|tx| tx.charge(id, 1.25)), (Some(0.75), Some(1.25)));
}
