//! The queue: its order, and what waits in it.

use aiwg_model::{
    Hold, Outcome, PROMPT_HEAD, ProtectRecord, QueueSwitch, StopReason, TaskNo, TaskSpec, Terms,
};
use aiwg_protocol::types::TaskState;

use super::{Backend, at, commit, numbers, queue, task};
use crate::{Placed, Reader, Store};

fn prior(priority: i32) -> TaskSpec {
    TaskSpec { priority, ..task("x") }
}

fn queued(reader: &dyn Reader, limit: u32) -> Vec<u64> {
    reader.queued(limit).unwrap().iter().map(|task| task.no.0).collect()
}

/// Higher priorities come first, and of the same the one that came first.
pub fn higher_priorities_start_first(backend: &dyn Backend) {
    let mut store = backend.store();
    for (no, priority) in [(1, 0), (2, 5), (3, -5), (4, 5), (5, 0)] {
        queue(&mut *store, no, &prior(priority));
    }
    let reader = backend.reader();
    assert_eq!(queued(&*reader, 100), [2, 4, 1, 5, 3]);
    assert_eq!(queued(&*reader, 2), [2, 4]);
    let view = store.view().unwrap();
    assert_eq!(view.next_queued().unwrap(), Some(TaskNo(2)));
    assert_eq!(view.next_of(&[TaskNo(3), TaskNo(5), TaskNo(9)]).unwrap(), Some(TaskNo(5)));
    assert_eq!(view.next_of(&[]).unwrap(), None);
    drop(view);
    // A task that is queued again has its old place.
    commit(&mut *store, |tx| {
        tx.start(TaskNo(2), at(1))?;
        tx.requeue(TaskNo(2), true)
    });
    assert_eq!(queued(&*reader, 100), [2, 4, 1, 5, 3]);
}

/// An hour is worth one priority; a clock that is set back gets nobody ahead.
pub fn whoever_waits_gains_one_priority_an_hour(backend: &dyn Backend) {
    let mut store = backend.store();
    for (no, priority, minutes) in [(1, 0, 0), (2, 5, 294), (3, 5, 306)] {
        commit(&mut *store, |tx| tx.insert_task(TaskNo(no), &prior(priority), at(minutes * 60)));
    }
    drop(store);
    let mut store = backend.store();
    commit(&mut *store, |tx| tx.insert_task(TaskNo(4), &prior(5), at(-9 * 3600)));
    assert_eq!(queued(&*backend.reader(), 100), [2, 1, 3, 4]);
    assert_eq!(store.view().unwrap().next_of(&[TaskNo(4), TaskNo(3)]).unwrap(), Some(TaskNo(3)));
}

/// A task that waits is not the next until all that it waits for have completed.
pub fn dependents_wait(backend: &dyn Backend) {
    let mut store = backend.store();
    queue(&mut *store, 1, &task("x"));
    queue(&mut *store, 2, &task("x"));
    commit(&mut *store, |tx| {
        tx.insert_task(TaskNo(3), &prior(9), at(0))?;
        assert!(tx.hold(TaskNo(3), &Hold::after(TaskNo(1)))? && tx.hold(TaskNo(3), &Hold::after(TaskNo(2)))?);
        tx.insert_task(TaskNo(4), &prior(9), at(0))?;
        tx.hold(TaskNo(4), &Hold::after(TaskNo(3)))
    });
    let reader = backend.reader();
    assert_eq!(queued(&*reader, 100), [1, 2, 3, 4], "those that wait come last");
    assert_eq!(queued(&*reader, 3), [1, 2, 3]);
    let rows = reader.queued(100).unwrap();
    assert_eq!(rows.iter().map(|task| task.is_waiting).collect::<Vec<_>>(), [false, false, true, true]);
    let view = store.view().unwrap();
    assert_eq!((view.queued(), view.next_queued().unwrap()), (4, Some(TaskNo(1))));
    assert_eq!(view.next_of(&[TaskNo(3)]).unwrap(), None);
    for needed in [view.needed(TaskNo(4)).unwrap(), reader.needed(TaskNo(4)).unwrap()] {
        let mut needed = numbers(&needed);
        needed.sort_unstable();
        assert_eq!(needed, [1, 2, 3, 4]);
    }
    drop(view);
    for (ended, next) in [(1, None), (2, Some(TaskNo(3)))] {
        let Hold { kind, key, .. } = Hold::after(TaskNo(ended));
        assert_eq!(commit(&mut *store, |tx| tx.release(&kind, &key)), [TaskNo(3)]);
        assert_eq!(commit(&mut *store, |tx| tx.release(&kind, &key)), [], "they do not wait any more");
        assert_eq!(store.view().unwrap().next_of(&[TaskNo(3)]).unwrap(), next);
    }
    assert_eq!(store.view().unwrap().next_queued().unwrap(), Some(TaskNo(3)));
}

