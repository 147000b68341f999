//! The states of rules: switches, tasks, firings.

use aiwg_model::{BusyPeriod, Firing, InForce, Outcome, Switch, TaskNo, TreeTerms};
use aiwg_protocol::types::TaskState;

use super::{Backend, at, commit, of_rule, queue, task};

/// A switch is as it was set last; that of all automation has an empty name.
pub fn switches_are_kept(backend: &dyn Backend) {
    let mut store = backend.store();
    let reader = backend.reader();
    assert!(reader.automation_enabled().unwrap(), "unless someone switches it off");
    let off = Switch { enabled: Some(false), tripped_at: None };
    let tripped = Switch { enabled: None, tripped_at: Some(at(3)) };
    commit(&mut *store, |tx| {
        tx.set_switch(None, off)?;
        tx.set_switch(Some("r"), off)?;
        tx.set_switch(Some("r"), tripped)?;
        tx.set_in_force(&InForce { named: Some("/p/a.json".into()), text: Some("{}".to_owned()) })
    });
    assert!(!reader.automation_enabled().unwrap());
    let expected = [(String::new(), off), ("r".to_owned(), tripped)].into();
    assert_eq!(store.view().unwrap().switches().unwrap(), expected);
    assert_eq!(reader.rule_facts().unwrap().switches, expected);
    commit(&mut *store, |tx| tx.set_switch(None, tripped));
    assert!(reader.automation_enabled().unwrap(), "nobody has switched it off");
}

/// A rule is busy while tasks of its own are queued or running; those in work trees have no part in changes of files.
pub fn rules_are_busy(backend: &dyn Backend) {
    let mut store = backend.store();
    queue(&mut *store, 1, &task("nobody's"));
    for no in 2..=4 {
        queue(&mut *store, no, &of_rule("r", no.try_into().unwrap()));
    }
    queue(&mut *store, 5, &of_rule("other", 0));
    // In a work tree it changes none of the project's files.
    let mut elsewhere = of_rule("r", 6);
    elsewhere.terms.tree = Some(TreeTerms::default());
    queue(&mut *store, 6, &elsewhere);
    let firing = |task: u64| Firing {
        rule: "r".to_owned(),
        at: at(1),
        event: 1,
        matches: 2,
        task: TaskNo(task),
        counts: true,
    };
    let outcome = Outcome::without_exit(TaskState::Completed, "");
    commit(&mut *store, |tx| {
        tx.start(TaskNo(2), at(2))?;
        tx.start(TaskNo(3), at(3))?;
        tx.start(TaskNo(6), at(3))?;
        tx.insert_firing(&firing(2))?;
        tx.insert_firing(&firing(3))?;
        tx.finish(TaskNo(3), TaskState::Running, &outcome, at(8))?;
        tx.finish(TaskNo(5), TaskState::Queued, &outcome, at(8))
    });
    let busy = [("r".to_owned(), 3)].into();
    let view = store.view().unwrap();
    assert_eq!(view.busy_rules().unwrap(), busy);
    assert_eq!(backend.reader().rule_facts().unwrap().busy, busy);
    let ran = BusyPeriod { task: TaskNo(3), depth: 3, from: at(3), until: Some(at(8)) };
    let runs = BusyPeriod { task: TaskNo(2), depth: 2, from: at(2), until: None };
    let mut found = view.busy_periods(at(0)).unwrap();
    found.sort_by_key(|(_, run)| run.task);
    assert_eq!(found, [("r".to_owned(), runs), ("r".to_owned(), ran)]);
    assert_eq!(
        view.busy_periods(at(1)).unwrap(),
        [("r".to_owned(), runs)],
        "what runs counts however long it has"
    );
}

/// Firings count within their window, unless they do not, or were forgiven.
pub fn firings_count(backend: &dyn Backend) {
    let mut store = backend.store();
    let firing = |rule: &str, seconds: i64, counts| Firing {
        rule: rule.to_owned(),
        at: at(seconds),
        event: 4,
        matches: 3,
        task: TaskNo(seconds.unsigned_abs()),
        counts,
    };
    commit(&mut *store, |tx| {
        for (seconds, counts) in [(1, true), (2, true), (3, false), (4, true), (9, true)] {
            tx.insert_firing(&firing("r", seconds, counts))?;
        }
        tx.insert_firing(&firing("other", 2, true))
    });
    let reader = backend.reader();
    let fired = reader.firings(2).unwrap();
    let shown: Vec<_> = fired.iter().map(|firing| (&*firing.rule, firing.at, &*firing.task)).collect();
    assert_eq!(shown, [("other", at(2), "task-0002"), ("r", at(9), "task-0009")]);
    assert_eq!((fired[0].event, fired[0].matches), (4, 3));
    let view = store.view().unwrap();
    // After the first moment and until the second.
    assert_eq!(view.counted_firings("r", at(1), at(4)).unwrap(), 2);
    assert_eq!(view.counted_firings("r", at(0), at(100)).unwrap(), 4);
    drop(view);
    commit(&mut *store, |tx| tx.forgive_firings("r"));
    let view = store.view().unwrap();
    assert_eq!(view.counted_firings("r", at(0), at(100)).unwrap(), 0);
    assert_eq!(view.counted_firings("other", at(0), at(100)).unwrap(), 1);
    assert_eq!(reader.firings(100).unwrap().len(), 6, "they are still shown");
}
