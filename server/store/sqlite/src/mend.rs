//! Removal of values that no row of the daemon's own can hold: impossible numbers, and values that are none. A
//! database is edited, restored in part, or brought from elsewhere; that is no reason not to start.

use aiwg_protocol::types::TaskState;
use rusqlite::Connection;

/// The highest number that an event or a task can have: every number up to it is exact in JSON.
const HIGHEST: i64 = (1 << 53) - 1;

/// Removes rows whose numbers are impossible, since all new ones would have to be higher, and recounts where counters are none. Tells what it
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
        done.push(format!("{removed} counters with impossible values were counted again"));
    }
    done.extend(mend_beside(connection)?);
    Ok(done)
}

/// The values that a column of the daemon's own may hold.
enum Holds {
    Text,
    /// Any number, or any up to 32 bits.
    Number,
    Short,
    /// Milliseconds since 1970, within the years that can be written.
    Time,
    Real,
    Switch,
}

/// A column: its name, what it holds, and whether it may be empty.
type Column = (&'static str, Holds, bool);

/// The tables beside those of tasks and events: what each column holds, and whether it may be empty.
const BESIDE: [(&str, &[Column]); 17] = {
    use Holds::{Number, Real, Short, Switch, Text, Time};
    [
        (
            "hold",
            &[("task", Number, false), ("kind", Text, false), ("key", Text, false), ("until", Time, true)],
        ),
        (
            "approval",
            &[
                ("no", Number, false),
                ("task", Number, false),
                ("kind", Text, false),
                ("state", Text, false),
                ("summary", Text, false),
                ("request", Text, false),
                ("requested_at", Time, false),
                ("expires_at", Time, true),
                ("on_timeout", Text, false),
                ("decision", Text, true),
                ("used_by", Text, true),
                ("tool_use", Text, true),
            ],
        ),
        (
            "outbox",
            &[
                ("no", Number, false),
                ("platform", Text, false),
                ("chat", Text, false),
                ("thread", Text, true),
                ("is_notice", Switch, false),
                ("content", Text, false),
                ("about", Text, true),
                ("state", Text, false),
                ("created_at", Time, false),
                ("due_at", Time, false),
                ("expires_at", Time, false),
                ("attempts", Short, false),
                ("is_repeat", Switch, false),
                ("sent_as", Text, true),
                ("error", Text, true),
                ("severity", Short, false),
            ],
        ),
        ("rule_switch", &[("rule", Text, false), ("enabled", Switch, true), ("tripped_at", Time, true)]),
        (
            "pending",
            &[
                ("rule", Text, false),
                ("due_at", Time, true),
                ("first_at", Time, false),
                ("matches", Number, false),
            ],
        ),
        ("pending_event", &[("rule", Text, false), ("seq", Number, false), ("depth", Short, false)]),
        (
            "firing",
            &[
                ("rule", Text, false),
                ("at", Time, false),
                ("event", Number, false),
                ("matches", Number, false),
                ("task", Number, false),
                ("counts", Switch, false),
            ],
        ),
        (
            "cursor",
            &[("source", Text, false), ("key", Text, false), ("value", Text, false), ("until", Time, true)],
        ),
        (
            "agent_sum",
            &[
                ("rule", Text, false),
                ("agent", Text, false),
                ("tasks", Real, false),
                ("cost_usd", Real, false),
                ("turns", Real, false),
                ("input_tokens", Real, false),
                ("output_tokens", Real, false),
                ("cache_read_tokens", Real, false),
                ("cache_creation_tokens", Real, false),
            ],
        ),
        (
            "usage",
            &[
                ("day", Text, false),
                ("rule", Text, false),
                ("tasks", Real, false),
                ("cost_usd", Real, false),
                ("turns", Real, false),
                ("input_tokens", Real, false),
                ("output_tokens", Real, false),
                ("cache_read_tokens", Real, false),
                ("cache_creation_tokens", Real, false),
            ],
        ),
        ("session", &[("id", Text, false), ("cost_usd", Real, false)]),
        ("queue_switch", &[("name", Text, false), ("at", Time, false)]),
        (
            "spending",
            &[("day", Text, false), ("rule", Text, false), ("agent", Text, false), ("usd", Real, false)],
        ),
        ("rule_cost", &[("rule", Text, false), ("task", Number, false), ("usd", Real, false)]),
        ("origin", &[("id", Number, false), ("who", Text, false)]),
        (
            "rule_revision",
            &[
                ("id", Number, false),
                ("rule", Text, false),
                ("n", Number, false),
                ("at", Time, false),
                ("definition", Text, false),
            ],
        ),
        (
            "decision",
            &[
                ("event", Number, false),
                ("rule", Text, false),
                ("decision", Text, false),
                ("at", Time, false),
                ("reason", Text, true),
                ("task", Number, true),
            ],
        ),
    ]
};

/// Columns of tasks that are not read with their rows; impossible values in them are passed over one by one.
const OF_TASKS: [&str; 7] =
    ["event", "retried_as", "in_vain_for", "origin", "revision", "retry_of", "parent"];

/// The condition, in SQL, that a column holds a possible value.
fn is_held(column: &str, holds: &Holds, may_be_empty: bool) -> String {
    let between = |least: i64, most: i64| {
        format!("typeof({column}) = 'integer' AND {column} BETWEEN {least} AND {most}")
    };
    let held = match holds {
        Holds::Text => format!("typeof({column}) = 'text'"),
        Holds::Number => between(0, HIGHEST),
        Holds::Short => between(0, u32::MAX.into()),
        Holds::Time => between(-62_135_596_800_000, 253_402_300_799_999),
        // Sums of an earlier version were too large for whole numbers.
        Holds::Real => format!("typeof({column}) IN ('integer', 'real') AND {column} BETWEEN 0 AND 1e300"),
        Holds::Switch => between(0, 1),
    };
    if may_be_empty { format!("({column} IS NULL OR {held})") } else { format!("({held})") }
}

/// Removes the rows beside tasks and events that hold what cannot be: one of them would spoil what is asked of all.
fn mend_beside(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let (mut done, mut are_held_otherwise) = (Vec::new(), false);
    for (table, columns) in BESIDE {
        let held: Vec<String> =
            columns.iter().map(|(name, holds, empty)| is_held(name, holds, *empty)).collect();
        let removed =
            connection.execute(&format!("DELETE FROM {table} WHERE NOT ({})", held.join(" AND ")), [])?;
        if removed > 0 {
            done.push(format!("{removed} rows of the table {table} held what cannot be, and were removed"));
            are_held_otherwise |= table == "hold";
        }
    }
    // Of the many rows of this table those that cannot be read are passed over, as those of tasks are.
    let of_no_task = connection.execute("DELETE FROM run WHERE task < 1", [])?
        + connection.execute("DELETE FROM run WHERE task > ?", [HIGHEST])?;
    if of_no_task > 0 {
        done.push(format!(
            "{of_no_task} rows of the table run were of tasks that cannot be, and were removed"
        ));
    }
    for column in OF_TASKS {
        let held = is_held(column, &Holds::Number, true);
        connection.execute(&format!("UPDATE task SET {column} = NULL WHERE NOT {held}"), [])?;
    }
    for column in ["task", "origin"] {
        let held = is_held(column, &Holds::Number, true);
        // An index finds them: the log may be long.
        connection.execute(
            &format!("UPDATE event SET {column} = NULL WHERE {column} IS NOT NULL AND NOT {held}"),
            [],
        )?;
    }
    // The queue is read class by class, in the order of texts.
    connection.execute("UPDATE task SET class = '' WHERE typeof(class) <> 'text'", [])?;
    let waiting = is_held("waiting", &Holds::Short, false);
    connection.execute(
        &format!(
            "UPDATE task SET waiting = (SELECT count(*) FROM hold WHERE hold.task = no)
             WHERE NOT {waiting} OR {} AND state = 'queued'",
            u8::from(are_held_otherwise)
        ),
        [],
    )?;
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
