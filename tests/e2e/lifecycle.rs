//! Start, stop, and everything that may be in the way.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, is_dead, kill, postgres::is_about_sqlite, processes_of, until};

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
    if is_about_sqlite("it takes the state in the directory away, which does not have the store") {
        return;
    }
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
    // A copy is not gone on with unless a person says so.
    assert_eq!(copy.run(&["daemon", "start"]).code, 1);
    assert_eq!(copy.run(&["daemon", "start", "--adopt-state"]).code, 0);
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

/// One whose daemon looks every second whether all it stands on is still there.
fn watchful() -> Project {
    Project::started(json!({ "daemon": { "heartbeat_interval_seconds": 1 } }))
}

/// Waits until the daemon has ended by itself.
fn ends(pid: u32) {
    until("the daemon's end", || is_dead(pid));
}

#[test]
fn without_its_lock_it_keeps_others_out_and_ends_and_its_agents_go_on() {
    let project = watchful();
    let task = project.submit("echo begun; while [ ! -e go ]; do sleep 0.01; done");
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    let pid = project.pid();
    // As the old guide advised.
    std::fs::remove_file(project.file(".aiwg/daemon/.lock")).unwrap();
    std::fs::remove_file(project.file(".aiwg/daemon.pid")).unwrap();
    let second = project.run(&["daemon", "start"]);
    // It may have noticed by now, and have ended.
    let has_ended = project.read(".aiwg/daemon/daemon.log").contains("the daemon has stopped");
    assert!(second.code == 1 || has_ended, "two daemons: {}", second.out);
    ends(pid);
    assert!(project.read(".aiwg/daemon/daemon.log").contains(".lock was removed"));
    project.run(&["daemon", "start"]);
    std::fs::write(project.file("go"), "").unwrap();
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(1)));
}

#[test]
fn without_its_directory_it_ends_and_takes_nothing_of_the_next_one_along() {
    if is_about_sqlite("it takes the state in the directory away, which does not have the store") {
        return;
    }
    let project = watchful();
    let pid = project.pid();
    // It may be writing there at that moment.
    until("it to be removed", || std::fs::remove_dir_all(project.file(".aiwg/daemon")).is_ok());
    ends(pid);
    project.start();
    assert_ne!(project.pid(), pid);
    project.wire().is_alive();
}

#[test]
fn without_its_store_it_acknowledges_nothing_for_long() {
    let project = watchful();
    let pid = project.pid();
    for name in ["daemon.db", "daemon.db-wal", "daemon.db-shm"] {
        let _ = std::fs::remove_file(project.file(".aiwg/daemon").join(name));
    }
    ends(pid);
    assert!(project.read(".aiwg/daemon/daemon.log").contains("daemon.db was removed"));
    // It was not asked to end: whoever keeps it running is to know.
    assert_eq!(json_file(&project, ".aiwg/daemon/state.json")["issues"][0]["kind"], "ground");
}

#[test]
fn a_project_that_is_moved_loses_its_daemon() {
    let project = Project::empty();
    let (old, new) = (project.file("old"), project.file("new"));
    std::fs::create_dir_all(old.join(".aiwg")).unwrap();
    let daemon = r#"{ "daemon": { "heartbeat_interval_seconds": 1 } }"#;
    std::fs::write(old.join(".aiwg/daemon.json"), daemon).unwrap();
    let run = |dir: &std::path::Path, args: &[&str]| {
        project.command().args(args).args(["--project", dir.to_str().unwrap()]).output().unwrap()
    };
    assert!(run(&old, &["daemon", "start"]).status.success());
    let pid: u32 = std::fs::read_to_string(old.join(".aiwg/daemon.pid")).unwrap().trim().parse().unwrap();
    // Where it was started from is no business of its own.
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), old);
    std::fs::rename(&old, &new).unwrap();
    ends(pid);
    let log = std::fs::read_to_string(new.join(".aiwg/daemon/daemon.log")).unwrap();
    assert!(log.contains("was removed, moved or replaced"), "{log}");
    assert!(run(&new, &["daemon", "start"]).status.success());
    assert!(run(&new, &["daemon", "stop"]).status.success());
}

#[test]
fn a_socket_that_is_removed_comes_back() {
    let project = Project::started(json!({}));
    std::fs::remove_file(project.socket()).unwrap();
    let second = project.run(&["daemon", "start"]);
    assert!(second.code == 1 && second.err.contains("lock"), "{}", second.err);
    until("the socket", || project.run(&["daemon", "ping"]).code == 0);
    // And one that does not answer can be stopped.
    let pid = project.pid();
    std::fs::remove_file(project.socket()).unwrap();
    let stopped = project.run(&["daemon", "stop"]);
    assert_eq!(stopped.code, 0, "{}", stopped.err);
    ends(pid);
}

#[test]
fn a_start_waits_for_a_stop() {
    let project = Project::started(json!({}));
    let slow = "trap 'sleep 0.7; exit' TERM; echo begun; while :; do sleep 0.01; done";
    let task = project.submit(slow);
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    let pid = project.pid();
    kill(pid, Signal::TERM);
    until("the stop", || project.read(".aiwg/daemon/.lock").contains("stops"));
    project.start();
    assert_ne!(project.pid(), pid);
    ends(pid);
}

