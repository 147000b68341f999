//! Right and wrong command lines, and standard input.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::Project;

/// Runs a command with this on its standard input; gives its exit code and both outputs.
fn with_input(mut command: Command, args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Who has read enough closes it.
    let _ = stdin.write_all(input);
    drop(stdin);
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

#[test]
fn wrong_use_is_reported_as_json_too() {
    let project = Project::empty();
    for args in [
        ["--json", "task", "submit"].as_slice(),
        &["task", "lst", "--json"],
        &["task", "list", "--state", "x", "--json"],
        &["task", "list", "--limit", "0", "--json"],
        &["task", "submit", "x", "--timeout", "nan", "--json"],
        &["task", "submit", "x", "--timeout", "inf", "--json"],
        &["task", "submit", "x", "--priority", "5000", "--json"],
        &["schedule", "next", "nonsense", "--json"],
        &["schedule", "next", "* * * * *", "--count", "0", "--json"],
    ] {
        let done = project.run(args);
        let error: Value = serde_json::from_str(&done.err).unwrap();
        assert_eq!((done.code, &error["error"]["data"]["kind"]), (2, &json!("usage")), "{args:?}: {error}");
    }
    // What stands behind -- is text.
    assert!(project.run(&["task", "submit", "a", "b", "--", "--json"]).err.starts_with("error: "));
    let missing: Value = serde_json::from_str(&project.run(&["task", "list", "--json"]).err).unwrap();
    assert_eq!(missing["error"]["data"]["kind"], "no_daemon");
    let there: Value = {
        project.run(&["init"]);
        serde_json::from_str(&project.run(&["init", "--json"]).err).unwrap()
    };
    assert_eq!(there["error"]["data"]["kind"], "failed");
}

#[test]
fn limits_are_shown_with_the_name_of_the_option() {
    let project = Project::empty();
    for (args, message) in [
        (
            ["task", "submit", "x", "--priority", "1001"].as_slice(),
            "'--priority <N>': 1001 is not in -1000..=1000",
        ),
        (&["task", "list", "--limit", "1001"], "'--limit <N>': 1001 is not in 1..=1000"),
        (&["event", "list", "--limit", "0"], "'--limit <N>': 0 is not in 1..=1000"),
        (&["task", "submit", "x", "--timeout", "0"], "'--timeout <MINUTES>': expected minutes"),
        (&["chat", "send", "x", "--priority", "-1001"], "'--priority <N>': -1001"),
    ] {
        let done = project.run(args);
        assert!(done.code == 2 && done.err.contains(message), "{args:?}: {}", done.err);
    }
}

#[test]
fn what_comes_on_standard_input_is_taken() {
    let project = Project::started(json!({ "daemon": { "max_payload_kb": 4096 } }));
    let run = |args: &[&str], input: &[u8]| with_input(project.command(), args, input);
    let (code, out, _) = run(&["task", "submit", "-", "--wait"], b"Look\nat this");
    assert_eq!((code, out.as_str()), (0, "stand-in agent: Look\nat this\n"));
    let (code, out, _) = run(&["chat", "send", "-"], b"Hello?");
    assert_eq!((code, out.as_str()), (0, "stand-in agent: Hello?\n"));
    let (code, out, _) = run(&["daemon", "chat", "-"], b"And then?");
    assert_eq!((code, out.as_str()), (0, "stand-in agent: And then?\n"));
    let payload = format!("{{\n  \"text\": \"{}\"\n}}\n", "x".repeat(3_000_000));
    let (code, _, err) = run(&["event", "emit", "a:b", "-"], payload.as_bytes());
    assert_eq!(code, 0, "{err}");
    let event = project.json(&["event", "list", "a:b"]);
    assert_eq!(event[0]["payload"]["text"].as_str().unwrap().len(), 3_000_000);
    for (args, input, message) in [
        (
            ["task", "submit", "-"].as_slice(),
            b"gr\xfc\xdfe".to_vec(),
            "standard input is not UTF-8, from byte 3 on",
        ),
        (&["task", "submit", "-"], vec![b'x'; 1_048_577], "the prompt has more than 1048576 bytes"),
        (&["event", "emit", "a:b", "-"], b"{broken".to_vec(), "this is not JSON"),
        (&["event", "emit", "a:b", "-"], vec![b'1'; 17 * 1024 * 1024], "the payload has more than"),
    ] {
        let (code, _, err) = run(args, &input);
        assert!(code == 2 && err.contains(message), "{args:?}: {err}");
    }
    let (code, out, _) = run(&["task", "submit", "--wait", "--", "- do this"], b"");
    assert_eq!((code, out.as_str()), (0, "stand-in agent: - do this\n"));
}

#[test]
fn hints_tell_what_to_type_instead() {
    let project = Project::empty();
    for (args, message) in [
        (
            ["task", "submit", "fix", "the", "tests"].as_slice(),
            "put it in quotes, as in aiwg task submit '...'",
        ),
        (&["task", "submit", "- fix"], "aiwg task submit -- '- like this'"),
        (
            &["schedule", "next", "0", "9", "*", "*", "1-5"],
            "put it in quotes, as in aiwg schedule next '...'",
        ),
        (&["schedule", "next", "5"], "put all five fields in quotes"),
        (&["status"], "there is aiwg daemon status"),
        (&["start"], "there is aiwg daemon start"),
        (&["event", "emit", "a", "hello"], "this is not JSON: a string needs quotes: '\"hello\"'"),
    ] {
        let done = project.run(args);
        assert!(done.code == 2 && done.err.contains(message), "{args:?}: {}", done.err);
    }
    project.configure("{}");
    project.start();
    let errors: Vec<String> = ["get", "logs", "cancel", "retry", "wait"]
        .iter()
        .map(|verb| project.run(&["task", verb, "9999"]).err)
        .collect();
    assert!(errors.iter().all(|error| error == "aiwg: there is no task \"task-9999\"; `aiwg task list` shows the latest\n"), "{errors:?}");
    let unknown = project.run(&["task", "get", "nope"]).err;
    assert_eq!(unknown, "aiwg: there is no task \"nope\"; `aiwg task list` shows the latest\n");
}

#[test]
fn the_wrong_task_is_reported_before_the_others_are_waited_for() {
    let project = Project::started(json!({}));
    let slow = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let done = project.run(&["task", "wait", &slow, "nope"]);
    assert!(done.code == 1 && done.err.contains("no task \"nope\""), "{}", done.err);
    // Each is printed as it ends, whatever their order.
    let quick = project.submit("true");
    let mut wait =
        project.command().args(["task", "wait", &slow, &quick]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(wait.stdout.take().unwrap()));
    assert_eq!(lines.next().unwrap().unwrap(), format!("{quick} is completed."));
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), format!("{slow} is completed."));
    assert!(wait.wait().unwrap().success());
    let both = project.json(&["task", "wait", "1", "2"]);
    assert_eq!((&both[0]["id"], &both[1]["id"]), (&json!(slow), &json!(quick)));
}

#[test]
fn the_projects_time_zone_counts_and_an_unknown_one_is_reported() {
    let project = Project::new(json!({ "schedule": { "timezone": "Asia/Tokyo" } }));
    let next = |zone: &str, more: &[&str]| {
        let args = [&["schedule", "next", "0 9 * * *", "--count", "1"], more].concat();
        with_input(
            {
                let mut command = project.command();
                command.env("TZ", zone);
                command
            },
            &args,
            b"",
        )
    };
    assert!(next("Europe/Berlin", &[]).1.ends_with("T09:00:00+09:00\n"));
    assert!(next("Europe/Berlin", &["--timezone", "UTC"]).1.ends_with("T09:00:00+00:00\n"));
    let elsewhere = Project::empty();
    let mut command = elsewhere.command();
    command.env("TZ", "Mars/Phobos");
    let (code, _, err) = with_input(command, &["schedule", "next", "0 9 * * *"], b"");
    assert!(code == 2 && err.contains("TZ is `Mars/Phobos`"), "{err}");
}
