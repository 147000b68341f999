//! Leftovers of an earlier daemon: a damaged database, or the Node daemon's queue.

use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, kill, postgres::is_about_sqlite, processes_of, until};

fn database(project: &Project) -> PathBuf {
    project.file(".aiwg/daemon/daemon.db")
}

/// Databases in quarantine.
fn quarantined(project: &Project) -> Vec<PathBuf> {
    let files = std::fs::read_dir(project.file(".aiwg/daemon")).unwrap().map(|file| file.unwrap().path());
    let is_database = |name: &str| {
        name.contains("daemon.db.damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm")
    };
    files.filter(|path| is_database(path.to_str().unwrap())).collect()
}

fn issues(project: &Project) -> Vec<Value> {
    project.json(&["daemon", "status"])["issues"].as_array().unwrap().clone()
}

#[test]
fn a_damaged_database_is_quarantined_and_no_number_is_given_twice() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::started(json!({}));
    project.ended(&project.submit("true"));
    project.ended(&project.submit("true"));
    let last = project.json(&["event", "list"]).as_array().unwrap().last().unwrap()["seq"].as_u64().unwrap();
    project.stop();
    let damage = b"this is not a database any more".repeat(1000);
    std::fs::write(database(&project), &damage).unwrap();
    project.start();
    let status = project.json(&["daemon", "status"]);
    assert_eq!((&status["health"], &status["issues"][0]["kind"]), (&json!("degraded"), &json!("damage")));
    let quarantined_files = quarantined(&project);
    assert_eq!(quarantined_files.len(), 1, "{quarantined_files:?}");
    assert!(
        status["issues"][0]["message"].as_str().unwrap().contains(quarantined_files[0].to_str().unwrap()),
        "{status}"
    );
    assert_eq!(std::fs::read(&quarantined_files[0]).unwrap(), damage);
    assert_eq!(project.submit("true"), "task-0003");
    assert!(project.json(&["event", "list"])[0]["seq"].as_u64().unwrap() > last);
    // Once is enough.
    project.stop();
    project.start();
    assert_eq!((issues(&project), quarantined(&project).len()), (Vec::new(), 1));
}

#[test]
fn damage_within_is_found_after_a_crash_and_agents_of_lost_tasks_are_ended() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::started(json!({}));
    for _ in 0..20 {
        project.wire().call("event.emit", json!({ "topic": "a:b", "payload": "x".repeat(4000) }));
    }
    let task = project.submit("echo begun; sleep 1000");
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    // A stop writes all of it into the one file.
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    project.kill_daemon();
    let mut bytes = std::fs::read(database(&project)).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(database(&project), bytes).unwrap();
    project.start();
    assert_eq!(issues(&project)[0]["kind"], "damage");
    assert_eq!(quarantined(&project).len(), 1);
    until("the agent's end", || {
        processes_of(project.path()).iter().all(|(_, line)| !line.contains("sleep 1000"))
    });
    assert_eq!(project.submit("true"), "task-0002");
}

#[test]
fn without_its_database_no_number_is_given_twice_either() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::started(json!({}));
    let first = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    until("the agent", || project.runs().len() == 1);
    project.kill_daemon();
    std::fs::write(project.file("go"), "").unwrap();
    until("the exit record", || project.file(&format!(".aiwg/daemon/actions/{first}/1/exit.json")).exists());
    project.start();
    project.ended(&first);
    let last = project.json(&["event", "list"]).as_array().unwrap().last().unwrap()["seq"].as_u64().unwrap();
    project.stop();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(project.file(&format!(".aiwg/daemon/daemon.db{end}")));
    }
    project.start();
    let second = project.submit("true");
    project.ended(&second);
    assert_eq!((second.as_str(), project.runs()), ("task-0002", vec![first, second.clone()]));
    assert!(project.json(&["event", "list"])[0]["seq"].as_u64().unwrap() > last);
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let project = Project::started(json!({}));
    project.stop();
    let mut bytes = std::fs::read(database(&project)).unwrap();
    // The version of the tables, in the header: https://www.sqlite.org/fileformat.html, 1.3.
    bytes[60..64].copy_from_slice(&9999_u32.to_be_bytes());
    std::fs::write(database(&project), &bytes).unwrap();
    let done = project.run(&["daemon", "start"]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("newer aiwg") && done.err.contains("9999"), "{}", done.err);
    assert_eq!(std::fs::read(database(&project)).unwrap(), bytes);
    assert!(quarantined(&project).is_empty());
}

/// A project in which the Node daemon has left this file.
fn left_by_node(tasks: &str, more: Value) -> Project {
    let project = Project::new(more);
    std::fs::create_dir_all(project.file(".aiwg/daemon")).unwrap();
    std::fs::write(project.file(".aiwg/daemon/tasks.json"), tasks).unwrap();
    project.json(&["daemon", "import"]);
    project
}

const NODE_TASKS: &str = r#"{"version": 1, "tasks": [
    {"id": "task-0007", "prompt": "old", "state": "completed", "createdAt": "2026-01-02T03:04:05.678Z",
     "startedAt": 1767323045999, "completedAt": "2026-01-02T03:05:00Z", "exitCode": 0, "result": "fine"},
    {"id": "task-0009", "prompt": "stuck", "state": "running", "startedAt": "2026-01-02T03:04:05Z", "pid": 1},
    {"id": "task-0008", "prompt": "wanted", "state": "queued", "priority": 5, "metadata": {"a": [1]}},
    {"id": "abc", "prompt": "other", "state": "queued"},
    {"id": "task-0010", "prompt": " ", "state": "queued"}
]}"#;

#[test]
fn the_node_daemons_tasks_are_taken_over() {
    let project = left_by_node(NODE_TASKS, json!({ "daemon": { "max_parallel_actions": 1 } }));
    for id in ["task-0008", "task-0009", "task-0010"] {
        assert_eq!(project.ended(id)["state"], "completed", "{id}");
    }
    // The higher priority first, then by number.
    assert_eq!(project.runs(), ["task-0008", "task-0009", "task-0010"]);
    assert_eq!(project.task("task-0008")["metadata"], json!({ "a": [1] }));
    assert_eq!(project.task("task-0009")["attempts"], 2);
    assert_eq!(project.task("task-0010")["metadata"], json!({ "importedId": "abc" }));
    let old = project.task("task-0007");
    assert_eq!((&old["state"], &old["result"]), (&json!("completed"), &json!("fine")));
    assert_eq!(old["createdAt"], "2026-01-02T03:04:05.678Z");
    assert_eq!(project.submit("true"), "task-0011");
    assert_eq!(project.json(&["task", "stats"])["total"], 5);
    // Its own copy is not imported again.
    project.stop();
    project.start();
    assert_eq!(project.json(&["task", "stats"])["total"], 5);
}

#[test]
fn what_was_stuck_follows_the_configuration() {
    let project = left_by_node(NODE_TASKS, json!({ "daemon": { "interrupted_tasks": "fail" } }));
    let stuck = project.task("task-0009");
    assert_eq!((&stuck["state"], &stuck["attempts"]), (&json!("failed"), &json!(1)));
}

#[test]
fn other_shapes_are_understood_and_nonsense_is_kept() {
    let project = left_by_node(r#"{"task-0002": {"prompt": "by id", "state": "queued"}}"#, json!({}));
    assert_eq!(project.ended("task-0002")["prompt"], "by id");
    let project = left_by_node("[{broken", json!({}));
    assert_eq!(issues(&project)[0]["kind"], "import");
    assert_eq!(project.read(".aiwg/daemon/tasks.json.not-imported"), "[{broken");
    kill(project.pid(), Signal::TERM);
}
