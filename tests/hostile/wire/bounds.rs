//! The daemon's memory for clients is bounded, and goes back.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
};

use serde_json::{Value, json};

use super::{memory, peak_over, request};
use crate::support::{Project, Wire, postgres::is_about_sqlite, until};

/// A MiB, in bytes.
const MIB: usize = 1 << 20;

/// The text of the largest payload: its quotes count.
const LARGEST: usize = MIB - 2;

/// Fills the log with events of a MiB each.
fn fill(project: &Project, events: usize) -> Wire {
    let mut wire = project.wire();
    for _ in 0..events {
        wire.call("event.emit", json!({ "topic": "a", "payload": "x".repeat(LARGEST) }));
    }
    wire
}

#[test]
fn subscribers_that_never_read_hold_no_events() {
    let project = Project::started(json!({}));
    let idle = memory(&project, "VmRSS");
    let stuck: Vec<Wire> = (0..3)
        .map(|_| {
            let mut wire = project.wire();
            wire.call("event.subscribe", json!({}));
            wire
        })
        .collect();
    let mut wire = fill(&project, 150);
    assert!(peak_over(&project, idle) < 64, "{} MiB", peak_over(&project, idle));
    // And one that reads gets them all.
    wire.call("event.subscribe", json!({ "since": 0, "topics": ["a"] }));
    for seq in 1..=150 {
        assert_eq!(wire.receive()["params"]["event"]["seq"].as_u64().unwrap(), seq);
    }
    drop(stuck);
}

#[test]
fn lines_that_are_never_finished_hold_a_part_of_the_budget() {
    if is_about_sqlite("the buffers of a connection to a PostgreSQL keep their size") {
        return;
    }
    let project = Project::started(json!({}));
    let idle = memory(&project, "VmRSS");
    let unfinished: Vec<UnixStream> = (0..24)
        .map(|_| {
            let mut stream = UnixStream::connect(project.socket()).unwrap();
            stream.set_write_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
            // It is no longer taken at some point, which is what is wanted.
            let _ = stream.write_all(&vec![b'x'; 15 * MIB]);
            stream
        })
        .collect();
    assert!(peak_over(&project, idle) < 160, "{} MiB", peak_over(&project, idle));
    // Who has little to say is not in their way.
    let mut wire = project.wire();
    wire.is_alive();
    wire.call("event.emit", json!({ "topic": "a", "payload": "x".repeat(60_000) }));
    // Who has more gets it when those that rest have given way.
    wire.call("event.emit", json!({ "topic": "a", "payload": "x".repeat(LARGEST) }));
    drop(unfinished);
    until("the memory's return", || memory(&project, "VmRSS") < idle + 32);
}

#[test]
fn patterns_are_compiled_one_after_the_other() {
    let project = Project::started(json!({}));
    let idle = memory(&project, "VmRSS");
    // Each takes some 40 MiB until it is known to be too much.
    let pattern = "{*a,*b}".repeat(140);
    let asked = request(1, "event.list", &json!({ "topics": vec![pattern; 100] }));
    let mut clients: Vec<Wire> = (0..8).map(|_| project.wire()).collect();
    clients.iter_mut().for_each(|client| client.send(&asked));
    for client in &mut clients {
        assert_eq!(client.receive()["error"]["data"]["kind"], "invalid_params");
    }
    assert!(peak_over(&project, idle) < 160, "{} MiB", peak_over(&project, idle));
    until("the memory's return", || memory(&project, "VmRSS") < idle + 64);
}

#[test]
fn batches_wait_for_the_memory_of_their_calls() {
    let project = Project::started(json!({ "daemon": { "max_memory_mb": 64 } }));
    fill(&project, 2);
    let idle = memory(&project, "VmRSS");
    let calls: Vec<String> = (0..1000).map(|id| request(id, "event.list", &json!({}))).collect();
    let batch = format!("[{}]\n", calls.iter().map(|call| call.trim_end()).collect::<Vec<_>>().join(","));
    let stuck: Vec<UnixStream> = (0..100)
        .map(|_| {
            let mut stream = UnixStream::connect(project.socket()).unwrap();
            stream.set_write_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
            let _ = stream.write_all(batch.repeat(2).as_bytes());
            stream
        })
        .collect();
    // Beside what all of them have, each connection has a little.
    assert!(peak_over(&project, idle) < 110, "{} MiB", peak_over(&project, idle));
    drop(stuck);
}

