//! From an event to a finished task, with the command in between.

use serde_json::json;

use crate::support::Project;

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
