//! Nobody is held up by what he no longer wants to see: who closes the pipe, or presses Ctrl-C while something is being ended.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::json;

use crate::support::{Project, Step, until};

#[test]
fn what_follows_ends_with_its_reader() {
    let project = Project::started(json!({}));
    let task = project.submit("echo begun; sleep 1000");
    project.run(&["event", "emit", "a:b"]);
    for args in [
        ["event", "watch", "--since", "0"].as_slice(),
        &["event", "watch", "--since", "0", "--json"],
        &["daemon", "logs", "--follow"],
        &["task", "logs", &task, "--follow"],
        &["task", "logs", "--follow"],
    ] {
        let mut child = project.command().args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        assert!(out.read_line(&mut line).unwrap() > 0, "{args:?}");
        // As `| head -1` does. Nothing more comes that could not be written.
        drop(out);
        assert!(child.wait().unwrap().success(), "{args:?}");
    }
}

/// An agent that ends when it is let go.
const STUBBORN: &str = "do: trap 'touch asked' TERM; echo be''gun; while [ ! -e go ]; do sleep 0.01; done";

const ASKED: Step = Step::Runs("while [ ! -e asked ]; do sleep 0.01; done");

#[test]
fn an_interrupt_lets_go_of_a_task_that_is_being_ended() {
    let project = Project::started(json!({}));
    let submit = ["task", "submit", STUBBORN, "--wait"];
    let steps = [
        Step::Sees("begun"),
        Step::Types("\x03"),
        Step::Sees("Cancel task-0001?"),
        Step::Types("y\n"),
        ASKED,
        Step::Types("\x03"),
        Step::Sees("task-0001 is still being ended"),
    ];
    let (code, shown) = project.in_a_terminal(&submit, &steps);
    assert_eq!((code, project.task("task-0001")["state"].as_str()), (130, Some("running")), "{shown}");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended("task-0001")["state"], "cancelled");
}

#[test]
fn and_of_all_of_them() {
    let project = Project::started(json!({}));
    let task = project.submit(&STUBBORN["do: ".len()..]);
    until("the agent", || project.task(&task)["output"].as_str().is_some_and(|out| out.contains("begun")));
    let steps = [
        Step::Sees("Cancel every task"),
        Step::Types("y\n"),
        ASKED,
        Step::Types("\x03"),
        Step::Sees("They are still being ended"),
    ];
    let (code, shown) = project.in_a_terminal(&["task", "cancel", "--all"], &steps);
    assert_eq!((code, project.task(&task)["state"].as_str()), (1, Some("running")), "{shown}");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&task)["state"], "cancelled");
}

#[test]
fn where_letters_are_not_utf_8_they_are_shown_as_escapes() {
    let project = Project::started(json!({}));
    // Half of it is a control of an 8-bit terminal, and a name for a task as good as any.
    let task = project.submit("true # \u{db}2J \u{1f980}");
    for (locale, shown) in [("C", "\u{db}2J \u{1f980}"), ("de_DE.ISO-8859-1", "\\u{db}2J \\u{1f980}")] {
        let get = |args: &[&str]| {
            let done = project.command().args(args).env("LC_ALL", locale).output().unwrap();
            String::from_utf8(done.stdout).unwrap()
        };
        let text = get(&["task", "get", &task]);
        assert!(text.contains(shown), "{locale}: {text}");
        let json = get(&["task", "get", &task, "--json"]);
        assert_eq!(json.is_ascii(), locale != "C", "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(read["prompt"].as_str().unwrap().ends_with("\u{db}2J \u{1f980}"), "{json}");
    }
}
