//! The queue over crashes and restarts, and what people do to it with the command.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixListener,
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Cli, Project, is_dead, until};

/// An agent that runs until the file `go` is there.
const UNTIL_GO: &str = "do: while [ ! -e go ]; do sleep 0.01; done";

fn submit(project: &Project, prompt: &str, after: &[&str]) -> Value {
    project.wire().try_call("task.submit", json!({ "prompt": prompt, "after": after }))
}

fn id(answer: &Value) -> &str {
    answer["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn dependencies_survive_a_crash() {
    let project = Project::started(json!({}));
    let first = submit(&project, UNTIL_GO, &[]);
    let second = submit(&project, "x", &[id(&first)]);
    until("the agent", || project.runs().len() == 1);
    project.kill_daemon();
    std::fs::write(project.file("go"), "").unwrap();
    project.start();
    assert_eq!(project.ended(id(&second))["state"], "completed");
    assert_eq!(project.runs(), [id(&first), id(&second)]);
}

#[test]
fn of_several_tasks_each_is_held_or_reported() {
    let project = Project::started(json!({}));
    project.wire().call("daemon.pause", json!({}));
    for _ in 0..2 {
        project.submit("x");
    }
    // Of one it is the method's result.
    assert_eq!(project.json(&["task", "hold", "1"]), json!({ "held": true }));
    assert_eq!(project.json(&["task", "release", "1"]), json!({ "released": true }));
    let done = project.run(&["task", "hold", "1", "99", "2", "--json"]);
    assert_eq!(done.code, 1, "{}", done.err);
    let tasks: Value = serde_json::from_str(&done.out).unwrap();
    let tasks = tasks["tasks"].as_array().unwrap();
    assert_eq!(tasks[0], json!({ "taskId": "task-0001", "held": true }));
    assert_eq!(
        (&tasks[1]["taskId"], &tasks[1]["error"]["data"]["kind"]),
        (&json!("task-0099"), &json!("task_not_found"))
    );
    assert_eq!(tasks[2], json!({ "taskId": "task-0002", "held": true }));
    assert!(done.err.contains("task_not_found"), "{}", done.err);
    let done = project.run(&["task", "release", "99", "2", "1"]);
    assert_eq!((done.code, done.out.as_str()), (1, "task-0002 is released.\ntask-0001 is released.\n"));
    assert!(done.err.contains("task-0099"), "{}", done.err);
}

#[test]
fn a_drain_outlasts_a_killed_daemon_and_ends_with_the_next_one() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let task = project.submit("touch began; while [ ! -e go ]; do sleep 0.01; done");
    until("its agent", || project.file("began").exists());
    let next = project.submit("true");
    project.json(&["daemon", "drain", "--exit", "--no-wait"]);
    let draining = || {
        let status = project.json(&["daemon", "status"]);
        status["subsystems"]["supervisor"]["drainingSince"].as_str().map(str::to_owned)
    };
    let since = draining();
    assert!(since.is_some());
    assert!(project.run(&["daemon", "status"]).out.contains("draining since"));
    project.kill_daemon();
    project.start();
    assert_eq!(draining(), since, "it goes on");
    let pid = project.pid();
    std::fs::write(project.file("go"), "").unwrap();
    until("the daemon to end", || is_dead(pid));
    assert_eq!(project.runs(), std::slice::from_ref(&task), "nothing else was started");
    project.start();
    assert_eq!(draining(), None);
    assert_eq!(project.ended(&next)["state"], "completed");
    assert_eq!(project.task(&task)["state"], "completed");
}

/// A `daemon drain --exit` that waits.
fn draining(project: &Project) -> Child {
    let mut command = project.command();
    command.args(["daemon", "drain", "--exit"]).stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the queue to drain", || drains(project));
    child
}

fn drains(project: &Project) -> bool {
    project.json(&["daemon", "status"])["subsystems"]["supervisor"]["drainingSince"].is_string()
}

/// The end of the command.
fn result(mut child: Child) -> Cli {
    until("the end of the drain", || child.try_wait().unwrap().is_some());
    Cli::of(child.wait_with_output().unwrap())
}

