//! Events: numbers, pages, and how far sources have come.

use std::sync::Arc;

use aiwg_model::{Cursor, Keep, OnlyIf, TaskNo};
use aiwg_patterns::TopicFilter;
use aiwg_protocol::types::Cause;

use super::{Backend, at, commit, event, queue, task, with_payload};
use crate::{EventFilter, EventPage, From, Reader};

fn filter(from: From) -> EventFilter {
    EventFilter { topics: None, from, limit: 1000, bytes: 1 << 30 }
}

fn seqs(page: &EventPage) -> Vec<u64> {
    page.events.iter().map(|event| event.seq).collect()
}

fn page(reader: &dyn Reader, filter: &EventFilter) -> EventPage {
    reader.events(filter).unwrap()
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Forwards and backwards, so many at a time; where numbers are missing it says how many, and forwards it ends there.
pub fn events_are_read_both_ways(backend: &dyn Backend) {
    let mut store = backend.store();
    let caused = Cause { task: Some("task-0001".to_owned()), rule: None, event: Some(1), depth: 1 };
    let last = crate::contract::event(9, "z");
    let last =
        aiwg_protocol::types::Event { caused_by: Some(caused), traceparent: Some(TRACE.to_owned()), ..last };
    commit(&mut *store, |tx| {
        for seq in [1, 2, 3, 6, 7] {
            tx.insert_event(&event(seq, "a"), None)?;
        }
        tx.insert_event(&last, None)
    });
    assert_eq!(store.view().unwrap().event(9).unwrap(), Some(last.clone()));
    assert_eq!(store.view().unwrap().event(4).unwrap(), None);
    assert_eq!(store.view().unwrap().events_between(9, 11).unwrap(), std::slice::from_ref(&last));
    assert!(store.view().unwrap().events_between(10, 11).unwrap().is_empty());
    let reader = backend.reader();
    let forwards = page(&*reader, &filter(From::After(0)));
    assert_eq!((seqs(&forwards), forwards.gone, forwards.scanned), (vec![1, 2, 3], 0, 3));
    assert!(!forwards.is_last && !forwards.is_full, "numbers are missing after it");
    let rest = page(&*reader, &filter(From::After(3)));
    assert_eq!((seqs(&rest), rest.gone, rest.is_last), (vec![6, 7], 2, false));
    let end = page(&*reader, &filter(From::After(7)));
    assert_eq!((end.events, end.gone, end.is_last), (vec![last], 1, true));
    let none = page(&*reader, &filter(From::After(9)));
    assert_eq!((seqs(&none), none.scanned, none.is_last), (vec![], 9, true));
    let backwards = page(&*reader, &EventFilter { limit: 4, ..filter(From::Before(u64::MAX)) });
    assert_eq!((seqs(&backwards), backwards.gone, backwards.is_last), (vec![9, 7, 6, 3], 0, false));
    let rest = page(&*reader, &filter(From::Before(backwards.scanned)));
    assert_eq!((seqs(&rest), rest.is_last), (vec![2, 1], true));
    assert_eq!((reader.first_event().unwrap(), reader.last_event().unwrap()), (1, 9));
}

/// A list holds no more text than it may, but for its last event.
pub fn events_are_cut_where_they_are_long(backend: &dyn Backend) {
    let mut store = backend.store();
    commit(&mut *store, |tx| (1..=5).try_for_each(|seq| tx.insert_event(&with_payload(seq, 1000), None)));
    let reader = backend.reader();
    let cut = page(&*reader, &EventFilter { bytes: 1500, ..filter(From::After(0)) });
    assert_eq!((seqs(&cut), cut.is_full, cut.is_last), (vec![1, 2], true, false));
    let rest = page(&*reader, &EventFilter { bytes: 3000, ..filter(From::After(cut.scanned)) });
    assert_eq!((seqs(&rest), rest.is_full, rest.is_last), (vec![3, 4, 5], false, true));
    let sizes = reader.event_sizes(5).unwrap();
    assert_eq!(sizes.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert!(sizes.iter().all(|(_, bytes)| (1000..2000).contains(bytes)), "{sizes:?}");
}

/// Only events of the topics that are asked for, while all are looked at; so many in one call that it returns soon.
pub fn events_are_filtered_by_topic(backend: &dyn Backend) {
    let mut store = backend.store();
    assert_eq!((backend.reader().first_event().unwrap(), backend.reader().last_event().unwrap()), (0, 0));
    let topic = |seq: u64| if seq == 12_000 { "rare:one" } else { "often" };
    commit(&mut *store, |tx| (1..=12_001).try_for_each(|seq| tx.insert_event(&event(seq, topic(seq)), None)));
    let reader = backend.reader();
    let topics = Some(Arc::new(TopicFilter::new(&["rare:*".to_owned()]).unwrap()));
    let (mut from, mut found, mut calls) = (0, Vec::new(), 0);
    loop {
        let page = page(&*reader, &EventFilter { topics: topics.clone(), ..filter(From::After(from)) });
        assert!(page.scanned > from || page.is_last, "each call goes on");
        found.extend(seqs(&page));
        (from, calls) = (page.scanned, calls + 1);
        if page.is_last {
            break;
        }
    }
    assert_eq!((found, from), (vec![12_000], 12_001));
    assert!(calls > 1, "one call does not look at all of a long log");
}

/// A number that was given is not given again, whatever is forgotten.
pub fn numbers_are_never_given_again(backend: &dyn Backend) {
    let mut store = backend.store();
    commit(&mut *store, |tx| (1..=4).try_for_each(|seq| tx.insert_event(&event(seq, "a"), None)));
    let no = queue(&mut *store, 3, &task("x"));
    let outcome = aiwg_model::Outcome::without_exit(aiwg_protocol::types::TaskState::Failed, "w");
    commit(&mut *store, |tx| tx.finish(no, aiwg_protocol::types::TaskState::Queued, &outcome, at(1)));
    let nothing = Keep { since: None, most: Some(0), from: None };
    commit(&mut *store, |tx| {
        let nothing = Keep { since: Some(at(100)), ..nothing };
        assert_eq!((tx.prune_tasks(nothing, 100)?, tx.prune_events(nothing, 100)?), (vec![TaskNo(3)], 4));
        Ok(())
    });
    assert_eq!(store.view().unwrap().last_numbers().unwrap(), (4, 3));
    commit(&mut *store, |tx| tx.begin_after(2, 90));
    drop(store);
    let mut store = backend.store();
    assert_eq!(store.view().unwrap().last_numbers().unwrap(), (4, 90));
    let reader = backend.reader();
    assert_eq!((reader.first_event().unwrap(), reader.last_event().unwrap()), (0, 4));
}

/// A cursor moves in its transaction, from where it must be.
pub fn cursors_move_from_where_they_are(backend: &dyn Backend) {
    let mut store = backend.store();
    let to = |value: &str, only_if| Cursor { only_if, ..Cursor::moved("a", "k", value) };
    let at_one = || OnlyIf::At("1".to_owned());
    let mut tx = store.begin().unwrap();
    assert!(tx.may_move(&to("1", OnlyIf::Unseen)).unwrap());
    assert!(tx.may_move(&to("1", OnlyIf::Always)).unwrap());
    assert!(!tx.may_move(&to("2", at_one())).unwrap());
    tx.move_cursor(&to("1", OnlyIf::Unseen)).unwrap();
    assert!(!tx.may_move(&to("2", OnlyIf::Unseen)).unwrap());
    assert!(tx.may_move(&to("2", at_one())).unwrap());
    tx.move_cursor(&Cursor::moved("b", "k", "other")).unwrap();
    tx.commit().unwrap();
    store.begin().unwrap().move_cursor(&to("3", OnlyIf::Always)).unwrap();
    for cursors in [store.view().unwrap().cursors("a").unwrap(), backend.reader().cursors("a").unwrap()] {
        assert_eq!(cursors, [("k".to_owned(), "1".to_owned())].into());
    }
    commit(&mut *store, |tx| tx.move_cursor(&Cursor { value: None, ..to("", OnlyIf::Always) }));
    assert!(store.view().unwrap().cursors("a").unwrap().is_empty());
}
