//! A database as it is found on the disk, with arbitrary values anywhere in it: it opens, what can be read of it is read, and a daemon goes
//! on with it. A line stands for a value: a character for the table, one for the column, one for the row, and what is put there.

use std::{cell::RefCell, path::PathBuf, sync::Arc};

use aiwg_model::{Cursor, Keep, NewEvent, Outcome, RunId, TaskNo, TaskSpec, Used};
use aiwg_protocol::types::{EventSource, Json, TaskState, Timestamp};
use aiwg_server::{
    accounts::Accounts,
    bus::Bus,
    engine::{
        self, Due, DueScope, Engine, EngineConfig, EngineError, EngineSetup, Prune, Publication, Select,
    },
    health::Health,
    rules::RuleIndex,
};
use aiwg_store::{EventFilter, From, Reader, Selection, Store, TaskFilter};
use aiwg_store_sqlite::{SqliteReader, SqliteStore};
use rusqlite::{Connection, types::Value};
use serde_json::json;
use tempfile::TempDir;

/// The most values that are put somewhere.
const MOST: usize = 30;

/// A database with rows in all tables, and where values can be put in it.
struct Template {
    dir: TempDir,
    bytes: Vec<u8>,
    tables: Vec<(String, Vec<String>)>,
    runtime: tokio::runtime::Runtime,
}

impl Template {
    fn new() -> Self {
        // In memory, where there is such a place: nothing of this has to last.
        let dir = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
        let path = dir.path().join("template.db");
        drop(SqliteStore::open(&path).unwrap());
        let database = Connection::open(&path).unwrap();
        database.execute_batch(include_str!("../rows.sql")).unwrap();
        let tables = tables(&database);
        database.pragma_update(None, "journal_mode", "DELETE").unwrap();
        database.close().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { dir, bytes, tables, runtime }
    }

    /// A database with these values in it.
    fn with(&self, text: &str) -> PathBuf {
        let path = self.dir.path().join("daemon.db");
        for end in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(self.dir.path().join(format!("daemon.db{end}")));
        }
        std::fs::write(&path, &self.bytes).unwrap();
        let database = Connection::open(&path).unwrap();
        database.execute_batch("PRAGMA synchronous = OFF; BEGIN").unwrap();
        for line in text.split('\n').take(MOST) {
            let mut chars = line.chars();
            let (Some(table), Some(column), Some(row)) = (chars.next(), chars.next(), chars.next()) else {
                continue;
            };
            let of = |c: char, many: usize| usize::try_from(u32::from(c)).unwrap() % many;
            let (table, columns) = &self.tables[of(table, self.tables.len())];
            let column = &columns[of(column, columns.len())];
            let first = &columns[0];
            let sql = format!(
                "UPDATE OR IGNORE {table} SET {column} = ?1 WHERE {first} =
                 (SELECT {first} FROM {table} ORDER BY {first} LIMIT 1 OFFSET ?2 % (SELECT max(count(*), 1) FROM {table}))"
            );
            // What the schema itself refuses cannot be there.
            let _ = database.execute(&sql, rusqlite::params![value(chars.as_str()), of(row, 8)]);
        }
        database.execute_batch("COMMIT").unwrap();
        path
    }
}

fn tables(database: &Connection) -> Vec<(String, Vec<String>)> {
    let names = |sql: &str| -> Vec<String> {
        let mut select = database.prepare(sql).unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let tables = names(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    );
    // These two are asked before the database is anybody's, and have tests of their own.
    let tables = tables.into_iter().filter(|name| name != "made_here" && name != "config_in_force");
    let columns =
        |table: &String| names(&format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"));
    tables.map(|table| (table.clone(), columns(&table))).collect()
}

fn value(text: &str) -> Value {
    let mut rest = text.chars();
    match rest.next() {
        None => Value::Null,
        Some('x') => Value::Blob(rest.as_str().as_bytes().to_vec()),
        Some('i') => rest.as_str().parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Integer),
        Some('r') => rest.as_str().parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Real),
        _ => Value::Text(text.to_owned()),
    }
}

thread_local! {
    static TEMPLATE: RefCell<Template> = RefCell::new(Template::new());
}

/// Tries one input.
pub fn rows(text: &str) {
    TEMPLATE.with_borrow(|template| {
        let path = template.with(text);
        let store = SqliteStore::open(&path).unwrap();
        // Nothing of it has to be on a disk.
        let reader = SqliteReader::open(&path).unwrap();
        read_all(&reader);
        template.runtime.block_on(go_on(Box::new(store), &reader));
        read_all(&reader);
    });
}

