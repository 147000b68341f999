//! Changing the configuration under way, and restarting.

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Project, kill, until};

const UNTIL_GO: &str = "echo begun; while [ ! -e go ]; do sleep 0.01; done";

fn config(more: serde_json::Value) -> String {
    Project::config(more).to_string()
}

#[test]
fn more_slots_are_filled_at_once() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let mut subscriber = project.wire();
    subscriber.call("event.subscribe", json!({ "topics": ["daemon:reloaded"] }));
    let tasks: Vec<String> = (0..3).map(|_| project.submit(UNTIL_GO)).collect();
    until("one agent", || project.runs().len() == 1);
    project.configure(&config(json!({ "daemon": { "max_parallel_actions": 3 } })));
    let done = project.json(&["daemon", "reload"]);
    let changes = ["daemon.max_parallel_actions: 1 -> 3"];
    assert_eq!(done, json!({ "reloaded": true, "errors": [], "notices": [], "changes": changes }));
    until("all three", || project.runs().len() == 3);
    let payload = subscriber.receive()["params"]["event"]["payload"].clone();
    assert_eq!(payload["reloaded"], true);
    assert_eq!(payload["changes"], json!(["daemon.max_parallel_actions"]), "the places, and no values");
    assert_eq!(project.json(&["daemon", "status"])["subsystems"]["supervisor"]["maxConcurrency"], 3);
    std::fs::write(project.file("go"), "").unwrap();
    for task in &tasks {
        let task = project.ended(task);
        assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(1)));
    }
}

#[test]
fn rules_are_replaced_by_a_signal() {
    let project = Project::started(json!({ "rules": [Project::rule("old", "a:b", "x")] }));
    let fired = || project.wire().call("event.emit", json!({ "topic": "a:b" }))["rules"].clone();
    assert_eq!(fired(), json!(["old"]));
    project.configure(&config(json!({ "rules": [Project::rule("new", "a:*", "x")] })));
    kill(project.pid(), Signal::HUP);
    until("the new rule", || fired() == json!(["new"]));
    assert_eq!(project.json(&["daemon", "status"])["subsystems"]["automation"]["ruleCount"], 1);
}

#[test]
fn a_bad_configuration_is_refused_as_a_whole() {
    let project = Project::started(json!({ "rules": [Project::rule("old", "a:b", "x")] }));
    project.configure("{\n  \"rules\": [],\n  \"daemon\": { \"max_paralel_actions\": 3 }\n}");
    let done = project.run(&["daemon", "reload"]);
    assert_eq!(done.code, 1);
    assert!(
        done.out.contains("daemon.json:3:15: ") && done.out.contains("max_parallel_actions"),
        "{}",
        done.out
    );
    let done = project.wire().call("daemon.reload", json!({}));
    assert_eq!((&done["reloaded"], &done["errors"][0]["line"]), (&json!(false), &json!(3)));
    let emitted = project.wire().call("event.emit", json!({ "topic": "a:b" }));
    assert_eq!(emitted["rules"], json!(["old"]));
    let status = project.json(&["daemon", "status"]);
    let said = status["issues"][0]["message"].as_str().unwrap_or_default();
    assert!(
        said.contains("daemon.json has changed since, and is wrong") && said.contains("mend it"),
        "{status}"
    );
    // Put back is as good as mended.
    project.configure(&config(json!({ "rules": [Project::rule("old", "a:b", "x")] })));
    until("the health", || project.json(&["daemon", "status"])["health"] == "healthy");
}

#[test]
fn a_restart_keeps_agents_and_the_profile() {
    let project = Project::empty();
    std::fs::create_dir(project.file(".aiwg")).unwrap();
    let profile = config(json!({ "daemon": { "max_parallel_actions": 7 } }));
    std::fs::write(project.file(".aiwg/daemon.dev.json"), profile).unwrap();
    assert_eq!(project.run(&["daemon", "start", "--config", ".aiwg/daemon.dev.json"]).code, 0);
    let task = project.submit(UNTIL_GO);
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    let (pid, agent) = (project.pid(), project.task(&task)["pid"].clone());
    let before = project.json(&["daemon", "status"]);
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    let status = project.json(&["daemon", "status"]);
    // The same process: whoever asked for it, it is nobody else's child now.
    assert_eq!(project.pid(), pid);
    assert_ne!(status["started_at"], before["started_at"]);
    assert_eq!(status["subsystems"]["supervisor"]["maxConcurrency"], 7);
    until("its process", || project.task(&task)["pid"] == agent);
    std::fs::write(project.file("go"), "").unwrap();
    let task = project.ended(&task);
    assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(1)));
    assert_eq!(project.runs().len(), 1);
}

#[test]
fn a_restart_with_a_bad_configuration_stops_nothing() {
    let project = Project::started(json!({}));
    let before = project.pid();
    project.configure("{\n  \"daemonx\": {}\n}");
    let done = project.run(&["daemon", "restart"]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("daemon.json:2:3: "), "{}", done.out);
    assert_eq!(project.pid(), before);
    project.wire().is_alive();
}

#[test]
fn a_restart_through_a_socket_that_is_gone_starts_nothing_here() {
    let project = Project::empty();
    let done = project
        .command()
        .args(["daemon", "restart"])
        .env("AIWG_DAEMON_SOCKET", project.file("forwarded.sock"))
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("AIWG_DAEMON_SOCKET"));
    assert!(!project.file(".aiwg").exists());
}

#[test]
fn a_restart_without_a_daemon_starts_one() {
    let project = Project::new(json!({}));
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    project.wire().is_alive();
}

#[test]
fn a_configuration_that_is_gone_drops_no_rule() {
    let project = Project::started(json!({ "rules": [Project::rule("r", "a:b", "x")] }));
    std::fs::remove_file(project.file(".aiwg/daemon.json")).unwrap();
    kill(project.pid(), Signal::HUP);
    until("the health", || project.json(&["daemon", "status"])["health"] == "degraded");
    let done = project.run(&["daemon", "reload"]);
    assert_eq!((done.code, done.out.contains("the file is gone")), (1, true), "{}", done.out);
    assert_eq!(project.wire().call("event.emit", json!({ "topic": "a:b" }))["rules"], json!(["r"]));
    // And mended is mended.
    project.configure(&config(json!({})));
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    assert_eq!(project.json(&["daemon", "status"])["health"], "healthy");
}

#[test]
fn who_waits_for_a_task_does_not_notice_a_restart() {
    let project = Project::started(json!({}));
    let task = project.submit(&format!("{UNTIL_GO}; echo done"));
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    let spawn = |args: &[&str]| {
        let mut command = project.command();
        command.args(args).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let waiting = [
        spawn(&["task", "wait", &task]),
        spawn(&["task", "logs", &task, "--follow"]),
        spawn(&["task", "submit", &format!("do: {UNTIL_GO}; echo done"), "--wait"]),
    ];
    until("all of them", || {
        project.json(&["daemon", "status"])["subsystems"]["ipc"]["clients"] == 4 && project.runs().len() == 2
    });
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    project.kill_daemon();
    project.start();
    std::fs::write(project.file("go"), "").unwrap();
    for child in waiting {
        let done = child.wait_with_output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{out}{err}");
        assert!(err.contains("waiting for it"), "{out}{err}");
        assert!(
            out.contains("is completed") || out.contains("begun\n") && out.ends_with("done\n"),
            "{out}{err}"
        );
    }
}
