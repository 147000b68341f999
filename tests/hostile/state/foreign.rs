//! State that comes with a clone, an archive or a copy is not acted upon.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
};

use serde_json::json;

use crate::support::{Project, postgres::is_about_sqlite};

fn shell(dir: &Path, script: &str) {
    let done = Command::new("sh").args(["-ec", script]).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "{script}: {done:?}");
}

/// The files of a project that is stopped with a task in its queue.
fn queued() -> Project {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    project.submit("sleep 1000");
    project.json(&["task", "submit", "do: touch evil"]);
    project.stop();
    project
}

fn copied(from: &Project, how: &str) -> Project {
    let to = Project::empty();
    shell(from.path(), &format!("to={}; {how}", to.path().display()));
    to
}

fn is_refused(project: &Project) -> String {
    let done = project.run(&["daemon", "start"]);
    assert_eq!(done.code, 1, "{}", done.out);
    assert!(done.err.contains("was not made here") && done.err.contains("--adopt-state"), "{}", done.err);
    assert!(!project.file("evil").exists());
    done.err
}

#[test]
fn a_database_that_was_brought_is_refused_until_a_person_adopts_it() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let made = queued();
    let copies = [
        "git init -q . && git add -Af && git -c user.name=a -c user.email=a@b commit -qm x && git clone -q . $to",
        "tar cf - .aiwg | tar xpf - -C $to",
        "cp -a .aiwg $to",
    ];
    for how in copies {
        let project = copied(&made, how);
        is_refused(&project);
        // A start that nobody asks for, and a restart, are no different.
        let done = project.run(&["daemon", "restart"]);
        assert!(done.code == 1 && done.err.contains("--adopt-state"), "{}", done.err);
        let done = project.run(&["daemon", "start", "--adopt-state"]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert_eq!(project.ended("task-0002")["state"], "completed", "{how}");
        // From then on it is its own.
        project.stop();
        project.start();
        project.kill_daemon();
        project.start();
    }
}

#[test]
fn one_without_a_stamp_is_refused_as_well() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::new(json!({ "daemon": { "max_parallel_actions": 1 } }));
    fs::create_dir_all(project.file(".aiwg/daemon")).unwrap();
    // The one of version 11, taken back to where no database said where it was made.
    let connection = rusqlite::Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap();
    connection.execute_batch(include_str!("../../e2e/stored/daemon.sql")).unwrap();
    connection
        .execute_batch(
            "DROP TABLE made_here; DROP TABLE config_in_force; DROP INDEX task_queue; DROP INDEX task_waiting;
             ALTER TABLE task DROP COLUMN place;
             CREATE INDEX task_queue ON task (priority DESC, no) WHERE state = 'queued' AND waiting = 0;
             CREATE INDEX task_waiting ON task (priority DESC, no) WHERE state = 'queued' AND waiting > 0;
             UPDATE task SET prompt = 'do: touch evil' WHERE no = 8;
             PRAGMA user_version = 9;",
        )
        .unwrap();
    drop(connection);
    let said = is_refused(&project);
    assert!(said.contains("older aiwg"), "{said}");
    assert_eq!(project.run(&["daemon", "start", "--adopt-state"]).code, 0);
    assert_eq!(project.ended("task-0008")["state"], "completed");
    assert!(project.file("evil").exists());
}

