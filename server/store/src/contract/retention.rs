//! Forgetting what is old.

use aiwg_model::{Answer, CallKey, Cursor, Hold, Keep, KeptAnswer, Outcome, TaskNo, TaskSpec};
use aiwg_protocol::types::{Cause, Event, TaskState};

use super::{Backend, at, commit, event, numbers, queue, task};
use crate::Store;

const ALL: Keep = Keep { since: None, most: None, from: None };

fn finish(store: &mut dyn Store, no: u64, end: i64) {
    let outcome = Outcome::without_exit(TaskState::Completed, "");
    commit(store, |tx| tx.finish(TaskNo(no), TaskState::Queued, &outcome, at(end)));
}

/// Finished tasks go, those that ended first, but for those that others wait for.
pub fn old_tasks_are_forgotten(backend: &dyn Backend) {
    let mut store = backend.store();
    for no in 1..=6 {
        queue(&mut *store, no, &task("x"));
    }
    commit(&mut *store, |tx| tx.hold(TaskNo(6), &Hold::after(TaskNo(1))));
    for (no, end) in [(1, 10), (3, 20), (2, 30), (4, 40)] {
        finish(&mut *store, no, end);
    }
    let mut prune = |keep, limit| numbers(&commit(&mut *store, |tx| tx.prune_tasks(keep, limit)));
    assert_eq!(prune(ALL, 100), Vec::<u64>::new());
    assert_eq!(prune(Keep { since: Some(at(35)), ..ALL }, 1), [3], "no more than so many");
    assert_eq!(prune(Keep { since: Some(at(35)), ..ALL }, 100), [2]);
    assert_eq!(prune(Keep { most: Some(2), ..ALL }, 100), Vec::<u64>::new());
    assert_eq!(prune(Keep { most: Some(1), ..ALL }, 100), [4], "the first of all is waited for");
    let view = store.view().unwrap();
    let left: Vec<u64> = (1..=6).filter(|no| view.task(TaskNo(*no)).unwrap().is_some()).collect();
    assert_eq!((left, view.queued()), (vec![1, 5, 6], 2));
    let stats = backend.reader().stats().unwrap();
    assert_eq!((stats.total, stats.completed), (3, 1));
}

/// Events go, the oldest first, down to the first that something still comes of.
pub fn old_events_are_forgotten(backend: &dyn Backend) {
    let mut store = backend.store();
    commit(&mut *store, |tx| (1..=20).try_for_each(|seq| tx.insert_event(&event(seq, "a"), None)));
    let reader = backend.reader();
    let mut prune = |keep, limit| commit(&mut *store, |tx| tx.prune_events(keep, limit));
    assert_eq!(prune(ALL, 100), 0);
    assert_eq!((prune(Keep { most: Some(18), ..ALL }, 100), reader.first_event().unwrap()), (2, 3));
    assert_eq!((prune(Keep { since: Some(at(6)), ..ALL }, 2), reader.first_event().unwrap()), (2, 5));
    assert_eq!((prune(Keep { since: Some(at(6)), ..ALL }, 100), reader.first_event().unwrap()), (1, 6));
    assert_eq!((prune(Keep { from: Some(8), ..ALL }, 100), reader.first_event().unwrap()), (2, 8));
    // One that a queued task came from stays, and those after it; and one that waits with a rule.
    let cause = Cause { task: None, rule: None, event: Some(10), depth: 0 };
    let no = queue(&mut *store, 1, &TaskSpec { cause: Some(cause), ..task("x") });
    commit(&mut *store, |tx| tx.add_pending("r", &event(12, "a"), at(30)).map(drop));
    let nothing = Keep { most: Some(0), ..ALL };
    let prune = |store: &mut dyn Store| commit(store, |tx| tx.prune_events(nothing, 100));
    assert_eq!((prune(&mut *store), reader.first_event().unwrap()), (2, 10));
    commit(&mut *store, |tx| tx.start(no, at(30)));
    assert_eq!(prune(&mut *store), 0, "a running task may start again");
    let outcome = Outcome::without_exit(TaskState::Completed, "");
    commit(&mut *store, |tx| tx.finish(no, TaskState::Running, &outcome, at(31)));
    assert_eq!((prune(&mut *store), reader.first_event().unwrap()), (2, 12));
    commit(&mut *store, |tx| tx.remove_pending("r"));
    assert_eq!((prune(&mut *store), reader.first_event().unwrap()), (9, 0));
    let gives_back = |store: &mut dyn Store| commit(store, |tx| tx.give_back());
    assert!((0..100).any(|_| !gives_back(&mut *store)), "it comes to an end");
}