/// A task that rests is not the next until it has rested, whatever else it waits for.
pub fn whoever_rests_waits(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = queue(&mut *store, 1, &task("x"));
    let other = queue(&mut *store, 2, &task("x"));
    for _ in 0..2 {
        assert!(commit(&mut *store, |tx| tx.hold(no, &Hold::rest())));
        assert_eq!(store.view().unwrap().next_queued().unwrap(), Some(other));
        assert!(commit(&mut *store, |tx| tx.release_one(no, Hold::REST, "")));
        assert_eq!(store.view().unwrap().next_queued().unwrap(), Some(no));
        assert!(!commit(&mut *store, |tx| tx.release_one(no, Hold::REST, "")));
        assert_eq!(store.view().unwrap().next_queued().unwrap(), Some(no), "once is enough");
    }
    commit(&mut *store, |tx| {
        tx.hold(no, &Hold::rest())?;
        tx.hold(other, &Hold::rest())
    });
    assert_eq!(store.view().unwrap().next_queued().unwrap(), None);
    drop(store);
    let mut store = backend.store();
    commit(&mut *store, |tx| tx.release_all(Hold::REST));
    assert_eq!(store.view().unwrap().next_queued().unwrap(), Some(no));
}

fn hold(kind: &'static str, key: &str, until: Option<i64>) -> Hold {
    Hold { kind: kind.into(), key: key.to_owned(), until: until.map(at) }
}

/// A task is not the next while anything holds it, of whatever kind.
pub fn what_is_held_waits(backend: &dyn Backend) {
    let mut store = backend.store();
    let (first, second) = (queue(&mut *store, 1, &task("x")), queue(&mut *store, 2, &task("x")));
    let (limit, approval) = (hold("usage_limit", "account", None), hold("approval", "7", Some(60)));
    for (task, hold) in [(first, &limit), (second, &limit), (first, &approval)] {
        assert!(commit(&mut *store, |tx| tx.hold(task, hold)));
        assert!(!commit(&mut *store, |tx| tx.hold(task, hold)), "held twice");
    }
    assert_eq!(store.view().unwrap().next_queued().unwrap(), None);
    assert_eq!(backend.reader().holds(first).unwrap(), [approval, limit]);
    assert_eq!(commit(&mut *store, |tx| tx.release("usage_limit", "another")), []);
    assert_eq!(commit(&mut *store, |tx| tx.release("usage_limit", "account")), [first, second]);
    assert_eq!(store.view().unwrap().next_queued().unwrap(), Some(second));
    // Nothing holds what has ended.
    let outcome = Outcome::without_exit(TaskState::Cancelled, "");
    commit(&mut *store, |tx| tx.finish(first, TaskState::Queued, &outcome, at(1)));
    assert_eq!(store.view().unwrap().holds(first).unwrap(), []);
    assert_eq!(commit(&mut *store, |tx| tx.release("approval", "7")), []);
}

/// A hold with a time ends by itself.
pub fn holds_end_in_time(backend: &dyn Backend) {
    let mut store = backend.store();
    for (no, until) in [(1, Some(30)), (2, Some(10)), (3, None)] {
        let no = queue(&mut *store, no, &task("x"));
        commit(&mut *store, |tx| tx.hold(no, &hold("delay", "", until)));
    }
    assert_eq!(store.view().unwrap().next_deadline(None).unwrap(), Some(at(10)));
    assert_eq!(store.view().unwrap().next_deadline(Some(at(10))).unwrap(), Some(at(30)));
    assert_eq!(commit(&mut *store, |tx| tx.release_due(at(9))), []);
    assert_eq!(commit(&mut *store, |tx| tx.release_due(at(10))), [(TaskNo(2), hold("delay", "", Some(10)))]);
    assert_eq!(store.view().unwrap().next_queued().unwrap(), Some(TaskNo(2)));
    assert_eq!(commit(&mut *store, |tx| tx.release_due(at(99))), [(TaskNo(1), hold("delay", "", Some(30)))]);
    let view = store.view().unwrap();
    assert_eq!(
        (view.next_deadline(None).unwrap(), view.holds(TaskNo(3)).unwrap()),
        (None, vec![hold("delay", "", None)])
    );
}

