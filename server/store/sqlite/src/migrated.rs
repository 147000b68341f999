//! What an earlier version has stored is there after its tables have become others.

use std::path::{Path, PathBuf};

use aiwg_model::{Hold, TaskNo};
use aiwg_protocol::types::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{SqliteStore, open::MIGRATIONS};

/// A database as the version that knew so many migrations has left it.
fn left_by(version: usize, rows: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let connection = Connection::open(&path).unwrap();
    for migration in &MIGRATIONS[..version] {
        connection.execute_batch(migration).unwrap();
    }
    connection.execute_batch(rows).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
    (dir, path)
}

fn opened(path: &Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}

#[test]
fn how_far_files_and_schedules_had_come() {
    let (_dir, path) = left_by(
        11,
        "INSERT INTO files_told VALUES (0, 1795860000000, 1);
         INSERT INTO schedule (job, at, cron, fired_at) VALUES
             ('nightly', 120000, '0 2 * * * UTC', 60000), ('new', 180000, '* * * * * local', NULL),
             ('edited', 'noon', '', NULL), (x'ff', 1, '', NULL);",
    );
    let store = opened(&path);
    assert_eq!(store.cursors("files").unwrap()[""], r#"{"at":1795860000000,"stopped":true}"#);
    let schedules = store.cursors("schedule").unwrap();
    assert_eq!(schedules.len(), 2, "{schedules:?}");
    assert_eq!(schedules["nightly"], r#"{"cron":"0 2 * * * UTC","at":120000,"firedAt":60000}"#);
    assert_eq!(schedules["new"], r#"{"cron":"* * * * * local","at":180000,"firedAt":null}"#);
}

#[test]
fn what_tasks_waited_for_holds_them() {
    let queued = |no: u64, waiting: &str| {
        format!(
            "INSERT INTO task (no, state, prompt, priority, env, metadata, created_at, waiting)
             VALUES ({no}, 'queued', 'x', 0, '{{}}', '{{}}', 0, {waiting});"
        )
    };
    let (_dir, path) = left_by(
        12,
        &format!(
            "{} {} {} {}
             INSERT INTO dependency VALUES (2, 1), (3, 1), (3, 2), (9, 1), ('x', 'y');
             INSERT INTO resting VALUES (4), (9);",
            queued(1, "0"),
            queued(2, "1"),
            queued(3, "2"),
            queued(4, "'x'")
        ),
    );
    let mut store = opened(&path);
    let (one, two) = (Hold::after(TaskNo(1)), Hold::after(TaskNo(2)));
    let held = [1, 2, 3, 4, 9].map(|no| store.holds(TaskNo(no)).unwrap());
    assert_eq!(held, [vec![], vec![one.clone()], vec![one, two], vec![Hold::rest()], vec![]]);
    assert_eq!(store.needed(TaskNo(3)).unwrap(), [TaskNo(3), TaskNo(1), TaskNo(2)]);
    store.start(TaskNo(1), Timestamp::default()).unwrap();
    assert_eq!(store.next_queued().unwrap(), None);
    assert_eq!(store.release(Hold::AFTER, "1").unwrap(), [TaskNo(2), TaskNo(3)]);
    assert_eq!(store.next_queued().unwrap(), Some(TaskNo(2)));
    store.release_all(Hold::REST).unwrap();
    assert_eq!(store.next_of(&[TaskNo(3), TaskNo(4)]).unwrap(), Some(TaskNo(4)));
}
