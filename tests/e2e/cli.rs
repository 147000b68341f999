//! The command line and its output.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::Project;

#[test]
fn exit_codes_tell_what_happened() {
    let project = Project::empty();
    assert_eq!(project.run(&["task", "list"]).code, 3);
    assert_eq!(project.run(&["task", "list", "--state", "gone"]).code, 2);
    assert_eq!(project.run(&["no-such-command"]).code, 2);
    project.start();
    assert_eq!(project.run(&["task", "get", "task-0001"]).code, 1);
    assert_eq!(project.run(&["event", "emit", "a:b", "{broken"]).code, 2);
    assert_eq!(project.run(&["event", "emit", "a:b"]).code, 0);
}

#[test]
fn programs_get_errors_as_json() {
    let project = Project::empty();
    let error = |args: &[&str]| -> Value {
        let done = project.run(&[args, &["--json"]].concat());
        assert_eq!(done.out, "");
        serde_json::from_str::<Value>(&done.err).unwrap()["error"].take()
    };
    let missing = error(&["task", "list"]);
    assert!(missing["message"].as_str().unwrap().contains("aiwg daemon start"), "{missing}");
    project.start();
    let unknown = error(&["task", "get", "task-0001"]);
    assert_eq!((&unknown["code"], &unknown["data"]["kind"]), (&json!(-32001), &json!("task_not_found")));
    assert_eq!(error(&["event", "emit", "not a topic"])["data"]["member"], "topic");
}

#[test]
fn waiting_tells_whether_all_completed() {
    let project = Project::started(json!({}));
    let (good, bad) = (project.submit("true"), project.submit("false"));
    assert_eq!(project.run(&["task", "wait", &good]).code, 0);
    let done = project.run(&["task", "wait", &good, &bad]);
    assert_eq!(done.code, 1);
    assert!(
        done.out.contains(&format!("{good} is completed."))
            && done.out.contains(&format!("{bad} is failed: ")),
        "{}",
        done.out
    );
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let project = Project::started(json!({}));
    for n in 0..200 {
        project.wire().call("event.emit", json!({ "topic": format!("a:{n}"), "payload": "x".repeat(2000) }));
    }
    let mut child = project
        .command()
        .args(["event", "list", "--json", "--limit", "1000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn lists_have_pages_and_filters() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let ids: Vec<String> = (0..5).map(|_| project.submit("true")).collect();
    project.ended(ids.last().unwrap());
    let page = |args: &[&str]| -> Vec<String> {
        let list = project.json(&[&["task", "list", "--limit", "2"], args].concat());
        list.as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(page(&[]), [ids[4].clone(), ids[3].clone()]);
    assert_eq!(page(&["--cursor", &ids[3]]), [ids[2].clone(), ids[1].clone()]);
    assert_eq!(page(&["--state", "completed", "--cursor", &ids[1]]), [ids[0].clone()]);
    assert_eq!(page(&["--state", "failed"]), Vec::<String>::new());
    let table = project.run(&["task", "list"]).out;
    assert!(table.starts_with("ID         STATE"), "{table}");
}

#[test]
fn the_project_is_found_from_below() {
    let project = Project::started(json!({}));
    let below = project.file("src/deep");
    std::fs::create_dir_all(&below).unwrap();
    let ping = |command: &mut std::process::Command| {
        command.args(["daemon", "ping"]).output().unwrap().status.code()
    };
    assert_eq!(ping(project.command().current_dir(&below)), Some(0));
    assert_eq!(ping(project.command().current_dir("/").arg("--project").arg(project.path())), Some(0));
    assert_eq!(ping(project.command().current_dir("/").env("AIWG_DAEMON_SOCKET", project.socket())), Some(0));
    assert_eq!(ping(project.command().env("AIWG_DAEMON_SOCKET", "/nowhere.sock")), Some(3));
    // A project within a project is its own, whether its daemon runs or not; the home directory is a project only for itself.
    std::fs::create_dir_all(project.file("src/.aiwg")).unwrap();
    assert_eq!(ping(project.command().current_dir(&below)), Some(3));
    std::fs::remove_dir(project.file("src/.aiwg")).unwrap();
    assert_eq!(ping(project.command().current_dir(&below).env("HOME", project.path())), Some(3));
    assert_eq!(ping(project.command().env("HOME", project.path())), Some(0));
}
