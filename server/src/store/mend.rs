//! What no row of the daemon's own can hold: impossible numbers, and values that are none. A database is edited, restored in part, or
//! brought from elsewhere; that is no reason not to start.

use aiwg_protocol::types::TaskState;
use rusqlite::Connection;

/// The highest number that an event or a task can have: every number up to it is exact in JSON.
const HIGHEST: i64 = (1 << 53) - 1;

/// The numbers below which one is believed that stands elsewhere than in the database: in a name or a readable copy, which anyone can write.
/// What is numbered counts on from there, so that it must leave enough.
pub(crate) const HIGHEST_BELIEVED: u64 = 1_000_000_000_000;

/// Removes rows whose numbers are impossible, since all new ones would have to be higher, and counts anew where counters are none. Tells what it
/// did, for people.
pub(super) fn mend(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut done = Vec::new();
    for (table, column, what) in [("event", "seq", "events"), ("task", "no", "tasks")] {
        let impossible = format!("{column} < 1 OR {column} > {HIGHEST}");
        let found: Vec<i64> = connection
            .prepare(&format!("SELECT {column} FROM {table} WHERE {impossible} LIMIT 10"))?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if !found.is_empty() {
            let removed = connection.execute(&format!("DELETE FROM {table} WHERE {impossible}"), [])?;
            done.push(format!("{removed} {what} with impossible numbers were removed: {found:?}"));
        }
    }
    let removed = connection.execute(
        "DELETE FROM counter WHERE typeof(value) <> 'integer' OR value < 0 OR value > ?1",
        [HIGHEST],
    )?;
    if removed > 0 || !done.is_empty() {
        recount(connection)?;
    }
    if removed > 0 {
        done.push(format!("{removed} counters with impossible values were counted anew"));
    }
    Ok(done)
}

fn recount(connection: &Connection) -> rusqlite::Result<()> {
    for state in TaskState::ALL {
        connection.execute(
            "INSERT OR REPLACE INTO counter (name, value) SELECT ?1, count(*) FROM task WHERE state = ?1",
            [state.name()],
        )?;
    }
    Ok(())
}
