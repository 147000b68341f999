//! What goes over a page's connection, and what ends it.

use std::io::Write;

use serde_json::json;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::site::Site;
use crate::support::Project;

/// A client's frame by hand: its first byte, its claimed length, and what comes of it. The mask is zero.
fn frame(first: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0xff];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

#[test]
fn frames_of_bad_kinds_are_refused_with_code_and_reason() {
    let project = Project::started(json!({}));
    let site = Site::start(&project, &[]);
    let browser = site.browser();
    let closed = |bad: &dyn Fn(&mut super::site::Socket)| {
        let mut socket = browser.open(&site, "/ws");
        assert_eq!(socket.call("ping", json!({}))["result"]["pong"], true);
        bad(&mut socket);
        socket.closed()
    };
    let send = |message: Message| move |socket: &mut super::site::Socket| socket.send(message.clone());
    let raw = |bytes: Vec<u8>| {
        move |socket: &mut super::site::Socket| {
            let _ = socket.0.get_mut().write_all(&bytes);
        }
    };
    let two = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}";
    let (code, reason) = closed(&send(Message::text(two)));
    assert!(code == 1007 && reason.contains("line ends"), "{code} {reason}");
    assert_eq!(closed(&send(Message::text("\n"))).0, 1007);
    assert_eq!(closed(&send(Message::binary(&b"{}"[..]))).0, 1003);
    let large = Utf8Bytes::from(" ".repeat(17 << 20));
    let (code, reason) = closed(&send(Message::Text(large)));
    assert!(code == 1009 && reason.contains("16 MiB"), "{code} {reason}");
    // One that only says how long it will be.
    assert_eq!(closed(&raw(frame(0x81, 1 << 60, b""))).0, 1009);
    assert_eq!(closed(&raw(frame(0x81, 4, b"\xff\xfe\xff\xfe"))).0, 1007);
    // Many pieces of one message.
    let pieces =
        raw([frame(0x01, 10 << 20, &vec![b' '; 10 << 20]), frame(0x00, 10 << 20, &vec![b' '; 10 << 20])]
            .concat());
    assert_eq!(closed(&pieces).0, 1009);
    // Not masked; a reserved bit; a kind that there is not.
    assert_eq!(closed(&raw(vec![0x81, 0x02, b'{', b'}'])).0, 1002);
    assert_eq!(closed(&raw(frame(0xc1, 2, b"{}"))).0, 1002);
    assert_eq!(closed(&raw(frame(0x83, 2, b"{}"))).0, 1002);
    // What is no JSON is the daemon's to answer, and the connection goes on.
    let mut socket = browser.open(&site, "/ws");
    socket.send(Message::text("{"));
    assert_eq!(socket.receive()["error"]["data"]["kind"], "parse_error");
    assert_eq!(socket.call("ping", json!({}))["result"]["pong"], true);
    // The largest that the daemon takes passes: its answer says what is wrong with it.
    let prompt = "x".repeat((16 << 20) - 200);
    let answer = socket.call("chat.history", json!({ "conversation": prompt }));
    assert_eq!(answer["error"]["data"]["kind"], "invalid_params");
    // So does a batch, as one message.
    socket.send(Message::text(
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#,
    ));
    assert_eq!(socket.receive().as_array().unwrap().len(), 2);
}

#[test]
fn a_page_that_does_not_read_holds_up_no_other_and_no_memory() {
    let project = Project::started(json!({}));
    let site = Site::start(&project, &[]);
    let browser = site.browser();
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", site.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let mut stuck = browser.open(&site, "/ws");
    stuck.call("event.subscribe", json!({ "topics": ["flood:*"] }));
    let mut other = browser.open(&site, "/ws");
    let before = resident();
    let payload = json!({ "text": "x".repeat(100_000) });
    for _ in 0..400 {
        let emitted = other.call("event.emit", json!({ "topic": "flood:x", "payload": payload }));
        assert!(emitted["result"]["seq"].is_u64(), "{emitted}");
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 20_000, "40 MB of events have cost the dashboard {grown} kB");
    // It gets them all, or hears that it has missed some.
    let mut left = 400;
    while left > 0 {
        left = if stuck.receive()["method"] == "event" { left - 1 } else { 0 };
    }
    assert_eq!(other.call("ping", json!({}))["result"]["pong"], true);
}

#[test]
fn a_dashboard_for_reading_changes_nothing() {
    let project = Project::started(json!({}));
    let site = Site::start(&project, &["--readonly"]);
    let browser = site.browser();
    assert_eq!(browser.list(&site)["readonly"], true);
    let mut socket = browser.open(&site, "/ws");
    for (method, params) in [
        ("task.submit", json!({ "prompt": "do: true" })),
        ("event.emit", json!({ "topic": "a:b" })),
        ("daemon.stop", json!({})),
        ("approval.approve", json!({ "approvalId": "approval-0001" })),
        ("automation.disable", json!({})),
    ] {
        let refused = socket.call(method, params);
        assert_eq!(refused["error"]["data"]["kind"], "not_allowed", "{method}: {refused}");
        assert_eq!(refused["id"], 1);
    }
    let submit = json!({ "jsonrpc": "2.0", "method": "task.submit", "params": { "prompt": "do: true" } });
    // Neither as a notification, nor in a batch, nor by a name that is written otherwise.
    socket.send(Message::text(submit.to_string()));
    socket.send(Message::text(format!("[{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}},{submit}]")));
    assert_eq!(socket.receive()[0]["error"]["data"]["kind"], "not_allowed");
    let disguised =
        submit.to_string().replace("task.submit", "t\\u0061sk.submit").replacen('{', "{\"id\":8,", 1);
    socket.send(Message::text(disguised));
    assert_eq!(socket.receive()["error"]["data"]["kind"], "not_allowed");
    assert_eq!(socket.call("event.subscribe", json!({ "topics": ["task:*"] }))["id"], 1);
    assert_eq!(socket.call("task.list", json!({}))["result"], json!([]));
    assert_eq!(project.wire().call("event.list", json!({ "topics": ["a:*"] })), json!([]));
}
