//! The order of the queue.

use aiwg_model::{TaskNo, TaskSpec};
use aiwg_protocol::types::Timestamp;

use crate::SqliteStore;

#[test]
fn whoever_waits_gains_one_priority_an_hour() {
    let hours = |hours: f64| Timestamp::from_millis(1_795_860_000_000 + (hours * 3_600_000.0) as i64);
    let task = |priority| TaskSpec { prompt: "x".to_owned(), priority, ..TaskSpec::default() };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let mut store = SqliteStore::open(&path).unwrap();
    store.writer.insert_task(TaskNo(1), &task(0), hours(0.0)).unwrap();
    store.writer.insert_task(TaskNo(2), &task(5), hours(4.9)).unwrap();
    store.writer.insert_task(TaskNo(3), &task(5), hours(5.1)).unwrap();
    drop(store);
    let mut store = SqliteStore::open(&path).unwrap();
    // The clock was set back.
    store.writer.insert_task(TaskNo(4), &task(5), hours(-9.0)).unwrap();
    let queued: Vec<u64> =
        crate::SqliteReader::open(&path).unwrap().queued(9).unwrap().iter().map(|task| task.no.0).collect();
    assert_eq!(queued, [2, 1, 3, 4]);
    assert_eq!(store.writer.heads().unwrap()[0].no, TaskNo(2));
    assert_eq!(store.writer.next_of(&[TaskNo(4), TaskNo(3)]).unwrap(), Some(TaskNo(3)));
}
