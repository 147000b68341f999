//! The list of tasks: what it is filtered by, and its order.

use aiwg_model::TaskNo;
use aiwg_protocol::types::{TaskOrder, Timestamp};
use aiwg_store::TaskFilter;
use rusqlite::types::Value;

use super::row::TASK_COLUMNS;

/// Maximum number of tasks that a list looks at whose filter or order no index serves: the latest ones. Everybody else who reads waits meanwhile.
const LOOKED_AT: i64 = 50_000;

/// The statement that lists tasks, with its values.
pub(super) fn select(filter: &TaskFilter) -> (String, Vec<Value>) {
    let before = filter.before.unwrap_or(TaskNo(i64::MAX.unsigned_abs()));
    let mut conditions = "no < ?1".to_owned();
    let mut values = vec![Value::Integer(i64::try_from(before.0).unwrap_or(i64::MAX))];
    let mut narrow = |condition: &str, value: Option<Value>| {
        let is_narrowed = value.is_some();
        if let Some(value) = value {
            conditions.push_str(" AND ");
            conditions.push_str(condition);
            values.push(value);
        }
        is_narrowed
    };
    let text = |text: &Option<String>| text.clone().map(Value::Text);
    let millis = |at: Option<Timestamp>| at.map(|at| Value::Integer(at.as_millis()));
    narrow("state = ?", filter.state.map(|state| Value::Text(state.name().to_owned())));
    narrow("agent = ?", text(&filter.agent));
    let has_index = narrow("completed_at >= ?", millis(filter.ended_since));
    let is_scan = [
        narrow("rule = ?", text(&filter.rule)),
        narrow("lane = ?", text(&filter.lane)),
        // `lower` knows ASCII alone.
        narrow("instr(lower(prompt), lower(?)) > 0", text(&filter.text)),
        narrow("created_at >= ?", millis(filter.since)),
        narrow("created_at < ?", millis(filter.until)),
    ]
    .contains(&true);
    let order = match filter.order {
        TaskOrder::Newest => "no DESC",
        TaskOrder::Oldest => "no",
        TaskOrder::Priority => "priority DESC, no",
        TaskOrder::Ended => "completed_at DESC NULLS LAST, no DESC",
        // What is no JSON has cost nothing that is known.
        TaskOrder::Cost => "iif(json_valid(usage), CAST(usage ->> '$.costUsd' AS REAL), 0) DESC, no DESC",
    };
    let is_sorted = !matches!(filter.order, TaskOrder::Newest | TaskOrder::Oldest);
    if (is_scan || is_sorted) && !has_index {
        conditions.push_str(&format!(
            " AND no >= min(?1, (SELECT ifnull(max(no), 0) FROM task) + 1) - {LOOKED_AT}"
        ));
    }
    values.push(Value::Integer(filter.limit.into()));
    // The numbers first: what is sorted is not to hold the texts of all tasks that are looked at.
    let sql = format!(
        "SELECT {TASK_COLUMNS} FROM task WHERE no IN (SELECT no FROM task WHERE {conditions} ORDER BY {order} LIMIT ?)
         ORDER BY {order}"
    );
    (sql, values)
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
