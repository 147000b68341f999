//! A database as it is found on the disk: a task's row with arbitrary values, a column a line.

#![no_main]

use std::cell::RefCell;

use aiwg_server::store::{Reader, Store, TaskFilter};
use libfuzzer_sys::fuzz_target;
use rusqlite::{Connection, types::Value};
use tempfile::TempDir;

/// All that a row of a task has but for its number.
const COLUMNS: [&str; 17] = [
    "state", "prompt", "agent", "priority", "timeout_ms", "env", "metadata", "cause", "created_at", "started_at",
    "completed_at", "launch", "attempts", "ending", "exit_code", "error", "result",
];

struct Database {
    _dir: TempDir,
    writer: Connection,
    reader: Reader,
}

impl Database {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("daemon.db");
        drop(Store::open(&path).unwrap());
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("PRAGMA synchronous = OFF").unwrap();
        let reader = Reader::open(&path).unwrap();
        Self { _dir: dir, writer, reader }
    }
}

thread_local! {
    static DATABASE: RefCell<Database> = RefCell::new(Database::new());
}

fn value(line: &str) -> Value {
    match line.parse::<i64>() {
        Ok(number) => Value::Integer(number),
        Err(_) => Value::Text(line.to_owned()),
    }
}

fuzz_target!(|text: &str| {
    DATABASE.with_borrow(|database| {
        database
            .writer
            .execute(
                "INSERT OR REPLACE INTO task (no, state, prompt, priority, env, metadata, created_at)
                 VALUES (1, 'completed', 'x', 0, '{}', '{}', 0)",
                [],
            )
            .unwrap();
        for (column, line) in COLUMNS.iter().zip(text.split('\n')).filter(|(_, line)| !line.is_empty()) {
            // What the schema itself refuses cannot be there.
            let _ = database.writer.execute(&format!("UPDATE task SET {column} = ?1"), [value(line)]);
        }
        let _ = database.reader.tasks(&TaskFilter { limit: 10, ..TaskFilter::default() });
        let _ = database.reader.stats();
        let _ = database.reader.queued(10);
    });
});