#[test]
fn what_is_moved_on_its_disk_goes_on() {
    let outer = Project::empty();
    let run = |dir: &str, args: &[&str]| {
        let done = outer.command().current_dir(outer.file(dir)).args(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
    };
    fs::create_dir_all(outer.file("a/.aiwg")).unwrap();
    fs::write(outer.file("a/.aiwg/daemon.json"), Project::config(json!({})).to_string()).unwrap();
    run("a", &["daemon", "start"]);
    run("a", &["daemon", "stop"]);
    fs::rename(outer.file("a"), outer.file("b")).unwrap();
    run("b", &["daemon", "start"]);
    run("b", &["task", "submit", "do: true", "--wait"]);
    run("b", &["daemon", "stop"]);
}

#[test]
fn the_node_daemons_tasks_wait_until_somebody_asks_for_them() {
    let tasks = r#"{"tasks": [{"id": "task-0001", "prompt": "do: touch evil", "state": "queued", "env": {"LD_PRELOAD": "./evil.so"}}]}"#;
    let project = Project::new(json!({}));
    fs::create_dir_all(project.file(".aiwg/daemon")).unwrap();
    fs::write(project.file(".aiwg/daemon/tasks.json"), tasks).unwrap();
    let done = project.run(&["daemon", "start"]);
    assert!(done.code == 0 && done.out.contains("aiwg daemon import"), "{}{}", done.out, done.err);
    assert_eq!(project.json(&["task", "stats"])["total"], 0);
    // Nothing of it is lost.
    assert_eq!(project.read(".aiwg/daemon/tasks.json.not-imported"), tasks);
    assert_eq!(project.submit("true"), "task-0001");
    let running = project.run(&["daemon", "import"]);
    assert!(running.code == 1 && running.err.contains("already runs"), "{}", running.err);
    project.stop();
    project.json(&["daemon", "import"]);
    assert_eq!(project.json(&["task", "stats"])["total"], 2);
    assert_eq!(project.task("task-0002")["prompt"], "do: touch evil");
    // Once.
    project.stop();
    project.json(&["daemon", "import"]);
    assert_eq!(project.json(&["task", "stats"])["total"], 2);
}

#[test]
fn an_agent_adopts_nothing() {
    let project = Project::started(json!({}));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    fs::create_dir_all(project.file("other/.aiwg")).unwrap();
    for words in ["daemon start --adopt-state", "daemon import"] {
        let task = project.ended(&project.submit(&format!("env -i {aiwg} --project other {words} 2>&1")));
        assert_eq!(task["state"], "failed", "{task}");
        assert!(task["result"].as_str().unwrap().contains("an agent may not"), "{task}");
    }
}

#[test]
fn links_that_a_clone_brings_are_refused_before_anything_is_touched() {
    for (name, target) in [
        ("daemon", "../../data"),
        ("daemon/events", "../../../data"),
        ("daemon/actions", "../../../data"),
        ("daemon/daemon.db", "../../../data/precious.jsonl"),
        ("daemon/.lock", "../../../data/precious.jsonl"),
        ("daemon.pid", "../../data/precious.jsonl"),
    ] {
        let outer = Project::empty();
        let (data, clone) = (outer.file("data"), outer.file("clone"));
        fs::create_dir_all(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
        let text = "{\"seq\":1}\n{\"seq\":2} no line feed";
        for file in ["precious.jsonl", "2020-01-01-notes.jsonl"] {
            fs::write(data.join(file), text).unwrap();
        }
        let planted = clone.join(".aiwg").join(name);
        fs::create_dir_all(planted.parent().unwrap()).unwrap();
        symlink(target, &planted).unwrap();
        let done = outer.command().current_dir(&clone).args(["daemon", "start"]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(
            done.status.code() == Some(1) && said.contains("is a link") && said.contains(name),
            "{name}: {said}"
        );
        assert_eq!(fs::read_dir(&data).unwrap().count(), 2, "{name}");
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o755, "{name}");
        for file in ["precious.jsonl", "2020-01-01-notes.jsonl"] {
            assert_eq!(fs::read_to_string(data.join(file)).unwrap(), text, "{name}");
        }
    }
}

#[test]
fn a_socket_that_leads_to_another_daemon_is_replaced() {
    let other = Project::started(json!({}));
    let project = Project::new(json!({}));
    fs::create_dir_all(project.file(".aiwg/daemon")).unwrap();
    symlink(other.socket(), project.socket()).unwrap();
    project.start();
    assert_eq!(project.json(&["daemon", "status"])["project"], project.path().to_str().unwrap());
    assert_eq!(other.run(&["daemon", "ping"]).code, 0);
}
