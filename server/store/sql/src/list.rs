//! The list of tasks: what it is filtered by, and its order.

use aiwg_model::TaskNo;
use aiwg_protocol::types::{TaskOrder, Timestamp};
use aiwg_store::TaskFilter;

use super::{row::TASK_COLUMNS, value::Value};

/// Maximum number of tasks that a list looks at whose filter or order no index serves: the latest ones. Everybody else who reads waits meanwhile.
pub const LOOKED_AT: i64 = 50_000;

/// The statement that lists tasks, with its values.
pub(super) fn select(filter: &TaskFilter) -> (String, Vec<Value<'static>>) {
    let before = filter.before.unwrap_or(TaskNo(i64::MAX.unsigned_abs()));
    let mut conditions = "no < ?1".to_owned();
    let mut values = vec![Value::Integer(i64::try_from(before.0).unwrap_or(i64::MAX))];
    let mut narrow = |condition: &str, value: Option<Value<'static>>| {
        let is_narrowed = value.is_some();
        if let Some(value) = value {
            conditions.push_str(" AND ");
            conditions.push_str(condition);
            values.push(value);
        }
        is_narrowed
    };
    let text = |text: &Option<String>| text.clone().map(|text| Value::Text(text.into()));
    let millis = |at: Option<Timestamp>| at.map(|at| Value::Integer(at.as_millis()));
    narrow("state = ?", filter.state.map(|state| Value::Text(state.name().into())));
    narrow("agent = ?", text(&filter.agent));
    let has_index = narrow("completed_at >= ?", millis(filter.ended_since));
    let is_scan = [
        narrow("rule = ?", text(&filter.rule)),
        narrow("lane = ?", text(&filter.lane)),
        // `lower` knows ASCII alone.
        narrow(
            "instr(lower(prompt), ?) > 0",
            text(&filter.text.as_ref().map(|text| text.to_ascii_lowercase())),
        ),
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
        TaskOrder::Cost => {
            "CASE WHEN json_valid(usage) THEN CAST(json_extract(usage, '$.costUsd') AS DOUBLE PRECISION) ELSE 0 END DESC NULLS LAST, no DESC"
        }
    };
    let is_sorted = !matches!(filter.order, TaskOrder::Newest | TaskOrder::Oldest);
    if (is_scan || is_sorted) && !has_index {
        conditions.push_str(&format!(
            " AND no >= (SELECT min(last) FROM (SELECT CAST(?1 AS BIGINT) AS last
                         UNION ALL SELECT coalesce(max(no), 0) + 1 FROM task) AS lasts) - {LOOKED_AT}"
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
