//! The sums of usage.

use aiwg_protocol::types::{TaskUsage, Timestamp};
use aiwg_store_sql::inside::MOST;

use crate::{SqliteReader, SqliteStore};

#[test]
fn sums_have_an_end_and_do_not_spoil_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let mut store = SqliteStore::open(&path).unwrap();
    let usage = TaskUsage { turns: u64::MAX, input_tokens: MOST, output_tokens: 7, ..TaskUsage::default() };
    for _ in 0..3 {
        store.writer.add_usage((Some("a"), None), &usage, true, Timestamp::default()).unwrap();
    }
    // As an earlier version has left it.
    store
        .connection()
        .execute_batch("INSERT INTO usage VALUES ('2026-01-01', 'b', 1, 0.5, 9.3e18, 1, 1, 1, 1)")
        .unwrap();
    store.writer.add_usage((Some("b"), None), &usage, true, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let stats = SqliteReader::open(&path).unwrap().stats().unwrap().usage;
    assert_eq!((stats.total.tasks, stats.total.turns, stats.total.output_tokens), (5, MOST, 29));
    assert_eq!(stats.total.cost_usd, 0.5);
}
