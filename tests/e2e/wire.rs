//! JSON-RPC 2.0 over the socket, by hand.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Project, until};

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or(0)
}

#[test]
fn whatever_comes_gets_an_answer_and_the_connection_lives() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    let cases: [(&[u8], i64, &str); 16] = [
        (b"null", -32600, "invalid_request"),
        (b"[]", -32600, "invalid_request"),
        (b"{}", -32600, "invalid_request"),
        (b"7", -32600, "invalid_request"),
        (b"\"x\"", -32600, "invalid_request"),
        (b"{", -32700, "parse_error"),
        (b"\x00\xff\xfe\x80 random", -32700, "parse_error"),
        (br#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600, "invalid_request"),
        (br#"{"id":1,"method":"ping"}"#, -32600, "invalid_request"),
        (br#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600, "invalid_request"),
        (br#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600, "invalid_request"),
        (br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":7}"#, -32600, "invalid_request"),
        (br#"{"jsonrpc":"2.0","id":1,"method":"pong"}"#, -32601, "method_not_found"),
        (br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1}}"#, -32602, "invalid_params"),
        (br#"{"jsonrpc":"2.0","id":1,"method":"task.submit","params":["x"]}"#, -32602, "invalid_params"),
        (
            br#"{"jsonrpc":"2.0","id":1,"method":"task.get","params":{"taskId":"task-0001"}}"#,
            -32001,
            "task_not_found",
        ),
    ];
    for (line, expected, kind) in cases {
        let shown = String::from_utf8_lossy(line);
        let answer = wire.ask(line);
        assert_eq!(code(&answer), expected, "{shown}: {answer}");
        assert_eq!(answer["error"]["data"]["kind"], kind, "{shown}");
        assert_eq!(answer["jsonrpc"], "2.0", "{shown}");
        wire.is_alive();
    }
}

#[test]
fn the_wrong_member_is_named() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    let mut member = |method: &str, params: Value| {
        let answer = wire.try_call(method, params);
        assert_eq!(code(&answer), -32602, "{answer}");
        answer["error"]["data"]["member"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(member("task.submit", json!({})), "prompt");
    assert_eq!(member("task.submit", json!({ "prompt": "" })), "prompt");
    assert_eq!(member("task.submit", json!({ "prompt": "x", "promt": "y" })), "promt");
    assert_eq!(member("task.submit", json!({ "prompt": "x", "priority": "high" })), "priority");
    assert_eq!(member("task.submit", json!({ "prompt": "x", "priority": 1001 })), "priority");
    assert_eq!(member("task.submit", json!({ "prompt": "x", "timeoutMinutes": 0 })), "timeoutMinutes");
    assert_eq!(member("task.submit", json!({ "prompt": "x", "env": { "A": 1 } })), "env.A");
    assert_eq!(member("event.emit", json!({ "topic": "no spaces" })), "topic");
    assert_eq!(member("event.list", json!({ "limit": 0 })), "limit");
    assert_eq!(member("task.list", json!({ "state": "gone" })), "state");
}

#[test]
fn ids_are_echoed_to_the_letter() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    let ids = [
        "1",
        "-1",
        "1.50",
        "1e3",
        "123456789012345678901234567890",
        "null",
        "\"\"",
        "\"a\"",
        r#""\u00e4\n\ud83d\ude00""#,
    ];
    for id in ids {
        wire.send(format!("{{\"id\": {id} ,\"method\":\"ping\",\"jsonrpc\":\"2.0\"}}\n"));
        let line = wire.line();
        assert!(line.contains(&format!("\"id\":{id},")), "{line}");
    }
}

#[test]
fn notifications_are_executed_and_never_answered() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    wire.send("{\"jsonrpc\":\"2.0\",\"method\":\"event.emit\",\"params\":{\"topic\":\"a:b\"}}\n");
    wire.send("{\"jsonrpc\":\"2.0\",\"method\":\"event.emit\",\"params\":{\"wrong\":1}}\n");
    wire.send("{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}\n");
    wire.is_alive();
    until("the event", || {
        wire.call("event.list", json!({ "topics": ["a:b"] })).as_array().unwrap().len() == 1
    });
}

#[test]
fn batches_are_answered_as_one_line() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    let answers = wire.ask(
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"ping"},1,{"jsonrpc":"2.0","id":2,"method":"x"}]"#,
    );
    let mut codes: Vec<_> =
        answers.as_array().unwrap().iter().map(|answer| (answer["id"].to_string(), code(answer))).collect();
    codes.sort();
    assert_eq!(codes, [("1".into(), 0), ("2".into(), -32601), ("null".into(), -32600)]);
    // A batch of notifications gets no answer: the next line is the answer to the next request.
    wire.send("[{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}]\n");
    wire.is_alive();
}

#[test]
fn messages_may_come_in_any_pieces() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    for byte in "{\"jsonrpc\":\"2.0\",\"id\":\"ä\",\"method\":\"ping\"}\n".bytes() {
        wire.send([byte]);
    }
    assert_eq!(wire.receive()["id"], "ä");
    wire.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}\n");
    assert_eq!((wire.receive()["id"].clone(), wire.receive()["id"].clone()), (json!(1), json!(2)));
}

