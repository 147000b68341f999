//! Others' text in the output: nothing of it acts on a terminal, and programs get every byte.

use serde_json::json;

use crate::support::{Project, Step, repository};

/// Text that would act on a terminal, and write a line of its own.
const WILD: &str = "x \x1b]0;PWNED\x07\x1b[2J\u{9b}2J\u{202e}\x7f\nState      completed";

/// The screen of a command in a terminal of 80 columns.
fn seen(project: &Project, args: &[&str]) -> String {
    project.in_a_terminal_with(&[("COLUMNS", "80"), ("TERM", "xterm-256color")], args, &[]).1
}

/// True if anything in it acts, colours apart.
fn acts(shown: &str) -> bool {
    let plain = anstream::adapter::strip_str(shown).to_string();
    let colors = shown.matches("\x1b[").count();
    let escapes = shown.matches('\x1b').count();
    plain.chars().any(|c| (c.is_control() && !"\r\n\t".contains(c)) || c == '\u{202e}')
        || escapes != colors
        || ["\x1b[2J", "\x1b[H"].iter().any(|wild| shown.contains(wild))
}

fn emit(project: &Project, topic: &str, count: usize) {
    for n in 0..count {
        project.wire().call("event.emit", json!({ "topic": topic, "payload": n }));
    }
}

#[test]
fn text_of_others_acts_on_no_terminal() {
    let project = Project::new(json!({
        "rules": [Project::rule("wild-rule", "a:b", &format!("{WILD} {{{{ event.payload }}}}"))],
    }));
    project.start();
    let order = json!({ "prompt": format!("{WILD} do: printf '\\033[2J\\007broken\\033[31mred' | tee /dev/stderr; exit 3"), "agent": "a-b" });
    let id = project.wire().call("task.submit", order)["taskId"].as_str().unwrap().to_owned();
    project.ended(&id);
    project.wire().call("event.emit", json!({ "topic": "nobody:listens", "payload": WILD }));
    for args in [
        ["task", "get", &id].as_slice(),
        &["task", "list"],
        &["task", "logs", &id],
        &["task", "logs", &id, "--raw", "--follow"],
        &["task", "logs", &id, "--stderr"],
        &["task", "wait", &id],
        &["automation", "status"],
        &["automation", "test", "--topic", "a:b", "--payload", "\"\u{202e}\""],
        &["event", "list"],
        &["why", &id],
        &["why", "--from", "event-1"],
        &["event", "list", "--json"],
        &["task", "get", &id, "--json"],
        &["task", "get", WILD],
        &["daemon", "logs"],
    ] {
        let shown = seen(&project, args);
        assert!(!acts(&shown), "{args:?}: {shown:?}");
        assert!(
            shown.contains("\\u{1b}") || shown.contains("\\u001b") || !shown.contains("PWNED"),
            "{args:?}: {shown}"
        );
    }
    // Colours of an agent pass, and end with its output.
    let logs = seen(&project, &["task", "logs", &id]);
    assert!(logs.contains("broken\x1b[31mred") && logs.ends_with("\x1b[0m"), "{logs:?}");
    let got = project.run(&["task", "get", &id]).out;
    assert!(got.contains("\n           State      completed"), "{got}");
    assert_eq!(
        got.lines().filter(|line| line.starts_with("State ")).count(),
        2,
        "one is ours, one of the output: {got}"
    );
}

