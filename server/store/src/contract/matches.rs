//! Matches that wait until a task is made of them.

use aiwg_model::Pending;
use aiwg_protocol::types::{Cause, Event};

use super::{Backend, at, commit, event, with_payload};

fn deep(event: Event, depth: u32) -> Event {
    Event { caused_by: Some(Cause { task: None, rule: None, event: None, depth }), ..event }
}

/// Matches of a rule gather, are due when it is said, and are gone when they are removed.
pub fn matches_gather(backend: &dyn Backend) {
    let mut store = backend.store();
    commit(&mut *store, |tx| {
        (1..=4).try_for_each(|seq| tx.insert_event(&event(seq, "a"), None))?;
        let first = tx.add_pending("r", &event(1, "a"), at(10))?;
        assert_eq!(first, Pending { rule: "r".to_owned(), due_at: None, first_at: at(10), matches: 1 });
        tx.set_pending_due("r", Some(at(50)))?;
        tx.add_pending("r", &event(3, "a"), at(20))?;
        tx.add_pending("s", &event(2, "a"), at(20))?;
        tx.set_pending_due("s", Some(at(40)))?;
        tx.add_pending("waits", &event(4, "a"), at(20)).map(drop)
    });
    let gathered = Pending { rule: "r".to_owned(), due_at: Some(at(50)), first_at: at(10), matches: 2 };
    let view = store.view().unwrap();
    assert_eq!(view.pending("r").unwrap(), Some(gathered.clone()));
    assert_eq!(view.pending("none").unwrap(), None);
    assert_eq!(view.all_pending().unwrap().len(), 3);
    assert_eq!(backend.reader().rule_facts().unwrap().pending["r"], gathered);
    assert_eq!(view.pending_due(at(39)).unwrap(), Vec::<String>::new());
    assert_eq!(view.pending_due(at(50)).unwrap(), ["s", "r"]);
    assert_eq!(view.next_deadline(None).unwrap(), Some(at(40)));
    assert_eq!(view.next_deadline(Some(at(40))).unwrap(), Some(at(50)));
    assert_eq!(
        view.next_deadline(Some(at(50))).unwrap(),
        None,
        "one that waits for its rule's task is never due"
    );
    let events: Vec<u64> = view.pending_events("r").unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(events, [1, 3]);
    assert_eq!(view.last_pending_at("r").unwrap(), Some(event(3, "a").at));
    assert_eq!(view.last_pending_at("none").unwrap(), None);
    drop(view);
    commit(&mut *store, |tx| tx.remove_pending("r"));
    let view = store.view().unwrap();
    assert_eq!((view.pending("r").unwrap(), view.pending_events("r").unwrap()), (None, vec![]));
    assert_eq!(view.pending_due(at(50)).unwrap(), ["s"]);
}

/// The latest 1,000 events are kept, of so much text in all, and always the deepest.
pub fn matches_are_bounded(backend: &dyn Backend) {
    let mut store = backend.store();
    let nth = |seq| if seq == 2 { deep(event(2, "a"), 7) } else { event(seq, "a") };
    commit(&mut *store, |tx| {
        for seq in 1..=1100 {
            tx.insert_event(&nth(seq), None)?;
            tx.add_pending("r", &nth(seq), at(1))?;
        }
        for seq in 1101..=1106 {
            let large = with_payload(seq, 1 << 20);
            let large = if seq == 1101 { deep(large, 1) } else { large };
            tx.insert_event(&large, None)?;
            tx.add_pending("large", &large, at(1))?;
        }
        Ok(())
    });
    let view = store.view().unwrap();
    let seqs = |rule| view.pending_events(rule).unwrap().iter().map(|event| event.seq).collect::<Vec<_>>();
    assert_eq!(view.pending("r").unwrap().unwrap().matches, 1100, "all are counted");
    let expected: Vec<u64> = [2].into_iter().chain(102..=1100).collect();
    assert_eq!(seqs("r"), expected);
    assert_eq!(seqs("large"), [1101, 1104, 1105, 1106], "4 MiB, and the deepest");
}
