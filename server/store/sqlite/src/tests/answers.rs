//! The answers to calls with keys.

use std::ops::Add as _;

use aiwg_model::{Answer, CallKey, KeptAnswer};
use aiwg_protocol::types::Timestamp;
use aiwg_store_sql::{
    Backend,
    inside::{READ_AT_ONCE, SPAN_MS},
};
use rusqlite::Connection;

use crate::SqliteStore;

fn answer(key: &str, until: i64) -> KeptAnswer {
    let key = CallKey::of_event("", key, "a", None).unwrap();
    KeptAnswer { key, until: Timestamp::from_millis(until), answer: Answer::Json("7".to_owned()) }
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

/// That is what makes a key cheap: a row for each costs as much as an event does.
#[test]
fn answers_to_events_of_a_transaction_share_a_row() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&dir.path().join("db")).unwrap();
    let made_at = 1_795_860_000_000_i64;
    let until = Timestamp::from_millis(made_at).after_ms(CallKey::KEPT_MS);
    let of = |transaction: u64| -> Vec<KeptAnswer> {
        let emitted = |no: u64| {
            let key = CallKey::of_event("", &format!("{made_at:012x}{transaction:04x}{no:016x}"), "a", None);
            KeptAnswer { key: key.unwrap(), until, answer: Answer::Emitted(no) }
        };
        (0..64).map(emitted).collect()
    };
    let rows = |store: &SqliteStore| -> (u32, u32) {
        let count = "SELECT (SELECT count(*) FROM answer_group), (SELECT count(*) FROM answer)";
        store.connection().query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    // As many of one millisecond as there are places for, and then one more.
    for no in 0..17 {
        keep(&mut store, &of(no));
        let full = u32::try_from(no.min(15)).unwrap() + 1;
        let (shared, alone) = rows(&store);
        // Some keys are taken for what may be stored already.
        assert!(shared == full && (alone < 64) == (no < 16), "{no}: {shared} {alone}");
        assert!(of(no).iter().all(|one| store.writer.kept_answer(one.key.id()).unwrap().is_some()));
    }
}

#[test]
fn a_shared_row_that_cannot_be_read_has_no_answers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    drop(SqliteStore::open(&path).unwrap());
    let row = |no: i64, until: i64, answers: &str| {
        format!("INSERT INTO answer_group VALUES ({no}, {until}, {answers});")
    };
    let rows = [
        row(i64::MIN, i64::MIN, "zeroblob(41)"),
        row(i64::MAX, i64::MAX, "zeroblob(40)"),
        row(0, 0, "x''"),
        row(1, 86_400_000, "CAST(x'01' || zeroblob(100) AS BLOB)"),
    ];
    Connection::open(&path).unwrap().execute_batch(&rows.concat()).unwrap();
    let mut store = SqliteStore::open(&path).unwrap();
    let at_zero = |key: &str| {
        let key = CallKey::of_event("", key, "a", None).unwrap();
        KeptAnswer { key, until: Timestamp::from_millis(86_400_000), answer: Answer::Emitted(7) }
    };
    let all = [at_zero(&"0".repeat(32)), at_zero(&"0".repeat(31).add("1")), at_zero(&"f".repeat(32))];
    for _ in 0..3 {
        assert_eq!(store.writer.kept_answer(all[1].key.id()).unwrap(), None);
        keep(&mut store, &[]);
    }
    keep(&mut store, &all);
    for one in &all {
        let found = store.writer.kept_answer(one.key.id()).unwrap().unwrap();
        assert_eq!(found.answer.text(), one.answer.text());
    }
}

#[test]
fn a_look_at_shared_rows_that_fails_makes_no_old_key_new() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let made_at = 1_795_860_000_000_i64;
    let of = |at: i64| KeptAnswer {
        key: CallKey::of_event("", &format!("{at:012x}{:020x}", 0), "a", None).unwrap(),
        until: Timestamp::from_millis(at).after_ms(CallKey::KEPT_MS),
        answer: Answer::Emitted(7),
    };
    let (first, last) = (of(made_at), of(made_at + 1000));
    let mut store = SqliteStore::open(&path).unwrap();
    keep(&mut store, std::slice::from_ref(&first));
    keep(&mut store, std::slice::from_ref(&last));
    drop(store);
    let mut store = SqliteStore::open(&path).unwrap();
    // The row that is read second cannot be, for a while.
    let away = format!(
        "ALTER TABLE answer_group RENAME TO held;
         CREATE VIEW answer_group AS
             SELECT no, until, CASE WHEN no < {} THEN json('{{') ELSE answers END AS answers FROM held",
        (made_at + 1) * 16
    );
    store.connection().execute_batch(&away).unwrap();
    store.writer.keep_answers(&[]).unwrap_err();
    store
        .connection()
        .execute_batch("DROP VIEW answer_group; ALTER TABLE held RENAME TO answer_group")
        .unwrap();
    assert!(!store.writer.has_read_all_keys());
    for round in 0..2 {
        for one in [&first, &last] {
            let found = store.writer.kept_answer(one.key.id()).unwrap();
            assert_eq!(found.map(|found| found.key), Some(one.key.clone()), "{round}");
        }
        keep(&mut store, &[]);
    }
    assert!(store.writer.has_read_all_keys());
}

#[test]
fn rows_do_not_decide_how_much_is_known_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let mut store = SqliteStore::open(&path).unwrap();
    let one = answer("k", SPAN_MS);
    keep(&mut store, std::slice::from_ref(&one));
    drop(store);
    let of_any_end =
        (1..500).map(|no| format!("INSERT INTO answer_group VALUES ({no}, {}, zeroblob(41));", no * SPAN_MS));
    let of_any_time = (10..500).map(|no| {
        let time = no * SPAN_MS;
        format!("INSERT INTO answer_group VALUES ({}, {}, zeroblob(41));", time * 16, time + 86_400_000)
    });
    let alone = (10..500)
        .map(|no| format!("INSERT INTO answer VALUES ({no}, x'00', {}, x'', '{{}}');", no * SPAN_MS));
    let rows = |rows: Vec<String>| format!("BEGIN; {} COMMIT", rows.concat());
    let known = |insert: String| {
        Connection::open(&path).unwrap().execute_batch(&insert).unwrap();
        let mut store = SqliteStore::open(&path).unwrap();
        while !store.writer.has_read_all_keys() {
            keep(&mut store, &[]);
        }
        assert_eq!(store.writer.kept_answer(one.key.id()).unwrap(), Some(one.clone()));
        store.writer.answer_spans()
    };
    // Of a row whose end does not fit its number there is no answer.
    let spans = known(rows(of_any_end.collect()));
    assert!(spans <= 5, "{spans}");
    let spans = known(rows(of_any_time.collect()));
    assert!(spans <= 64, "{spans}");
    let spans = known(rows(alone.collect()));
    assert!(spans <= 64, "{spans}");
}
