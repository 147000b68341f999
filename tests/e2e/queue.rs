//! The queue: dependencies, its limit, and retries.

use serde_json::{Value, json};

use crate::support::{Project, until};

/// An agent that runs until the file `go` is there.
const UNTIL_GO: &str = "do: while [ ! -e go ]; do sleep 0.01; done";

fn submit(project: &Project, prompt: &str, after: &[&str]) -> Value {
    project.wire().try_call("task.submit", json!({ "prompt": prompt, "after": after }))
}

fn id(answer: &Value) -> &str {
    answer["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_task_starts_after_those_it_waits_for() {
    let project = Project::started(json!({}));
    let first = submit(&project, UNTIL_GO, &[]);
    let second = submit(&project, UNTIL_GO, &[]);
    let both = project.json(&["task", "submit", "x", "--after", id(&first), "--after", id(&second)]);
    let both = both["taskId"].as_str().unwrap();
    // A slot is free, and others take it.
    let other = submit(&project, "x", &[]);
    project.ended(id(&other));
    let waiting = project.task(both);
    assert_eq!((&waiting["state"], &waiting["after"]), (&json!("queued"), &json!([id(&first), id(&second)])));
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(both)["state"], "completed");
    assert_eq!(project.runs().last().unwrap(), both);
    // Those that have completed are not waited for.
    let late = submit(&project, "x", &[both]);
    assert_eq!(project.ended(id(&late))["state"], "completed");
}

#[test]
fn what_waits_in_vain_is_cancelled_with_the_reason() {
    let project = Project::started(json!({}));
    let bad = submit(&project, "do: while [ ! -e go ]; do sleep 0.01; done; exit 7", &[]);
    let second = submit(&project, "x", &[id(&bad)]);
    let third = submit(&project, "x", &[id(&second)]);
    std::fs::write(project.file("go"), "").unwrap();
    let (second, third) = (project.ended(id(&second)), project.ended(id(&third)));
    assert_eq!((&second["state"], &third["state"]), (&json!("cancelled"), &json!("cancelled")));
    assert_eq!(second["error"], format!("{}, which it was to start after, failed", id(&bad)));
    assert_eq!(
        third["error"],
        format!("{}, which it was to start after, was cancelled", second["id"].as_str().unwrap())
    );
    // Too late is no different from in time.
    let late = submit(&project, "x", &[id(&bad)]);
    assert_eq!(late["result"]["state"], "cancelled");
    assert_eq!(project.runs(), [id(&bad)]);
}

#[test]
fn dependencies_survive_a_crash() {
    let project = Project::started(json!({}));
    let first = submit(&project, UNTIL_GO, &[]);
    let second = submit(&project, "x", &[id(&first)]);
    until("the agent", || project.runs().len() == 1);
    project.kill_daemon();
    std::fs::write(project.file("go"), "").unwrap();
    project.start();
    assert_eq!(project.ended(id(&second))["state"], "completed");
    assert_eq!(project.runs(), [id(&first), id(&second)]);
}

#[test]
fn impossible_dependencies_are_errors_of_their_own() {
    let project = Project::started(json!({}));
    let kind = |after: &[&str]| submit(&project, "x", after)["error"]["data"]["kind"].clone();
    assert_eq!(kind(&["task-0001"]), "dependency_on_itself");
    assert_eq!(kind(&["task-0002"]), "dependency_not_found");
    assert_eq!(kind(&["nonsense"]), "dependency_not_found");
    assert_eq!(kind(&["task-0001"; 101]), "invalid_params");
    assert_eq!(project.json(&["task", "stats"])["total"], 0);
}

#[test]
fn a_full_queue_refuses_and_loses_nothing() {
    let rules = [Project::rule("a", "a:b", "x"), Project::rule("b", "a:*", "x")];
    let project =
        Project::started(json!({ "daemon": { "max_parallel_actions": 1, "max_queued": 2 }, "rules": rules }));
    let blocker = submit(&project, UNTIL_GO, &[]);
    submit(&project, "x", &[]);
    // The event's two tasks do not fit: neither of them is made, and the event is not taken in either.
    let refused = project.wire().try_call("event.emit", json!({ "topic": "a:b" }));
    assert_eq!(refused["error"]["data"]["kind"], "queue_full");
    assert!(project.json(&["event", "list", "a:*"]).as_array().unwrap().is_empty());
    let fits = project.wire().call("event.emit", json!({ "topic": "a:c" }));
    assert_eq!(fits["rules"], json!(["b"]));
    let full = project.run(&["task", "submit", "x"]);
    assert_eq!(full.code, 1);
    assert!(
        full.err.contains("no more than 2 tasks may wait") && full.err.contains("daemon.max_queued"),
        "{}",
        full.err
    );
    std::fs::write(project.file("go"), "").unwrap();
    project.ended("task-0003");
    assert_eq!(project.runs(), [id(&blocker), "task-0002", "task-0003"]);
}

#[test]
fn a_retry_is_a_new_task_with_the_same_order() {
    let project = Project::started(json!({}));
    let order =
        json!({ "prompt": "do: test -e go", "priority": 3, "env": { "A": "b" }, "metadata": { "n": 1 } });
    project.wire().call("task.submit", order);
    assert_eq!(project.ended("task-0001")["state"], "failed");
    std::fs::write(project.file("go"), "").unwrap();
    let again = project.json(&["task", "retry", "task-0001"]);
    let again = project.ended(again["taskId"].as_str().unwrap());
    assert_eq!((&again["id"], &again["state"]), (&json!("task-0002"), &json!("completed")));
    assert_eq!((&again["priority"], &again["metadata"]), (&json!(3), &json!({ "n": 1 })));
    assert_eq!(project.task("task-0001")["state"], "failed");
}

#[test]
fn commands_that_come_together_count_their_events_alike() {
    let project = Project::started(json!({
        "rules": [Project::rule("r", "a:b", "do: true")],
        "daemon": { "max_queued": 1, "max_parallel_actions": 3 }
    }));
    let call = |id: u32, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let mut wire = project.wire();
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
        let mut rule = Project::rule(id, "a:b", "x");
        rule["enabled"] = json!(false);
        rule
    };
    let project = Project::started(json!({
        "rules": [off("one"), off("two"), off("three")], "daemon": { "max_queued": 2 }
    }));
    assert_eq!(project.wire().call("event.emit", json!({ "topic": "a:b" }))["rules"], json!([]));
}
