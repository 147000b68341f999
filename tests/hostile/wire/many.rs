//! Many connections that each hold a little: together they hold no more than they may.

use std::{
    io::{ErrorKind, Write},
    os::unix::net::UnixStream,
};

use serde_json::{Value, json};

use super::{memory, peak_over, request};
use crate::support::{Project, Wire, until};

/// Sends this over each of so many connections, as far as it is taken, and reads nothing.
fn flood(project: &Project, connections: usize, lines: &str) -> Vec<UnixStream> {
    let mut streams: Vec<(UnixStream, usize)> = (0..connections)
        .map(|_| {
            let stream = UnixStream::connect(project.socket()).unwrap();
            stream.set_nonblocking(true).unwrap();
            (stream, 0)
        })
        .collect();
    let mut rested = 0;
    // Once none of them has taken more for a while, none does.
    while rested < 50 {
        let mut has_sent = false;
        for (stream, sent) in &mut streams {
            match stream.write(&lines.as_bytes()[*sent..]) {
                Ok(count) => {
                    *sent += count;
                    has_sent |= count > 0;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        rested = if has_sent { 0 } else { rested + 1 };
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    streams.into_iter().map(|(stream, _)| stream).collect()
}

/// Checks that who has little to say is served while others hold all that they can.
fn is_served(project: &Project) {
    let mut wire = project.wire();
    wire.is_alive();
    assert!(wire.call("event.emit", json!({ "topic": "b" }))["seq"].is_u64());
    assert_eq!(wire.call("event.list", json!({ "topics": ["b"], "limit": 1 }))[0]["topic"], "b");
    assert!(wire.call("event.subscribe", json!({ "topics": ["b:*"] }))["subscription"].is_u64());
}

fn is_given_back(project: &Project, idle: usize) {
    until("the memory's return", || memory(project, "VmRSS") < idle + 32);
}

#[test]
fn answers_that_nobody_reads() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    (0..10).for_each(|_| {
        wire.call("event.emit", json!({ "topic": "a", "payload": "x".repeat(6000) }));
    });
    let idle = memory(&project, "VmRSS");
    // Long enough that each would be a long answer.
    let lists: String = (0..300).map(|id| request(id, "event.list", &json!({}))).collect();
    let pings: String = (0..6000).map(|id| request(id, "ping", &json!({}))).collect();
    let unread = [flood(&project, 150, &lists), flood(&project, 150, &pings)];
    is_served(&project);
    assert!(peak_over(&project, idle) < 160, "{} MiB", peak_over(&project, idle));
    drop(unread);
    is_given_back(&project, idle);
}

#[test]
fn calls_that_wait() {
    let project = Project::started(json!({ "daemon": { "max_memory_mb": 32 } }));
    let task = project.submit("sleep 600");
    let wait = |id: usize| request(id, "task.wait", &json!({ "taskId": task }));
    let output = |id: usize| {
        request(id, "task.output", &json!({ "taskId": task, "offset": 1 << 20, "waitMs": 60_000 }))
    };
    let idle = memory(&project, "VmRSS");
    let lines: String = (0..500).map(|id| if id % 2 == 0 { wait(id) } else { output(id) }).collect();
    let waiting = flood(&project, 40, &lines);
    assert!(peak_over(&project, idle) < 64, "{} MiB", peak_over(&project, idle));
    is_served(&project);
    // Another one waits beside all these, and not for them; of many, most are refused.
    let mut wire = project.wire();
    wire.send(wait(1));
    wire.is_alive();
    wire.send((2..100).map(wait).collect::<String>());
    let refused = wire.receive();
    assert_eq!(refused["error"]["data"]["kind"], "over_memory");
    drop(waiting);
    until("room for others", || {
        let mut wire = project.wire();
        wire.send((0..50).map(wait).collect::<String>() + &request(50, "ping", &json!({})));
        wire.receive()["id"] == 50
    });
    is_given_back(&project, idle);
    project.json(&["task", "cancel", &task]);
}

#[test]
fn subscriptions_to_what_is_hard_to_match() {
    let project = Project::started(json!({ "daemon": { "max_memory_mb": 32 } }));
    let idle = memory(&project, "VmRSS");
    let pattern = |n: usize| {
        let parts: Vec<String> = (0..40).map(|part| format!("a{n}*b*c{part}d?")).collect();
        format!("{{{}}}", parts.join(","))
    };
    let subscribe = |n: usize| request(n, "event.subscribe", &json!({ "topics": [pattern(n)] }));
    let lines: String = (0..64).map(subscribe).collect();
    let subscribed = flood(&project, 20, &lines);
    // Each of them is matched with.
    let mut wire = project.wire();
    for n in 0..20 {
        wire.call("event.emit", json!({ "topic": format!("a{n}{}", "b".repeat(150 + n)) }));
    }
    is_served(&project);
    assert!(peak_over(&project, idle) < 64, "{} MiB", peak_over(&project, idle));
    let refused = wire.try_call("event.subscribe", json!({ "topics": [pattern(0)] }));
    assert_eq!(refused["error"]["data"]["kind"], "over_memory");
    drop(subscribed);
    until("room for others", || {
        wire.try_call("event.subscribe", json!({ "topics": [pattern(0)] }))["result"].is_object()
    });
    is_given_back(&project, idle);
}

#[test]
fn batches_that_wait_for_one_of_their_calls() {
    let project = Project::started(json!({ "daemon": { "max_memory_mb": 64 } }));
    let task = project.submit("sleep 600");
    let mut wire = project.wire();
    (0..10).for_each(|_| {
        wire.call("event.emit", json!({ "topic": "a", "payload": "x".repeat(1400) }));
    });
    let idle = memory(&project, "VmRSS");
    let wait = json!({ "jsonrpc": "2.0", "id": "wait", "method": "task.wait", "params": { "taskId": task } });
    let batch = |entry: Value| {
        let mut entries = vec![entry; 900];
        entries.push(wait.clone());
        Value::from(entries).to_string() + "\n"
    };
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "event.list" });
    let long_id = json!({ "jsonrpc": "2.0", "id": "x".repeat(4000), "method": "ping" });
    let lines = batch(list) + &batch(long_id).repeat(5);
    let waiting = flood(&project, 20, &lines);
    assert!(peak_over(&project, idle) < 128, "{} MiB", peak_over(&project, idle));
    is_served(&project);
    drop(waiting);
    is_given_back(&project, idle);
    project.json(&["task", "cancel", &task]);
}

#[test]
fn entries_by_the_million() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    wire.is_alive();
    let idle = memory(&project, "VmRSS");
    let empty = format!("[{}]", vec!["\"\""; 1_000_000].join(","));
    let members: Vec<String> = (0..400_000).map(|n| format!("\"{n:x}\":\"\"")).collect();
    let members = format!("{{{}}}", members.join(","));
    let params = |method: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
    };
    for (kind, line) in [
        ("invalid_params", params("event.list", &format!(r#"{{"topics":{empty}}}"#))),
        ("invalid_params", params("event.subscribe", &format!(r#"{{"topics":{empty}}}"#))),
        ("invalid_params", params("task.cancelMany", &format!(r#"{{"taskIds":{empty}}}"#))),
        ("invalid_params", params("task.submit", &format!(r#"{{"prompt":"a","after":{empty}}}"#))),
        ("invalid_params", params("task.submit", &format!(r#"{{"prompt":"a","env":{members}}}"#))),
        ("invalid_params", params("task.submit", &format!(r#"{{"prompt":"a","metadata":{members}}}"#))),
        ("invalid_request", format!("[{}]", vec!["1"; 2_000_000].join(","))),
    ] {
        assert_eq!(wire.ask(line)["error"]["data"]["kind"], kind);
    }
    // The line itself, and what it was read into.
    assert!(peak_over(&project, idle) < 24, "{} MiB", peak_over(&project, idle));
    is_given_back(&project, idle);
}

#[test]
fn a_flood_of_lines_that_are_no_calls_keeps_nobody_waiting() {
    let project = Project::started(json!({}));
    let task = project.submit("sleep 600");
    let wait = |id: usize| request(id, "task.wait", &json!({ "taskId": task }));
    let mut flooding: Vec<Wire> = (0..4)
        .map(|_| {
            let mut wire = project.wire();
            wire.send((0..500).map(wait).collect::<String>());
            wire
        })
        .collect();
    let cancel = |id: usize| json!({ "jsonrpc": "2.0", "method": "rpc.cancel", "params": { "id": id } });
    // None of these is there to be cancelled.
    let lines: String = (1000..21_000).map(|id| cancel(id).to_string() + "\n\n").collect();
    let sender = std::thread::spawn(move || {
        flooding.iter_mut().for_each(|wire| wire.send(&lines));
        flooding
    });
    let mut other = project.wire();
    while !sender.is_finished() {
        other.is_alive();
    }
    let mut flooding = sender.join().unwrap();
    for wire in &mut flooding {
        wire.send(cancel(7).to_string() + "\n");
        let answer = wire.receive();
        assert_eq!((&answer["id"], &answer["error"]["data"]["kind"]), (&json!(7), &json!("cancelled")));
    }
    project.json(&["task", "cancel", &task]);
}
