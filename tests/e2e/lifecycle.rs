//! Start, stop, and everything that may be in the way.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, kill, processes_of, until};

#[test]
fn it_needs_no_set_up() {
    let project = Project::empty();
    project.start();
    let status = project.json(&["daemon", "status"]);
    assert_eq!(status["pid"], project.pid());
    assert_eq!(status["config"], Value::Null);
    // All that it may miss is an agent: there need not be one on the machine.
    let issues = status["issues"].as_array().unwrap();
    assert!(issues.iter().all(|issue| issue["kind"] == "agent"), "{status}");
    assert_eq!(status["subsystems"]["supervisor"]["maxConcurrency"], 3);
    assert_eq!(project.json(&["daemon", "ping"])["pong"], true);
    project.stop();
    assert_eq!(project.run(&["daemon", "ping"]).code, 3);
    assert!(!project.socket().exists());
    assert!(!project.file(".aiwg/daemon.pid").exists());
}

#[test]
fn nothing_is_open_to_others() {
    let project = Project::started(json!({}));
    project.ended(&project.submit("true"));
    let mode = |path: &std::path::Path| path.symlink_metadata().unwrap().permissions().mode() & 0o777;
    assert!(project.socket().symlink_metadata().unwrap().file_type().is_socket());
    assert_eq!(mode(&project.socket()), 0o600);
    let mut dirs = vec![project.file(".aiwg/daemon")];
    while let Some(dir) = dirs.pop() {
        assert_eq!(mode(&dir), 0o700, "{}", dir.display());
        for entry in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                dirs.push(entry);
            } else {
                assert_eq!(mode(&entry), 0o600, "{}", entry.display());
            }
        }
    }
}

#[test]
fn a_second_start_names_the_first() {
    let project = Project::started(json!({}));
    let done = project.run(&["daemon", "start"]);
    assert_eq!(done.code, 1);
    assert!(
        done.err.contains(&format!("already runs for this project: process {}", project.pid())),
        "{}",
        done.err
    );
    project.wire().is_alive();
}

#[test]
fn what_a_dead_daemon_left_is_not_in_the_way() {
    let project = Project::started(json!({}));
    project.kill_daemon();
    assert!(project.socket().exists());
    std::fs::write(project.file(".aiwg/daemon.pid"), format!("{}\n", std::process::id())).unwrap();
    std::fs::write(project.file(".aiwg/daemon/tasks.json"), "{ broken").unwrap();
    let done = project.run(&["daemon", "ping"]);
    assert_eq!(done.code, 3);
    assert!(done.err.contains("daemon.sock") && done.err.contains("aiwg daemon start"), "{}", done.err);
    project.start();
    assert_ne!(project.pid(), std::process::id());
    until("a whole tasks.json", || {
        serde_json::from_str::<Value>(&project.read(".aiwg/daemon/tasks.json")).is_ok()
    });
}

#[test]
fn a_project_may_lie_deeper_than_socket_paths_go() {
    let project = Project::empty();
    let deep = project.file(&"a-rather-long-name/".repeat(12));
    std::fs::create_dir_all(&deep).unwrap();
    let run = |args: &[&str]| project.command().current_dir(&deep).args(args).output().unwrap();
    assert!(run(&["daemon", "start"]).status.success());
    let status: Value = serde_json::from_slice(&run(&["daemon", "status", "--json"]).stdout).unwrap();
    let socket = status["socket"].as_str().unwrap();
    assert!(socket.len() <= 100, "{socket}");
    assert_eq!(deep.join(".aiwg/daemon/daemon.sock").canonicalize().unwrap().to_str(), Some(socket));
    assert!(run(&["daemon", "stop"]).status.success());
    assert!(!std::path::Path::new(socket).exists());
}

#[test]
fn sigterm_stops_it_and_ends_every_agent() {
    let project = Project::started(json!({}));
    let task = project.submit("echo begun; setsid sh -c 'trap \"\" HUP; sleep 1000' & sleep 1000");
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    let queued: Vec<String> = (0..5).map(|_| project.submit("sleep 1000")).collect();
    kill(project.pid(), Signal::TERM);
    until("the end of all processes", || processes_of(project.path()).is_empty());
    project.start();
    let ended = project.task(&task);
    assert_eq!((&ended["state"], &ended["error"]), (&json!("cancelled"), &json!("the daemon was stopped")));
    // Those that were queued still are, or run by now.
    let last = project.task(queued.last().unwrap());
    assert!(["queued", "running"].contains(&last["state"].as_str().unwrap()), "{last}");
}

#[test]
fn the_readable_files_are_current() {
    let project = Project::started(json!({ "daemon": { "heartbeat_interval_seconds": 1 } }));
    let json = |name: &str| serde_json::from_str::<Value>(&project.read(name)).unwrap_or_default();
    let task = project.submit("true");
    project.ended(&task);
    until("the heartbeat", || json(".aiwg/daemon/heartbeat")["pid"] == project.pid());
    until("state.json", || json(".aiwg/daemon/state.json")["subsystems"]["ipc"]["clients"].is_u64());
    until("tasks.json", || json(".aiwg/daemon/tasks.json")["tasks"][0]["state"] == "completed");
    let events = project.json(&["event", "list"]);
    until("the event log", || {
        let file =
            std::fs::read_dir(project.file(".aiwg/daemon/events")).unwrap().next().unwrap().unwrap().path();
        let lines = std::fs::read_to_string(file).unwrap();
        let logged: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        json!(logged) == events
    });
}

#[test]
fn it_runs_in_the_foreground_too() {
    let project = Project::empty();
    let mut child = project
        .command()
        .args(["daemon", "start", "--foreground"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("an answer", || project.run(&["daemon", "ping"]).code == 0);
    assert_eq!(project.pid(), child.id());
    kill(child.id(), Signal::INT);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_copied_project_is_one_of_its_own() {
    let project = Project::started(json!({}));
    let task = project.submit("echo begun >>begun; while [ ! -e go ]; do sleep 0.01; done");
    until("the agent", || project.file("begun").exists());
    let copy = Project::empty();
    let done = std::process::Command::new("cp")
        .args(["-a", &format!("{}/.", project.path().display())])
        .arg(copy.path())
        .output()
        .unwrap();
    assert!(done.status.success() || String::from_utf8_lossy(&done.stderr).contains("socket"), "{done:?}");
    copy.start();
    assert_eq!(copy.json(&["daemon", "status"])["project"], copy.path().to_str().unwrap());
    // What ran in the original was interrupted here, and is left alone there.
    std::fs::write(copy.file("go"), "").unwrap();
    let there = copy.ended(&task);
    assert_eq!((&there["state"], &there["attempts"]), (&json!("completed"), &json!(2)));
    assert_eq!(project.task(&task)["state"], "running");
    std::fs::write(project.file("go"), "").unwrap();
    let here = project.ended(&task);
    assert_eq!((&here["state"], &here["attempts"]), (&json!("completed"), &json!(1)));
}

#[test]
fn a_daemon_that_hangs_keeps_nobody_waiting() {
    let project = Project::started(json!({}));
    kill(project.pid(), Signal::STOP);
    let done = project.run(&["daemon", "ping"]);
    kill(project.pid(), Signal::CONT);
    assert_eq!(done.code, 1, "{}", done.err);
    assert!(done.err.contains("has not answered"), "{}", done.err);
}
