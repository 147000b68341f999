//! Files and devices in the place of an agent's output, and output without an end.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use super::{DIR, TASK, after, is_left};
use crate::support::{Project, until};

#[test]
fn nothing_that_stands_in_the_place_of_output_is_read_or_waited_for() {
    for what in [
        "mkfifo OUT",
        "mkdir OUT",
        "ln -s \"$PWD/secret\" OUT",
        "truncate -s 15T OUT",
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"OUT\")'",
    ] {
        for name in ["stdout.log", "stderr.log"] {
            let place = format!("{DIR}/{name}");
            let script = format!("echo hid'den' >secret; rm {place}; {}", what.replace("OUT", &place));
            let project = after(&script, json!({ "daemon": { "stall_minutes": 0.001 } }));
            let mut wire = project.wire();
            let list = wire.call("task.list", json!({}));
            let got = wire.call("task.get", json!({ "taskId": "task-0001" }));
            let output = wire.try_call("task.output", json!({ "taskId": "task-0001" }));
            let errors = wire.try_call("task.output", json!({ "taskId": "task-0001", "stream": "stderr" }));
            for answer in [&list, &got, &output, &errors] {
                assert!(!answer.to_string().contains("hidden"), "{script}: {answer}");
            }
            project.json(&["task", "cancel", "task-0001"]);
            let task = project.ended("task-0001");
            assert!(!task.to_string().contains("hidden"), "{script}: {task}");
        }
    }
}

#[test]
fn a_link_in_the_place_of_its_directory_leads_nowhere() {
    for (dir, within) in [(DIR, "elsewhere"), (TASK, "elsewhere/1")] {
        let project = Project::started(json!({}));
        let script = format!(
            "mkdir -p {within}; echo hid'den' >{within}/stdout.log; cp {DIR}/lock {within}; mv {dir} away; ln -s \"$PWD/elsewhere\" {dir}"
        );
        let task = project.ended(&project.submit(&format!("{script}; sleep 1000")));
        assert_eq!(task["state"], "failed", "{dir}");
        assert!(!task.to_string().contains("hidden"), "{dir}: {task}");
        assert_eq!(std::fs::read_dir(project.file(within)).unwrap().count(), 2, "{dir}");
    }
}

/// A project whose agent runs its prompt, and whose output is taken for `claude`'s.
fn streaming(more: Value) -> Project {
    let project = Project::empty();
    let mut agent = json!({ "command": ["./agent", "--output-format", "stream-json"] });
    agent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    project.configure(&json!({ "agent": agent }).to_string());
    std::fs::write(project.file("agent"), "#!/bin/sh\neval \"$(cat)\"\n").unwrap();
    std::fs::set_permissions(project.file("agent"), Permissions::from_mode(0o755)).unwrap();
    project.start();
    project
}

fn submit(project: &Project, script: &str) -> String {
    let submitted = project.wire().call("task.submit", json!({ "prompt": script }));
    submitted["taskId"].as_str().unwrap().to_owned()
}

#[test]
fn output_without_an_end_ends_its_task_only() {
    for form in [false, true] {
        let limit = json!({ "max_output_mb": 1 });
        let project = streaming(limit);
        if !form {
            project.configure(&project.read(".aiwg/daemon.json").replace("stream-json", "text"));
            project.json(&["daemon", "reload"]);
        }
        for script in [
            format!("truncate -s 15T {DIR}/stdout.log; exit 0"),
            "while :; do head -c 100000 /dev/zero; done".to_owned(),
            "head -c 3000000 /dev/zero >&2; exit 0".to_owned(),
        ] {
            let task = project.ended(&submit(&project, &script.replace("task-0001", "$AIWG_TASK_ID")));
            assert_eq!(task["state"], "failed", "{script}");
            let error = task["error"].as_str().unwrap();
            assert!(error.contains("more than 1 MiB") && error.contains("agent.max_output_mb"), "{error}");
            let dir = project.file(&format!(".aiwg/daemon/actions/{}/1", task["id"].as_str().unwrap()));
            for name in ["stdout.log", "stderr.log"] {
                assert!(dir.join(name).metadata().unwrap().len() <= 1 << 20, "{script}");
            }
        }
        until("the end of what they started", || !is_left(&project));
    }
}

