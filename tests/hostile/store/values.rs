//! Numbers and values that nothing of the daemon's own can have, in the database and in the copies beside it.

use std::path::Path;

use serde_json::{Value, json};

use super::database;
use crate::support::{Project, postgres::is_about_sqlite, until};

fn daemon_dir(project: &Project) -> std::path::PathBuf {
    let dir = project.file(".aiwg/daemon");
    std::fs::create_dir_all(dir.join("events")).unwrap();
    std::fs::create_dir_all(dir.join("actions")).unwrap();
    dir
}

fn works(project: &Project, what: &str) {
    let mut wire = project.wire();
    let emitted = wire.call("event.emit", json!({ "topic": "a:b" }));
    assert!(emitted["seq"].as_u64().unwrap() < 1_000_000_000_100, "{what}: {emitted}");
    let task = project.submit("true");
    assert_eq!(project.ended(&task)["state"], "completed", "{what}");
}

#[test]
fn numbers_in_names_and_copies_are_not_believed() {
    type Plant = fn(&Path);
    let plants: &[(&str, Plant)] = &[
        ("a sequence number of u64", |dir| {
            std::fs::write(dir.join("events/x.jsonl"), "{\"seq\":18446744073709551615}\n").unwrap()
        }),
        ("a sequence number of i64", |dir| {
            std::fs::write(dir.join("events/x.jsonl"), "{\"seq\":9223372036854775807}\n").unwrap()
        }),
        ("a negative number", |dir| {
            std::fs::write(dir.join("events/x.jsonl"), "{\"seq\":-4}\n{\"seq\":1e99}\n").unwrap()
        }),
        ("a directory of u64", |dir| {
            std::fs::create_dir(dir.join("actions/task-18446744073709551615")).unwrap()
        }),
        ("a directory of i64", |dir| {
            std::fs::create_dir(dir.join("actions/task-9223372036854775807")).unwrap()
        }),
        ("a pipe", |dir| {
            let made = std::process::Command::new("mkfifo").arg(dir.join("events/x.jsonl")).status().unwrap();
            assert!(made.success());
        }),
        ("a link", |dir| std::os::unix::fs::symlink("/etc/passwd", dir.join("events/x.jsonl")).unwrap()),
    ];
    for (what, plant) in plants {
        let project = Project::new(json!({}));
        plant(&daemon_dir(&project));
        project.start();
        works(&project, what);
    }
}

#[test]
fn a_copy_that_is_ahead_of_the_database_does_not_silence_the_event_log() {
    let project = Project::started(json!({}));
    project.stop();
    std::fs::write(project.file(".aiwg/daemon/events/2020-01-01.jsonl"), "{\"seq\":77777}\n").unwrap();
    project.start();
    project.wire().call("event.emit", json!({ "topic": "a:b" }));
    let written = || {
        let files = std::fs::read_dir(project.file(".aiwg/daemon/events")).unwrap();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect::<String>()
    };
    until("the event in its file", || written().contains("\"a:b\""));
}

fn issues(project: &Project) -> String {
    project.wire().call("daemon.status", json!({}))["issues"].to_string()
}

/// A stopped daemon that has one finished, one failed and one queued task, and some events, whose database someone
/// has edited with this SQL.
fn with_edited(sql: &str) -> Project {
    let project = Project::new(json!({ "daemon": { "max_parallel_actions": 1 } }));
    project.start();
    project.ended(&project.submit("true"));
    project.ended(&project.submit("exit 1"));
    project.wire().call("event.emit", json!({ "topic": "c:d" }));
    let running = project.submit("[ -e go ] || { : > begun; sleep 1000; }");
    let queued = project.submit("true");
    let after = project.json(&["task", "submit", "do: true", "--after", &queued]);
    assert_eq!(
        (running.as_str(), queued.as_str(), &after["taskId"]),
        ("task-0003", "task-0004", &json!("task-0005"))
    );
    until("it to be asleep", || project.file("begun").exists());
    std::fs::write(project.file("go"), "").unwrap();
    project.run(&["daemon", "stop"]);
    database(&project).execute_batch(sql).unwrap();
    project.start();
    project
}

