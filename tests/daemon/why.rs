//! The chain from what came from outside to a task, and from an event to all that came of it.

use std::process::Command;

use aiwg_testing::{TestDaemon, rule, rule_with, until};
use serde_json::{Value, json};

/// A client in another language, with nothing but the socket.
const SCRIPT: &str = r#"
import json, socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[1])
    call = {"jsonrpc": "2.0", "id": 1, "method": "event.emit", "params": {"topic": "a:b", "payload": {"n": 1}}}
    s.sendall((json.dumps(call) + "\n").encode())
    s.recv(4096)
"#;

fn why(daemon: &TestDaemon, params: Value) -> Value {
    let why = daemon.call("task.why", params);
    assert_eq!(why["cut"], false);
    why
}

/// Each node as its kind and id, in the order of the answer.
fn ids(why: &Value) -> Vec<String> {
    let nodes = why["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

fn node<'a>(why: &'a Value, id: &str) -> &'a Value {
    let nodes = why["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["id"] == id).unwrap_or_else(|| panic!("no {id} in {why}"))
}

#[test]
fn the_chain_begins_with_the_script_and_shows_what_was_not_done() {
    let mut daemon = TestDaemon::with(json!({ "rules": [
        rule("go", "a:b", "do: echo done"),
        rule_with("off", "a:*", "x", json!({ "enabled": false })),
        rule_with("then", "task:completed", "x", json!({ "max_depth": 2 })),
    ] }));
    daemon.write("emit.py", SCRIPT);
    let mut script = Command::new("python3");
    script.arg("emit.py").arg(daemon.socket()).current_dir(daemon.path());
    let mut script = script.spawn().unwrap();
    let pid = script.id();
    assert!(script.wait().unwrap().success());
    daemon.ended("task-0002");
    let chain = why(&daemon, json!({ "id": "task-0002" }));
    let completed = node(&chain, "task-0002/rule")["causes"][0].as_str().unwrap().to_owned();
    for after in ids(&chain).iter().skip(1).collect::<Vec<_>>() {
        assert!(
            !node(&chain, after)["causes"].as_array().unwrap().is_empty(),
            "{after} came of something: {chain}"
        );
    }
    let expected = [
        "origin-1",
        "event-1",
        "event-1/rule-off",
        "task-0001/rule",
        "task-0001",
        "task-0001/run-1",
        &completed,
        "task-0002/rule",
        "task-0002",
        "task-0002/run-1",
    ];
    let (mut found, mut expected) = (ids(&chain), expected.map(str::to_owned).to_vec());
    assert_eq!(found[..2], expected[..2], "what came from outside is first");
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let origin = &node(&chain, "origin-1")["origin"];
    let process = json!({ "pid": pid, "program": "python3", "script": "emit.py" });
    assert_eq!(
        (&origin["process"], &origin["cwd"]),
        (&process, &json!(daemon.path().canonicalize().unwrap()))
    );
    assert_eq!(origin["uid"], rustix::process::getuid().as_raw());
    assert!(origin["user"].is_string(), "{origin}");
    assert_eq!(origin["parents"][0]["pid"], std::process::id());
    assert_eq!(node(&chain, "event-1")["text"], r#"a:b {"n": 1}"#);
    let refusal = node(&chain, "event-1/rule-off");
    assert_eq!((&refusal["kind"], &refusal["reason"]), (&json!("refusal"), &json!("off")));
    assert!(refusal["text"].as_str().unwrap().contains("aiwg automation enable --rule off"), "{refusal}");
    let rule = node(&chain, "task-0001/rule");
    assert_eq!((&rule["revision"], &rule["definition"]["id"]), (&json!(1), &json!("go")));
    assert_eq!(node(&chain, "task-0001/run-1")["reason"], "done");
    assert_eq!(node(&chain, "task-0001")["state"], "completed");
    // The other way.
    let effects = why(&daemon, json!({ "id": "event-1", "direction": "effects" }));
    for id in ["event-1", "event-1/rule-off", "task-0001", "task-0002", "task-0002/run-1"] {
        node(&effects, id);
    }
    assert!(!ids(&effects).iter().any(|id| id.starts_with("origin")), "{effects}");
    // All of it comes from the store.
    daemon.stop();
    daemon.start();
    assert_eq!(why(&daemon, json!({ "id": "task-0002" })), chain);
}

#[test]
fn matches_that_gather_are_in_the_task_that_they_went_into() {
    let debounce = json!({ "condition": { "type": "debounce", "interval_ms": 400 } });
    let daemon = TestDaemon::with(json!({ "rules": [rule_with("r", "a:b", "x", debounce)] }));
    let mut wire = daemon.wire();
    for _ in 0..3 {
        wire.call("event.emit", json!({ "topic": "a:b" }));
    }
    let waits = why(&daemon, json!({ "id": "event-1", "direction": "effects" }));
    // It may have fired by now.
    assert!(ids(&waits).iter().any(|id| id == "event-1/rule-r" || id == "task-0001"), "{waits}");
    daemon.ended("task-0001");
    let chain = why(&daemon, json!({ "id": "task-0001" }));
    assert_eq!(node(&chain, "task-0001/rule")["causes"], json!(["event-3", "event-1", "event-2"]));
    assert_eq!(ids(&chain).iter().filter(|id| id.starts_with("origin")).count(), 1, "one connection");
    let effects = why(&daemon, json!({ "id": "event-2", "direction": "effects" }));
    assert_eq!(node(&effects, "task-0001")["causes"], json!(["task-0001/rule"]));
}

#[test]
fn an_agents_events_and_tasks_come_of_its_task() {
    let emit = |method: &str, params: &str| {
        let call = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        format!(
            r#"python3 -c 'import socket,sys,os; s=socket.socket(socket.AF_UNIX); s.connect(os.environ["AIWG_DAEMON_SOCKET"]); s.sendall(sys.argv[1].encode()+b"\n"); s.recv(4096)' '{call}'"#
        )
    };
    let daemon = TestDaemon::with(json!({ "rules": [rule("r", "from:agent", "x")] }));
    let first = daemon.submit(&format!(
        "{}; {}",
        emit("event.emit", r#"{"topic":"from:agent"}"#),
        emit("task.submit", r#"{"prompt":"another"}"#)
    ));
    daemon.ended(&first);
    daemon.ended("task-0002");
    daemon.ended("task-0003");
    for id in ["task-0002", "task-0003"] {
        let chain = why(&daemon, json!({ "id": id }));
        assert_eq!(node(&chain, &first)["causes"], json!(["origin-1"]), "{chain}");
        let last = node(&chain, id)["causes"][0].as_str().unwrap();
        match node(&chain, last)["kind"].as_str().unwrap() {
            "rule" => {
                let event = node(&chain, node(&chain, last)["causes"][0].as_str().unwrap());
                assert_eq!((&event["text"], &event["causes"]), (&json!("from:agent"), &json!([first])));
            }
            _ => assert_eq!(last, first),
        }
    }
    let effects = why(&daemon, json!({ "id": first, "direction": "effects" }));
    for id in ["task-0002", "task-0003"] {
        node(&effects, id);
    }
}

#[test]
fn a_changed_rule_has_another_revision_and_a_retry_leads_to_what_it_repeats() {
    let daemon = TestDaemon::with(json!({ "rules": [rule("r", "a:b", "do: exit 1")] }));
    daemon.emit("a:b", json!(null));
    daemon.ended("task-0001");
    daemon.reload(json!({ "rules": [rule("r", "a:b", "changed")] }));
    daemon.emit("a:b", json!(null));
    daemon.ended("task-0002");
    let revision =
        |id: &str| node(&why(&daemon, json!({ "id": id })), &format!("{id}/rule"))["revision"].clone();
    assert_eq!((revision("task-0001"), revision("task-0002")), (json!(1), json!(2)));
    daemon.call("task.retry", json!({ "taskId": "task-0001" }));
    daemon.ended("task-0003");
    let chain = why(&daemon, json!({ "id": "task-0003" }));
    let causes = node(&chain, "task-0003")["causes"].as_array().unwrap();
    assert_eq!(causes[0], "task-0001");
    assert_eq!(node(&chain, causes[1].as_str().unwrap())["kind"], "origin", "who asked for it: {chain}");
    let effects = why(&daemon, json!({ "id": "event-1", "direction": "effects" }));
    node(&effects, "task-0003");
}

#[test]
fn the_file_that_changed_and_the_schedule_that_fired_are_origins() {
    let daemon = TestDaemon::with(json!({
        "rules": [{ "id": "f", "trigger": { "type": "file_change", "pattern": "*.txt" },
            "action": { "type": "submit_task", "prompt": "x" } }],
        "schedule": { "enabled": true, "jobs": [{ "name": "nightly", "cron": "0 3 * * *", "action": "x" }] }
    }));
    daemon.write("a.txt", "1");
    daemon.ended("task-0001");
    let of = |id: &str| {
        let chain = why(&daemon, json!({ "id": id }));
        let origin = &chain["nodes"][0];
        assert_eq!(origin["kind"], "origin", "{chain}");
        origin["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(of("task-0001"), "the file a.txt was created, 1 bytes");
    daemon.call("schedule.run", json!({ "job": "nightly" }));
    daemon.ended("task-0002");
    let text = of("task-0002");
    assert!(text.contains(&format!("(process {})", std::process::id())), "who asked for it: {text}");
}

#[test]
fn a_rule_that_trips_says_so_for_each_event() {
    let daemon = TestDaemon::with(
        json!({ "rules": [rule_with("r", "a:b", "do: sleep 0", json!({ "max_firings": 1 }))] }),
    );
    daemon.emit("a:b", json!(null));
    daemon.emit("a:b", json!(null));
    daemon.emit("a:b", json!(null));
    until("the rule to trip", || !daemon.rule("r")["trippedAt"].is_null());
    let words = [2, 3].map(|n| {
        let seq = daemon.call("event.list", json!({ "topics": ["a:b"] }))[n - 1]["seq"].clone();
        let chain = why(&daemon, json!({ "id": format!("event-{seq}") }));
        node(&chain, &format!("event-{seq}/rule-r"))["reason"].clone()
    });
    assert_eq!(words, ["tripped", "tripped"]);
}

/// The waits of a queued task: each reason, and the text.
fn waits(daemon: &TestDaemon, id: &str) -> Vec<(String, String)> {
    let chain = why(daemon, json!({ "id": id }));
    let nodes = chain["nodes"].as_array().unwrap().iter().filter(|node| node["kind"] == "wait");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    nodes
        .map(|node| {
            assert_eq!(node["causes"], json!([id]));
            (text(&node["reason"]), text(&node["text"]))
        })
        .collect()
}

#[test]
fn a_queued_task_says_what_it_waits_for() {
    let mut daemon = TestDaemon::with(json!({
        "daemon": { "max_parallel_actions": 2 },
        "lanes": { "docs": { "max_parallel": 1 } },
        "budget": { "day_usd": 1, "unknown_cost_usd": 1 }
    }));
    let submit = |daemon: &TestDaemon, more: Value| {
        let mut params = json!({ "prompt": "do: while [ ! -e go ]; do sleep 0.01; done", "lane": "docs" });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        daemon.submit_with(params)
    };
    let running = submit(&daemon, json!({}));
    daemon.wait_for_task(&running, "running");
    let in_lane = submit(&daemon, json!({}));
    let of_budget = submit(&daemon, json!({ "lane": null }));
    let held = [
        (submit(&daemon, json!({ "after": [&running] })), "dependency", "task-0001 has ended"),
        (submit(&daemon, json!({ "approval": true })), "approval", "aiwg approval show approval-0001"),
        (submit(&daemon, json!({ "delay": "1h" })), "delay", "its time"),
        (submit(&daemon, json!({})), "hold", "aiwg task release"),
    ];
    daemon.call("task.hold", json!({ "taskId": held[3].0 }));
    let both = submit(&daemon, json!({ "after": [&running, &in_lane], "approval": true }));
    let is = |daemon: &TestDaemon, id: &str, reason: &str, part: &str| {
        let waits = waits(daemon, id);
        assert!(waits.len() == 1 && waits[0].0 == reason && waits[0].1.contains(part), "{id}: {waits:?}");
    };
    let all = |daemon: &TestDaemon| {
        for (id, reason, part) in &held {
            is(daemon, id, reason, part);
        }
        let reasons: Vec<String> = waits(daemon, &both).into_iter().map(|(reason, _)| reason).collect();
        assert_eq!(reasons, ["dependency", "dependency", "approval"]);
    };
    all(&daemon);
    is(&daemon, &in_lane, "lane", "its lane docs has room");
    is(&daemon, &of_budget, "budget", "aiwg budget");
    assert!(waits(&daemon, &running).is_empty());
    daemon.call("daemon.pause", json!({}));
    is(&daemon, &in_lane, "paused", "aiwg daemon resume");
    // The next daemon says the same.
    daemon.restart();
    all(&daemon);
    is(&daemon, &of_budget, "paused", "aiwg daemon resume");
    daemon.call("daemon.resume", json!({}));
    is(&daemon, &in_lane, "lane", "its lane docs has room");
    daemon.reload(json!({ "daemon": { "max_parallel_actions": 1 }, "lanes": { "docs": {} } }));
    is(&daemon, &of_budget, "slot", "a slot is free");
    daemon.write("go", "");
}

#[test]
fn what_is_not_there_is_an_error() {
    let daemon = TestDaemon::with(json!({}));
    let kind = |params: Value| daemon.error("task.why", params)["data"]["kind"].clone();
    assert_eq!(kind(json!({ "id": "task-0001" })), "task_not_found");
    assert_eq!(kind(json!({ "id": "event-1" })), "event_not_found");
    assert_eq!(kind(json!({})), "invalid_params");
    assert_eq!(kind(json!({ "id": "event-x" })), "invalid_params");
}

#[test]
fn who_approved_who_cancelled_and_who_switched_is_in_the_chain() {
    let rules = json!([
        rule("then", "approval:approved", "do: true"),
        rule("off", "automation:disabled", "do: true")
    ]);
    let daemon = TestDaemon::with(json!({ "rules": rules }));
    let asked = daemon.submit_with(json!({ "prompt": "do: true", "approval": true }));
    let by = |node: &Value| node["origin"]["process"]["pid"].clone();
    let waiting = why(&daemon, json!({ "id": asked }));
    let approval = node(&waiting, "approval-0001");
    assert_eq!((&approval["kind"], &approval["reason"]), (&json!("approval"), &json!("pending")));
    daemon.call("approval.approve", json!({ "approvalId": "approval-0001", "reason": "reviewed" }));
    daemon.ended("task-0002");
    let chain = why(&daemon, json!({ "id": asked }));
    let approval = node(&chain, "approval-0001");
    assert_eq!(
        (&approval["reason"], by(approval)),
        (&json!("approved"), json!(std::process::id())),
        "{approval}"
    );
    assert!(approval["at"].is_string() && approval["until"].is_string(), "{approval}");
    let text = approval["text"].as_str().unwrap();
    assert!(text.contains("approved by ") && text.ends_with(": reviewed"), "{text}");
    // What a rule has made of the approval leads to the one who approved.
    let chain = why(&daemon, json!({ "id": "task-0002" }));
    let event = node(&chain, "task-0002/rule")["causes"][0].as_str().unwrap().to_owned();
    assert_eq!(node(&chain, &event)["causes"], json!(["approval-0001"]), "{chain}");
    // One that is cancelled names who did.
    daemon.call("daemon.pause", json!({}));
    let cancelled = daemon.submit_with(json!({ "prompt": "x" }));
    let after = daemon.submit_with(json!({ "prompt": "x", "after": [cancelled] }));
    daemon.call("task.cancel", json!({ "taskId": cancelled }));
    let process = format!("(process {})", std::process::id());
    let error = daemon.task(&cancelled)["error"].as_str().unwrap().to_owned();
    assert!(
        error.starts_with("cancelled before it was started, by user ") && error.ends_with(&process),
        "{error}"
    );
    let chain = why(&daemon, json!({ "id": after }));
    assert_eq!(node(&chain, &cancelled)["error"], json!(error));
    let causes = node(&chain, &after)["causes"].as_array().unwrap().clone();
    assert_eq!(causes.last(), Some(&json!(cancelled)), "it was cancelled for that: {chain}");
    let effects = why(&daemon, json!({ "id": cancelled, "direction": "effects" }));
    assert_eq!(node(&effects, &after)["causes"], json!([cancelled]));
    daemon.call("daemon.resume", json!({}));
    let running = daemon.submit_with(json!({ "prompt": "do: sleep 60" }));
    until("it to run", || daemon.task(&running)["state"] == "running");
    daemon.call("task.cancelMany", json!({ "taskIds": [running] }));
    let error = daemon.ended(&running)["error"].as_str().unwrap().to_owned();
    assert!(
        error.starts_with("cancelled while it was running, by user ") && error.ends_with(&process),
        "{error}"
    );
    // A switch of automation is its sender's, and so is a reload.
    daemon.call("automation.disable", json!({ "ruleId": "then" }));
    daemon.reload(json!({ "rules": rules }));
    for topic in ["automation:disabled", "daemon:reloaded"] {
        let events = daemon.call("event.list", json!({ "topics": [topic] }));
        let id = format!("event-{}", events[0]["seq"]);
        let chain = why(&daemon, json!({ "id": id }));
        let origin = node(&chain, node(&chain, &id)["causes"][0].as_str().unwrap()).clone();
        assert_eq!(by(&origin), json!(std::process::id()), "{topic}: {chain}");
    }
}

#[test]
fn an_event_has_one_id() {
    let daemon = TestDaemon::with(json!({}));
    daemon.emit("a:b", json!({}));
    why(&daemon, json!({ "id": "event-1" }));
    for wrong in ["event-+1", "event-01", "event- 1", "event-"] {
        assert_eq!(daemon.error("task.why", json!({ "id": wrong }))["data"]["member"], "id", "{wrong}");
    }
}

#[test]
fn messages_and_refused_tasks_are_in_the_chain() {
    let daemon = TestDaemon::with(json!({ "daemon": { "max_task_depth": 1 } }));
    let call = |method: &str, params: &str| {
        format!(
            "python3 -c 'import json, os, socket; s = socket.socket(socket.AF_UNIX); s.connect(os.environ[\"AIWG_DAEMON_SOCKET\"]); \
             s.sendall((json.dumps({{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"{method}\", \"params\": {params}}}) + \"\\n\").encode()); s.recv(4096)'"
        )
    };
    let refused = call("task.submit", r#"{"prompt": "one too many"}"#);
    let task = daemon.submit_with(json!({ "prompt": format!("do: {refused}") }));
    assert_eq!(daemon.ended(&task)["state"], "completed");
    let says = |why: &Value, what: &str| {
        let nodes = why["nodes"].as_array().unwrap();
        nodes.iter().find(|node| node["text"].as_str().unwrap().contains(what)).cloned()
    };
    for direction in ["causes", "effects"] {
        let chain = why(&daemon, json!({ "id": task, "direction": direction }));
        let node =
            says(&chain, "task:refused (chain_too_deep): one too many").unwrap_or_else(|| panic!("{chain}"));
        assert_eq!(node["causes"], json!([task]), "{direction}");
    }
    daemon.call("daemon.pause", json!({}));
    let task = daemon.submit_with(json!({ "prompt": "x" }));
    daemon.call("task.send", json!({ "taskId": task, "message": "and the docs" }));
    for direction in ["causes", "effects"] {
        let chain = why(&daemon, json!({ "id": task, "direction": direction }));
        let node = says(&chain, "and the docs").unwrap_or_else(|| panic!("{chain}"));
        assert_eq!(node["causes"][0], json!(task), "{direction}");
    }
}
