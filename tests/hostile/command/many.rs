//! Many tasks at once: what a usage limit or a wrong rule has left is put right with one line.

use serde_json::{Value, json};

use crate::support::{Project, until};

fn states(project: &Project) -> Vec<String> {
    let tasks = project.json(&["task", "list", "--limit", "1000"]);
    let mut all: Vec<String> =
        tasks.as_array().unwrap().iter().map(|task| task["state"].as_str().unwrap().to_owned()).collect();
    all.reverse();
    all
}

fn ids(done: &Value, member: &str) -> Vec<String> {
    done["tasks"].as_array().unwrap().iter().map(|task| task[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn all_that_has_failed_is_retried_once() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 4 } }));
    let script = "[ -e limit-is-over ]";
    let failed: Vec<String> = (0..6).map(|_| project.submit(script)).collect();
    let good = project.submit("true");
    failed.iter().chain([&good]).for_each(|id| drop(project.ended(id)));
    std::fs::write(project.file("limit-is-over"), "").unwrap();
    let done = project.json(&["task", "retry", "--state", "failed", "--since", "1h"]);
    assert_eq!(ids(&done, "retryOf"), failed);
    for id in ids(&done, "taskId") {
        assert_eq!(project.ended(&id)["state"], "completed");
    }
    // Who types it twice gets nothing twice.
    let again = project.run(&["task", "retry", "--state", "failed", "--since", "1h"]);
    assert!(again.code == 0 && again.out.starts_with("No such tasks"), "{}{}", again.out, again.err);
    assert_eq!(states(&project).len(), 13);
    // Named, it is done whatever was done before.
    let named = project.run(&["task", "retry", &failed[0], &failed[1]]);
    assert!(named.code == 0 && named.out.contains("2 tasks are submitted"), "{}{}", named.out, named.err);
    assert_eq!(project.json(&["task", "retry", &failed[0]])["taskId"], "task-0016");
}

#[test]
fn a_whole_queue_is_cancelled() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 2 } }));
    let ended = project.submit("true");
    project.ended(&ended);
    let all: Vec<String> = (0..5).map(|_| project.submit("echo begun; sleep 1000")).collect();
    until("both agents", || project.runs().len() == 3);
    let some = project.json(&["task", "cancel", &all[0], &all[4]]);
    assert_eq!(ids(&some, "taskId"), [all[0].clone(), all[4].clone()]);
    assert_eq!(ids(&some, "state"), ["cancelled", "cancelled"]);
    assert!(some["tasks"][0]["processesEnded"].as_u64().unwrap() > 0, "{some}");
    let rest = project.run(&["task", "cancel", "--all"]);
    assert!(rest.code == 0 && rest.out.ends_with("3 tasks cancelled.\n"), "{}{}", rest.out, rest.err);
    assert_eq!(
        states(&project),
        ["completed", "cancelled", "cancelled", "cancelled", "cancelled", "cancelled"]
    );
    // One that has ended is reported as it is, and the others are cancelled all the same.
    let queued = project.submit("sleep 1000");
    let mixed = project.run(&["task", "cancel", &ended, &queued]);
    assert!(mixed.code == 1 && mixed.out.contains("is completed already"), "{}{}", mixed.out, mixed.err);
    assert_eq!(project.task(&queued)["state"], "cancelled");
}

#[test]
fn one_that_nobody_knows_stops_all_before_it_begins() {
    let project = Project::started(json!({}));
    let task = project.submit("sleep 1000");
    for verb in ["cancel", "retry"] {
        let done = project.run(&["task", verb, &task, "task-0099"]);
        assert!(done.code == 1 && done.err.contains("task-0099"), "{}{}", done.out, done.err);
        assert_eq!(project.run(&["task", verb]).code, 2);
        assert_eq!(project.run(&["task", verb, &task, "--state", "failed"]).code, 2);
        assert_eq!(project.run(&["task", verb, "--all", "--rule", "x"]).code, 2);
        assert_eq!(project.run(&["task", verb, "--since", "yesterday"]).code, 2);
    }
    assert_eq!(states(&project), ["running"]);
}
