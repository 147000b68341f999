//! The list of tasks: what it is filtered by, and its order.

use aiwg_model::TaskNo;
use aiwg_protocol::types::TaskOrder;
use aiwg_store::TaskFilter;
use rusqlite::types::Value;

use super::row::TASK_COLUMNS;

/// The statement that lists tasks, with its values.
pub(super) fn select(filter: &TaskFilter) -> (String, Vec<Value>) {
    let mut sql = format!("SELECT {TASK_COLUMNS} FROM task WHERE no < ?");
    let before = filter.before.unwrap_or(TaskNo(i64::MAX.unsigned_abs()));
    let mut values = vec![Value::Integer(i64::try_from(before.0).unwrap_or(i64::MAX))];
    let mut narrow = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.push(value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::Text);
    let millis = |at: Option<aiwg_protocol::types::Timestamp>| at.map(|at| Value::Integer(at.as_millis()));
    narrow("state = ?", filter.state.map(|state| Value::Text(state.name().to_owned())));
    narrow("agent = ?", text(&filter.agent));
    narrow("rule = ?", text(&filter.rule));
    narrow("lane = ?", text(&filter.lane));
    // `lower` knows ASCII alone.
    narrow("instr(lower(prompt), lower(?)) > 0", text(&filter.text));
    narrow("created_at >= ?", millis(filter.since));
    narrow("created_at < ?", millis(filter.until));
    narrow("completed_at >= ?", millis(filter.ended_since));
    sql.push_str(match filter.order {
        TaskOrder::Newest => " ORDER BY no DESC LIMIT ?",
        TaskOrder::Oldest => " ORDER BY no LIMIT ?",
        TaskOrder::Priority => " ORDER BY priority DESC, no LIMIT ?",
        TaskOrder::Ended => " ORDER BY completed_at DESC NULLS LAST, no DESC LIMIT ?",
        // What is no JSON has cost nothing that is known.
        TaskOrder::Cost => {
            " ORDER BY iif(json_valid(usage), CAST(usage ->> '$.costUsd' AS REAL), 0) DESC, no DESC LIMIT ?"
        }
    });
    values.push(Value::Integer(filter.limit.into()));
    (sql, values)
}