#[test]
fn a_client_that_does_not_read_its_lists_holds_one_of_them() {
    let project = Project::started(json!({}));
    let mut other = fill(&project, 9);
    let idle = memory(&project, "VmRSS");
    let mut hog = project.wire();
    hog.send((0..1024).map(|id| request(id, "event.list", &json!({}))).collect::<String>());
    // Others list as much meanwhile.
    for _ in 0..5 {
        assert!(other.call("event.list", json!({})).as_array().unwrap().len() > 5);
    }
    assert!(peak_over(&project, idle) < 200, "{} MiB", peak_over(&project, idle));
    // When it reads at last, it gets them all.
    for _ in 0..20 {
        assert!(hog.receive()["result"].as_array().unwrap().len() > 5);
    }
    drop(hog);
    until("the memory's return", || memory(&project, "VmRSS") < idle + 32);
}

#[test]
fn a_batch_is_answered_within_its_bounds() {
    let project = Project::started(json!({}));
    let mut wire = fill(&project, 9);
    let idle = memory(&project, "VmRSS");
    let entries: Vec<Value> =
        (0..900).map(|id| json!({ "jsonrpc": "2.0", "id": id, "method": "event.list" })).collect();
    let answers = wire.ask(Value::from(entries).to_string());
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 900);
    let kind = |answer: &Value| answer["error"]["data"]["kind"].clone();
    assert!(answers.iter().all(|answer| answer["result"].is_array() || kind(answer) == "over_memory"));
    assert!(answers.iter().any(|answer| answer["result"].is_array()));
    assert!(peak_over(&project, idle) < 400, "{} MiB", peak_over(&project, idle));
    until("the memory's return", || memory(&project, "VmRSS") < idle + 32);
}

#[test]
fn large_emits_are_bounded_and_given_back() {
    if is_about_sqlite("the buffers of a connection to a PostgreSQL keep their size") {
        return;
    }
    let project = Project::started(json!({ "daemon": { "max_payload_kb": 16 * 1024 } }));
    let mut wire = project.wire();
    wire.is_alive();
    let idle = memory(&project, "VmRSS");
    let sender = {
        let mut wire = project.wire();
        std::thread::spawn(move || {
            let emit = request(1, "event.emit", &json!({ "topic": "a", "payload": "x".repeat(15 * MIB) }));
            for _ in 0..24 {
                wire.send(&emit);
            }
            for _ in 0..24 {
                assert!(wire.receive()["result"]["seq"].is_u64());
            }
        })
    };
    sender.join().unwrap();
    assert!(peak_over(&project, idle) < 256, "{} MiB", peak_over(&project, idle));
    until("the memory's return", || memory(&project, "VmRSS") < idle + 48);
}

#[test]
fn one_connection_more_than_may_be_is_refused() {
    let project = Project::started(json!({ "daemon": { "max_connections": 5 } }));
    let mut open: Vec<Wire> = (0..5).map(|_| project.wire()).collect();
    open.iter_mut().for_each(Wire::is_alive);
    let ping = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
    // Most have asked for something already, as clients do; one waits to hear something first.
    for asks in (0..20).map(|round| round > 0) {
        let mut asking = UnixStream::connect(project.socket()).unwrap();
        if asks {
            asking.write_all(ping).unwrap();
        }
        let mut refused = String::new();
        BufReader::new(&asking).read_line(&mut refused).unwrap();
        let refused: Value = serde_json::from_str(&refused).unwrap();
        assert_eq!(refused["error"]["data"]["kind"], "too_many_connections");
        assert_eq!(refused["id"], Value::Null);
        // Whoever goes on asking fails at no write before it has read why.
        asking.write_all(ping).unwrap();
        let done = project.run(&["task", "list", "--json"]);
        let error: Value = serde_json::from_str(&done.err).unwrap();
        assert_eq!(error["error"]["data"]["kind"], "too_many_connections", "{}", done.err);
    }
    drop(open.pop());
    until("a free place", || project.run(&["daemon", "status"]).code == 0);
    open.iter_mut().for_each(Wire::is_alive);
}
