//! What an earlier version has stored is there after its tables have become others.

use std::path::{Path, PathBuf};

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
