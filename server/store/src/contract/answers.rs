//! Stories of the answers to calls with keys.

use aiwg_model::{Answer, CallKey, KeptAnswer};
use aiwg_protocol::types::Timestamp;

use super::{Backend, commit};
use crate::Store;

fn kept(key: &str, topic: &str, until: Timestamp, answer: &str) -> KeptAnswer {
    let key = CallKey::of_event("", key, topic, None).unwrap();
    KeptAnswer { key, until, answer: Answer::Json(answer.to_owned()) }
}

/// The answer to a call is found by its key alone, however many were stored with it, and the last one stands.
pub fn answers_are_kept_by_their_keys(backend: &dyn Backend) {
    let mut store = backend.store();
    let day = |no| Timestamp::from_millis(no * 86_400_000);
    let ids = |no: usize| match no % 3 {
        0 => format!("{no:032x}"),
        1 => format!("{no:08x}-0000-7000-8000-000000000000"),
        _ => format!("k{no}"),
    };
    commit(&mut *store, |tx| tx.keep_answers(&[kept(&ids(3), "a", day(1), "0")]));
    commit(&mut *store, |tx| tx.keep_answers(&[]));
    for (round, count) in [1, 16, 100, 100].into_iter().enumerate() {
        let topic = format!("round:{round}");
        // The last ones are kept longer than those that they replace.
        let all: Vec<KeptAnswer> = (0..count)
            .map(|no| kept(&ids(no), &topic, day(1 + round as i64 / 3), &format!("{{\"seq\":{no}}}")))
            .collect();
        let mut tx = store.begin().unwrap();
        tx.keep_answers(&all).unwrap();
        assert_eq!(tx.kept_answer(all[0].key.id()).unwrap().as_ref(), Some(&all[0]));
        tx.commit().unwrap();
        let view = store.view().unwrap();
        for answer in &all {
            assert_eq!(view.kept_answer(answer.key.id()).unwrap().as_ref(), Some(answer));
        }
        assert_eq!(view.kept_answer(kept(&ids(count), "a", day(1), "").key.id()).unwrap(), None);
    }
    let undone = kept("undone", "a", day(1), "7");
    let mut tx = store.begin().unwrap();
    tx.keep_answers(std::slice::from_ref(&undone)).unwrap();
    drop(tx);
    assert_eq!(store.view().unwrap().kept_answer(undone.key.id()).unwrap(), None);
    drop(store);
    let store = &mut *backend.store();
    let view = store.view().unwrap();
    assert!((0..100).all(|no| {
        let found = view.kept_answer(kept(&ids(no), "a", day(1), "").key.id()).unwrap();
        found == Some(kept(&ids(no), "round:3", day(2), &format!("{{\"seq\":{no}}}")))
    }));
    drop(view);
    // What an earlier daemon has stored is known by now.
    commit(store, |tx| tx.keep_answers(&[]));
    let view = store.view().unwrap();
    assert_eq!(view.kept_answer(undone.key.id()).unwrap(), None);
    assert!(view.kept_answer(kept(&ids(7), "a", day(1), "").key.id()).unwrap().is_some());
}

/// The answers to events that no rule has matched are found by their keys, however they are stored, and are forgotten like all others.
pub fn answers_to_events_are_kept_by_their_keys(backend: &dyn Backend) {
    const HOUR: i64 = 3_600_000;
    let called_at = 1_795_860_000_000;
    let until = Timestamp::from_millis(called_at + 24 * HOUR);
    // Keys of many times: of that of their call, of one milliseconds and of minutes from there, and of any.
    let times = [0, 0, 1, -1, 16, 17, 1000, -299_999, 300_000, 300_001, -86_400_000, 86_400_000];
    let of = |seq: u64, of_transaction: u64| {
        let made_at = called_at + times[usize::try_from(seq).unwrap() % times.len()];
        let digits = format!("{made_at:012x}{of_transaction:04x}{seq:016x}");
        let name = match seq % 5 {
            0 => format!(
                "{}-{}-{}-{}-{}",
                &digits[..8],
                &digits[8..12],
                &digits[12..16],
                &digits[16..20],
                &digits[20..]
            ),
            _ => digits,
        };
        let key = CallKey::of_event("", &name, &format!("topic:{seq}"), None).unwrap();
        KeptAnswer { key, until, answer: Answer::Emitted(seq) }
    };
    let is_kept = |store: &mut dyn Store, one: &KeptAnswer| {
        let found = store.view().unwrap().kept_answer(one.key.id()).unwrap();
        found.map(|found| {
            assert_eq!((&found.key, found.until), (&one.key, one.until));
            found.answer.text().into_owned()
        })
    };
    let texts =
        |all: &[KeptAnswer]| all.iter().map(|one| Some(one.answer.text().into_owned())).collect::<Vec<_>>();
    let found = |store: &mut dyn Store, all: &[KeptAnswer]| {
        all.iter().map(|one| is_kept(store, one)).collect::<Vec<_>>()
    };
    let mut all: Vec<KeptAnswer> = Vec::new();
    let mut store = backend.store();
    for (no, count) in (0u64..).zip([1, 200, 1, 64, 65, 7]) {
        let mut next: Vec<KeptAnswer> = (0..count).map(|seq| of(seq, no)).collect();
        next.sort_by(|one, other| one.key.id().cmp(other.key.id()));
        commit(&mut *store, |tx| tx.keep_answers(&next));
        all.extend(next);
        assert_eq!(found(&mut *store, &all), texts(&all));
    }
    // More transactions of the same time than there are places for.
    for no in 100..140 {
        all.push(of(0, no));
        commit(&mut *store, |tx| tx.keep_answers(&all[all.len() - 1..]));
    }
    let absent: Vec<KeptAnswer> = (0..100).map(|seq| of(seq, 1000)).collect();
    assert_eq!(found(&mut *store, &absent), vec![None; absent.len()]);
    // The last one stands, also where it is another kind of answer, and what is undone is not there.
    let mut tx = store.begin().unwrap();
    tx.keep_answers(&absent).unwrap();
    assert_eq!(
        tx.kept_answer(absent[0].key.id()).unwrap().map(|one| one.answer.text().into_owned()),
        texts(&absent)[0]
    );
    drop(tx);
    assert_eq!(found(&mut *store, &absent), vec![None; absent.len()]);
    for (at, one) in all.iter_mut().enumerate().step_by(3) {
        one.answer = if at % 2 == 0 { Answer::Emitted(1000) } else { Answer::Json("7".to_owned()) };
        commit(&mut *store, |tx| tx.keep_answers(std::slice::from_ref(one)));
    }
    for round in 0..6 {
        assert_eq!(found(&mut *store, &all), texts(&all), "{round}");
        assert_eq!(found(&mut *store, &absent), vec![None; absent.len()], "{round}");
        drop(store);
        store = backend.store();
        for _ in 0..round {
            commit(&mut *store, |tx| tx.keep_answers(&[]));
        }
    }
    let prune = |store: &mut dyn Store, hours: i64| {
        let now = Timestamp::from_millis(until.as_millis() + hours * HOUR);
        let mut rounds = 0;
        while commit(store, |tx| tx.prune_answers(now, 10)) > 0 {
            rounds += 1;
        }
        rounds
    };
    assert_eq!((prune(&mut *store, -1), found(&mut *store, &all)), (0, texts(&all)));
    assert!(prune(&mut *store, 7) > 1);
    assert_eq!(found(&mut *store, &all), vec![None; all.len()]);
    assert_eq!(prune(&mut *store, 48), 0);
}
