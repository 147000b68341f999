//! The queue over a crash.

use serde_json::{Value, json};

use crate::support::{Project, is_dead, until};

/// An agent that runs until the file `go` is there.
const UNTIL_GO: &str = "do: while [ ! -e go ]; do sleep 0.01; done";

fn submit(project: &Project, prompt: &str, after: &[&str]) -> Value {
    project.wire().try_call("task.submit", json!({ "prompt": prompt, "after": after }))
}

fn id(answer: &Value) -> &str {
    answer["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{answer}"))
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
fn of_several_tasks_each_is_held_or_reported() {
    let project = Project::started(json!({}));
    project.wire().call("daemon.pause", json!({}));
    for _ in 0..2 {
        project.submit("x");
    }
    // Of one it is the method's result.
    assert_eq!(project.json(&["task", "hold", "1"]), json!({ "held": true }));
    assert_eq!(project.json(&["task", "release", "1"]), json!({ "released": true }));
    let done = project.run(&["task", "hold", "1", "99", "2", "--json"]);
    assert_eq!(done.code, 1, "{}", done.err);
    let tasks: Value = serde_json::from_str(&done.out).unwrap();
    let tasks = tasks["tasks"].as_array().unwrap();
    assert_eq!(tasks[0], json!({ "taskId": "task-0001", "held": true }));
    assert_eq!(
        (&tasks[1]["taskId"], &tasks[1]["error"]["data"]["kind"]),
        (&json!("task-0099"), &json!("task_not_found"))
    );
    assert_eq!(tasks[2], json!({ "taskId": "task-0002", "held": true }));
    assert!(done.err.contains("task_not_found"), "{}", done.err);
    let done = project.run(&["task", "release", "99", "2", "1"]);
    assert_eq!((done.code, done.out.as_str()), (1, "task-0002 is released.\ntask-0001 is released.\n"));
    assert!(done.err.contains("task-0099"), "{}", done.err);
}

#[test]
fn a_drain_outlasts_a_killed_daemon_and_ends_with_the_next_one() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let task = project.submit("touch began; while [ ! -e go ]; do sleep 0.01; done");
    until("its agent", || project.file("began").exists());
    let next = project.submit("true");
    project.json(&["daemon", "drain", "--exit", "--no-wait"]);
    let draining = || {
        let status = project.json(&["daemon", "status"]);
        status["subsystems"]["supervisor"]["drainingSince"].as_str().map(str::to_owned)
    };
    let since = draining();
    assert!(since.is_some());
    assert!(project.run(&["daemon", "status"]).out.contains("draining since"));
    project.kill_daemon();
    project.start();
    assert_eq!(draining(), since, "it goes on");
    let pid = project.pid();
    std::fs::write(project.file("go"), "").unwrap();
    until("the daemon to end", || is_dead(pid));
    assert_eq!(project.runs(), std::slice::from_ref(&task), "nothing else was started");
    project.start();
    assert_eq!(draining(), None);
    assert_eq!(project.ended(&next)["state"], "completed");
    assert_eq!(project.task(&task)["state"], "completed");
}
