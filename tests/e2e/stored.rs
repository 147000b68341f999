//! A database that an earlier version has left, with something of everything in it: the daemon goes on with it.

use std::os::unix::fs::DirBuilderExt;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{Project, postgres::is_about_sqlite, until};

/// Database of an earlier version, as SQL; its head says how it was made.
const LEFT: &str = include_str!("stored/daemon.sql");

/// A project with that database, and the configuration that it had. Nothing is forgotten for its age.
fn left() -> Project {
    let debounced = json!({
        "id": "quiet",
        "trigger": { "type": "event", "topic": "edit" },
        "condition": { "type": "debounce", "interval_ms": 1000 },
        "action": { "type": "submit_task", "prompt": "do: echo {{ events | length }} edits" }
    });
    let mut trips = Project::rule("trips", "trip", "do: true");
    trips["max_firings"] = json!(1);
    let project = Project::new(json!({
        "daemon": { "max_parallel_actions": 1 },
        "retention": { "task_days": null, "event_days": null },
        "schedule": {
            "enabled": true, "timezone": "UTC",
            "jobs": [{ "name": "yearly", "cron": "0 0 1 1 *", "action": "do: true" }]
        },
        "rules": [
            Project::rule("deployed", "deploy:done", "do: echo deployed"),
            debounced,
            Project::rule("off", "never", "do: true"),
            trips
        ]
    }));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(project.file(".aiwg/daemon")).unwrap();
    Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap().execute_batch(LEFT).unwrap();
    project
}

fn state(project: &Project, no: u32) -> Value {
    project.task(&format!("task-{no:04}"))["state"].clone()
}

fn result(project: &Project, no: u32) -> String {
    project.task(&format!("task-{no:04}"))["result"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_database_of_an_earlier_version_is_gone_on_with() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = left();
    let refused = project.run(&["daemon", "start"]);
    assert!(refused.code == 1 && refused.err.contains("does not say where it was made"), "{}", refused.err);
    let started = project.run(&["daemon", "start", "--adopt-state"]);
    assert_eq!(started.code, 0, "{}", started.err);

    // What had ended is as it was.
    for (no, expected) in
        [(1, "completed"), (2, "failed"), (3, "timeout"), (4, "completed"), (10, "cancelled")]
    {
        assert_eq!(state(&project, no), expected, "task {no}");
    }
    assert_eq!(result(&project, 1), "stand-in agent: do: echo well\nwell\n");
    assert_eq!(project.task("task-0002")["exitCode"], 3);
    let events = project.wire().call("event.list", json!({ "since": 0, "limit": 32 }));
    let numbers: Vec<u64> =
        events.as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=32).collect::<Vec<_>>());
    assert_eq!(events[26]["payload"], json!({ "version": "1.2" }));
    let turns = project.wire().call("chat.history", json!({ "conversation": "talk" }));
    assert_eq!(
        (turns[0]["message"].clone(), turns[0]["taskId"].clone()),
        (json!("do: echo one"), json!("task-0004"))
    );

    // What was queued starts in its order; what ran when the daemon was killed is tried again.
    until("its new start", || project.runs().contains(&"task-0006".to_owned()));
    assert_eq!(project.runs(), ["task-0008", "task-0006"], "the highest priority first, and one at a time");
    assert_eq!(state(&project, 6), "running");
    project.json(&["task", "cancel", "task-0006"]);
    assert_eq!(project.ended("task-0006")["state"], "cancelled");
    assert_eq!(project.ended("task-0009")["state"], "cancelled", "it was to start after that one");
    for no in [7, 8, 11] {
        assert_eq!(project.ended(&format!("task-{no:04}"))["state"], "completed", "task {no}");
    }
    // What the schedule had asked for, which is no command of the stand-in.
    assert_eq!(project.ended("task-0012")["attempts"], 1);

    // The matches that waited have long been quiet, and no number is given twice.
    until("its task", || project.json(&["task", "stats"])["total"] == 13);
    // The note about what events bring is no command of the stand-in.
    let quiet = project.ended("task-0013");
    assert!(quiet["prompt"].as_str().unwrap().starts_with("do: echo 2 edits"), "{quiet}");
    assert_eq!(
        (quiet["attempts"].clone(), quiet["causedBy"]["event"].clone()),
        (json!(1), json!(30)),
        "{quiet}"
    );
    let rules = project.wire().call("automation.status", json!({}));
    let rule = |id: &str| {
        let rules = rules["rules"].as_array().unwrap();
        rules.iter().find(|rule| rule["id"] == id).unwrap_or_else(|| panic!("{id}: {rules:?}")).clone()
    };
    assert_eq!(
        (rule("off")["enabled"].clone(), rule("deployed")["enabled"].clone()),
        (json!(false), json!(true))
    );
    assert!(rule("trips")["trippedAt"].is_string(), "{}", rule("trips"));
    let emitted = project.wire().call("event.emit", json!({ "topic": "deploy:done" }));
    assert!(emitted["seq"].as_u64().unwrap() > 32 && emitted["rules"] == json!(["deployed"]), "{emitted}");

    // It is this daemon's own from here on.
    project.stop();
    project.start();
    assert_eq!(state(&project, 13), quiet["state"]);
    project.stop();
    let database = Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap();
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");

    // The last run of each task is known, and what has been tried again since, from its second on.
    let runs = |no: u32| -> Vec<(u32, String)> {
        let mut select = database.prepare("SELECT n, reason FROM run WHERE task = ? ORDER BY n").unwrap();
        select.query_map([no], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    let run = |n: u32, reason: &str| (n, reason.to_owned());
    for (no, reason) in [(1, "done"), (2, "failed"), (3, "timeout"), (4, "done"), (7, "done"), (11, "done")] {
        assert_eq!(runs(no), [run(1, reason)], "task {no}");
    }
    assert_eq!(runs(6), [run(1, "not_started"), run(2, "cancel")]);
    assert!(runs(9).is_empty() && runs(10).is_empty(), "they never started");
}
