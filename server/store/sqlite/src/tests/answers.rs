//! The answers to calls with keys.

use aiwg_model::{CallKey, KeptAnswer};
use aiwg_protocol::types::Timestamp;
use aiwg_store_sql::{
    Backend,
    inside::{READ_AT_ONCE, SPAN_MS},
};
use rusqlite::Connection;

use crate::SqliteStore;

fn answer(key: &str, until: i64) -> KeptAnswer {
    let key = CallKey::of_event("", key, "a", None).unwrap();
    KeptAnswer { key, until: Timestamp::from_millis(until), answer: "7".to_owned() }
}

fn keep(store: &mut SqliteStore, answers: &[KeptAnswer]) {
    store.writer.keep_answers(answers).unwrap();
}

#[test]
fn what_an_earlier_daemon_has_stored_is_found_before_and_after_all_keys_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let mut store = SqliteStore::open(&path).unwrap();
    let count = 2 * i64::try_from(READ_AT_ONCE).unwrap() + 10;
    // Of two spans.
    let of = |no: i64| answer(&format!("key {no}"), (no % 2) * SPAN_MS);
    let all: Vec<KeptAnswer> = (0..count).map(of).collect();
    store.connection().execute_batch("BEGIN").unwrap();
    keep(&mut store, &all);
    store.connection().execute_batch("COMMIT").unwrap();
    drop(store);
    let mut store = SqliteStore::open(&path).unwrap();
    for round in 0..6 {
        assert!(all.iter().all(|one| store.writer.kept_answer(one.key.id()).unwrap().as_ref() == Some(one)));
        assert_eq!(store.writer.kept_answer(of(count).key.id()).unwrap(), None);
        let is_read = store.writer.has_read_all_keys();
        assert_eq!(is_read, round >= 4, "round {round}");
        keep(&mut store, &[]);
    }
    let taken = (count..2 * count).filter(|no| store.writer.may_have_answer(of(*no).key.id()));
    assert!(taken.count() < 400, "most new keys are known to be new");
}

#[test]
fn a_row_that_cannot_be_read_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    drop(SqliteStore::open(&path).unwrap());
    let row = |span: i64, until: i64, call: &str| {
        format!("INSERT INTO answer VALUES ({span}, x'00206b', {until}, {call}, '7');")
    };
    let rows = [
        row(i64::MIN, 0, "zeroblob(16)"),
        row(-1, 0, "zeroblob(15)"),
        row(i64::MAX, i64::MAX, "CAST(zeroblob(16) || x'ff' AS BLOB)"),
    ];
    Connection::open(&path).unwrap().execute_batch(&rows.concat()).unwrap();
    let mut store = SqliteStore::open(&path).unwrap();
    let one = answer("k", 0);
    assert_eq!(store.writer.kept_answer(one.key.id()).unwrap(), None);
    keep(&mut store, std::slice::from_ref(&one));
    assert_eq!(store.writer.kept_answer(one.key.id()).unwrap(), Some(one));
    assert_eq!(store.writer.prune_answers(Timestamp::from_millis(SPAN_MS), 10).unwrap(), 3);
}

#[test]
fn what_was_forgotten_in_vain_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&dir.path().join("db")).unwrap();
    let (old, late) = (answer("old", 0), answer("late", SPAN_MS));
    keep(&mut store, &[old.clone(), late.clone()]);
    let now = Timestamp::from_millis(SPAN_MS);
    for _ in 0..2 {
        store.connection().execute_batch("BEGIN").unwrap();
        assert_eq!(store.writer.prune_answers(now, 10).unwrap(), 1);
        assert_eq!(store.writer.prune_answers(now, 10).unwrap(), 0);
        assert_eq!(store.writer.kept_answer(old.key.id()).unwrap(), None);
        store.undo().unwrap();
        assert_eq!(store.writer.kept_answer(old.key.id()).unwrap(), Some(old.clone()));
    }
    assert_eq!(store.writer.prune_answers(Timestamp::from_millis(SPAN_MS - 1), 10).unwrap(), 0);
    assert_eq!(
        (store.writer.prune_answers(now, 10).unwrap(), store.writer.prune_answers(now, 10).unwrap()),
        (1, 0)
    );
    assert_eq!(store.writer.answer_spans(), 1);
    assert_eq!(store.writer.kept_answer(late.key.id()).unwrap(), Some(late));
}