/// A task that was cancelled because it waited in vain is known until it is retried.
pub fn retries_are_noted(backend: &dyn Backend) {
    let mut store = backend.store();
    for no in 1..=4 {
        queue(&mut *store, no, &task("x"));
    }
    commit(&mut *store, |tx| {
        tx.note_in_vain(TaskNo(3), TaskNo(1))?;
        tx.note_in_vain(TaskNo(2), TaskNo(1))
    });
    assert_eq!(numbers(&store.view().unwrap().in_vain_for(TaskNo(1)).unwrap()), [2, 3]);
    commit(&mut *store, |tx| tx.note_retry(TaskNo(2), TaskNo(4)));
    let view = store.view().unwrap();
    assert_eq!(numbers(&view.in_vain_for(TaskNo(1)).unwrap()), [3]);
    assert_eq!(view.in_vain_for(TaskNo(2)).unwrap(), []);
}

/// A record of protected files is in use until the last task that compares with it has ended.
pub fn records_are_in_use(backend: &dyn Backend) {
    let mut store = backend.store();
    let reader = backend.reader();
    let retry = |of: Option<u64>| {
        let on = ProtectRecord { task: of.map(TaskNo), run: 1, ..ProtectRecord::default() };
        let terms = Terms { protected: Some(on), ..Terms::default() };
        TaskSpec { terms, ..task("protected") }
    };
    for (no, of) in [(1, None), (2, Some(1)), (3, Some(1)), (4, Some(2))] {
        queue(&mut *store, no, &retry(of));
    }
    queue(&mut *store, 5, &task("\"protected\""));
    assert_eq!(reader.records_in_use().unwrap(), [(TaskNo(1), None), (TaskNo(2), None)]);
    let mut end = |no, when| {
        let outcome = Outcome::without_exit(TaskState::Failed, "");
        commit(&mut *store, |tx| tx.finish(TaskNo(no), TaskState::Queued, &outcome, at(when)));
    };
    end(3, 30);
    assert_eq!(reader.records_in_use().unwrap()[0], (TaskNo(1), None));
    end(2, 20);
    assert_eq!(reader.records_in_use().unwrap(), [(TaskNo(1), Some(at(30))), (TaskNo(2), None)]);
}

/// The overview has what runs, what will start next, and what ended last: the beginnings only.
pub fn an_overview_shows_what_matters(backend: &dyn Backend) {
    let mut store = backend.store();
    let long =
        TaskSpec { env: [("A".to_owned(), "b".to_owned())].into(), ..task(&"x".repeat(2 * PROMPT_HEAD)) };
    for no in 1..=8 {
        queue(&mut *store, no, &long);
    }
    commit(&mut *store, |tx| {
        tx.start(TaskNo(1), at(1))?;
        tx.start(TaskNo(2), at(1))?;
        tx.hold(TaskNo(3), &Hold::after(TaskNo(1)))?;
        for (no, end) in [(6, 30), (7, 20), (8, 10)] {
            let outcome = Outcome::without_exit(TaskState::Completed, "");
            tx.finish(TaskNo(no), TaskState::Queued, &outcome, at(end))?;
        }
        Ok(())
    });
    let reader = backend.reader();
    let shown = |queued, finished| -> Vec<u64> {
        reader.overview(queued, finished).unwrap().iter().map(|task| task.no.0).collect()
    };
    assert_eq!(shown(100, 2), [2, 1, 4, 5, 3, 6, 7]);
    assert_eq!(shown(2, 1), [2, 1, 4, 5, 6]);
    assert_eq!(reader.running(1).unwrap().iter().map(|task| task.no.0).collect::<Vec<_>>(), [2]);
    for row in reader.overview(100, 100).unwrap().iter().chain(&reader.queued(1).unwrap()) {
        assert_eq!(row.spec.prompt.len(), PROMPT_HEAD + 1, "one more shows that there is more");
        assert!(row.spec.env.is_empty());
    }
}

fn of_class(class: &str, lane: Option<&str>, priority: i32) -> TaskSpec {
    TaskSpec { class: class.to_owned(), lane: lane.map(str::to_owned), ..prior(priority) }
}

fn heads(store: &mut dyn Store) -> Vec<(String, u64)> {
    let heads = store.view().unwrap().heads().unwrap();
    heads.into_iter().map(|head| (head.class, head.no.0)).collect()
}

fn named(heads: &[(&str, u64)]) -> Vec<(String, u64)> {
    heads.iter().map(|(class, no)| ((*class).to_owned(), *no)).collect()
}

