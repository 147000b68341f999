//! The queue: dependencies, its limit, priorities, and retries.

use aiwg_testing::{TestDaemon, rule};
use serde_json::{Value, json};

/// An agent that runs until the file `go` is there.
const UNTIL_GO: &str = "do: while [ ! -e go ]; do sleep 0.01; done";

fn submit(daemon: &TestDaemon, prompt: &str, after: &[&str]) -> Value {
    daemon.wire().try_call("task.submit", json!({ "prompt": prompt, "after": after }))
}

fn id(answer: &Value) -> &str {
    answer["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_task_starts_after_those_it_waits_for() {
    let daemon = TestDaemon::with(json!({}));
    let first = submit(&daemon, UNTIL_GO, &[]);
    let second = submit(&daemon, UNTIL_GO, &[]);
    let both = &daemon.submit_with(json!({ "prompt": "x", "after": [id(&first), id(&second)] }));
    // A slot is free, and others take it.
    let other = submit(&daemon, "x", &[]);
    daemon.ended(id(&other));
    let waiting = daemon.task(both);
    assert_eq!((&waiting["state"], &waiting["after"]), (&json!("queued"), &json!([id(&first), id(&second)])));
    daemon.write("go", "");
    assert_eq!(daemon.ended(both)["state"], "completed");
    assert_eq!(daemon.runs().last().unwrap(), both);
    // Those that have completed are not waited for.
    let late = submit(&daemon, "x", &[both]);
    assert_eq!(daemon.ended(id(&late))["state"], "completed");
}

#[test]
fn what_waits_in_vain_is_cancelled_with_the_reason() {
    let daemon = TestDaemon::with(json!({}));
    let bad = submit(&daemon, "do: while [ ! -e go ]; do sleep 0.01; done; exit 7", &[]);
    let second = submit(&daemon, "x", &[id(&bad)]);
    let third = submit(&daemon, "x", &[id(&second)]);
    daemon.write("go", "");
    let (second, third) = (daemon.ended(id(&second)), daemon.ended(id(&third)));
    assert_eq!((&second["state"], &third["state"]), (&json!("cancelled"), &json!("cancelled")));
    assert_eq!(second["error"], format!("{}, which it was to start after, failed", id(&bad)));
    assert_eq!(
        third["error"],
        format!("{}, which it was to start after, was cancelled", second["id"].as_str().unwrap())
    );
    // Too late is no different from in time.
    let late = submit(&daemon, "x", &[id(&bad)]);
    assert_eq!(late["result"]["state"], "cancelled");
    assert_eq!(daemon.runs(), [id(&bad)]);
}

#[test]
fn impossible_dependencies_are_errors_of_their_own() {
    let daemon = TestDaemon::with(json!({}));
    let kind = |after: &[&str]| submit(&daemon, "x", after)["error"]["data"]["kind"].clone();
    assert_eq!(kind(&["task-0001"]), "dependency_on_itself");
    assert_eq!(kind(&["task-0002"]), "dependency_not_found");
    assert_eq!(kind(&["nonsense"]), "dependency_not_found");
    assert_eq!(kind(&["task-0001"; 101]), "invalid_params");
    assert_eq!(daemon.total(), 0);
}

#[test]
fn a_full_queue_refuses_and_loses_nothing() {
    let rules = [rule("a", "a:b", "x"), rule("b", "a:*", "x")];
    let daemon =
        TestDaemon::with(json!({ "daemon": { "max_parallel_actions": 1, "max_queued": 2 }, "rules": rules }));
    let blocker = submit(&daemon, UNTIL_GO, &[]);
    submit(&daemon, "x", &[]);
    // The event's two tasks do not fit: neither of them is made, and the event is not taken in either.
    let refused = daemon.wire().try_call("event.emit", json!({ "topic": "a:b" }));
    assert_eq!(refused["error"]["data"]["kind"], "queue_full");
    assert!(daemon.call("event.list", json!({ "topics": ["a:*"] })).as_array().unwrap().is_empty());
    let fits = daemon.call("event.emit", json!({ "topic": "a:c" }));
    assert_eq!(fits["rules"], json!(["b"]));
    let full = daemon.error("task.submit", json!({ "prompt": "x" }))["message"].to_string();
    assert!(full.contains("daemon.max_queued is 2, and so many tasks may wait"), "{full}");
    daemon.write("go", "");
    daemon.ended("task-0003");
    assert_eq!(daemon.runs(), [id(&blocker), "task-0002", "task-0003"]);
}

#[test]
fn a_retry_is_a_new_task_with_the_same_order() {
    let daemon = TestDaemon::with(json!({}));
    let order =
        json!({ "prompt": "do: test -e go", "priority": 3, "env": { "A": "b" }, "metadata": { "n": 1 } });
    daemon.call("task.submit", order);
    assert_eq!(daemon.ended("task-0001")["state"], "failed");
    daemon.write("go", "");
    let again = daemon.call("task.retry", json!({ "taskId": "task-0001" }));
    let again = daemon.ended(again["taskId"].as_str().unwrap());
    assert_eq!((&again["id"], &again["state"]), (&json!("task-0002"), &json!("completed")));
    assert_eq!((&again["priority"], &again["metadata"]), (&json!(3), &json!({ "n": 1 })));
    assert_eq!(daemon.task("task-0001")["state"], "failed");
}

#[test]
fn commands_that_come_together_count_their_events_alike() {
    let daemon = TestDaemon::with(json!({
        "rules": [rule("r", "a:b", "do: true")],
        "daemon": { "max_queued": 1, "max_parallel_actions": 3 }
    }));
    let call = |id: u32, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let mut wire = daemon.wire();
    let batch = json!([
        call(1, "event.emit", json!({ "topic": "a:b" })),
        call(2, "task.submit", json!({ "prompt": "do: true" })),
        call(3, "event.emit", json!({ "topic": "a:b" })),
    ]);
    for answer in wire.ask(batch.to_string()).as_array().unwrap() {
        assert!(answer.get("result").is_some(), "{answer}");
    }
    let seqs: Vec<u64> = wire
        .call("event.list", json!({ "since": 0, "limit": 1000 }))
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
}

#[test]
fn rules_that_make_no_task_take_no_room() {
    let off = |id: &str| {
        let mut rule = rule(id, "a:b", "x");
        rule["enabled"] = json!(false);
        rule
    };
    let daemon = TestDaemon::with(json!({
        "rules": [off("one"), off("two"), off("three")], "daemon": { "max_queued": 2 }
    }));
    assert_eq!(daemon.call("event.emit", json!({ "topic": "a:b" }))["rules"], json!([]));
}
