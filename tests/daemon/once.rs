//! Calls with an `idempotencyKey` take effect once.

use std::fmt::Write;

use aiwg_testing::{TestDaemon, rule, until};
use serde_json::{Value, json};

fn emit(key: &str, payload: Value) -> Value {
    json!({ "topic": "a:b", "payload": payload, "idempotencyKey": key })
}

fn count_of(daemon: &TestDaemon, topic: &str) -> usize {
    let events = daemon.call("event.list", json!({ "topics": [topic], "limit": 1000 }));
    events.as_array().unwrap().len()
}

#[test]
fn a_call_that_is_repeated_has_no_effect_and_the_same_answer() {
    let mut daemon = TestDaemon::with(json!({ "rules": [rule("r", "a:b", "do: exit 0")] }));
    let calls = [
        ("event.emit", emit("one", json!({ "version": 1 }))),
        ("task.submit", json!({ "prompt": "do: exit 0", "idempotencyKey": "two" })),
        ("chat.send", json!({ "message": "do: exit 0", "idempotencyKey": "three" })),
        ("task.retry", json!({ "taskId": "task-0001", "idempotencyKey": "four" })),
    ];
    let mut answers = Vec::new();
    for (method, params) in &calls {
        answers.push(daemon.call(method, params.clone()));
        daemon.ended(&format!("task-{:04}", answers.len()));
    }
    assert_eq!(answers[0]["rules"], json!(["r"]));
    assert_eq!(answers[1], json!({ "taskId": "task-0002", "state": "running" }));
    let again = |daemon: &TestDaemon| {
        for ((method, params), answer) in calls.iter().zip(&answers) {
            assert_eq!(daemon.call(method, params.clone()), *answer, "{method}");
        }
        assert_eq!((daemon.total(), count_of(daemon, "a:b")), (4, 1));
    };
    again(&daemon);
    daemon.restart();
    again(&daemon);
    // What was allowed once is not denied since it would not be any more.
    daemon.reload(json!({ "daemon": { "max_payload_kb": 1, "max_queued": 1 } }));
    again(&daemon);
    // Another spelling of the same params is the same call.
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{"idempotencyKey":"one","payload":{ "version" : 1.0 },"topic":"a:b"}}"#;
    assert_eq!(daemon.wire().ask(text)["result"], answers[0]);
}

#[test]
fn what_is_refused_now_was_taken_then() {
    let daemon = TestDaemon::with(json!({}));
    let long = json!("x".repeat(10_000));
    let first = daemon.call("event.emit", emit("one", long.clone()));
    daemon.reload(json!({ "daemon": { "max_payload_kb": 1 } }));
    assert_eq!(daemon.call("event.emit", emit("one", long.clone())), first);
    assert_eq!(daemon.error("event.emit", emit("two", long))["data"]["kind"], "payload_too_large");
    assert_eq!(count_of(&daemon, "a:b"), 1);
    // A text with its quotes: exactly so much, and no byte more.
    daemon.call("event.emit", emit("three", json!("x".repeat(1022))));
    assert_eq!(
        daemon.error("event.emit", emit("four", json!("x".repeat(1023))))["data"]["kind"],
        "payload_too_large"
    );
}

#[test]
fn a_key_stands_for_one_call() {
    let daemon = TestDaemon::with(json!({}));
    daemon.call("event.emit", emit("one", json!(1)));
    let others = [
        ("event.emit", emit("one", json!(2))),
        ("event.emit", emit("one", json!("1"))),
        ("event.emit", json!({ "topic": "a:b", "idempotencyKey": "one" })),
        ("event.emit", json!({ "topic": "a:c", "payload": 1, "idempotencyKey": "one" })),
        ("task.submit", json!({ "prompt": "do: exit 0", "idempotencyKey": "one" })),
        ("chat.send", json!({ "message": "do: exit 0", "idempotencyKey": "one" })),
        ("task.retry", json!({ "taskId": "task-0001", "idempotencyKey": "one" })),
    ];
    for (method, params) in others {
        let error = daemon.error(method, params.clone());
        assert_eq!(error["data"]["kind"], "idempotency_conflict", "{params}");
        assert_eq!(error["code"], -32042);
    }
    assert_eq!((daemon.total(), count_of(&daemon, "a:*")), (0, 1));
    for (key, ok) in [(String::new(), false), ("ü".repeat(201), false), ("ü".repeat(200), true)] {
        let answer = daemon.wire().try_call("event.emit", emit(&key, json!(3)));
        assert_eq!(answer.get("result").is_some(), ok, "{answer}");
        if !ok {
            assert_eq!(answer["error"]["data"]["member"], "idempotencyKey");
        }
    }
}

