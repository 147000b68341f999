//! Agents that wait for tasks lend them their slots.

use serde_json::json;

use crate::support::{Project, until};

/// A script that submits a task with this script and waits for it.
fn parent_of(script: &str) -> String {
    format!(
        "{} task submit {} --wait",
        env!("CARGO_BIN_EXE_aiwg"),
        shlex::try_quote(&format!("do: {script}")).unwrap()
    )
}

#[test]
fn parents_in_all_slots_have_their_children_run() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 2 } }));
    let parents = [0, 1].map(|n| project.submit(&parent_of(&format!("echo child {n}"))));
    // What came first has waited, and is not lost: the children take their parents' slots and nobody else's.
    let other = project.submit("echo other");
    for task in parents.iter().chain([&other]) {
        assert_eq!(project.ended(task)["state"], "completed", "{task}");
    }
}

#[test]
fn grandparents_lend_as_well() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let task = project.submit(&parent_of(&parent_of("echo grandchild")));
    assert_eq!(project.ended(&task)["state"], "completed");
}

#[test]
fn a_lent_slot_is_lent_once() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    // Two children at once, of which each looks whether the other runs.
    let child = "mkdir busy && sleep 0.3 && rmdir busy";
    let one = format!("{aiwg} task submit 'do: {child}' --wait");
    let task = project.submit(&format!("{one} & {one} & wait"));
    assert_eq!(project.ended(&task)["state"], "completed");
    let listed = project.json(&["task", "list"]);
    let states: Vec<_> = listed.as_array().unwrap().iter().map(|task| task["state"].clone()).collect();
    assert_eq!(states, ["completed", "completed", "completed"], "{listed}");
}

#[test]
fn what_the_awaited_task_waits_for_runs_first() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let parent =
        project.submit(&format!("while [ ! -e go ]; do sleep 0.01; done; {aiwg} task wait task-0003"));
    let first = project.submit("true");
    let awaited = project.json(&["task", "submit", "do: true", "--after", &first]);
    assert_eq!(awaited["taskId"], "task-0003");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&parent)["state"], "completed");
}

#[test]
fn a_person_who_waits_lends_nothing() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let running = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let queued = project.submit("true");
    let waited = project.wire().try_call("task.wait", json!({ "taskId": queued, "timeoutMs": 300 }));
    assert_eq!(waited["error"]["data"]["kind"], "wait_timeout");
    assert_eq!(project.task(&queued)["state"], "queued");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&running)["state"], "completed");
    until("the queued one", || project.task(&queued)["state"] == "completed");
}
