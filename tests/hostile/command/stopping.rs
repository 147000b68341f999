//! `daemon stop` ends the very daemon that it was typed for: one that hangs as well, and whoever takes over meanwhile.

use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, is_dead, kill, postgres::is_about_sqlite, processes_of, until};

/// An agent that takes a moment to end.
const SLOW: &str = "trap 'sleep 1; exit' TERM; echo begun; while :; do sleep 0.01; done";

fn with_agent(script: &str) -> (Project, String) {
    let project = Project::started(json!({}));
    let task = project.submit(script);
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    (project, task)
}

#[test]
fn one_that_hangs_is_ended() {
    let (project, task) = with_agent("echo begun; sleep 1000");
    let pid = project.pid();
    kill(pid, Signal::STOP);
    let done = project.run(&["daemon", "stop", "--request-timeout", "0.2"]);
    assert!(done.code == 0 && done.out.contains("did not answer"), "{}{}", done.out, done.err);
    assert!(is_dead(pid));
    project.start();
    assert_eq!(project.task(&task)["state"], "cancelled");
}

#[test]
fn a_damaged_database_keeps_nobody_from_stopping_it() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let (project, _) = with_agent("echo begun; sleep 1000");
    let (pid, database) = (project.pid(), project.file(".aiwg/daemon/daemon.db"));
    std::fs::write(&database, "hello\n").unwrap();
    let has_failed = || project.run(&["daemon", "status"]).code != 0;
    until("that it is noticed", has_failed);
    // It restarts, and puts the database into quarantine.
    let done = project.run(&["daemon", "restart"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_eq!(project.pid(), pid);
    let task = project.submit("echo begun; sleep 1000");
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    std::fs::write(&database, "hello\n").unwrap();
    until("that it is noticed", has_failed);
    let done = project.run(&["daemon", "stop"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(is_dead(pid));
    assert!(processes_of(project.path()).is_empty());
}

#[test]
fn one_that_takes_no_more_connections_is_ended() {
    let project = Project::started(json!({ "daemon": { "max_connections": 4 } }));
    let pid = project.pid();
    let all: Vec<_> = (0..4).map(|_| project.wire()).collect();
    until("that it is full", || project.run(&["daemon", "ping"]).err.contains("which is the limit"));
    let done = project.run(&["daemon", "stop"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(is_dead(pid));
    drop(all);
}

#[test]
fn another_one_that_takes_over_is_not_waited_for() {
    for _ in 0..2 {
        let (project, _) = with_agent(SLOW);
        let pid = project.pid();
        let mut stop = project.command();
        let stop =
            stop.args(["daemon", "stop"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until("the stop", || project.read(".aiwg/daemon/.lock").contains("stops"));
        project.start();
        let stop = stop.wait_with_output().unwrap();
        assert!(stop.status.success(), "{}", String::from_utf8_lossy(&stop.stderr));
        assert!(is_dead(pid) && project.pid() != pid);
        project.wire().is_alive();
    }
}

/// A process that holds the project's lock and heeds no SIGTERM: what a daemon is whose threads hang.
fn deaf(project: &Project) -> Child {
    std::fs::create_dir_all(project.file(".aiwg/daemon")).unwrap();
    let script =
        "trap '' TERM; exec 9>.aiwg/daemon/.lock; flock 9; echo held >held; while :; do sleep 0.05; done";
    let child = Command::new("sh").args(["-c", script]).current_dir(project.path()).spawn().unwrap();
    until("the lock", || project.file("held").exists());
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let start_time: u64 = after_name.split_whitespace().nth(19).unwrap().parse().unwrap();
    let process = json!({ "pid": child.id(), "start_time": start_time });
    let holder = json!({ "process": process, "config": null, "detached": true, "phase": "runs" });
    std::fs::write(project.file(".aiwg/daemon/.lock"), format!("{}\n{holder}\n", child.id())).unwrap();
    child
}

#[test]
fn one_that_heeds_no_signal_is_killed() {
    let project = Project::empty();
    let mut child = deaf(&project);
    let done = project.run(&["daemon", "stop", "--json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let said: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&said["pid"], &said["killed"]), (&json!(child.id()), &json!(true)));
    assert!(is_dead(child.id()));
    child.wait().unwrap();
    project.start();
}

#[test]
fn that_agents_are_still_alive_is_no_success() {
    let (project, task) = with_agent("echo begun; sleep 1000");
    project.kill_daemon();
    let mut child = deaf(&project);
    let done = project.run(&["daemon", "stop", "--json"]);
    assert_eq!(done.code, 1, "{}", done.err);
    let said: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&said["killed"], &said["agentsLeft"]), (&json!(true), &json!([task])));
    assert!(done.err.contains(&task) && done.err.contains("daemon start"), "{}", done.err);
    child.wait().unwrap();
    // That finds them.
    project.start();
    let done = project.run(&["daemon", "stop", "--json"]);
    assert!(done.code == 0 && !done.out.contains("agentsLeft"), "{}{}", done.out, done.err);
}

#[test]
fn whoever_has_the_number_of_a_dead_daemon_is_left_alone() {
    let project = Project::empty();
    let mut child = deaf(&project);
    // The lock names another start of that number.
    let lock = project.read(".aiwg/daemon/.lock").replace("\"start_time\":", "\"start_time\":1");
    std::fs::write(project.file(".aiwg/daemon/.lock"), lock).unwrap();
    let done = project.run(&["daemon", "stop"]);
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    assert!(!is_dead(child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
}