#[test]
fn output_that_is_taken_away_counts_as_well() {
    for how in ["rm $OUT", "mv $OUT away"] {
        let project = streaming(json!({ "max_output_mb": 1 }));
        let script = format!(
            "OUT={DIR}/stdout.log; {how}; touch taken; until [ -e go ]; do sleep 0.01; done; while :; do head -c 100000 /dev/zero; done"
        );
        let task = submit(&project, &script);
        until("it is taken away", || project.file("taken").exists());
        std::fs::write(project.file("go"), "").unwrap();
        let task = project.ended(&task);
        assert_eq!(task["state"], "failed", "{how}: {task}");
        assert!(task["error"].as_str().unwrap().contains("agent.max_output_mb"), "{how}: {task}");
        assert!(project.file("away").metadata().map_or(0, |away| away.len()) <= 1 << 20, "{how}");
        assert!(project.read(".aiwg/daemon/daemon.log").contains("removed, moved away or replaced"), "{how}");
        until("the end of what it started", || !is_left(&project));
    }
}

#[test]
fn what_is_no_text_in_a_result_does_not_cost_it() {
    let project = streaming(json!({}));
    for (answer, cost, shown) in [
        (r"cut \ud83d", "0.5", "cut \u{fffd}"),
        (r"cut \377", "0.5", "cut \u{fffd}"),
        ("whole", "1e400", "whole"),
    ] {
        let result = format!(
            r#"{{"type":"result","is_error":false,"session_id":"s","num_turns":3,"total_cost_usd":{cost},"result":"{answer}"}}"#
        );
        // `printf` makes a byte of the number, and the half of a character keeps its backslash.
        let script = format!("printf '{}\\n'", result.replace(r"\u", r"\\u"));
        let task = project.ended(&submit(&project, &script));
        assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!(shown)), "{task}");
        assert_eq!(task["usage"]["turns"], 3, "{task}");
    }
}

#[test]
fn without_a_limit_the_end_of_it_is_judged() {
    let project = streaming(json!({ "max_output_mb": null }));
    let result = r#"{"type":"result","is_error":false,"result":"yes"}"#;
    let script = format!("truncate -s 15T {DIR}/stdout.log; echo; echo '{result}'");
    let task = project.ended(&submit(&project, &script));
    assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("yes")));
}

#[test]
fn a_result_without_a_line_feed_is_one() {
    let project = streaming(json!({ "exit_seconds": 0.1 }));
    let result = r#"{"type":"result","is_error":false,"result":"yes"}"#;
    for script in [format!("printf '%s' '{result}'"), format!("printf '%s' '{result}'; sleep 1000")] {
        let task = project.ended(&submit(&project, &script));
        assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("yes")), "{script}");
    }
}

#[test]
fn one_that_goes_on_writing_after_its_result_is_ended() {
    let project = streaming(json!({ "exit_seconds": 0.1 }));
    let result = r#"{"type":"result","is_error":false,"result":"yes"}"#;
    for more in [r#"{"type":"system"}"#, "words"] {
        let script = format!("echo '{result}'; while :; do echo '{more}'; sleep 0.01; done");
        let task = project.ended(&submit(&project, &script));
        assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("yes")), "{more}");
        until("its end", || !is_left(&project));
    }
}

#[test]
fn a_tool_that_was_put_off_is_no_success() {
    let project = streaming(json!({}));
    for (reason, words) in [("tool_deferred", "put off"), ("something_new", "something_new")] {
        let result = format!(
            r#"{{"type":"result","subtype":"success","is_error":false,"result":"","terminal_reason":"{reason}"}}"#
        );
        let task = project.ended(&submit(&project, &format!("echo '{result}'")));
        assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(0)), "{task}");
        assert!(task["error"].as_str().unwrap().contains(words), "{task}");
    }
}

#[test]
fn a_directory_in_the_place_of_the_socket_is_said_and_once() {
    let project = Project::started(json!({}));
    let socket = project.socket();
    std::fs::remove_file(&socket).unwrap();
    std::fs::create_dir(&socket).unwrap();
    let said = || project.read(".aiwg/daemon/daemon.log").matches("is at the path of the socket").count();
    until("that it is logged", || said() == 1);
    until("the health", || project.read(".aiwg/daemon/state.json").contains("is at the path of the socket"));
    std::fs::remove_dir(&socket).unwrap();
    until("that it answers again", || project.run(&["daemon", "ping"]).code == 0);
    assert_eq!(said(), 1);
}
