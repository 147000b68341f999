//! From an event to a finished task.

use serde_json::{Value, json};

use crate::support::Project;

#[test]
fn an_event_becomes_a_task_that_knows_it() {
    let project = Project::started(json!({ "rules": [
        Project::rule("on-deployment-complete", "deployment:complete", "Run post-deployment smoke tests"),
        Project::rule("all-deployments", "deployment:*", "Note it"),
        Project::rule("other", "release:*", "Not this"),
    ] }));
    let emitted = project.json(&["event", "emit", "deployment:complete", r#"{"version": "1.2.3"}"#]);
    assert_eq!(emitted, json!({ "seq": 1, "rules": ["on-deployment-complete", "all-deployments"] }));
    let task = project.ended("task-0001");
    assert_eq!(task["causedBy"], json!({ "rule": "on-deployment-complete", "event": 1, "depth": 0 }));
    let result = task["result"].as_str().unwrap();
    assert!(result.contains("Run post-deployment smoke tests"), "{result}");
    let event: Value =
        serde_json::from_str(result.lines().find_map(|line| line.strip_prefix("event: ")).unwrap()).unwrap();
    assert_eq!((&event["seq"], &event["payload"]), (&json!(1), &json!({ "version": "1.2.3" })));
    project.ended("task-0002");
    assert_eq!(project.json(&["task", "stats"])["total"], 2);
}

#[test]
fn what_an_agent_emits_is_linked_to_its_task() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let prompt = format!("do: {aiwg} event emit step:done");
    let project = Project::started(json!({ "rules": [Project::rule("first", "begin", &prompt)] }));
    project.json(&["event", "emit", "begin"]);
    project.ended("task-0001");
    let events = project.json(&["event", "list", "step:done"]);
    assert_eq!(
        events[0]["causedBy"],
        json!({ "task": "task-0001", "rule": "first", "event": 1, "depth": 1 })
    );
}

#[test]
fn rules_may_wait_for_the_daemons_own_events() {
    let project =
        Project::started(json!({ "rules": [Project::rule("on-failure", "task:failed", "Look into it")] }));
    project.ended(&project.submit("exit 1"));
    let task = project.ended("task-0002");
    assert_eq!((&task["prompt"], &task["state"]), (&json!("Look into it"), &json!("completed")));
}

#[test]
fn reserved_topics_are_refused() {
    let project = Project::started(json!({}));
    for topic in ["task:x", "file:x", "schedule:x", "daemon:x", "automation:x", "health:x", "chat:x"] {
        let answer = project.wire().try_call("event.emit", json!({ "topic": topic }));
        assert_eq!(answer["error"]["data"]["kind"], "topic_reserved", "{topic}");
    }
}
