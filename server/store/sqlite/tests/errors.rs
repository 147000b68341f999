//! Errors have their kind, and what is passed over is reported.

#![allow(clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use aiwg_model::{EndReason, RunId, RunRow, RunStart, TaskNo, TaskSpec};
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::{ErrorKind, Reports, Store, StoreError};
use aiwg_store_sqlite::{SqliteReader, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("daemon.db");
    (dir, path)
}

fn with_a_task(path: &Path) -> SqliteStore {
    let mut store = SqliteStore::open(path).unwrap();
    let mut tx = store.begin().unwrap();
    let task = TaskSpec { prompt: "x".to_owned(), ..TaskSpec::default() };
    tx.insert_task(TaskNo(1), &task, Timestamp::default()).unwrap();
    tx.commit().unwrap();
    store
}

fn refused(path: &Path) -> StoreError {
    SqliteStore::open(path).err().unwrap()
}

#[test]
fn whoever_finds_it_locked_is_told_so_and_goes_on_later() {
    let (_dir, path) = place();
    let mut store = with_a_task(&path);
    let mut other = SqliteStore::open(&path).unwrap();
    other.set_patience(Duration::ZERO).unwrap();
    let held = store.begin().unwrap();
    assert_eq!(other.begin().err().unwrap().kind(), ErrorKind::Busy);
    assert_eq!(other.view().unwrap().queued(), 1, "what is committed can be read meanwhile");
    drop(held);
    other.begin().unwrap().commit().unwrap();
}

#[test]
fn what_a_newer_version_has_made_is_left_alone() {
    let (_dir, path) = place();
    drop(with_a_task(&path));
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = refused(&path);
    assert_eq!(error.kind(), ErrorKind::Newer);
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()) && text.contains("version 999"), "{text}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_damaged_is_put_in_quarantine() {
    let (_dir, path) = place();
    std::fs::write(&path, "no database, and longer than the header of one".repeat(9)).unwrap();
    let error = refused(&path);
    assert_eq!(error.kind(), ErrorKind::Damaged);
    let (mut store, quarantined) = SqliteStore::open_or_quarantine(&path, false).unwrap();
    let quarantined = quarantined.unwrap();
    assert!(quarantined.to.exists() && quarantined.why == error.to_string(), "{quarantined:?}");
    assert_eq!(store.view().unwrap().last_numbers().unwrap(), (0, 0));
}

#[test]
fn a_place_that_is_gone_is_named() {
    let (dir, path) = place();
    drop(dir);
    let error = refused(&path);
    assert_eq!(error.kind(), ErrorKind::Gone);
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert_eq!(SqliteReader::open(&path).err().unwrap().kind(), ErrorKind::Gone);
}

#[test]
fn a_row_that_cannot_be_read_is_reported_and_passed_over() {
    let (_dir, path) = place();
    let mut store = with_a_task(&path);
    Connection::open(&path).unwrap().execute("UPDATE task SET prompt = x'ff'", []).unwrap();
    let said = Arc::new(Mutex::new(Vec::new()));
    let reports = {
        let said = Arc::clone(&said);
        Reports::to(move |message| said.lock().unwrap().push(message))
    };
    store.report_to(reports.clone());
    let view = store.view().unwrap();
    assert_eq!(view.task(TaskNo(1)).err().unwrap().kind(), ErrorKind::Row);
    assert!(said.lock().unwrap().is_empty());
    assert!(view.task_if_readable(TaskNo(1)).unwrap().is_none());
    assert_eq!(said.lock().unwrap().len(), 1);
    drop(view);
    let reader: Box<dyn aiwg_store::Reader> =
        Box::new(SqliteReader::open(&path).unwrap().reporting_to(reports));
    assert!(reader.queued(10).unwrap().is_empty());
    assert_eq!(said.lock().unwrap().len(), 2);
    let mut tx = store.begin().unwrap();
    assert!(tx.task_or_fail(TaskNo(1), Timestamp::default()).unwrap().is_none());
    tx.commit().unwrap();
    let view = store.view().unwrap();
    assert_eq!((view.task_state(TaskNo(1)).unwrap(), view.queued()), (Some(TaskState::Failed), 0));
    assert!(reader.task(TaskNo(1)).unwrap().unwrap().error.unwrap().contains("could not be read"));
}

#[test]
fn a_run_that_cannot_be_read_is_passed_over_and_none_goes_on_of_a_task_that_cannot() {
    let (_dir, path) = place();
    let mut store = with_a_task(&path);
    let run = |task, n| RunStart {
        id: RunId { task, n },
        kind: RunRow::AGENT,
        at: Timestamp::default(),
        dir: None,
        profile: None,
        reserved_usd: None,
        cap_usd: None,
        host: None,
    };
    let mut tx = store.begin().unwrap();
    for (task, n) in [(1, 1), (1, 2), (2, 1)] {
        tx.begin_run(&run(TaskNo(task), n)).unwrap();
    }
    tx.commit().unwrap();
    drop(store);
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "UPDATE run SET started_at = 'x' WHERE n = 1; UPDATE task SET prompt = x'ff';
             INSERT INTO run (task, n, kind, started_at) VALUES ('x', 1, '', 0), (-1, 1, '', 0), (1 << 60, 1, '', 0);",
        )
        .unwrap();
    let mut store: Box<dyn Store> = Box::new(SqliteStore::open(&path).unwrap());
    let rows: u64 =
        Connection::open(&path).unwrap().query_row("SELECT count(*) FROM run", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 3, "those of tasks that cannot be are gone");
    let of = |store: &mut dyn Store, no: u64| store.view().unwrap().runs(TaskNo(no)).unwrap();
    let (one, two) = (of(&mut *store, 1), of(&mut *store, 2));
    assert_eq!((one.len(), one[0].id.n, one[0].ended_at, two.len()), (1, 2, None, 0));
    let at = Timestamp::from_millis(7);
    let mut tx = store.begin().unwrap();
    assert!(tx.task_or_fail(TaskNo(1), at).unwrap().is_none());
    tx.commit().unwrap();
    let one = of(&mut *store, 1);
    assert_eq!((one[0].ended_at, &one[0].reason), (Some(at), &Some(EndReason::LOST)));
}
