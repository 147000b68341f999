//! Waits have an end: that of their task, that of a daemon which is stopped for good, or that which the person gives them.

use std::process::{Child, Output, Stdio};

use serde_json::json;

use crate::support::{Project, until};

fn spawn(project: &Project, args: &[&str]) -> Child {
    project.command().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn ended(child: Child) -> (i32, String) {
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    (status.code().unwrap_or(-1), said)
}

fn clients(project: &Project) -> u64 {
    project.json(&["daemon", "status"])["subsystems"]["ipc"]["clients"].as_u64().unwrap()
}

#[test]
fn a_stop_that_ends_the_task_ends_the_wait_for_it() {
    for _ in 0..3 {
        let project = Project::started(json!({}));
        let task = project.submit("echo begun; sleep 1000");
        let waiting = [
            spawn(&project, &["task", "wait", &task]),
            spawn(&project, &["task", "logs", &task, "--follow"]),
            spawn(&project, &["task", "submit", "do: echo begun; sleep 1000", "--wait"]),
            spawn(&project, &["chat", "send", "do: echo begun; sleep 1000"]),
        ];
        until("all of them", || clients(&project) == 5 && project.runs().len() == 3);
        project.stop();
        let [wait, logs, submit, chat] = waiting.map(ended);
        assert!(wait.0 == 1 && wait.1.contains("is cancelled: the daemon was stopped"), "{wait:?}");
        assert!(logs.0 == 0 && logs.1.ends_with("\nbegun\n"), "{logs:?}");
        assert!(submit.0 == 1 && submit.1.contains("is cancelled: the daemon was stopped"), "{submit:?}");
        assert!(chat.0 == 1 && chat.1.contains("is cancelled: the daemon was stopped"), "{chat:?}");
    }
}

#[test]
fn one_for_a_task_that_stays_queued_ends_with_the_daemon() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    project.submit("sleep 1000");
    let queued = project.submit("true");
    let waiting = [
        spawn(&project, &["task", "wait", &queued, "--json"]),
        spawn(&project, &["task", "logs", &queued, "--follow", "--json"]),
        spawn(&project, &["task", "submit", "do: true", "--wait", "--json"]),
    ];
    until("all of them", || clients(&project) == 4);
    project.stop();
    for (code, said) in waiting.map(ended) {
        assert!(
            code == 3 && said.contains("the daemon has stopped") && said.contains("\"no_daemon\""),
            "{said}"
        );
        assert!(said.contains("`aiwg daemon start`"), "{said}");
    }
    project.start();
    assert_eq!(project.ended(&queued)["state"], "completed");
}

#[test]
fn one_may_be_given_a_limit() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let task = project.submit("sleep 1000");
    for args in [
        ["task", "wait", &task].as_slice(),
        &["task", "logs", &task, "--follow"],
        &["task", "submit", "do: true", "--wait"],
        &["chat", "send", "do: true"],
    ] {
        let done = project.run(&[args, &["--wait-timeout", "0.3"]].concat());
        assert!(
            done.code == 124 && done.err.contains("within 0.3 s"),
            "{args:?}: {} {}",
            done.code,
            done.err
        );
    }
    let error = project.run(&["task", "wait", &task, "--wait-timeout", "0.3", "--json"]).err;
    assert!(error.contains("\"wait_timeout\""), "{error}");
    assert_eq!(project.task(&task)["state"], "running");
    for wrong in ["0", "-1", "soon", "999d"] {
        assert_eq!(project.run(&["task", "wait", &task, "--wait-timeout", wrong]).code, 2, "{wrong}");
    }
}
