//! Tests that rows of an earlier version are there after its tables have been changed.

use std::path::{Path, PathBuf};

use aiwg_model::{Answer, CallKey, EndReason, Hold, KeptAnswer, KeyId, RunId, RunRow, StopReason, TaskNo};
use aiwg_protocol::types::{TaskUsage, Timestamp};
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
    assert_eq!(store.writer.cursors("files").unwrap()[""], r#"{"at":1795860000000,"stopped":true}"#);
    let schedules = store.writer.cursors("schedule").unwrap();
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
    let held = [1, 2, 3, 4, 9].map(|no| store.writer.holds(TaskNo(no)).unwrap());
    assert_eq!(held, [vec![], vec![one.clone()], vec![one, two], vec![Hold::rest()], vec![]]);
    assert_eq!(store.writer.needed(TaskNo(3)).unwrap(), [TaskNo(3), TaskNo(1), TaskNo(2)]);
    store.writer.start(TaskNo(1), Timestamp::default()).unwrap();
    assert_eq!(store.writer.heads().unwrap().first().map(|head| head.no), None);
    assert_eq!(store.writer.release(Hold::AFTER, "1").unwrap(), [TaskNo(2), TaskNo(3)]);
    assert_eq!(store.writer.heads().unwrap().first().map(|head| head.no), Some(TaskNo(2)));
    store.writer.release_all(Hold::REST).unwrap();
    assert_eq!(store.writer.next_of(&[TaskNo(3), TaskNo(4)]).unwrap(), Some(TaskNo(4)));
}

#[test]
fn the_last_run_of_each_task() {
    let task = |no: u64, state: &str, launch: &str, more: &str| {
        format!(
            "INSERT INTO task (no, state, prompt, priority, env, metadata, created_at, launch, started_at, completed_at, ending,
                 exit_code, signal, usage)
             VALUES ({no}, '{state}', 'x', 0, '{{}}', '{{}}', 0, {launch}, {more});"
        )
    };
    let usage = r#"{"costUsd":0.5,"turns":2,"inputTokens":18446744073709551615,"outputTokens":4,"cacheReadTokens":5,"cacheCreationTokens":6,"sessionId":"s","permissionDenials":["Bash"]}"#;
    let tasks = [
        task(1, "completed", "2", &format!("20, 30, 'finished', 0, NULL, '{usage}'")),
        task(2, "failed", "1", "20, 30, NULL, 3, 9, '{'"),
        task(3, "running", "4", "20, NULL, 'cancel', NULL, NULL, NULL"),
        task(4, "timeout", "1", "20, 30, 'stalled', NULL, 15, x'ff'"),
        task(5, "cancelled", "1", "20, 30, NULL, NULL, NULL, NULL"),
        // Of these nothing is known: queued again, never started, or not to be read.
        task(6, "queued", "1", "NULL, NULL, NULL, NULL, NULL, NULL"),
        task(7, "cancelled", "0", "NULL, 30, NULL, NULL, NULL, NULL"),
        task(8, "failed", "'x'", "20, 30, NULL, NULL, NULL, NULL"),
        task(9, "failed", "1", "'x', 30, NULL, NULL, NULL, NULL"),
    ];
    let (_dir, path) = left_by(13, &tasks.concat());
    let store = opened(&path);
    let of = |no: u64| store.writer.runs(TaskNo(no)).unwrap();
    let run = |no: u64, n: u32, reason: Option<EndReason>| RunRow {
        id: RunId { task: TaskNo(no), n },
        kind: RunRow::AGENT.into(),
        started_at: Timestamp::from_millis(20),
        ended_at: reason.is_some().then(|| Timestamp::from_millis(30)),
        reason,
        exit_code: None,
        signal: None,
        usage: None,
        dir: None,
        profile: None,
        reserved_usd: None,
        cap_usd: None,
        charged_usd: None,
        detail: None,
        tree: None,
        host: None,
    };
    let usage = TaskUsage {
        cost_usd: Some(0.5),
        turns: 2,
        input_tokens: (1 << 53) - 1,
        output_tokens: 4,
        cache_read_tokens: 5,
        cache_creation_tokens: 6,
        session_id: Some("s".to_owned()),
        permission_denials: Vec::new(),
    };
    let stalled = EndReason::stopped(StopReason::Stalled);
    let cancelled = EndReason::stopped(StopReason::Cancel);
    let done = RunRow { exit_code: Some(0), usage: Some(usage), ..run(1, 2, Some(EndReason::DONE)) };
    assert_eq!(of(1), [done]);
    assert_eq!(of(2), [RunRow { exit_code: Some(3), signal: Some(9), ..run(2, 1, Some(EndReason::FAILED)) }]);
    assert_eq!(of(3), [run(3, 4, None)]);
    assert_eq!(of(4), [RunRow { signal: Some(15), ..run(4, 1, Some(stalled)) }]);
    assert_eq!(of(5), [run(5, 1, Some(cancelled))]);
    assert!((6..=9).all(|no| of(no).is_empty()));
}