/// Each class has a queue of its own; together they have one order.
pub fn classes_queue_by_themselves(backend: &dyn Backend) {
    let mut store = backend.store();
    let specs = [
        (1, of_class("", None, 0)),
        (2, of_class("docs", Some("docs"), 5)),
        (3, of_class("", None, 1)),
        (4, of_class("docs", Some("docs"), 0)),
        (5, of_class("a", Some("a"), -1)),
    ];
    for (no, spec) in &specs {
        queue(&mut *store, *no, spec);
    }
    let reader = backend.reader();
    assert_eq!(heads(&mut *store), named(&[("", 3), ("a", 5), ("docs", 2)]));
    assert_eq!(queued(&*reader, 100), [2, 3, 1, 4, 5]);
    assert_eq!(queued(&*reader, 3), [2, 3, 1]);
    assert_eq!(store.view().unwrap().next_queued().unwrap(), Some(TaskNo(2)));
    commit(&mut *store, |tx| tx.start(TaskNo(2), at(1)));
    assert_eq!(heads(&mut *store), named(&[("", 3), ("a", 5), ("docs", 4)]));
    commit(&mut *store, |tx| {
        tx.classify(&|of| match of.lane {
            Some("docs") => Placed { class: "new".to_owned(), lane_priority: 5 },
            _ => Placed::default(),
        })
    });
    assert_eq!(heads(&mut *store), named(&[("", 3), ("new", 4)]));
    assert_eq!(queued(&*reader, 100), [4, 3, 1, 5]);
    commit(&mut *store, |tx| tx.requeue(TaskNo(2), true));
    assert_eq!(heads(&mut *store), named(&[("", 3), ("new", 2)]), "running ones are classified, too");
    commit(&mut *store, |tx| tx.hold(TaskNo(4), &Hold::rest()));
    let view = store.view().unwrap();
    let with = |part| (view.queued_with(part).unwrap(), view.ready_with(part, 9).unwrap());
    assert_eq!(with("ew"), ([2, 4].map(TaskNo).to_vec(), vec![TaskNo(2)]));
    assert_eq!(with("other"), (Vec::new(), Vec::new()));
    drop(view);
    commit(&mut *store, |tx| tx.release_all(Hold::REST).map(drop));
    assert_eq!(store.view().unwrap().ready_with("new", 1).unwrap(), [TaskNo(2)]);
    let mut place = |lane_priority| {
        commit(&mut *store, |tx| {
            tx.classify(&|of| Placed {
                class: String::new(),
                lane_priority: lane_priority * i32::from(of.lane.is_some()),
            })
        });
        let view = store.view().unwrap();
        let spec = view.task(TaskNo(4)).unwrap().unwrap().spec;
        (spec.priority, spec.lane_priority, queued(&*reader, 100))
    };
    let own = place(0);
    assert_eq!(
        (place(5), place(-9).2, place(0)),
        ((own.0 + 5, 5, vec![2, 4, 5, 3, 1]), vec![3, 1, 2, 4, 5], own)
    );
}

/// A queued task is changed in its place; one that is not queued is not changed.
pub fn queued_tasks_are_edited(backend: &dyn Backend) {
    let mut store = backend.store();
    let (first, second) = (queue(&mut *store, 1, &task("x")), queue(&mut *store, 2, &task("y")));
    let edited = TaskSpec {
        prompt: "z".to_owned(),
        agent: Some("other".to_owned()),
        expires_at: Some(at(60)),
        ..of_class("docs", Some("docs"), 3)
    };
    commit(&mut *store, |tx| tx.edit(second, &edited));
    assert_eq!(queued(&*backend.reader(), 9), [2, 1]);
    let found = store.view().unwrap().task(second).unwrap().unwrap().spec;
    assert_eq!((&*found.prompt, found.agent.as_deref(), found.priority), ("z", Some("other"), 3));
    assert_eq!((found.lane.as_deref(), &*found.class), (Some("docs"), "docs"));
    assert_eq!(store.view().unwrap().next_deadline(None).unwrap(), Some(at(60)));
    commit(&mut *store, |tx| tx.edit(second, &prior(-1)));
    assert_eq!(queued(&*backend.reader(), 9), [1, 2]);
    commit(&mut *store, |tx| tx.start(first, at(1)));
    assert!(store.begin().unwrap().edit(first, &edited).is_err(), "it is not queued");
}

