//! From an event to a finished task.

use aiwg_testing::{TestDaemon, rule};
use serde_json::{Value, json};

#[test]
fn an_event_becomes_a_task_that_knows_it() {
    let daemon = TestDaemon::with(json!({ "rules": [
        rule("on-deployment-complete", "deployment:complete", "Run post-deployment smoke tests"),
        rule("all-deployments", "deployment:*", "Note it"),
        rule("other", "release:*", "Not this"),
    ] }));
    let emitted = daemon.emit("deployment:complete", json!({ "version": "1.2.3" }));
    assert_eq!(emitted, json!({ "seq": 1, "rules": ["on-deployment-complete", "all-deployments"] }));
    let task = daemon.ended("task-0001");
    assert_eq!(task["causedBy"], json!({ "rule": "on-deployment-complete", "event": 1, "depth": 0 }));
    let result = task["result"].as_str().unwrap();
    assert!(result.contains("Run post-deployment smoke tests"), "{result}");
    let event: Value =
        serde_json::from_str(result.lines().find_map(|line| line.strip_prefix("event: ")).unwrap()).unwrap();
    assert_eq!((&event["seq"], &event["payload"]), (&json!(1), &json!({ "version": "1.2.3" })));
    daemon.ended("task-0002");
    assert_eq!(daemon.total(), 2);
}

#[test]
fn rules_may_wait_for_the_daemons_own_events() {
    let daemon = TestDaemon::with(json!({ "rules": [rule("on-failure", "task:failed", "Look into it")] }));
    daemon.ended(&daemon.submit("exit 1"));
    let task = daemon.ended("task-0002");
    assert_eq!((&task["prompt"], &task["state"]), (&json!("Look into it"), &json!("completed")));
}

#[test]
fn reserved_topics_are_refused() {
    let daemon = TestDaemon::with(json!({}));
    for topic in ["task:x", "file:x", "schedule:x", "daemon:x", "automation:x", "health:x", "chat:x"] {
        let answer = daemon.wire().try_call("event.emit", json!({ "topic": topic }));
        assert_eq!(answer["error"]["data"]["kind"], "topic_reserved", "{topic}");
    }
}
