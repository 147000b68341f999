//! The system is short of something for a while.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::json;

use crate::support::{Project, Wire, postgres::is_about_sqlite, until};

/// Limits a resource of the daemon; returns the former limits.
fn limit(project: &Project, what: Resource, most: Option<u64>) -> Rlimit {
    let pid = Pid::from_raw(project.pid().try_into().unwrap());
    let before = prlimit(pid, what, Rlimit { current: most, ..getrlimit(what) }).unwrap();
    assert!(before.current != most);
    before
}

fn unlimit(project: &Project, what: Resource, before: Rlimit) {
    prlimit(Pid::from_raw(project.pid().try_into().unwrap()), what, before).unwrap();
}

fn issues(wire: &mut Wire) -> String {
    wire.call("daemon.status", json!({}))["issues"].to_string()
}

#[test]
fn no_more_files_cost_no_task_an_attempt() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 2 } }));
    let mut wire = project.wire();
    wire.is_alive();
    let before = limit(&project, Resource::Nofile, Some(4));
    let tasks: Vec<String> = (0..6)
        .map(|n| {
            let params = json!({ "prompt": format!("do: echo {n} >> order"), "priority": -n });
            wire.call("task.submit", params)["taskId"].as_str().unwrap().to_owned()
        })
        .collect();
    until("it is said", || issues(&mut wire).contains("no agents can be started"));
    for task in &tasks {
        let state = wire.call("task.get", json!({ "taskId": task }))["state"].clone();
        assert!(state == "queued" || state == "running", "{task} is {state}");
    }
    unlimit(&project, Resource::Nofile, before);
    for task in &tasks {
        let ended = project.ended(task);
        assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(1)), "{ended}");
    }
    until("the health to be well", || !issues(&mut wire).contains("no agents"));
}

#[test]
fn a_shortage_that_comes_and_goes_leaves_no_task_behind() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 3 } }));
    let mut wire = project.wire();
    wire.is_alive();
    let files = || std::fs::read_dir(format!("/proc/{}/fd", project.pid())).unwrap().count() as u64;
    let mut tasks = Vec::new();
    for round in 0..24 {
        // Few enough for none to be started, for one, and for some.
        let before = limit(&project, Resource::Nofile, Some(files() + round % 8));
        for _ in 0..3 {
            let submitted = wire.call("task.submit", json!({ "prompt": "do: true" }));
            tasks.push(submitted["taskId"].as_str().unwrap().to_owned());
        }
        let last = tasks.last().unwrap();
        until("something to come of it", || {
            issues(&mut wire).contains("no agents")
                || wire.call("task.get", json!({ "taskId": last }))["state"] != "queued"
        });
        unlimit(&project, Resource::Nofile, before);
    }
    for task in &tasks {
        let ended = project.ended(task);
        assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(1)), "{ended}");
    }
    until("the health to be well", || !issues(&mut wire).contains("no agents"));
}

#[test]
fn no_more_threads_cost_no_answer() {
    if rustix::process::geteuid().is_root() {
        eprintln!("passed over: root may have as many as it likes");
        return;
    }
    let project = Project::started(json!({ "daemon": { "heartbeat_interval_seconds": 3600 } }));
    let mut wire = project.wire();
    wire.call("task.list", json!({}));
    // Tokio ends threads that were idle for 10 s unless it is set not to, and some work is done 2 s after the start.
    std::thread::sleep(std::time::Duration::from_secs(14));
    let before = limit(&project, Resource::Nproc, Some(1));
    assert_eq!(wire.call("task.list", json!({})), json!([]));
    let task = wire.call("task.submit", json!({ "prompt": "do: true" }))["taskId"].clone();
    until("it is said", || issues(&mut wire).contains("no agents can be started"));
    let many: Vec<Wire> = (0..100)
        .map(|_| {
            let mut wire = project.wire();
            wire.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"task.list\"}\n");
            wire
        })
        .collect();
    for mut wire in many {
        assert_eq!(wire.receive()["result"][0]["id"], task);
    }
    unlimit(&project, Resource::Nproc, before);
    assert_eq!(project.ended(task.as_str().unwrap())["attempts"], 1);
    assert!(!project.read(".aiwg/daemon/daemon.log").contains("panicked"));
}

#[test]
fn what_cannot_be_started_for_now_can_be_cancelled() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let mut wire = project.wire();
    wire.is_alive();
    let before = limit(&project, Resource::Nofile, Some(4));
    let task = wire.call("task.submit", json!({ "prompt": "do: true" }))["taskId"].clone();
    until("it is said", || issues(&mut wire).contains("no agents can be started"));
    wire.call("task.cancel", json!({ "taskId": task }));
    until("its end", || wire.call("task.get", json!({ "taskId": task }))["state"] == "cancelled");
    unlimit(&project, Resource::Nofile, before);
    assert_eq!(project.ended(&project.submit("true"))["state"], "completed");
}

