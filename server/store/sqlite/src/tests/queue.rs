//! The queue.

use aiwg_store_sql::inside::{FIRST_OF_CLASS, HEADS, NEXT_EXPIRY};

use crate::SqliteStore;

fn plan(store: &SqliteStore, sql: &str, params: impl rusqlite::Params) -> Vec<String> {
    let mut plan = store.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    plan.query_map(params, |row| row.get(3)).unwrap().map(|step| step.unwrap()).collect()
}

#[test]
fn the_queue_is_an_index() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("db")).unwrap();
    let of_class = "SEARCH task USING COVERING INDEX task_queue (class=?)";
    assert_eq!(plan(&store, FIRST_OF_CLASS, ["a", "9"]), [of_class]);
    let heads = plan(&store, HEADS, []);
    // The first one of all is the first row of the index.
    let [first, next] = [
        "SCAN task USING COVERING INDEX task_queue",
        "SEARCH task USING COVERING INDEX task_queue (class>?)",
    ];
    for step in [first, next] {
        assert_eq!(heads.iter().filter(|known| *known == step).count(), 1, "{heads:?}");
    }
    assert_eq!(
        plan(&store, NEXT_EXPIRY, [0]),
        ["SEARCH task USING COVERING INDEX task_expires (expires_at>?)"]
    );
}