#[test]
fn programs_get_every_byte() {
    let project = Project::started(json!({}));
    project.run(&["event", "emit", "a:b", "\"x\x7fy\u{9b}\""]);
    // Escaped, which is the same JSON.
    let listed = project.run(&["event", "list", "--json"]).out;
    assert!(listed.contains(r#""x\u007fy\u009b""#), "{listed}");
    assert_eq!(project.json(&["event", "list"])[0]["payload"], "x\x7fy\u{9b}");
    let id = project.submit("printf 'a\\033[2J\\r\\007\\n{\"type\":\"mine\"}'");
    project.ended(&id);
    let out = project.run(&["task", "logs", &id]).out;
    assert!(out.ends_with("a\x1b[2J\r\x07\n{\"type\":\"mine\"}"), "{out:?}");
    let chunk = project.json(&["task", "logs", &id]);
    assert_eq!(
        (&chunk["taskId"], &chunk["encoding"], &chunk["stream"]),
        (&json!(id), &json!("base64"), &json!("stdout"))
    );
}

#[test]
fn tables_fit_the_terminal() {
    let topic = format!("deployment:{}", "very-".repeat(12));
    let project = Project::started(json!({
        "rules": [Project::rule("on-deployment-complete", "deployment:complete", &"世界 of tests ".repeat(20))],
        "schedule": { "enabled": true, "timezone": "Europe/Berlin", "jobs": [
            { "name": "daily-audit", "cron": "0 9 * * 1-5", "action": "look at all that has changed since yesterday and report it" },
        ] },
    }));
    project.ended(&project.submit(&"true; ".repeat(50)));
    emit(&project, &topic, 2);
    for args in [
        ["task", "list"],
        ["automation", "status"],
        ["event", "list"],
        ["schedule", "list"],
        ["daemon", "status"],
    ] {
        let shown = seen(&project, &args);
        let shown = anstream::adapter::strip_str(&shown).to_string();
        // An address is as long as it is.
        for line in shown.lines().filter(|line| !line.starts_with("Store ")) {
            let wide: usize = line.chars().map(|c| if c > '\u{2e80}' { 2 } else { 1 }).sum();
            assert!(wide <= 80 && line.trim_end() == line, "{args:?}: {line:?}");
        }
    }
    let shown =
        project.in_a_terminal_with(&[("COLUMNS", "80"), ("NO_COLOR", "1")], &["daemon", "status"], &[]).1;
    assert!(shown.contains("Health         healthy\r\n"), "{shown:?}");
}

#[test]
fn a_line_says_what_is_left_out() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let ids: Vec<String> = (0..5).map(|_| project.submit("true")).collect();
    ids.iter().for_each(|id| drop(project.ended(id)));
    let list = |args: &[&str]| project.run(&[&["task", "list", "--limit", "2"], args].concat()).err;
    assert_eq!(list(&[]), format!("2 of 5; more: --limit N or --cursor {}\n", ids[3]));
    assert_eq!(list(&["--state", "completed"]), format!("2 of 5; more: --limit N or --cursor {}\n", ids[3]));
    assert_eq!(
        list(&["--cursor", "4"]),
        format!("2, and there are more; more: --limit N or --cursor {}\n", ids[1])
    );
    assert_eq!(list(&["--cursor", "3"]), "");
    assert_eq!(list(&["--json"]), "");
    emit(&project, "a:b", 5);
    let events = |args: &[&str]| project.run(&[&["event", "list", "a:b", "--limit", "3"], args].concat()).err;
    assert!(events(&[]).starts_with("the newest 3 events; more: "), "{}", events(&[]));
    assert!(
        events(&["--since", "0"]).starts_with("3, and there are more; more: --since "),
        "{}",
        events(&["--since", "0"])
    );
    assert_eq!(project.run(&["event", "list", "a:b"]).err, "");
    let all = project.run(&["event", "list", "--limit", "1"]).err;
    assert!(all.starts_with("the newest 1 of ") && all.contains("--since 0"), "{all}");
}

#[test]
fn what_an_agent_says_is_read_out_of_its_json() {
    let format = ["--output-format", "stream-json", "--verbose"].map(str::to_owned);
    let command = [repository().join("tests/agents/stand-in-agent").display().to_string()];
    let command = [command.as_slice(), &format].concat();
    let project = Project::started(json!({ "agent": { "command": command } }));
    let said = "stand-in agent: Hello\n";
    let done = project.run(&["task", "submit", "Hello", "--wait"]);
    assert_eq!((done.out.as_str(), done.code), (said, 0));
    assert_eq!(project.run(&["task", "logs", "1"]).out, said);
    assert_eq!(project.run(&["task", "logs", "task-0001", "--follow"]).out, said);
    assert!(project.run(&["task", "logs", "1", "--raw"]).out.starts_with("{\"type\":\"system\""));
    let done = project.run(&["task", "submit", "do: fails 'No credit is left.'", "--wait"]);
    assert_eq!((done.out.as_str(), done.code), ("No credit is left.\n", 1));
    let got = project.run(&["task", "get", "2"]).out;
    assert!(got.contains("No credit is left.") && !got.contains("session_id"), "{got}");
    assert!(project.run(&["task", "get", "2", "--raw"]).out.contains("session_id"));
    let raw = project.run(&["task", "submit", "Hello", "--wait", "--raw"]).out;
    assert!(raw.contains("\"type\":\"result\""), "{raw}");
}

#[test]
fn whatever_runs_is_followed_as_json_too() {
    let project = Project::started(json!({}));
    let id = project.submit("echo before; while [ ! -e go ]; do sleep 0.01; done; echo after");
    let follow = project
        .command()
        .args(["task", "logs", "--follow", "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn();
    let mut follow = follow.unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(follow.stdout.take().unwrap()))
        .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    let first = lines.next().unwrap();
    assert_eq!((&first["taskId"], &first["encoding"]), (&json!(id), &json!("base64")));
    std::fs::write(project.file("go"), "").unwrap();
    let last = lines.find(|line| line["state"].is_string()).unwrap();
    assert_eq!(last, json!({ "taskId": id, "state": "completed" }));
    follow.kill().unwrap();
    follow.wait().unwrap();
}

#[test]
fn one_that_waits_for_others_looks_so() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let first = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let after = project.json(&["task", "submit", "do: true", "--after", &first])["taskId"]
        .as_str()
        .unwrap()
        .to_owned();
    let slot = project.submit("true");
    let list = project.run(&["task", "list"]).out;
    let state =
        |id: &str| list.lines().find(|line| line.starts_with(id)).unwrap().split_whitespace().nth(1).unwrap();
    assert_eq!((state(&first), state(&after), state(&slot)), ("running", "waiting", "queued"));
    let got = |id: &str| project.run(&["task", "get", id]).out;
    assert!(got(&after).contains("State      queued, until task-0001 has completed\n"), "{}", got(&after));
    assert!(got(&slot).contains("State      queued, until a slot is free\n"), "{}", got(&slot));
    std::fs::write(project.file("go"), "").unwrap();
    project.ended(&slot);
}

#[test]
fn automation_says_once_that_it_is_off_and_forgets_why_it_was() {
    let job = json!({ "name": "nightly", "cron": "0 0 1 1 *", "action": "look around" });
    let project = Project::started(json!({
        "rules": [Project::rule("one", "a:b", "one"), Project::rule("two", "a:b", "two")],
        "schedule": { "enabled": true, "jobs": [job] },
    }));
    let status = || project.run(&["automation", "status"]).out;
    assert!(status().starts_with("Automation is enabled, with 2 rules.\n"), "{}", status());
    assert!(project.run(&["daemon", "status"]).out.contains("on, 2 rules\n"));
    project.run(&["automation", "disable"]);
    project.run(&["event", "emit", "a:b"]);
    assert_eq!(
        status().lines().filter(|line| line.starts_with("! no rule makes a task")).count(),
        1,
        "{}",
        status()
    );
    assert_eq!(status().matches("passed over").count(), 2, "{}", status());
    project.run(&["automation", "enable"]);
    assert!(!status().contains('!'), "{}", status());
    let unknown = project.run(&["automation", "disable", "--rule", "on"]);
    assert!(unknown.err.contains("did you mean \"one\"?"), "{}", unknown.err);
    let unknown = project.run(&["schedule", "run", "nihgtly"]);
    assert!(unknown.err.contains("did you mean \"nightly\"?"), "{}", unknown.err);
}

#[test]
fn whether_there_is_somebody_to_ask_is_known() {
    let project = Project::started(json!({}));
    let steps = [Step::Sees("Ctrl-C asks whether to cancel it"), Step::Sees("is completed")];
    assert_eq!(project.in_a_terminal(&["task", "submit", "Hello", "--wait"], &steps).0, 0);
    assert!(project.run(&["task", "submit", "Hello", "--wait"]).err.contains("Ctrl-C leaves it alone"));
}