#[test]
fn whoever_asks_during_a_restart_is_answered() {
    let project = Project::started(json!({}));
    let began = || project.json(&["daemon", "status"])["started_at"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        let before = began();
        project.wire().call("daemon.restart", json!({}));
        // Each of them must succeed, at whatever moment of the restart it comes.
        until("the next one", || {
            project.json(&["daemon", "ping"]);
            project.json(&["task", "list"]);
            began() != before
        });
    }
}

#[test]
fn a_start_does_not_come_in_between_a_restart() {
    let project = Project::started(json!({}));
    let pid = project.pid();
    for _ in 0..5 {
        let before = project.json(&["daemon", "status"])["started_at"].clone();
        project.wire().call("daemon.restart", json!({}));
        until("the new beginning", || {
            assert_eq!(project.run(&["daemon", "start"]).code, 1);
            let status = project.run(&["daemon", "status", "--json"]);
            status.code == 0 && !status.out.contains(before.as_str().unwrap())
        });
        assert_eq!(project.pid(), pid);
    }
}

#[test]
fn a_killed_daemon_is_restarted_with_its_profile() {
    let project = Project::empty();
    std::fs::create_dir(project.file(".aiwg")).unwrap();
    let profile = r#"{ "daemon": { "max_parallel_actions": 7 } }"#;
    std::fs::write(project.file(".aiwg/dev.json"), profile).unwrap();
    assert_eq!(project.run(&["daemon", "start", "--config", ".aiwg/dev.json"]).code, 0);
    project.kill_daemon();
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    let slots = || project.json(&["daemon", "status"])["subsystems"]["supervisor"]["maxConcurrency"].clone();
    assert_eq!(slots(), 7);
    // What was stopped is started as ever.
    project.stop();
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    assert_eq!(slots(), 3);
}

#[test]
fn signals_that_mean_nothing_to_it_do_not_end_it() {
    let project = Project::started(json!({}));
    kill(project.pid(), Signal::USR1);
    kill(project.pid(), Signal::USR2);
    project.wire().is_alive();
}

fn json_file(project: &Project, name: &str) -> Value {
    serde_json::from_str(&project.read(name)).unwrap()
}

#[test]
fn what_it_leaves_behind_says_that_it_has_stopped() {
    let project = Project::started(json!({}));
    project.ended(&project.submit("true"));
    project.stop();
    let state = json_file(&project, ".aiwg/daemon/state.json");
    assert_eq!((&state["stopped"], &state["stats"]["completed"]), (&json!(true), &json!(1)));
    assert!(project.read(".aiwg/daemon/heartbeat").ends_with("}\n"));
}

#[test]
fn what_is_in_the_way_is_named() {
    let project = Project::empty();
    std::fs::write(project.file(".aiwg"), "").unwrap();
    let done = project.run(&["daemon", "start"]);
    assert!(done.code == 1 && done.err.contains(".aiwg is in the way"), "{}", done.err);
    std::fs::remove_file(project.file(".aiwg")).unwrap();
    std::fs::create_dir_all(project.file(".aiwg/daemon/daemon.db")).unwrap();
    let done = project.run(&["daemon", "start"]);
    assert!(done.code == 1 && done.err.contains("daemon.db"), "{}", done.err);
    std::fs::remove_dir(project.file(".aiwg/daemon/daemon.db")).unwrap();
    // What a Node daemon keeps in its place is quarantined, whatever it is.
    std::fs::create_dir_all(project.file(".aiwg/daemon/tasks.json")).unwrap();
    let done = project.run(&["daemon", "start"]);
    assert!(
        done.code == 0
            && done.out.contains("tasks.json was not imported: it is no regular file but a directory"),
        "{}",
        done.out
    );
    assert!(project.file(".aiwg/daemon/tasks.json.not-imported").is_dir());
}

#[test]
fn a_path_that_is_no_text_is_refused_in_words() {
    use std::os::unix::ffi::OsStrExt;
    let project = Project::empty();
    let odd = project.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&odd).unwrap();
    for how in [&["daemon", "start"][..], &["daemon", "start", "--foreground"]] {
        let done = project.command().args(how).current_dir(&odd).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(1) && said.contains("UTF-8") && said.contains("rename"), "{said}");
    }
}

#[test]
fn a_stop_counts_for_more_than_a_restart_under_way() {
    let project = Project::started(json!({}));
    let task = project.submit("while :; do sleep 0.01; done");
    for _ in 0..5 {
        let restart = project
            .command()
            .args(["daemon", "restart"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let done = project.run(&["daemon", "stop"]);
        assert_eq!(done.code, 0, "{}", done.err);
        // It says either what became of it, or that the other was faster.
        { restart }.wait().unwrap();
        let left = project.run(&["daemon", "ping"]);
        if left.code == 3 {
            project.start();
        }
    }
    assert_eq!(project.task(&task)["state"], "cancelled");
}
