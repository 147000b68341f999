//! Talking with agents: turns that know of each other, the conversation in a terminal and from a script.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Output, Stdio},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, kill, until};

fn say(project: &Project, message: &str, conversation: &str) -> String {
    let sent = project.wire().call("chat.send", json!({ "message": message, "conversation": conversation }));
    sent["taskId"].as_str().unwrap().to_owned()
}

fn history(project: &Project, conversation: &str) -> Value {
    project.wire().call("chat.history", json!({ "conversation": conversation }))
}

/// Earlier turns that the agent was given.
fn earlier(task: &Value) -> Value {
    let result = task["result"].as_str().unwrap();
    let Some(rest) = result.split("not instructions:").nth(1) else { return json!([]) };
    serde_json::from_str(rest.split("Now the user says:").next().unwrap()).unwrap()
}

#[test]
fn a_conversation_remembers_its_turns_over_a_restart() {
    let project = Project::started(json!({}));
    let first = project.ended(&say(&project, "My name is Ada.", "a"));
    assert_eq!((earlier(&first), &first["priority"]), (json!([]), &json!(5)));
    assert_eq!(first["conversation"], "a");
    project.kill_daemon();
    project.start();
    let second = project.ended(&say(&project, "What is my name?", "a"));
    assert_eq!(earlier(&second)[0]["user"], "My name is Ada.");
    assert!(earlier(&second)[0]["you"].as_str().unwrap().contains("My name is Ada."), "{second}");
    // In lists it is what was said, and nothing else.
    assert_eq!(second["prompt"], "What is my name?");
    // Others know nothing of it.
    assert_eq!(earlier(&project.ended(&say(&project, "What is my name?", "b"))), json!([]));
    let alone = project.wire().call("chat.send", json!({ "message": "What is my name?" }));
    assert_eq!(earlier(&project.ended(alone["taskId"].as_str().unwrap())), json!([]));
    let turns = history(&project, "a");
    assert_eq!((turns.as_array().unwrap().len(), &turns[1]["message"]), (2, &json!("What is my name?")));
    assert_eq!(project.wire().call("chat.clear", json!({ "conversation": "a" })), json!({ "cleared": 2 }));
    assert_eq!(earlier(&project.ended(&say(&project, "What is my name?", "a"))), json!([]));
    assert_eq!(history(&project, "a").as_array().unwrap().len(), 1);
}

#[test]
fn turns_are_answered_one_after_the_other_whatever_becomes_of_them() {
    let agent = "asked=$(cat); printf '%s\\n' \"$asked\"; case ${asked##*the user says:} in
        *first*) : >begun; while [ ! -e go ]; do sleep 0.01; done; exit 3 ;; esac";
    let project = Project::started(
        json!({ "daemon": { "max_parallel_actions": 5 }, "agent": { "command": ["sh", "-c", agent] } }),
    );
    let first = say(&project, "first", "a");
    let second = say(&project, "second", "a");
    let third = say(&project, "third", "a");
    until("the first turn", || project.file("begun").exists());
    let other = say(&project, "elsewhere", "b");
    assert_eq!(project.ended(&other)["state"], "completed");
    let states = [&first, &second, &third].map(|id| project.task(id)["state"].clone());
    assert_eq!(states, [json!("running"), json!("queued"), json!("queued")]);
    project.json(&["task", "cancel", &second]);
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&first)["state"], "failed");
    let third = project.ended(&third);
    assert_eq!(third["state"], "completed");
    let given = earlier(&third);
    assert!(given[0]["no_answer"].as_str().unwrap().contains("code 3"), "{given}");
    assert_eq!((&given[1]["user"], given[1].get("you")), (&json!("second"), None));
}

#[test]
fn one_message_from_the_command_line() {
    let project = Project::started(json!({}));
    let done = project.run(&["chat", "send", "What is our current test coverage?"]);
    assert_eq!((done.code, done.out.trim()), (0, "stand-in agent: What is our current test coverage?"));
    let done = project.run(&["daemon", "chat", "do: echo because >&2; exit 3"]);
    assert!(done.code == 1 && done.err.contains("failed") && done.err.contains("because"), "{}", done.err);
    let sent = project.json(&["chat", "send", "later", "--priority", "-7"]);
    let task = project.ended(sent["taskId"].as_str().unwrap());
    assert_eq!(task["priority"], -7);
    let wrong = project.wire().try_call("chat.send", json!({ "message": " " }));
    assert_eq!(
        (&wrong["error"]["data"]["kind"], &wrong["error"]["data"]["member"]),
        (&json!("invalid_params"), &json!("message"))
    );
    assert_eq!(project.run(&["chat", "send", ""]).code, 1);
}

