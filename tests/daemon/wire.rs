//! The daemon's own over the socket, by hand. What JSON-RPC 2.0 prescribes is in `tests/vectors/`.

use std::time::Duration;

use aiwg_testing::{TestDaemon, until};
use serde_json::json;

#[test]
fn a_notification_is_carried_out() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    wire.send("{\"jsonrpc\":\"2.0\",\"method\":\"event.emit\",\"params\":{\"topic\":\"a:b\"}}\n");
    until("the event", || {
        wire.call("event.list", json!({ "topics": ["a:b"] })).as_array().unwrap().len() == 1
    });
}

#[test]
fn a_client_that_closes_its_sending_side_gets_its_answers() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("sleep 0.3; echo late");
    let mut wire = daemon.wire();
    wire.send(format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"task.wait\",\"params\":{{\"taskId\":\"{task}\"}}}}\n"
    ));
    assert!(wire.rest().contains("\"completed\""));
}

#[test]
fn payloads_come_back_as_they_were() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
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
fn what_no_rule_could_read_is_refused_with_its_place() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    for (method, params, member) in [
        ("event.emit", r#"{"topic":"a:b","payload":{"a":["\ud800 x"]}}"#, "payload.a[0]"),
        ("event.emit", r#"{"topic":"a:b","payload":1e999}"#, "payload"),
        ("automation.test", r#"{"topic":"a:b","payload":{"a":1e999}}"#, "payload.a"),
        ("task.submit", r#"{"prompt":"true","metadata":{"n":{"x":-1e999}}}"#, "metadata.n.x"),
    ] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let error = wire.ask(line)["error"].clone();
        assert_eq!(
            (&error["code"], &error["data"]),
            (&json!(-32602), &json!({ "kind": "invalid_params", "member": member })),
            "{error}"
        );
    }
    assert_eq!(wire.call("event.list", json!({ "topics": ["a:b"] })), json!([]));
}

#[test]
fn a_call_can_be_cancelled_and_is_answered() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("sleep 1000");
    let mut wire = daemon.wire();
    wire.send(format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":\"w\",\"method\":\"task.wait\",\"params\":{{\"taskId\":\"{task}\"}}}}\n"
    ));
    let cancelled = wire.ask(r#"{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":"w"}}"#);
    assert_eq!((&cancelled["id"], &cancelled["error"]["data"]["kind"]), (&json!("w"), &json!("cancelled")));
    // Not cancelling what is unknown, and not the task.
    wire.send("{\"jsonrpc\":\"2.0\",\"method\":\"rpc.cancel\",\"params\":{\"id\":\"w\"}}\n");
    wire.is_alive();
    assert_eq!(daemon.task(&task)["state"], "running");
}

#[test]
fn a_wait_ends_when_its_time_is_up() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("sleep 1000");
    let answer = daemon.wire().try_call("task.wait", json!({ "taskId": task, "timeoutMs": 20 }));
    assert_eq!(answer["error"]["data"]["kind"], "wait_timeout");
}

#[test]
fn one_stuck_client_delays_no_other() {
    let daemon = TestDaemon::with(json!({}));
    // It asks for much and reads nothing.
    let stuck = daemon.wire();
    let mut writer = std::os::unix::net::UnixStream::connect(daemon.socket()).unwrap();
    writer.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let line = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}\n".repeat(100);
    while std::io::Write::write_all(&mut writer, line.as_bytes()).is_ok() {}
    daemon.wire().is_alive();
    drop(stuck);
}
