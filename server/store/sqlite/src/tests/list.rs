//! The list of tasks.

use aiwg_model::TaskNo;
use aiwg_protocol::types::TaskOrder;
use aiwg_store::TaskFilter;
use aiwg_store_sql::inside::LOOKED_AT;

use crate::{SqliteReader, SqliteStore};

#[test]
fn no_list_looks_at_all_tasks_that_ever_were() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let store = SqliteStore::open(&path).unwrap();
    let rows = format!(
        "WITH RECURSIVE n (no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM n WHERE no < {})
         INSERT INTO task (no, state, prompt, priority, env, metadata, created_at)
         SELECT no, 'completed', iif(no IN (5, 10), 'sought', 'x'), iif(no < 11, 9, 0), '{{}}', '{{}}', no FROM n",
        LOOKED_AT + 9
    );
    store.connection().execute_batch(&rows).unwrap();
    let reader = SqliteReader::open(&path).unwrap();
    let list = |filter: TaskFilter| -> Vec<u64> {
        let filter = TaskFilter { limit: 3, bytes: 1 << 20, ..filter };
        reader.tasks(&filter).unwrap().tasks.iter().map(|task| task.no.0).collect()
    };
    let sought = || TaskFilter { text: Some("sought".to_owned()), ..TaskFilter::default() };
    assert_eq!(list(sought()), [10], "of the latest ones");
    assert_eq!(list(TaskFilter { before: Some(TaskNo(100)), ..sought() }), [10, 5], "of those before");
    let by_priority = TaskFilter { order: TaskOrder::Priority, ..TaskFilter::default() };
    assert_eq!(list(by_priority)[..1], [10]);
    assert_eq!(list(TaskFilter { order: TaskOrder::Oldest, ..TaskFilter::default() }), [1, 2, 3]);
}
