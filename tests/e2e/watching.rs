//! Watching a task: its logs as they come, waiting for it, and agents that say nothing.

use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Project, Step, kill, until};

#[test]
fn logs_are_followed_to_the_end() {
    let project = Project::started(json!({}));
    let task = project.submit("echo one; while [ ! -e go ]; do sleep 0.01; done; echo two; echo wrong >&2");
    let mut follow =
        project.command().args(["task", "logs", &task, "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(follow.stdout.take().unwrap());
    let mut line = String::new();
    while line != "one\n" {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended before the task wrote anything");
    }
    // What there is, without waiting.
    assert!(project.run(&["task", "logs", &task]).out.ends_with("one\n"));
    std::fs::write(project.file("go"), "").unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "two\n");
    assert!(follow.wait().unwrap().success());
    assert_eq!(project.run(&["task", "logs", &task, "--stderr"]).out, "wrong\n");
    let unknown = project.run(&["task", "logs", "task-9999"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (1, ""));
}

#[test]
fn submit_can_wait_for_the_end() {
    let project = Project::started(json!({}));
    let good = project.run(&["task", "submit", "do: echo to-out; echo to-err >&2", "--wait"]);
    assert_eq!(good.code, 0);
    assert!(good.out.ends_with("\nto-out\n"), "{}", good.out);
    assert!(good.err.contains("to-err\n") && good.err.contains("is completed."), "{}", good.err);
    let bad = project.run(&["task", "submit", "do: exit 3", "--wait", "--json"]);
    assert_eq!(bad.code, 1);
    let task: serde_json::Value = serde_json::from_str(&bad.out).unwrap();
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(3)));
}

#[test]
fn without_a_terminal_an_interrupt_lets_go_of_the_task() {
    let project = Project::started(json!({}));
    let mut submit = project
        .command()
        .args(["task", "submit", "do: echo begun; while [ ! -e go ]; do sleep 0.01; done", "--wait"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(submit.stdout.take().unwrap());
    let mut line = String::new();
    while line != "begun\n" {
        line.clear();
        out.read_line(&mut line).unwrap();
    }
    kill(submit.id(), Signal::INT);
    let done = submit.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(130));
    assert!(said.contains("task-0001 goes on"), "{said}");
    assert_eq!(project.task("task-0001")["state"], "running");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended("task-0001")["state"], "completed");
}

#[test]
fn at_a_terminal_an_interrupt_asks_whether_to_cancel() {
    let project = Project::started(json!({}));
    let submit = ["task", "submit", "do: echo be''gun; sleep 1000", "--wait"];
    let (code, shown) = project.in_a_terminal(
        &submit,
        &[Step::Sees("begun"), Step::Types("\x03"), Step::Sees("Cancel task-0001?"), Step::Types("y\n")],
    );
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("task-0001 is cancelled"), "{shown}");
    assert_eq!(project.task("task-0001")["state"], "cancelled");
    let detached = [
        Step::Sees("begun"),
        Step::Types("\x03"),
        Step::Sees("Cancel task-0002?"),
        Step::Types("\x03"),
        Step::Sees("task-0002 goes on"),
    ];
    let (code, shown) = project.in_a_terminal(&submit, &detached);
    assert_eq!(code, 130, "{shown}");
    assert_eq!(project.task("task-0002")["state"], "running");
}

#[test]
fn a_stalled_agent_is_reported_once_for_each_silence() {
    let project = Project::started(json!({ "daemon": { "stall_minutes": 0.005 } }));
    let task = project.submit("echo one; while [ ! -e more ]; do sleep 0.01; done; echo two; while [ ! -e go ]; do sleep 0.01; done");
    let stalls = || project.json(&["event", "list", "task:stalled"]).as_array().unwrap().clone();
    until("the first silence", || stalls().len() == 1);
    assert_eq!(stalls()[0]["payload"]["taskId"], json!(task));
    assert!(stalls()[0]["payload"]["silentMs"].as_u64().unwrap() >= 300);
    std::fs::write(project.file("more"), "").unwrap();
    until("the second silence", || stalls().len() == 2);
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&task)["state"], "completed");
}

#[test]
fn a_stalled_agent_can_be_ended() {
    let project = Project::started(json!({ "daemon": { "stall_minutes": 0.005, "stalled_tasks": "end" } }));
    let task = project.ended(&project.submit("sleep 1000"));
    assert_eq!(task["state"], "timeout");
    assert!(task["error"].as_str().unwrap().contains("daemon.stall_minutes"), "{task}");
}