#[test]
fn the_answers_to_calls_with_keys() {
    let (hex, uuid) = ("019a2b3c4d5e7f008123456789abcdef", "019a2b3c-4d5e-7f00-8123-456789abcdef");
    let digest = |n: u32| format!("{n:032x}").repeat(2);
    let row = |key: &str, value: &str, until: &str| {
        format!("INSERT INTO cursor VALUES ('answer', {key}, '{value}', {until});")
    };
    let kept = |call: &str, answer: &str| {
        format!(r#"{{"call":"{call}","until":"2026-11-30T00:00:00.000Z","answer":{answer}}}"#)
    };
    let emit = |n| format!("event.emit {}", digest(n));
    let seq = r#"{"seq":18446744073709551615,"rules":["é",1.50]}"#;
    let rows = [
        row(&format!("' {hex}'"), &kept(&emit(1), seq), "86400000"),
        row(&format!("' {uuid}'"), &kept(&format!("task.submit {}", digest(2)), "7"), "86400001"),
        row("' release 1'", &kept(&emit(3), "null"), "5"),
        row(&format!("'task-0001 {hex}'"), &kept(&emit(4), "[]"), "6"),
        row(&format!("' {}'", hex.to_uppercase()), &kept(&emit(5), "[]"), "6"),
        // Of these nothing can be read.
        row("' broken'", "{", "5"),
        row("' of no call'", r#"{"answer":7}"#, "5"),
        row("' of no answer'", r#"{"call":"event.emit x"}"#, "5"),
        row("' for ever'", &kept(&emit(6), "7"), "NULL"),
        row("x'ff'", &kept(&emit(7), "7"), "'late'"),
        "INSERT INTO cursor VALUES ('spool', 'a', '', NULL), ('platform', 'b', 'c', 9);".to_owned(),
    ];
    let (_dir, path) = left_by(19, &rows.concat());
    let mut store = opened(&path);
    // With the first half of the digest that the call has had.
    let call = |n: u128, method: &str| [&n.to_be_bytes(), method.as_bytes()].concat();
    for (caller, key, call, until, answer) in [
        ("", hex.to_owned(), call(1, ""), 86_400_000, seq),
        ("", uuid.to_owned(), call(2, "task.submit"), 86_400_001, "7"),
        ("", "release 1".to_owned(), call(3, ""), 5, "null"),
        ("task-0001", hex.to_owned(), call(4, ""), 6, "[]"),
        ("", hex.to_uppercase(), call(5, ""), 6, "[]"),
    ] {
        let id = KeyId::new(caller, &key);
        let found = store.writer.kept_answer(&id).unwrap().unwrap_or_else(|| panic!("{caller} {key}"));
        let key = CallKey::stored(id, &call).unwrap();
        let until = Timestamp::from_millis(until);
        assert_eq!(found, KeptAnswer { key, until, answer: Answer::Json(answer.to_owned()) });
    }
    assert!(store.writer.cursors("answer").unwrap().is_empty());
    assert_eq!(store.writer.cursors("spool").unwrap()["a"], "");
    assert_eq!(store.writer.prune_cursors(Timestamp::from_millis(10), 10).unwrap(), 1);
    assert_eq!(store.writer.prune_answers(Timestamp::from_millis(2 * 86_400_000), 10).unwrap(), 5);
}
