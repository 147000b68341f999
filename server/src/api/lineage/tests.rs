//! Long chains, in a store that is filled by hand.

use aiwg_model::{Follow, Outcome, TaskNo, TaskSpec};
use aiwg_protocol::types::{Cause, Event, EventSource, Json, TaskState, Timestamp, Why, WhyKind};
use aiwg_store::{Reader, Store};
use aiwg_store_sqlite::{SqliteReader, SqliteStore};

use super::{Asked, why};
use crate::waits::Now;

const ALL: usize = usize::MAX;

/// A store with a chain of so many tasks, each made by a rule of the event about the end of the one before.
fn chain(links: u64) -> (tempfile::TempDir, SqliteReader) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("daemon.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let mut tx = store.begin().unwrap();
    for link in 1..=links {
        let at = Timestamp::from_millis(i64::try_from(link).unwrap());
        let depth = u32::try_from(link).unwrap() - 1;
        let before = (link > 1).then(|| TaskNo(link - 1).to_string());
        let cause = |event| Cause { task: before.clone(), rule: Some("r".to_owned()), event, depth };
        let event = Event {
            seq: link,
            topic: "task:completed".to_owned(),
            payload: Json::default(),
            source: EventSource::Supervisor,
            at,
            caused_by: before.is_some().then(|| cause(None)),
            traceparent: None,
        };
        tx.insert_event(&event, None).unwrap();
        let (prompt, rule) = ("Look at it. ".repeat(30), Some("r".to_owned()));
        let spec = TaskSpec { prompt, rule, cause: Some(cause(Some(link))), ..TaskSpec::default() };
        tx.insert_task(TaskNo(link), &spec, at).unwrap();
        let outcome = Outcome::without_exit(TaskState::Completed, "");
        tx.finish(TaskNo(link), TaskState::Queued, &outcome, at).unwrap();
    }
    tx.commit().unwrap();
    let reader = SqliteReader::open(&path).unwrap();
    (dir, reader)
}

fn ask(reader: &dyn Reader, asked: Asked, follow: Follow, bytes: usize) -> Why {
    why(reader, &Now { gate_of: &|_| None, waits: &[] }, (asked, follow), bytes).unwrap().unwrap().0
}

fn count(why: &Why, kind: WhyKind) -> usize {
    why.nodes.iter().filter(|node| node.kind == kind).count()
}

#[test]
fn a_chain_of_a_thousand_links_is_whole_in_both_directions() {
    let (_dir, reader) = chain(1000);
    let questions = [
        (Asked::Task(TaskNo(1000)), Follow::Causes),
        (Asked::Event(1000), Follow::Causes),
        (Asked::Event(1), Follow::Effects),
    ];
    for (asked, follow) in questions {
        let began = std::time::Instant::now();
        let found = ask(&reader, asked, follow, ALL);
        // To be seen with --no-capture: no test depends on it.
        tracing::info!(?asked, ?follow, took = ?began.elapsed(), nodes = found.nodes.len(), "walked");
        assert!(!found.cut);
        let tasks = if asked == Asked::Event(1000) { 999 } else { 1000 };
        assert_eq!((count(&found, WhyKind::Task), count(&found, WhyKind::Rule)), (tasks, tasks));
        assert_eq!(count(&found, WhyKind::Event), 1000);
        let roots: Vec<&str> =
            found.nodes.iter().filter(|node| node.causes.is_empty()).map(|node| node.id.as_str()).collect();
        assert_eq!(roots, [if follow == Follow::Causes { "event-1/origin" } else { "event-1" }]);
    }
}

#[test]
fn a_chain_that_is_too_long_is_cut_and_says_so() {
    let (_dir, reader) = chain(3000);
    let found = ask(&reader, Asked::Task(TaskNo(3000)), Follow::Causes, ALL);
    assert!(found.cut && serde_json::to_vec(&found).unwrap().len() <= super::MOST_BYTES);
    for id in ["task-3000", "task-2999", "event-3000"] {
        assert!(found.nodes.iter().any(|node| node.id == id), "{id}: the nearest part is there");
    }
    let brief = ask(&reader, Asked::Event(1), Follow::Effects, 8192);
    assert!(brief.cut && serde_json::to_vec(&brief).unwrap().len() <= 8192);
}

/// A store in which the agent of one task has emitted so many events, with payloads of so many bytes.
fn wide(events: u64, bytes: usize) -> (tempfile::TempDir, SqliteReader) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("daemon.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let mut tx = store.begin().unwrap();
    tx.insert_task(TaskNo(1), &TaskSpec::default(), Timestamp::from_millis(1)).unwrap();
    let cause = Some(Cause { task: Some(TaskNo(1).to_string()), rule: None, event: None, depth: 1 });
    for seq in 1..=events {
        let event = Event {
            seq,
            topic: "a:b".to_owned(),
            payload: Json::new(&"x".repeat(bytes)).unwrap(),
            source: EventSource::Client,
            at: Timestamp::from_millis(2),
            caused_by: cause.clone(),
            traceparent: None,
        };
        tx.insert_event(&event, None).unwrap();
    }
    tx.commit().unwrap();
    let reader = SqliteReader::open(&path).unwrap();
    (dir, reader)
}

#[test]
fn an_answer_of_many_nodes_has_as_many_as_it_may_and_says_whether_there_are_more() {
    for (events, is_cut) in [(9_000, false), (11_000, true)] {
        let (_dir, reader) = wide(events, 1);
        let found = ask(&reader, Asked::Task(TaskNo(1)), Follow::Effects, ALL);
        // Besides the events there are the task, and what it waits for.
        let is_whole = found.nodes.len() as u64 == events + 2;
        assert_eq!((is_whole, found.cut), (!is_cut, is_cut), "{events}: {}", found.nodes.len());
        assert!(found.nodes.len() <= super::MOST_NODES);
        assert!(serde_json::to_vec(&found).unwrap().len() <= super::MOST_BYTES);
        assert_eq!(found.nodes[0].id, "task-0001");
    }
}

#[test]
fn an_answer_of_long_nodes_is_no_longer_than_it_may_be_and_says_so() {
    let (_dir, reader) = wide(9_000, 900);
    let found = ask(&reader, Asked::Task(TaskNo(1)), Follow::Effects, ALL);
    let bytes = serde_json::to_vec(&found).unwrap().len();
    assert!(found.cut && bytes <= super::MOST_BYTES && bytes > super::MOST_BYTES / 2, "{bytes}");
    assert!(found.nodes.iter().any(|node| node.id == "task-0001"));
}

#[test]
fn a_damaged_chain_has_no_circle() {
    let (_dir, reader) = chain(3);
    drop(reader);
    let path = _dir.path().join("daemon.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(
        r#"UPDATE event SET cause = '{"task":"task-0003","depth":1}', task = 3 WHERE seq = 1;
           UPDATE task SET parent = 3, retry_of = 1 WHERE no = 1;"#,
    )
    .unwrap();
    let reader = SqliteReader::open(&path).unwrap();
    for follow in [Follow::Causes, Follow::Effects] {
        let found = ask(&reader, Asked::Task(TaskNo(3)), follow, ALL);
        let mut seen = std::collections::HashSet::new();
        for node in &found.nodes {
            assert!(node.causes.iter().all(|cause| seen.contains(cause)), "{}", node.id);
            seen.insert(node.id.clone());
        }
        assert!(seen.contains("task-0003"));
    }
}