#[test]
fn one_bad_row_stops_nothing() {
    for sql in [
        "UPDATE task SET metadata = '{broken' WHERE no = 1",
        "UPDATE task SET cause = '[1' WHERE no = 2",
        "UPDATE task SET state = 'sleeping' WHERE no = 1",
        "UPDATE task SET attempts = -1 WHERE no = 2",
        "UPDATE task SET launch = 99999999999 WHERE no = 1",
        "UPDATE task SET prompt = x'ff00ff' WHERE no = 1",
        "UPDATE task SET created_at = 9223372036854775807, completed_at = -9223372036854775808 WHERE no = 1",
        "UPDATE event SET source = 'nobody' WHERE topic = 'c:d'",
        "UPDATE event SET cause = 'x' WHERE topic = 'c:d'",
        "UPDATE event SET payload = '{' WHERE topic = 'c:d'",
        "UPDATE event SET topic = x'ff' WHERE topic = 'c:d'",
        "UPDATE counter SET value = -5",
        "UPDATE counter SET value = 'many'",
        "INSERT INTO rule_switch VALUES ('x', 'perhaps', 'never')",
        "INSERT INTO pending VALUES ('x', 'soon', 'x', -1)",
        "INSERT INTO cursor VALUES ('schedule', x'ff', 'noon', 'late'), ('schedule', 'x', 'noon', NULL), ('files', '', x'ff', NULL)",
        "INSERT INTO firing (rule, at, event, matches, task, counts) VALUES ('r', 1, -1, -1, -1, 1)",
        "INSERT INTO event (seq, topic, payload, source, at, cause) VALUES (9223372036854775807, 'a:b', '1', 'client', 1, NULL)",
        "INSERT INTO event (seq, topic, payload, source, at, cause) VALUES (-9, 'a:b', '1', 'client', 1, NULL)",
        "INSERT INTO task (no, state, prompt, priority, env, metadata, created_at) VALUES (9223372036854775807, 'queued', 'x', 1, '{}', '{}', 1)",
        "INSERT INTO task (no, state, prompt, priority, env, metadata, created_at) VALUES (-1, 'running', 'x', 1, '{}', '{}', 1)",
        "UPDATE counter SET value = 9223372036854775807 WHERE name LIKE 'last%'",
        "INSERT INTO usage VALUES (x'ff', 'r', 'many', 'much', 1, 1, 1, 1, 1)",
        "INSERT INTO hold VALUES ('x', 'after', '1', NULL), (-7, 'after', '4', 'never'), (5, x'ff', 4, 1)",
        "INSERT INTO hold VALUES (-5, 'rest', '', NULL)",
        "INSERT INTO pending_event VALUES ('r', -1, -1), (x'ff', 1, 99999999999)",
        "INSERT INTO session VALUES (x'ff', 'x')",
        "UPDATE task SET event = -5, retried_as = 'x', in_vain_for = -1 WHERE no < 4",
        "UPDATE task SET waiting = 'x' WHERE no = 5",
        "UPDATE task SET started_at = -9223372036854775808 WHERE no = 2",
    ] {
        let project = with_edited(sql);
        works(&project, sql);
        assert_eq!(project.ended("task-0005")["state"], "completed", "{sql}");
        eprintln!("{sql}");
        let listed = project.json(&["task", "list", "--limit", "100"]);
        assert!(listed.as_array().unwrap().len() >= 4, "{sql}: {listed}");
        project.json(&["event", "list"]);
        project.json(&["automation", "status"]);
        project.json(&["task", "stats"]);
    }
}

#[test]
fn what_is_asked_of_many_is_done_for_those_that_can_be_read() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = with_edited("UPDATE task SET usage = '[' WHERE no = 2");
    let mut wire = project.wire();
    let kind = |answer: Value| answer["error"]["data"]["kind"].clone();
    let retried = wire.call("task.retryMany", json!({ "state": "failed" }));
    assert_eq!(retried["tasks"], json!([]), "{retried}");
    let refused = wire.try_call("task.retryMany", json!({ "taskIds": ["task-0002"] }));
    assert!(refused.to_string().contains("what is stored of task-0002 cannot be read"), "{refused}");
    assert_eq!(kind(wire.try_call("task.cancel", json!({ "taskId": "task-0002" }))), "task_ended");
    let after = wire.call("task.submit", json!({ "prompt": "do: true", "after": ["task-0002"] }));
    assert_eq!(after["state"], "cancelled", "{after}");
    works(&project, "the rest");
}

#[test]
fn a_queued_task_that_cannot_be_read_fails_and_so_does_what_waits_for_it() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    for sql in [
        "UPDATE task SET env = '{\"A\": 1}' WHERE no = 4",
        "UPDATE task SET timeout_ms = -1 WHERE no = 4",
        "UPDATE task SET priority = 'highest' WHERE no = 4",
        "UPDATE task SET prompt = x'ff' WHERE no = 4",
        "UPDATE task SET after = 'x', usage = '[' WHERE no = 4",
    ] {
        let project = with_edited(sql);
        works(&project, sql);
        let ended: Vec<Value> =
            ["task-0004", "task-0005"].map(|id| project.ended(id)["state"].clone()).to_vec();
        assert_eq!(ended, ["failed", "cancelled"], "{sql}");
        assert!(project.task("task-0004")["error"].as_str().unwrap().contains("could not be read"), "{sql}");
        assert!(issues(&project).contains("cannot be read"), "{sql}: {}", issues(&project));
    }
}

#[test]
fn a_running_task_that_cannot_be_read_is_ended_and_fails() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let task = project.submit("echo begun > begun; sleep 1000");
    until("its agent", || project.file("begun").exists());
    project.kill_daemon();
    database(&project).execute_batch("UPDATE task SET metadata = 'x' WHERE no = 1").unwrap();
    project.start();
    assert_eq!(project.ended(&task)["state"], "failed");
    works(&project, "its slot is free");
}

#[test]
fn a_conversation_is_shown_though_how_one_of_its_turns_came_about_cannot_be_read() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = with_edited("UPDATE task SET conversation = 'talk', cause = 'no json' WHERE no = 1");
    let history = project.wire().call("chat.history", json!({ "conversation": "talk" }));
    // Who is not known to be a person is none.
    assert_eq!(history[0]["by"], "agent", "{history}");
}
