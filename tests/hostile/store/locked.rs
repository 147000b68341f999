//! Another process keeps the database to itself.

use std::time::{Duration, Instant};

use serde_json::json;

use super::database;
use crate::support::{Project, postgres::is_about_sqlite, until};

/// Holds SQLite's write lock while `meanwhile` runs.
fn locked(project: &Project, meanwhile: impl FnOnce()) {
    let database = database(project);
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    meanwhile();
    database.execute_batch("ROLLBACK").unwrap();
}

fn issues(project: &Project) -> String {
    project.wire().call("daemon.status", json!({}))["issues"].to_string()
}

#[test]
fn a_lock_costs_no_task_its_end_and_no_caller_a_wrong_answer() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let ending = project.submit("while [ ! -e go ]; do sleep 0.01; done; echo done");
    let queued = project.submit("true");
    let exit = project.file(&format!(".aiwg/daemon/actions/{ending}/1/exit.json"));
    locked(&project, || {
        std::fs::write(project.file("go"), "").unwrap();
        until("the agent's end", || exit.exists());
        let asked = Instant::now();
        let answer = project.wire().try_call("event.emit", json!({ "topic": "a:b" }));
        assert_eq!(answer["error"]["data"]["kind"], "storage_unavailable", "{answer}");
        assert!(asked.elapsed() < Duration::from_secs(30));
        assert!(issues(&project).contains("is locked by another process"), "{}", issues(&project));
    });
    assert_eq!(project.ended(&ending)["state"], "completed");
    assert_eq!(project.ended(&queued)["state"], "completed");
    until("the health to be well", || !issues(&project).contains("storage"));
}

#[test]
fn what_would_come_of_an_event_is_shown_in_spite_of_a_lock() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let rule = Project::rule("r", "a:b", "x");
    let project = Project::started(json!({ "rules": [rule] }));
    let test = || project.wire().call("automation.test", json!({ "topic": "a:b" }))["rules"][0].clone();
    locked(&project, || {
        assert_eq!(test()["outcome"], "fire");
        // And where others wait for the lock.
        let mut emitter = project.wire();
        emitter.send(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"event.emit\",\"params\":{\"topic\":\"b:c\"}}\n",
        );
        until("the engine to see it", || issues(&project).contains("locked"));
        assert_eq!(test()["outcome"], "fire");
        assert_eq!(emitter.receive()["error"]["data"]["kind"], "storage_unavailable");
    });
}

#[test]
fn a_short_lock_is_waited_for() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::started(json!({}));
    let emitted = std::thread::scope(|scope| {
        let mut emitted = None;
        locked(&project, || {
            let mut wire = project.wire();
            emitted = Some(scope.spawn(move || wire.try_call("event.emit", json!({ "topic": "a:b" }))));
            until("the engine to see it", || issues(&project).contains("locked"));
        });
        emitted.unwrap().join().unwrap()
    });
    assert!(emitted["result"]["seq"].is_u64(), "{emitted}");
}

#[test]
fn a_lock_keeps_no_agent_from_being_ended() {
    let project = Project::started(json!({}));
    let tasks = [1, 2, 3].map(|n| project.submit(&format!("echo begun > begun{n}; sleep 1000")));
    for n in 1..=3 {
        until("its agent", || project.file(&format!("begun{n}")).exists());
    }
    locked(&project, || {
        let cancelled = project.wire().call("task.cancel", json!({ "taskId": tasks[0] }));
        assert_eq!(cancelled, json!({ "cancelled": true, "state": "running" }));
        let many = project.wire().call("task.cancelMany", json!({ "taskIds": tasks[1..] }));
        let being = |id| json!({ "taskId": id, "cancelled": true, "state": "running" });
        assert_eq!(many["tasks"], json!([being(&tasks[1]), being(&tasks[2])]));
        for task in &tasks {
            let exit = project.file(&format!(".aiwg/daemon/actions/{task}/1/exit.json"));
            until("the agent's end", || exit.exists());
        }
    });
    for task in &tasks {
        assert_eq!(project.ended(task)["state"], "cancelled");
    }
}

#[test]
fn a_lock_keeps_no_daemon_from_stopping() {
    let project = Project::started(json!({}));
    let task = project.submit("echo begun > begun; sleep 1000");
    until("its agent", || project.file("begun").exists());
    let exit = project.file(&format!(".aiwg/daemon/actions/{task}/1/exit.json"));
    locked(&project, || {
        project.stop();
        assert!(exit.exists(), "the agent goes on without its daemon");
    });
}
