//! Forgetting what is old: what may be forgotten, what never is, and that no number is given twice.

use serde_json::{Value, json};

use crate::support::{Project, repository, until};

fn with_retention(retention: Value) -> Value {
    json!({
        "agent": { "command": [repository().join("tests/agents/stand-in-agent")] },
        "retention": retention
    })
}

/// Puts this retention in force, which begins a round.
fn retain(project: &Project, retention: Value) {
    project.configure(&with_retention(retention).to_string());
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
}

fn ids(project: &Project) -> Vec<String> {
    let tasks = project.json(&["task", "list", "--limit", "1000"]);
    tasks.as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect()
}

fn outputs(project: &Project) -> Vec<String> {
    let dirs = std::fs::read_dir(project.file(".aiwg/daemon/actions")).unwrap();
    let mut names: Vec<_> = dirs.map(|dir| dir.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_latest_are_kept_and_numbers_go_on() {
    let project = Project::started(json!({}));
    for _ in 0..5 {
        project.ended(&project.submit("true"));
    }
    let running = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let waiting = project.json(&["task", "submit", "x", "--after", &running]);
    retain(&project, json!({ "task_count": 2, "event_count": 4 }));
    until("the oldest to be gone", || ids(&project).len() == 4);
    assert_eq!(ids(&project), ["task-0007", "task-0006", "task-0005", "task-0004"]);
    let stats = project.json(&["task", "stats"]);
    assert_eq!((&stats["total"], &stats["completed"]), (&json!(4), &json!(2)));
    until("old events to be gone", || project.json(&["event", "list"]).as_array().unwrap().len() <= 4);
    assert_eq!(project.run(&["task", "get", "task-0001"]).code, 1);

    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(waiting["taskId"].as_str().unwrap())["state"], "completed");
    let last = project.json(&["event", "list"]).as_array().unwrap().last().unwrap()["seq"].clone();
    retain(&project, json!({ "task_count": 0, "event_count": 0 }));
    until("everything to be gone", || {
        ids(&project).is_empty() && project.json(&["event", "list"]).as_array().unwrap().is_empty()
    });
    project.stop();
    project.start();
    let emitted = project.wire().call("event.emit", json!({ "topic": "a:b" }));
    assert_eq!(emitted["seq"].as_u64().unwrap(), last.as_u64().unwrap() + 2, "daemon:reloaded came between");
    assert_eq!(project.submit("true"), "task-0008");
}

#[test]
fn outputs_go_before_their_tasks() {
    let project = Project::started(json!({}));
    for n in 0..3 {
        let script = format!("head -c 700000 /dev/zero; echo {n}");
        project.ended(&project.submit(&script));
    }
    let running = project.submit("head -c 2000000 /dev/zero; while [ ! -e go ]; do sleep 0.01; done");
    until("its output", || {
        let output = project.file(&format!(".aiwg/daemon/actions/{running}/stdout.log"));
        output.metadata().is_ok_and(|file| file.len() > 2_000_000)
    });
    retain(&project, json!({ "output_mb": 1 }));
    until("old outputs to be gone", || outputs(&project) == ["task-0003", "task-0004"]);
    assert_eq!(ids(&project).len(), 4);
    // The task's own result stays.
    assert!(project.task("task-0001")["result"].as_str().unwrap().ends_with("0\n"));
    assert_eq!(project.run(&["task", "logs", "task-0001"]).out, "");
    std::fs::write(project.file("go"), "").unwrap();
    project.ended(&running);
}

#[test]
fn what_is_no_output_keeps_nothing_from_being_forgotten() {
    let project = Project::started(json!({}));
    for _ in 0..2 {
        project.ended(&project.submit("head -c 700000 /dev/zero"));
    }
    std::fs::write(project.file(".aiwg/daemon/actions/task-0099"), "").unwrap();
    retain(&project, json!({ "output_mb": 1 }));
    until("the older output to be gone", || outputs(&project) == ["task-0002", "task-0099"]);
}