#[test]
fn who_waits_for_a_drain_waits_over_a_restart_and_a_crash() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let task = project.submit("touch began; while [ ! -e go ]; do sleep 0.01; done");
    until("its agent", || project.file("began").exists());
    let next = project.submit("true");
    let waiting = draining(&project);
    let restarted = project.run(&["daemon", "restart"]);
    assert_eq!(restarted.code, 0, "{}", restarted.err);
    assert!(drains(&project), "a restart is no start");
    let times_asked = || project.read(".aiwg/daemon/daemon.log").matches("a client drains the queue").count();
    until("the restarted daemon to be asked", || times_asked() >= 3);
    project.kill_daemon();
    project.start();
    until("the next daemon to be asked", || times_asked() >= 4);
    std::fs::write(project.file("go"), "").unwrap();
    let done = result(waiting);
    assert_eq!(
        (done.code, done.out.as_str()),
        (0, "The queue has drained, and the daemon has ended.\n"),
        "{}",
        done.err
    );
    assert_eq!(project.runs(), std::slice::from_ref(&task), "nothing else was started");
    project.start();
    assert_eq!(project.task(&task)["state"], "completed");
    assert_eq!(project.ended(&next)["state"], "completed");
}

#[test]
fn a_drain_whose_daemon_is_stopped_has_failed() {
    let project = Project::started(json!({}));
    project.submit("touch began; while [ ! -e go ]; do sleep 0.01; done");
    until("its agent", || project.file("began").exists());
    let waiting = draining(&project);
    project.stop();
    let done = result(waiting);
    // As of every wait for what does not come any more.
    assert_eq!((done.code, done.out.as_str()), (3, ""), "{}", done.err);
    assert!(done.err.contains("it has not said that the queue had drained"), "{}", done.err);
}

#[test]
fn who_takes_a_task_over_waits_over_a_crash_and_whoever_comes_later_is_shown_the_way() {
    let project = Project::started(json!({ "agent": aiwg_testing::claude_stand_in() }));
    let task = project.submit("touch began; while [ ! -e go ]; do sleep 0.01; done; answer first");
    until("its agent", || project.file("began").exists());
    let mut command = project.command();
    command.args(["task", "take", &task, "--no-open"]).stdin(Stdio::null());
    let waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("it to be taken", || project.task(&task)["takeover"].is_object());
    project.kill_daemon();
    project.start();
    std::fs::write(project.file("go"), "").unwrap();
    let taken = result(waiting);
    let shown = taken.out.lines().next().unwrap_or_default().to_owned();
    assert!(taken.code == 0 && shown.contains("--resume"), "{} {}", taken.out, taken.err);
    let again = project.run(&["task", "take", &task]);
    assert!(again.code == 1 && again.err.contains(&shown), "{}", again.err);
    let got = project.run(&["task", "get", &task]).out;
    assert!(got.contains(&shown) && got.contains("Session"), "{got}");
    project.json(&["task", "give", &task, "--done"]);
}

/// A daemon whose queue is empty ends as soon as it has answered: what else it was asked is not answered any more.
#[test]
fn who_drains_needs_one_answer_of_a_daemon_that_ends_at_once() {
    let project = Project::new(json!({}));
    let way = project.file("stand-in.sock");
    let listener = UnixListener::bind(&way).unwrap();
    let at = way.clone();
    let ending = std::thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&client).read_line(&mut line).unwrap();
        let call: Value = serde_json::from_str(&line).unwrap();
        std::fs::remove_file(at).unwrap();
        let drained = json!({ "since": "2026-11-29T12:00:00.000Z", "running": 0 });
        writeln!(&client, "{}", json!({ "jsonrpc": "2.0", "id": call["id"], "result": drained })).unwrap();
        call["params"].clone()
    });
    let drained =
        project.command().args(["daemon", "drain", "--exit"]).env("AIWG_DAEMON_SOCKET", &way).output();
    let drained = drained.unwrap();
    assert!(drained.status.success(), "{}", String::from_utf8_lossy(&drained.stderr));
    let asked = ending.join().unwrap();
    assert!(asked["exit"] == true && asked["waitMs"].is_number(), "{asked}");
}