#[test]
fn a_client_that_closes_its_sending_side_gets_its_answers() {
    let project = Project::started(json!({}));
    let task = project.submit("sleep 0.3; echo late");
    let mut wire = project.wire();
    wire.send(format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"task.wait\",\"params\":{{\"taskId\":\"{task}\"}}}}\n"
    ));
    assert!(wire.rest().contains("\"completed\""));
}

#[test]
fn an_oversized_line_is_refused_without_being_held() {
    let project = Project::started(json!({ "daemon": { "max_message_mb": 1 } }));
    let mut wire = project.wire();
    let large = "x".repeat(900 * 1024);
    let emit = json!({ "topic": "a:b", "payload": large });
    assert_eq!(wire.call("event.emit", emit)["seq"], 1);
    for _ in 0..40 {
        wire.send(&large);
    }
    let answer = wire.ask("");
    assert_eq!(code(&answer), -32600);
    wire.is_alive();
}

#[test]
fn payloads_come_back_as_they_were() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    let payload = r#"{"big":123456789012345678901234567890,"float":1.10,"text":"ä\u0000\ud83d\ude00","nested":[[[{}]]]}"#;
    wire.ask(format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{{"topic":"a:b","payload":{payload}}}}}"#
    ));
    wire.send("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"event.list\"}\n");
    assert!(wire.line().contains(payload));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let answer = wire.ask(format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"event.emit","params":{{"topic":"a:b","payload":{deep}}}}}"#
    ));
    assert_eq!(answer["error"]["data"]["member"], "payload");
    wire.is_alive();
}

#[test]
fn a_call_can_be_cancelled_and_is_answered() {
    let project = Project::started(json!({}));
    let task = project.submit("sleep 1000");
    let mut wire = project.wire();
    wire.send(format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":\"w\",\"method\":\"task.wait\",\"params\":{{\"taskId\":\"{task}\"}}}}\n"
    ));
    let cancelled = wire.ask(r#"{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":"w"}}"#);
    assert_eq!((&cancelled["id"], &cancelled["error"]["data"]["kind"]), (&json!("w"), &json!("cancelled")));
    // Not cancelling what is unknown, and not the task.
    wire.send("{\"jsonrpc\":\"2.0\",\"method\":\"rpc.cancel\",\"params\":{\"id\":\"w\"}}\n");
    wire.is_alive();
    assert_eq!(project.task(&task)["state"], "running");
}

#[test]
fn a_wait_ends_when_its_time_is_up() {
    let project = Project::started(json!({}));
    let task = project.submit("sleep 1000");
    let answer = project.wire().try_call("task.wait", json!({ "taskId": task, "timeoutMs": 20 }));
    assert_eq!(answer["error"]["data"]["kind"], "wait_timeout");
}

#[test]
fn one_stuck_client_delays_no_other() {
    let project = Project::started(json!({}));
    // It asks for much and reads nothing.
    let stuck = project.wire();
    let mut writer = std::os::unix::net::UnixStream::connect(project.socket()).unwrap();
    writer.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let line = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}\n".repeat(100);
    while std::io::Write::write_all(&mut writer, line.as_bytes()).is_ok() {}
    project.wire().is_alive();
    drop(stuck);
}
