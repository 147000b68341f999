//! Holds on queued tasks.

use aiwg_store_sql::inside::NEXT_RELEASE;

use crate::SqliteStore;

#[test]
fn when_holds_end_is_known_by_an_index() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("db")).unwrap();
    let plan: String = store
        .connection()
        .query_row(&format!("EXPLAIN QUERY PLAN {NEXT_RELEASE}"), [0], |row| row.get(3))
        .unwrap();
    assert_eq!(plan, "SEARCH hold USING COVERING INDEX hold_until (until>?)");
}