#[test]
fn files_that_may_not_grow_do_not_end_the_daemon() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    wire.call("event.emit", json!({ "topic": "a:b" }));
    let before = limit(&project, Resource::Fsize, Some(0));
    let refused = wire.try_call("event.emit", json!({ "topic": "a:b", "payload": "x".repeat(100_000) }));
    assert_eq!(refused["error"]["data"]["kind"], "storage_unavailable", "{refused}");
    assert!(issues(&mut wire).contains("cannot be written"));
    unlimit(&project, Resource::Fsize, before);
    wire.call("event.emit", json!({ "topic": "a:b" }));
    // The agent has the system's own way with that signal.
    let task = project.submit("kill -XFSZ $$; true");
    assert_eq!(project.ended(&task)["state"], "failed");
}

#[test]
fn a_task_whose_agent_was_lost_rests_in_the_queue_and_not_in_a_slot() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let lost = project.submit("[ -e tried ] && exit; touch tried; kill -9 $PPID; sleep 1000");
    let next = project.submit("touch next-ran; while [ ! -e go ]; do sleep 0.01; done");
    until("the next one", || project.file("next-ran").exists());
    assert_eq!(project.task(&lost)["state"], "queued");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&next)["state"], "completed");
    let ended = project.ended(&lost);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(2)));
}

#[test]
fn a_task_that_rests_is_not_forgotten_over_a_restart() {
    let project = Project::started(json!({}));
    let lost = project.submit("[ -e tried ] && exit; touch tried; kill -9 $PPID; sleep 1000");
    until("it rests", || project.file("tried").exists() && project.task(&lost)["state"] == "queued");
    project.kill_daemon();
    project.start();
    assert_eq!(project.ended(&lost)["state"], "completed");
}

/// None of these has failed, or cost an attempt.
fn wait_in_the_queue(wire: &mut Wire, tasks: &[String]) {
    for task in tasks {
        let found = wire.call("task.get", json!({ "taskId": task }));
        // One that is just being tried has an attempt, which it gives back.
        let attempts = u64::from(found["state"] == "running");
        assert!(attempts == 1 || found["state"] == "queued", "{found}");
        assert_eq!(found["attempts"], attempts, "{found}");
    }
}

/// Checks that the shortage was over and all tasks were done at their first attempt.
fn are_done(project: &Project, tasks: &[String]) {
    for task in tasks {
        let ended = project.ended(task);
        assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(1)), "{ended}");
    }
    until("the health to be well", || !issues(&mut project.wire()).contains("no agents"));
}

#[test]
fn tasks_wait_while_none_can_have_a_directory() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 2 } }));
    let (actions, aside) = (project.file(".aiwg/daemon/actions"), project.file(".aiwg/daemon/aside"));
    std::fs::rename(&actions, &aside).unwrap();
    std::fs::write(&actions, "in the way").unwrap();
    let mut wire = project.wire();
    let tasks: Vec<String> = (0..10).map(|_| project.submit("true")).collect();
    until("it is said", || issues(&mut wire).contains("no agents can be started"));
    assert!(issues(&mut wire).contains("which the daemon may write to"), "{}", issues(&mut wire));
    wait_in_the_queue(&mut wire, &tasks);
    std::fs::remove_file(&actions).unwrap();
    std::fs::rename(&aside, &actions).unwrap();
    are_done(&project, &tasks);
}

#[test]
fn what_is_in_the_way_of_one_task_holds_up_no_other() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let one = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let tasks = [project.submit("true"), project.submit("true")];
    std::fs::write(project.file(&format!(".aiwg/daemon/actions/{}", tasks[0])), "in the way").unwrap();
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&one)["state"], "completed");
    let failed = project.ended(&tasks[0]);
    assert_eq!(failed["state"], "failed", "{failed}");
    assert!(failed["error"].as_str().unwrap().contains("is in the way"), "{failed}");
    assert_eq!(project.ended(&tasks[1])["state"], "completed");
}

#[test]
fn tasks_wait_while_the_agents_program_is_being_written() {
    let project = Project::empty();
    let program = project.file("agent");
    std::fs::copy("/bin/true", &program).unwrap();
    let writing = std::fs::File::options().append(true).open(&program).unwrap();
    if std::process::Command::new(&program).status().is_ok() {
        eprintln!("passed over: this system starts a program that is being written");
        return;
    }
    project.configure(&json!({ "agent": { "command": ["./agent"] } }).to_string());
    project.start();
    let mut wire = project.wire();
    let tasks: Vec<String> = (0..4).map(|_| project.submit("x")).collect();
    until("it is said", || issues(&mut wire).contains("is being written to"));
    wait_in_the_queue(&mut wire, &tasks);
    drop(writing);
    are_done(&project, &tasks);
}