/// An event that happened before others with lower numbers, as one from the spool may have, stays until those go: the log has no holes.
pub fn late_events_leave_no_hole(backend: &dyn Backend) {
    let mut store = backend.store();
    let late = |seq| Event { at: at(-1000), ..event(seq, "a") };
    commit(&mut *store, |tx| {
        (1..=9).try_for_each(|seq| {
            tx.insert_event(&if seq == 1 || seq == 5 { late(seq) } else { event(seq, "a") }, None)
        })
    });
    let reader = backend.reader();
    let mut prune = |keep| commit(&mut *store, |tx| tx.prune_events(keep, 100));
    assert_eq!((prune(Keep { since: Some(at(0)), ..ALL }), reader.first_event().unwrap()), (1, 2));
    assert_eq!((prune(Keep { since: Some(at(4)), ..ALL }), reader.first_event().unwrap()), (2, 4));
    assert_eq!((prune(Keep { since: Some(at(6)), ..ALL }), reader.first_event().unwrap()), (2, 6));
}

/// Cursors with a time are forgotten after it.
pub fn cursors_are_forgotten_in_time(backend: &dyn Backend) {
    let mut store = backend.store();
    commit(&mut *store, |tx| {
        for (key, until) in
            [("old", Some(at(1))), ("older", Some(at(0))), ("new", Some(at(9))), ("ever", None)]
        {
            tx.move_cursor(&Cursor { until, ..Cursor::moved("a", key, "") })?;
        }
        Ok(())
    });
    assert_eq!(commit(&mut *store, |tx| tx.prune_cursors(at(5), 1)), 1);
    assert!(!store.view().unwrap().cursors("a").unwrap().contains_key("older"), "the oldest first");
    assert_eq!(commit(&mut *store, |tx| tx.prune_cursors(at(5), 10)), 1);
    assert_eq!(commit(&mut *store, |tx| tx.prune_cursors(at(5), 10)), 0);
    let mut left: Vec<String> = backend.reader().cursors("a").unwrap().into_keys().collect();
    left.sort();
    assert_eq!(left, ["ever", "new"]);
}

/// Answers to calls are there until their time is over, and not for ever, whatever becomes of the events meanwhile.
pub fn answers_are_forgotten_in_time(backend: &dyn Backend) {
    let mut store = backend.store();
    let answer = |key: &str, until| KeptAnswer {
        key: CallKey::of_event("", key, "a", None).unwrap(),
        until,
        answer: Answer::Json("7".to_owned()),
    };
    let (day, hour) = (24 * 3600, 3600);
    let all = [answer("one", at(day)), answer("two", at(day + 1)), answer("three", at(3 * day))];
    commit(&mut *store, |tx| {
        tx.insert_event(&event(1, "a"), None)?;
        tx.keep_answers(&all)
    });
    assert_eq!(commit(&mut *store, |tx| tx.prune_events(Keep { from: Some(2), ..ALL }, 10)), 1);
    let prune = |store: &mut dyn Store, now, limit| commit(store, |tx| tx.prune_answers(at(now), limit));
    let left = |store: &mut dyn Store| {
        let view = store.view().unwrap();
        all.iter().filter(|one| view.kept_answer(one.key.id()).unwrap().is_some()).count()
    };
    assert_eq!((prune(&mut *store, day - 1, 10), left(&mut *store)), (0, 3));
    // Undone, nothing of it has happened.
    let mut tx = store.begin().unwrap();
    assert_eq!(tx.prune_answers(at(day + 12 * hour), 10).unwrap(), 2);
    drop(tx);
    assert_eq!(left(&mut *store), 3);
    for (forgotten, kept) in [(1, 2), (1, 1), (0, 1)] {
        assert_eq!((prune(&mut *store, day + 12 * hour, 1), left(&mut *store)), (forgotten, kept));
    }
    assert_eq!(store.view().unwrap().kept_answer(all[2].key.id()).unwrap().as_ref(), Some(&all[2]));
}
