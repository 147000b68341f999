//! Forgetting what is old: what may be forgotten, what never is, and that no number is given twice.

use aiwg_testing::{TestDaemon, until};
use serde_json::{Value, json};

/// Puts this retention in force, which begins a round.
fn retain(daemon: &TestDaemon, retention: Value) {
    daemon.reload(json!({ "retention": retention }));
}

fn ids(daemon: &TestDaemon) -> Vec<String> {
    let tasks = daemon.call("task.list", json!({ "limit": 1000 }));
    tasks.as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect()
}

fn outputs(daemon: &TestDaemon) -> Vec<String> {
    let dirs = std::fs::read_dir(daemon.file(".aiwg/daemon/actions")).unwrap();
    let mut names: Vec<_> = dirs.map(|dir| dir.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_latest_are_kept_and_numbers_go_on() {
    let mut daemon = TestDaemon::with(json!({}));
    for _ in 0..5 {
        daemon.ended(&daemon.submit("true"));
    }
    let running = daemon.submit("while [ ! -e go ]; do sleep 0.01; done");
    let waiting = daemon.submit_with(json!({ "prompt": "x", "after": [running] }));
    retain(&daemon, json!({ "task_count": 2, "event_count": 4 }));
    until("the oldest to be gone", || ids(&daemon).len() == 4);
    assert_eq!(ids(&daemon), ["task-0007", "task-0006", "task-0005", "task-0004"]);
    let stats = daemon.call("task.stats", json!({}));
    assert_eq!((&stats["total"], &stats["completed"]), (&json!(4), &json!(2)));
    until("old events to be gone", || daemon.call("event.list", json!({})).as_array().unwrap().len() <= 4);
    assert_eq!(daemon.error("task.get", json!({ "taskId": "task-0001" }))["data"]["kind"], "task_not_found");

    daemon.write("go", "");
    assert_eq!(daemon.ended(&waiting)["state"], "completed");
    let last = daemon.call("event.list", json!({})).as_array().unwrap().last().unwrap()["seq"].clone();
    retain(&daemon, json!({ "task_count": 0, "event_count": 0 }));
    until("everything to be gone", || {
        ids(&daemon).is_empty() && daemon.call("event.list", json!({})).as_array().unwrap().is_empty()
    });
    daemon.stop();
    daemon.start();
    let emitted = daemon.call("event.emit", json!({ "topic": "a:b" }));
    assert_eq!(emitted["seq"].as_u64().unwrap(), last.as_u64().unwrap() + 2, "daemon:reloaded came between");
    assert_eq!(daemon.submit("true"), "task-0008");
}

#[test]
fn outputs_go_before_their_tasks() {
    let daemon = TestDaemon::with(json!({}));
    for n in 0..3 {
        let script = format!("head -c 700000 /dev/zero; echo {n}");
        daemon.ended(&daemon.submit(&script));
    }
    let running = daemon.submit("head -c 2000000 /dev/zero; while [ ! -e go ]; do sleep 0.01; done");
    until("its output", || {
        let output = daemon.file(&format!(".aiwg/daemon/actions/{running}/1/stdout.log"));
        output.metadata().is_ok_and(|file| file.len() > 2_000_000)
    });
    retain(&daemon, json!({ "output_mb": 1 }));
    until("old outputs to be gone", || outputs(&daemon) == ["task-0003", "task-0004"]);
    assert_eq!(ids(&daemon).len(), 4);
    // The task's own result stays.
    assert!(daemon.task("task-0001")["result"].as_str().unwrap().ends_with("0\n"));
    assert_eq!(daemon.call("task.output", json!({ "taskId": "task-0001" }))["data"], "");
    daemon.write("go", "");
    daemon.ended(&running);
}

#[test]
fn what_is_no_output_keeps_nothing_from_being_forgotten() {
    let daemon = TestDaemon::with(json!({}));
    for _ in 0..2 {
        daemon.ended(&daemon.submit("head -c 700000 /dev/zero"));
    }
    daemon.write(".aiwg/daemon/actions/task-0099", "");
    retain(&daemon, json!({ "output_mb": 1 }));
    until("the older output to be gone", || outputs(&daemon) == ["task-0002", "task-0099"]);
}
