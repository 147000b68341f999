//! The time of an answer to why, for a chain of 1,000 links, beside the bound of 20 ms.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
};

use aiwg_model::{EndReason, Outcome, RunId, RunRow, RunStart, TaskNo, TaskSpec};
use aiwg_protocol::types::{Cause, Event, EventSource, Json, TaskState, Timestamp};
use aiwg_store::Store;
use aiwg_store_sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::{daemon::BenchDaemon, start::median, table};

const LINKS: u64 = 1000;

/// The most that an answer may take, in milliseconds.
const BOUND_MS: f64 = 20.0;

const ROUNDS: usize = 51;

pub(crate) fn run(aiwg: &Path) {
    let mut daemon = BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false } }));
    daemon.while_stopped(|project| fill(&project.join(".aiwg/daemon/daemon.db")));
    let (task, event) = (TaskNo(LINKS).to_string(), format!("event-{LINKS}"));
    table::head("why, a chain of 1,000 links, median ms", "aiwg", "bound");
    for (what, params) in [
        ("task.why of the last task", json!({ "id": task })),
        ("task.why of the last event", json!({ "id": event })),
        ("task.why from the first event on", json!({ "id": "event-1", "direction": "effects" })),
    ] {
        let mut client = Client::of(&daemon);
        assert!(client.ask(&params)["nodes"].as_array().unwrap().len() as u64 > 3 * LINKS - 2);
        table::row(what, median(ROUNDS, || drop(client.ask_raw(&params))), BOUND_MS);
    }
    for (what, args) in [
        ("aiwg why TASK, the whole process", vec!["why", &task]),
        ("aiwg why TASK --json, the whole process", vec!["why", &task, "--json"]),
        ("aiwg why --from event-1, the whole process", vec!["why", "--from", "event-1"]),
        ("aiwg daemon ping, the whole process", vec!["daemon", "ping"]),
    ] {
        table::row(what, median(ROUNDS, || drop(daemon.cli(&args))), BOUND_MS);
    }
}

/// A connection that asks why.
struct Client(BufReader<UnixStream>);

impl Client {
    fn of(daemon: &BenchDaemon) -> Self {
        Self(BufReader::new(UnixStream::connect(&daemon.socket).unwrap()))
    }

    fn ask_raw(&mut self, params: &Value) -> String {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "task.why", "params": params });
        self.0.get_mut().write_all(format!("{call}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.0.read_line(&mut answer).unwrap();
        answer
    }

    fn ask(&mut self, params: &Value) -> Value {
        let mut answer: Value = serde_json::from_str(&self.ask_raw(params)).unwrap();
        assert_eq!(answer["result"]["cut"], false, "{answer:.400}");
        answer["result"].take()
    }
}

/// Fills a store with the tasks of a chain, each made by a rule of the event about the end of the one before, and each with the run of an agent.
fn fill(path: &Path) {
    let mut store = SqliteStore::open(path).unwrap();
    let mut tx = store.begin().unwrap();
    let now = Timestamp::now();
    for link in 1..=LINKS {
        let (no, at) = (TaskNo(link), now.after_ms(link));
        let depth = u32::try_from(link).unwrap() - 1;
        let before = (link > 1).then(|| TaskNo(link - 1).to_string());
        let cause = |event| Cause { task: before.clone(), rule: Some("r".to_owned()), event, depth };
        let event = Event {
            seq: link,
            topic: "task:completed".to_owned(),
            payload: Json::new(&json!({ "taskId": before, "state": "completed" })).unwrap(),
            source: EventSource::Supervisor,
            at,
            caused_by: before.is_some().then(|| cause(None)),
            traceparent: None,
        };
        tx.insert_event(&event, None).unwrap();
        let (prompt, rule) = ("Look at it. ".repeat(30), Some("r".to_owned()));
        let spec = TaskSpec { prompt, rule, cause: Some(cause(Some(link))), ..TaskSpec::default() };
        tx.insert_task(no, &spec, at).unwrap();
        tx.start(no, at).unwrap();
        let id = RunId { task: no, n: 1 };
        let (kind, dir) = (RunRow::AGENT, Some("1"));
        tx.begin_run(&RunStart {
            id,
            kind,
            at,
            dir,
            profile: None,
            reserved_usd: None,
            cap_usd: None,
            host: None,
        })
        .unwrap();
        let outcome = Outcome { reason: EndReason::DONE, ..Outcome::without_exit(TaskState::Completed, "") };
        tx.end_run(id, &outcome, at).unwrap();
        tx.finish(no, TaskState::Running, &outcome, at).unwrap();
    }
    tx.commit().unwrap();
}