#[test]
fn a_payload_that_cannot_be_read_is_named_with_a_key_as_without() {
    let daemon = TestDaemon::with(json!({}));
    for payload in [r#"{"a":1e400}"#, r#"{"a":"\ud800"}"#] {
        for key in ["", r#","idempotencyKey":"one""#] {
            let answer = daemon.wire().ask(format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{{"topic":"a:b","payload":{payload}{key}}}}}"#
            ));
            assert_eq!(answer["error"]["data"]["member"], "payload.a", "{answer}");
        }
    }
}

#[test]
fn a_refused_call_leaves_its_key_free() {
    let daemon = TestDaemon::with(json!({}));
    let error = daemon.error("task.retry", json!({ "taskId": "task-0001", "idempotencyKey": "one" }));
    assert_eq!(error["data"]["kind"], "task_not_found");
    let after = json!({ "prompt": "do: exit 0", "after": ["task-0007"], "idempotencyKey": "one" });
    assert_eq!(daemon.error("task.submit", after)["data"]["kind"], "dependency_not_found");
    let reserved = json!({ "topic": "task:completed", "idempotencyKey": "one" });
    assert_eq!(daemon.error("event.emit", reserved)["data"]["kind"], "topic_reserved");
    assert_eq!(daemon.call("event.emit", emit("one", json!(1)))["seq"], json!(1));
}

/// Each of many calls is sent many times at once, over several connections, as requests and in batches.
#[test]
fn calls_in_flight_with_one_key_are_one() {
    let daemon = TestDaemon::with(json!({ "rules": [rule("r", "t", "do: exit 0")] }));
    let senders: Vec<_> = (0..8)
        .map(|connection| {
            let mut wire = daemon.wire();
            std::thread::spawn(move || {
                let mut lines = String::new();
                let request = |id: u64, n: u64| {
                    json!({ "jsonrpc": "2.0", "id": id, "method": "event.emit",
                        "params": { "topic": "n", "payload": n, "idempotencyKey": format!("key {n}") } })
                };
                for n in 0..200 {
                    let twice = [request(2 * n, n), request(2 * n + 1, n)];
                    match (connection + n) % 2 {
                        0 => writeln!(lines, "{}\n{}", twice[0], twice[1]).unwrap(),
                        _ => writeln!(lines, "{}", json!(twice)).unwrap(),
                    }
                }
                wire.send(lines);
                let rest = wire.rest();
                let mut seqs = vec![0; 400];
                for line in rest.lines() {
                    let answers: Value = serde_json::from_str(line).unwrap();
                    let one = std::slice::from_ref(&answers);
                    for answer in answers.as_array().map_or(one, Vec::as_slice) {
                        seqs[answer["id"].as_u64().unwrap() as usize] =
                            answer["result"]["seq"].as_u64().unwrap();
                    }
                }
                seqs
            })
        })
        .collect();
    let seqs: Vec<Vec<u64>> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
    for of_connection in &seqs {
        assert_eq!(*of_connection, seqs[0], "whoever asks gets the first one's answer");
    }
    let firsts: Vec<u64> = seqs[0].iter().step_by(2).copied().collect();
    assert!(firsts.iter().eq(seqs[0].iter().skip(1).step_by(2)));
    assert!(firsts.is_sorted() && firsts.first() > Some(&0), "{firsts:?}");
    assert_eq!(count_of(&daemon, "n"), 200);
    // Two that are one within a transaction have the answer in common that is known at its end.
    let submit = json!({ "prompt": "do: exit 0", "idempotencyKey": "task" });
    let line = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "task.submit", "params": submit },
        { "jsonrpc": "2.0", "id": 2, "method": "task.submit", "params": submit },
    ]);
    let answers = daemon.wire().ask(line.to_string());
    assert_eq!(answers[0]["result"], json!({ "taskId": "task-0001", "state": "running" }));
    assert_eq!(answers[0]["result"], answers[1]["result"]);
}