/// Queued tasks expire at their time; tasks that have been started do not.
pub fn queued_tasks_expire(backend: &dyn Backend) {
    let mut store = backend.store();
    for (no, seconds) in [(1, 30), (2, 10), (3, 20)] {
        queue(&mut *store, no, &TaskSpec { expires_at: Some(at(seconds)), ..task("x") });
    }
    queue(&mut *store, 4, &task("never"));
    commit(&mut *store, |tx| tx.start(TaskNo(3), at(1)));
    let view = store.view().unwrap();
    assert_eq!(view.next_deadline(None).unwrap(), Some(at(10)));
    assert_eq!(view.next_deadline(Some(at(10))).unwrap(), Some(at(30)));
    assert!(view.expired(at(9), 9).unwrap().is_empty());
    assert_eq!(numbers(&view.expired(at(30), 9).unwrap()), [2, 1]);
    assert_eq!(numbers(&view.expired(at(30), 1).unwrap()), [2]);
}

/// A switch of the queue is kept with its time.
pub fn queue_switches_are_kept(backend: &dyn Backend) {
    let mut store = backend.store();
    assert_eq!(store.view().unwrap().queue_switch(QueueSwitch::Paused).unwrap(), None);
    commit(&mut *store, |tx| tx.set_queue_switch(QueueSwitch::Paused, Some(at(5))));
    drop(store);
    let mut store = backend.store();
    assert_eq!(store.view().unwrap().queue_switch(QueueSwitch::Paused).unwrap(), Some(at(5)));
    commit(&mut *store, |tx| tx.set_queue_switch(QueueSwitch::Paused, None));
    assert_eq!(store.view().unwrap().queue_switch(QueueSwitch::Paused).unwrap(), None);
}

/// A task goes on in its slot with one launch more, and no attempt more.
pub fn a_running_task_goes_on(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = queue(&mut *store, 1, &task("x"));
    assert!(store.begin().unwrap().go_on(no).is_err(), "it does not run");
    assert!(store.begin().unwrap().keep_result(no, "said").is_err(), "it does not run");
    commit(&mut *store, |tx| {
        tx.start(no, at(1))?;
        tx.mark_ending(no, StopReason::Finished)?;
        tx.keep_result(no, "said")?;
        tx.go_on(no)
    });
    let row = store.view().unwrap().task(no).unwrap().unwrap();
    assert_eq!((row.state, row.launch, row.attempts), (TaskState::Running, 2, 1));
    assert_eq!((row.ending, row.result.as_deref()), (None, Some("said")));
}

/// Queued tasks are counted by class, and by what holds them.
pub fn queued_tasks_are_counted(backend: &dyn Backend) {
    let mut store = backend.store();
    let in_class = |class: &str| TaskSpec { class: class.to_owned(), ..task("x") };
    for (no, class) in [(1, ""), (2, ""), (3, "docs"), (4, "docs"), (5, "")] {
        queue(&mut *store, no, &in_class(class));
    }
    commit(&mut *store, |tx| {
        tx.start(TaskNo(5), at(1))?;
        tx.hold(TaskNo(2), &Hold::after(TaskNo(5)))?;
        tx.hold(TaskNo(4), &Hold::by_hand(None))?;
        tx.hold(TaskNo(4), &Hold::rest()).map(drop)
    });
    let counts = backend.reader().queued_by_class().unwrap();
    let counts: Vec<_> = counts.iter().map(|of| (of.class.as_str(), of.hold.as_deref(), of.count)).collect();
    let held = [("", Some(Hold::AFTER), 1), ("docs", Some(Hold::REST), 1)];
    assert_eq!(counts, [[("", None, 1), ("docs", None, 1)], held].concat());
}

/// The terms of a task are others from then on, until it ends.
pub fn terms_are_changed(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = queue(&mut *store, 1, &task("x"));
    let terms = Terms { ignore_budget: true, ..Terms::default() };
    let ignores =
        |store: &mut dyn Store| store.view().unwrap().task(no).unwrap().unwrap().spec.terms.ignore_budget;
    commit(&mut *store, |tx| tx.set_terms(no, &terms));
    assert!(ignores(&mut *store));
    commit(&mut *store, |tx| tx.start(no, at(1)));
    commit(&mut *store, |tx| tx.set_terms(no, &Terms::default()));
    assert!(!ignores(&mut *store));
    assert!(store.begin().unwrap().set_terms(TaskNo(2), &terms).is_err());
    let failed = Outcome::without_exit(TaskState::Failed, "x");
    commit(&mut *store, |tx| tx.finish(no, TaskState::Running, &failed, at(2)));
    assert!(store.begin().unwrap().set_terms(no, &terms).is_err());
}