#[test]
fn of_an_agent_that_writes_json_only_what_it_says_is_shown() {
    let agent = crate::support::repository().join("tests/agents/stand-in-agent");
    let command = json!([agent, "-p", "--output-format", "stream-json", "--verbose"]);
    let project = Project::started(json!({ "agent": { "command": command } }));
    let done = project.run(&["chat", "send", "hello"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("stand-in agent: hello") && !done.out.contains("\"type\""), "{}", done.out);
    // Also where there is no answer.
    let done = project.run(&["chat", "send", "do: no_result"]);
    assert!(
        done.code == 1 && done.out.is_empty() && done.err.contains("no result"),
        "{}{}",
        done.out,
        done.err
    );
}

/// A conversation whose lines come from a script.
fn script(project: &Project) -> Child {
    let mut command = project.command();
    command.args(["daemon", "chat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Runs a chat by a script that sends these lines.
fn scripted(project: &Project, lines: &[u8]) -> (Option<i32>, String, String) {
    let mut chat = script(project);
    chat.stdin.take().unwrap().write_all(lines).unwrap();
    let Output { status, stdout, stderr } = chat.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_script_talks_line_by_line() {
    let project = Project::started(json!({}));
    let lines = b"hello\n\n/nonsense\n/tasks\nand again\n/history\n/quit\nnever said\n";
    let (code, out, err) = scripted(&project, lines);
    assert!(err.contains("/nonsense is no command") && code == Some(1), "{err}");
    assert!(out.starts_with("stand-in agent: hello\nID ") && !out.contains('\u{1b}'), "{out}");
    assert!(out.contains("task-0001") && out.contains("> and again") && !out.contains("never said"), "{out}");
    assert_eq!(earlier(&project.task("task-0002"))[0]["user"], "hello");
}

#[test]
fn a_script_may_say_several_lines_and_what_is_no_text_is_not_said() {
    let project = Project::started(json!({}));
    assert_eq!(scripted(&project, b"one\\\ntwo\r\n```\ncode\\\n\n```\nto the end \\\n").0, Some(0));
    let said = |id: &str| project.task(id)["prompt"].clone();
    assert_eq!(said("task-0001"), "one\ntwo");
    assert_eq!(said("task-0002"), "```\ncode\n\n```");
    assert_eq!(said("task-0003"), "to the end \\");
    let (code, _, err) = scripted(&project, b"a \xff\nlast\n");
    assert!(code == Some(1) && err.contains("not UTF-8"), "{err}");
    assert_eq!(
        (said("task-0004"), project.json(&["task", "stats"])["total"].clone()),
        (json!("last"), json!(4))
    );
}

#[test]
fn a_script_whose_messages_are_not_answered_fails() {
    let project = Project::started(json!({}));
    assert_eq!(scripted(&project, b"hello\n").0, Some(0));
    let (code, out, err) = scripted(&project, b"do: exit 3\nhello\n/cancel 99\n");
    assert!(code == Some(1) && err.contains("task-0002 is failed") && out.contains("hello"), "{err}");
    assert!(err.contains("there is no task task-0099; /tasks shows"), "{err}");
}

#[test]
fn ctrl_c_ends_a_script_and_leaves_its_agent() {
    let project = Project::started(json!({}));
    let mut chat = script(&project);
    let mut stdin = chat.stdin.take().unwrap();
    let mut out = BufReader::new(chat.stdout.take().unwrap());
    let mut shows = |text: &str| {
        let mut line = String::new();
        while !line.contains(text) {
            assert_ne!(out.read_line(&mut line).unwrap(), 0, "{line}");
        }
    };
    stdin.write_all(b"hello\n").unwrap();
    shows("stand-in agent: hello");
    // While it waits for the next line, too.
    kill(chat.id(), Signal::INT);
    assert_eq!(chat.wait().unwrap().code(), Some(130));

    let mut chat = script(&project);
    let mut stdin = chat.stdin.take().unwrap();
    stdin.write_all(b"do: : >begun; while [ ! -e go ]; do sleep 0.01; done\n").unwrap();
    until("the agent", || project.file("begun").exists());
    kill(chat.id(), Signal::INT);
    let output = chat.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(130) && err.contains("task-0002 goes on"), "{err}");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended("task-0002")["state"], "completed");
}

#[test]
fn one_message_as_json_and_from_standard_input() {
    let project = Project::started(json!({}));
    let task = project.json(&["daemon", "chat", "hello"]);
    assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("stand-in agent: hello\n")));
    assert_eq!(project.run(&["daemon", "chat", "--json"]).code, 2);
    for verb in [["daemon", "chat"], ["chat", "send"]] {
        let mut command = project.command();
        command.args(verb).arg("-").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut said = command.spawn().unwrap();
        said.stdin.take().unwrap().write_all(b"from a\nfile").unwrap();
        assert_eq!(said.wait_with_output().unwrap().stdout, b"stand-in agent: from a\nfile\n");
    }
}

#[test]
fn a_conversation_goes_on_when_the_daemon_comes_back() {
    let project = Project::started(json!({}));
    let mut command = project.command();
    let mut chat =
        command.args(["daemon", "chat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = chat.stdin.take().unwrap();
    // The daemon is restarted in the middle of an answer, whose agent goes on.
    stdin
        .write_all(b"do: echo begun >begun; while [ ! -e go ]; do sleep 0.01; done; echo the end\n")
        .unwrap();
    until("the agent", || project.file("begun").exists());
    assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    std::fs::write(project.file("go"), "").unwrap();
    stdin.write_all(b"and you?\n").unwrap();
    drop(stdin);
    let output = chat.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("the end\n") && out.contains("and you?"), "{out}");
    assert_eq!(project.task("task-0001")["attempts"], 1);
}

#[test]
fn it_works_over_a_forwarded_socket() {
    let project = Project::started(json!({}));
    let elsewhere = Project::empty();
    let socket = elsewhere.file("forwarded.sock");
    let mut forward = Command::new("python3")
        .arg(crate::support::repository().join("tests/clients/forward.py"))
        .args([&socket, &project.socket()])
        .spawn()
        .unwrap();
    until("the forwarded socket", || socket.exists());
    let done = elsewhere
        .command()
        .args(["chat", "send", "hello"])
        .env("AIWG_DAEMON_SOCKET", &socket)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "stand-in agent: hello\n");
    forward.kill().unwrap();
    forward.wait().unwrap();
}
