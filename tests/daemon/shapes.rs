//! Lines of shapes that nobody sends by accident.

use aiwg_testing::TestDaemon;
use serde_json::{Value, json};

/// As much as a line may have, but for what is around it.
const LONG: usize = (16 << 20) - 1024;

/// An error on the wire is short, whatever was sent.
fn is_short(answer: &str) -> Value {
    assert!(answer.len() < 10_000, "{} bytes: {}", answer.len(), &answer[..200]);
    serde_json::from_str::<Value>(answer).unwrap()["error"]["data"]["kind"].clone()
}

#[test]
fn no_error_repeats_what_is_long() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    let long = "x".repeat(LONG);
    let control = "\\u0001".repeat(LONG / 6);
    let method = |name: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{name}"}}"#);
    let params = |method: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
    };
    let lines = [
        ("method_not_found", method(&long)),
        ("method_not_found", method(&control)),
        ("invalid_request", format!(r#"{{"jsonrpc":"2.0","id":"{long}","method":"ping"}}"#)),
        ("invalid_request", format!(r#"{{"{long}":1}}"#)),
        ("invalid_params", params("ping", &format!(r#"{{"{long}":1}}"#))),
        ("invalid_params", params("event.emit", &format!(r#"{{"topic":"{long}"}}"#))),
        ("invalid_params", params("event.emit", &format!(r#"{{"topic":"{control}"}}"#))),
        ("invalid_params", params("task.list", &format!(r#"{{"state":"{long}"}}"#))),
        ("invalid_params", params("task.list", &format!(r#"{{"cursor":"{control}"}}"#))),
        ("invalid_params", params("task.get", &format!(r#"{{"taskId":"{control}"}}"#))),
        ("invalid_params", params("schedule.run", &format!(r#"{{"job":"{control}"}}"#))),
        ("invalid_params", params("automation.enable", &format!(r#"{{"ruleId":"{control}"}}"#))),
        ("payload_too_large", params("event.emit", &format!(r#"{{"topic":"a","payload":"{long}"}}"#))),
        (
            "payload_too_large",
            params("task.submit", &format!(r#"{{"prompt":"a","metadata":{{"a":"{long}"}}}}"#)),
        ),
        ("payload_too_large", params("task.submit", &format!(r#"{{"prompt":"a","env":{{"A":"{long}"}}}}"#))),
        ("parse_error", "[".repeat(LONG)),
        ("parse_error", "{\"a\":".repeat(LONG / 5)),
    ];
    for (kind, line) in lines {
        wire.send(line + "\n");
        assert_eq!(is_short(&wire.line()), kind);
    }
    let deep = "[".repeat(LONG / 2) + &"]".repeat(LONG / 2);
    for (line, kind) in [
        (format!(r#"{{"jsonrpc":"2.0","id":{deep},"method":"ping"}}"#), "invalid_request"),
        (
            params("event.emit", &format!(r#"{{"topic":"a","payload":{}}}"#, &"[".repeat(500_000))),
            "parse_error",
        ),
    ] {
        wire.send(line + "\n");
        assert_eq!(is_short(&wire.line()), kind);
    }
    // A batch of one that is a batch of one, and so on.
    wire.send(deep + "\n");
    let answer = wire.receive();
    assert_eq!(answer[0]["error"]["data"]["kind"], "invalid_request");
    wire.is_alive();
}

#[test]
fn a_batch_with_long_ids_and_a_member_twice_is_answered_in_short() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    let id = "x".repeat(15_000);
    let entries: Vec<String> =
        (0..1000).map(|_| format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"ping"}}"#)).collect();
    wire.send(format!("[{}]\n", entries.join(",")));
    let answer = wire.receive();
    assert_eq!(answer.as_array().unwrap().len(), 1000);
    assert!(answer.to_string().len() < 1_000_000);
    let twice = wire.ask(r#"{"jsonrpc":"2.0","id":1,"method":"ping","id":2}"#);
    assert_eq!(twice["error"]["data"]["kind"], "invalid_request");
    wire.is_alive();
}

#[test]
fn params_that_are_null_count_as_absent() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    assert_eq!(wire.try_call("ping", Value::Null)["result"]["pong"], true);
    assert_eq!(wire.try_call("event.emit", Value::Null)["error"]["data"]["member"], "topic");
    assert_eq!(wire.call("task.list", Value::Null), json!([]));
}