/// One row that cannot be read is no reason to read none.
fn read_all(reader: &dyn Reader) {
    let page = reader.tasks(&TaskFilter { limit: 100, bytes: 1 << 20, ..TaskFilter::default() }).unwrap();
    for task in page.tasks {
        serde_json::to_string(&task.into_task(None, None)).unwrap();
    }
    for no in 1..9 {
        reader.runs(TaskNo(no)).unwrap();
    }
    reader.queued(100).unwrap();
    serde_json::to_string(&reader.stats().unwrap()).unwrap();
    for from in [From::After(0), From::Before(u64::MAX)] {
        let events = reader.events(&EventFilter { topics: None, from, limit: 100, bytes: 1 << 20 }).unwrap();
        serde_json::to_string(&events.events).unwrap();
    }
    reader.last_event().unwrap();
    reader.automation_enabled().unwrap();
    serde_json::to_string(&reader.firings(100).unwrap()).unwrap();
    reader.turns("talk", 100, 1 << 20).unwrap();
    reader.cursors("schedule").unwrap();
    reader.rule_facts().unwrap();
}

/// Does with the store what a daemon does.
async fn go_on(store: Box<dyn Store>, reader: &dyn Reader) {
    let last_event = reader.last_event().unwrap();
    let (orders, _ordered) = tokio::sync::mpsc::unbounded_channel();
    let (next_due, _due) = tokio::sync::watch::channel(Due::default());
    let rules = serde_json::from_value(json!([
        { "id": "a", "trigger": { "type": "event", "topic": "*" }, "condition": { "type": "debounce", "interval_ms": 1 },
          "action": { "type": "submit_task", "prompt": "{{ events }} {{ files }}" } },
        { "id": "b", "trigger": { "type": "event", "topic": "a:*" }, "on_busy": "queue",
          "action": { "type": "submit_task", "prompt": "x" } }
    ]))
    .unwrap();
    let config = EngineConfig {
        rules: Arc::new(RuleIndex::new(rules).unwrap()),
        max_parallel: 2,
        max_task_depth: 8,
        ..EngineConfig::default()
    };
    let (health, bus) = (Health::default(), Bus::new(last_event));
    let grown = Arc::default();
    let accounts = Accounts::default();
    let setup = EngineSetup {
        store,
        config,
        bus,
        orders,
        health,
        grown,
        messages: Arc::default(),
        next_due,
        accounts,
    };
    let (engine, thread) = engine::start(setup).unwrap();
    try_all(&engine).await;
    engine.exit(false).await;
    thread.join().unwrap();
}

async fn try_all(engine: &Engine) {
    engine.wake().await;
    let draft = || NewEvent {
        topic: "a:b".to_owned(),
        payload: Json::default(),
        source: EventSource::Client,
        cause: None,
        happened_at: None,
        traceparent: None,
    };
    stored(engine.publish(draft()).await);
    let cursor = Cursor::moved("files", "", "x");
    let events = vec![draft()];
    let publication = Publication { events, cursors: vec![cursor], is_complete: true, when_closing: true };
    stored(engine.publish_all(publication).await);
    let after = vec![TaskNo(1), TaskNo(2)];
    for task in [
        TaskSpec { prompt: "x".to_owned(), ..TaskSpec::default() },
        TaskSpec { prompt: "x".to_owned(), after, ..TaskSpec::default() },
        TaskSpec { prompt: "x".to_owned(), conversation: Some("talk".to_owned()), ..TaskSpec::default() },
    ] {
        stored(engine.submit(task).await);
    }
    stored(engine.cursors("schedule").await);
    stored(engine.switch(Some("a".to_owned()), true, None, None).await);
    stored(engine.fire_due(DueScope::All).await);
    for no in (1..9).map(TaskNo) {
        let run = RunId { task: no, n: 1 };
        stored(engine.interrupted(run, true, 3, true, Used::default()).await);
        stored(engine.rested(run).await);
        stored(engine.ended(run, Outcome::without_exit(TaskState::Completed, "")).await);
        stored(engine.cancel(no, None).await);
    }
    stored(engine.retry_many(Select::All(Selection::default()), None, None).await);
    stored(engine.cancel_many(Select::All(Selection::default()), None).await);
    stored(engine.forget_conversation("talk".to_owned()).await);
    let keep = Keep { since: None, most: Some(1), from: None };
    stored(engine.prune(Prune { tasks: keep, events: keep, aged: Timestamp::now(), keys: true }).await);
    stored(engine.end_all().await);
}

/// Fails if the database did; a command may be refused.
fn stored<T>(done: Result<T, EngineError>) {
    if let Err(error @ EngineError::Storage(_)) = done {
        panic!("{error}");
    }
}
