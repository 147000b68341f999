//! Transactions, and what readers see of them.

use aiwg_model::{Outcome, TaskNo};
use aiwg_protocol::types::TaskState;

use super::{Backend, at, commit, event, queue, task};
use crate::EventFilter;

const ALL: EventFilter =
    EventFilter { topics: None, from: crate::From::After(0), limit: 100, bytes: 1 << 20 };

/// A transaction that is dropped leaves nothing behind, in its counters neither; one that was committed is there as a
/// whole.
pub fn a_transaction_counts_as_a_whole(backend: &dyn Backend) {
    let mut store = backend.store();
    for kept in [false, true] {
        let mut tx = store.begin().unwrap();
        tx.insert_event(&event(1, "a"), None).unwrap();
        tx.insert_task(TaskNo(1), &task("x"), at(0)).unwrap();
        assert_eq!((tx.queued(), tx.last_numbers().unwrap()), (1, (1, 1)), "it sees itself");
        assert!(tx.event(1).unwrap().is_some() && tx.task(TaskNo(1)).unwrap().is_some());
        if kept {
            assert!(tx.commit().unwrap(), "something was written");
        } else {
            drop(tx);
        }
        let view = store.view().unwrap();
        assert_eq!(view.queued(), u64::from(kept));
        assert_eq!(view.last_numbers().unwrap(), if kept { (1, 1) } else { (0, 0) });
        assert_eq!(view.next_queued().unwrap().is_some(), kept);
        assert_eq!(view.event(1).unwrap().is_some(), kept);
    }
    assert_eq!(backend.reader().stats().unwrap().queued, 1);
    let tx = store.begin().unwrap();
    assert!(!tx.commit().unwrap(), "nothing was written");
}

/// All of a transaction is at one moment, and what comes later is never before it. Its own changes are news to nobody.
pub fn a_transaction_has_one_moment(backend: &dyn Backend) {
    let mut store = backend.store();
    drop(store.view().unwrap());
    let mut before = at(0);
    for no in 1..=3 {
        let mut tx = store.begin().unwrap();
        let now = tx.now();
        assert!(now >= before, "{now} is before {before}");
        assert!(!tx.has_moved(), "there is nobody else");
        tx.insert_task(TaskNo(no), &task("x"), now).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert_eq!(tx.now(), now);
        tx.commit().unwrap();
        let view = store.view().unwrap();
        assert!(view.now() > now && !view.has_moved());
        before = view.now();
    }
}

/// After an error nothing of a transaction remains, and the next one goes on.
pub fn a_failed_transaction_leaves_nothing(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = queue(&mut *store, 1, &task("x"));
    let mut tx = store.begin().unwrap();
    tx.insert_task(TaskNo(2), &task("y"), at(0)).unwrap();
    tx.start(no, at(1)).unwrap();
    assert!(tx.start(no, at(1)).is_err(), "it runs already");
    drop(tx);
    let view = store.view().unwrap();
    assert_eq!((view.queued(), view.running_numbers().unwrap()), (1, vec![]));
    assert!(view.task(TaskNo(2)).unwrap().is_none());
    drop(view);
    commit(&mut *store, |tx| tx.start(no, at(2)));
    assert_eq!(store.view().unwrap().running_numbers().unwrap(), [no]);
}

/// All that was committed is there when the store is opened again, and nothing else.
pub fn what_is_committed_is_there_again(backend: &dyn Backend) {
    let mut store = backend.store();
    let no = queue(&mut *store, 7, &task("x"));
    commit(&mut *store, |tx| tx.start(no, at(1)));
    drop(store);
    let mut store = backend.store();
    let mut tx = store.begin().unwrap();
    assert_eq!(tx.running_numbers().unwrap(), [no]);
    tx.finish(no, TaskState::Running, &Outcome::without_exit(TaskState::Failed, "w"), at(2)).unwrap();
    drop(tx);
    store.close(true).unwrap();
    drop(store);
    let mut store = backend.store();
    let view = store.view().unwrap();
    assert_eq!((view.task_state(no).unwrap(), view.queued()), (Some(TaskState::Running), 0));
    assert_eq!(view.last_numbers().unwrap(), (0, 7));
}

/// A reader sees what was committed, also while a transaction is open, and nothing of that.
pub fn readers_see_what_is_committed(backend: &dyn Backend) {
    let mut store = backend.store();
    let reader = backend.reader();
    let mut tx = store.begin().unwrap();
    tx.insert_event(&event(1, "a"), None).unwrap();
    tx.insert_task(TaskNo(1), &task("x"), at(0)).unwrap();
    assert!(reader.task(TaskNo(1)).unwrap().is_none());
    assert_eq!((reader.stats().unwrap().total, reader.last_event().unwrap()), (0, 0));
    tx.commit().unwrap();
    assert_eq!(reader.task(TaskNo(1)).unwrap().unwrap().spec.prompt, "x");
    assert_eq!((reader.stats().unwrap().total, reader.last_event().unwrap()), (1, 1));
    assert_eq!(reader.events(&ALL).unwrap().events, [event(1, "a")]);
    let size = reader.size().unwrap();
    commit(&mut *store, |tx| {
        (2..200).try_for_each(|seq| tx.insert_event(&super::with_payload(seq, 1000), None))
    });
    assert!(reader.size().unwrap() > size, "it has grown");
}

/// A view needs no transaction, and one that was dropped is gone from it.
pub fn a_view_is_of_what_is_committed(backend: &dyn Backend) {
    let mut store = backend.store();
    assert_eq!(store.view().unwrap().last_numbers().unwrap(), (0, 0));
    commit(&mut *store, |tx| tx.set_aged(at(5)));
    store.begin().unwrap().set_aged(at(6)).unwrap();
    assert_eq!(store.view().unwrap().aged().unwrap(), Some(at(5)));
    assert!(store.has_room());
    store.look_after(true);
    commit(&mut *store, |tx| {
        tx.make_room(1000)?;
        tx.write_something()
    });
    assert!(!store.place().is_empty() && store.files().iter().all(|file| file.exists()));
}