#[test]
fn an_agent_sees_no_answers_of_others() {
    let daemon = TestDaemon::with(json!({}));
    let mine = daemon.call("event.emit", emit("one", json!(1)));
    // The agent sends the very same call, and gets an event of its own.
    daemon.write(
        "emit.py",
        r#"import socket
s = socket.socket(socket.AF_UNIX)
s.connect(".aiwg/daemon/daemon.sock")
s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{"topic":"a:b","payload":1,"idempotencyKey":"one"}}\n')
open("said", "w").write(s.makefile().readline())
"#,
    );
    let task = daemon.submit("python3 emit.py");
    daemon.wait_for_task(&task, "completed");
    let said: Value = serde_json::from_str(daemon.read("said").lines().next().unwrap()).unwrap();
    assert_ne!(said["result"]["seq"], mine["seq"]);
    let events = daemon.call("event.list", json!({ "topics": ["a:b"] }));
    assert_eq!(events[1]["causedBy"]["task"], task);
    assert_eq!(daemon.call("event.emit", emit("one", json!(1))), mine);
}

/// The trace leads from the emitter to the agent.
#[test]
fn an_event_carries_the_trace_of_its_emitter_to_the_tasks_of_rules() {
    let mut settled = rule("settled", "a:b", "do: exit 0");
    settled["condition"] = json!({ "type": "debounce", "interval_ms": 100 });
    let mut daemon = TestDaemon::with(json!({ "rules": [rule("r", "a:b", "do: exit 0"), settled] }));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = |trace: &str| json!({ "topic": "a:b", "traceparent": trace, "idempotencyKey": "k" });
    let emitted = daemon.call("event.emit", traced(trace));
    // Whoever repeats a call is in another span.
    let other = trace.replace("00f067aa0ba902b7", "b7ad6b7169203331");
    assert_eq!(daemon.call("event.emit", traced(&other)), emitted);
    let submitted = |trace: &str| json!({ "prompt": "do: exit 0", "metadata": { "traceparent": trace, "tracestate": trace }, "idempotencyKey": "task" });
    let first = daemon.call("task.submit", submitted(trace));
    assert_eq!(daemon.call("task.submit", submitted(&other))["taskId"], first["taskId"]);
    let bare = json!({ "prompt": "do: exit 0", "idempotencyKey": "task" });
    assert_eq!(daemon.call("task.submit", bare)["taskId"], first["taskId"]);
    daemon.restart();
    until("the tasks of both rules", || daemon.total() == 3);
    for task in ["task-0001", "task-0002", "task-0003"] {
        assert_eq!(daemon.ended(task)["metadata"]["traceparent"], trace, "{task}");
    }
    daemon.emit("a:c", json!(null));
    let listed = daemon.call("event.list", json!({ "topics": ["a:*"] }));
    assert_eq!((&listed[0]["traceparent"], &listed[1]["traceparent"]), (&json!(trace), &Value::Null));
    for wrong in [
        "",
        "x",
        &trace.to_uppercase(),
        &format!("{trace}-more"),
        &trace.replace("00f067aa0ba902b7", "0000000000000000"),
    ] {
        let error = daemon.error("event.emit", json!({ "topic": "a:b", "traceparent": wrong }));
        assert_eq!(
            (&error["data"]["kind"], &error["data"]["member"]),
            (&json!("invalid_params"), &json!("traceparent"))
        );
    }
}
