//! The rules over crashes, and as the command shows them.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use aiwg_testing::rule_with;
use serde_json::{Value, json};

use crate::support::{Project, until, until_some};

const UNTIL_GO: &str = "do: while [ ! -e go ]; do sleep 0.01; done";

fn with_rule(rule: Value) -> Project {
    Project::started(json!({ "rules": [rule], "daemon": { "max_parallel_actions": 10 } }))
}

fn emit(project: &Project, topic: &str, payload: Value) -> Value {
    project.wire().call("event.emit", json!({ "topic": topic, "payload": payload }))
}

fn total(project: &Project) -> u64 {
    project.json(&["task", "stats"])["total"].as_u64().unwrap()
}

/// Waits until there is such a task, and for its end.
fn made(project: &Project, id: &str) -> Value {
    let mut wire = project.wire();
    let task =
        until_some("the task", || wire.try_call("task.get", json!({ "taskId": id })).get("result").cloned());
    project.ended(task["id"].as_str().unwrap())
}

/// State of a rule, as `automation status` shows it.
fn status(project: &Project, id: &str) -> Value {
    let status = project.json(&["automation", "status"]);
    let rules = status["rules"].as_array().unwrap();
    rules.iter().find(|rule| rule["id"] == id).unwrap().clone()
}

#[test]
fn what_has_not_settled_survives_a_crash() {
    let condition = json!({ "condition": { "type": "debounce", "interval_ms": 500 } });
    let project = with_rule(rule_with("r", "a:b", "{{ events|length }}", condition));
    emit(&project, "a:b", json!(1));
    emit(&project, "a:b", json!(2));
    project.kill_daemon();
    project.start();
    let prompt = made(&project, "task-0001")["prompt"].as_str().unwrap().to_owned();
    assert!(prompt.starts_with('2'), "{prompt}");
    assert_eq!(total(&project), 1);
}

#[test]
fn the_follow_up_of_a_busy_rule_outlives_a_crash() {
    let project = with_rule(rule_with("r", "a:b", UNTIL_GO, json!({ "on_busy": "coalesce" })));
    emit(&project, "a:b", json!(0));
    until("the agent", || project.runs().len() == 1);
    for n in 1..4 {
        assert_eq!(emit(&project, "a:b", json!(n))["rules"], json!(["r"]));
    }
    assert_eq!(status(&project, "r")["pending"], json!({ "matches": 3, "dueAt": null }));
    project.kill_daemon();
    project.start();
    std::fs::write(project.file("go"), "").unwrap();
    made(&project, "task-0002");
    until("quiet", || status(&project, "r")["busy"] == 0);
    assert_eq!(total(&project), 2);
    let log = project.read(".aiwg/daemon/daemon.log");
    assert!(
        log.lines().any(|line| line.contains("automation") && line.contains("waits for the rule's task")),
        "{log}"
    );
}

#[test]
fn a_chain_ends_at_its_depth() {
    let project = with_rule(Project::rule("r", "task:completed", "x"));
    project.submit("true");
    until("quiet", || {
        total(&project) > 1 && project.json(&["daemon", "status"])["subsystems"]["supervisor"]["running"] == 0
    });
    // The first one from outside, and one for each depth from 1 to 7.
    assert_eq!(total(&project), 8);
    assert!(
        project
            .read(".aiwg/daemon/daemon.log")
            .contains("refused: the chain of tasks that led to this event is 8 long")
    );
}

#[test]
fn agents_that_start_agents_end_at_a_depth() {
    let again = |how: &str| {
        let project = Project::started(json!({ "daemon": { "max_task_depth": 3 } }));
        project.submit(&format!("'{}' --json {how}", env!("CARGO_BIN_EXE_aiwg")));
        let last = made(&project, "task-0003");
        assert_eq!((&last["state"], &last["causedBy"]["depth"]), (&json!("failed"), &json!(2)), "{last}");
        assert_eq!(last["causedBy"]["task"], "task-0002");
        let params = json!({ "taskId": "task-0003", "stream": "stderr" });
        let said = project.wire().call("task.output", params)["data"].to_string();
        assert!(said.contains("chain_too_deep") && said.contains("daemon.max_task_depth"), "{said}");
        assert_eq!(total(&project), 3);
        // Nothing is left of the chain for those outside.
        assert_eq!(project.ended(&project.submit("true"))["state"], "completed");
    };
    again("task submit \"$prompt\"");
    again("task retry \"$AIWG_TASK_ID\"");
    again("chat send --no-wait \"$prompt\"");
}

#[test]
fn a_file_is_tried_out_as_it_would_be_reported() {
    let files = json!({ "trigger": { "type": "file_change", "pattern": "src/**" } });
    let rules = json!([rule_with("files", "x", "{{ files }}", files)]);
    let project =
        Project::started(json!({ "rules": rules, "watch": { "paths": ["src"], "ignore": ["*.tmp"] } }));
    std::fs::create_dir(project.file("src")).unwrap();
    let test = |directory: &str, file: &str| {
        let mut command = project.command();
        let done = command.current_dir(project.file(directory)).args([
            "automation",
            "test",
            "--json",
            "--file",
            file,
        ]);
        let done = done.output().unwrap();
        (done.status.code(), serde_json::from_slice::<Value>(&done.stdout).unwrap_or_default())
    };
    let absolute = project.file("src/a.ts").display().to_string();
    for (directory, file) in
        [(".", "src/a.ts"), (".", "./src/a.ts"), ("src", "a.ts"), (".", absolute.as_str())]
    {
        let (code, tested) = test(directory, file);
        assert_eq!((code, &tested["file"]), (Some(0), &json!("src/a.ts")), "{file}");
        assert_eq!(tested["rules"][0]["outcome"], "fire", "{file}: {tested}");
        assert!(tested["rules"][0]["prompt"].as_str().unwrap().starts_with("[\"src/a.ts\"]"), "{tested}");
    }
    for file in ["", "../x", "/etc/passwd", "src"] {
        assert_eq!(test(".", file).0, Some(1), "{file}");
    }
    let (_, tested) = test(".", "src/a.tmp");
    assert_eq!(tested["rules"][0]["outcome"], "refuse", "{tested}");
    assert!(
        tested["notice"].as_str().unwrap().contains("src/a.tmp is not watched: \"watch.ignore\""),
        "{tested}"
    );
    let (_, tested) = test(".", "a.ts");
    assert_eq!(tested["rules"], json!([]));
    assert!(tested["notice"].as_str().unwrap().contains("watch.paths"), "{tested}");
}

#[test]
fn what_is_tried_out_agrees_with_what_happens() {
    let project = Project::started(json!({
        "rules": [Project::rule("one", "a:b", "Test {{ event.payload.version }}")],
        "schedule": { "enabled": true, "jobs": [{ "name": "health", "cron": "@yearly", "action": "health-check" }] },
    }));
    let tested = project.json(&["automation", "test", "--topic", "a:b"])["rules"][0].clone();
    assert_eq!((&tested["outcome"], &tested["prompt"]), (&json!("fail"), &Value::Null));
    assert!(tested["reason"].as_str().unwrap().contains("`event.payload.version`"), "{tested}");
    emit(&project, "a:b", json!({}));
    let task = made(&project, "task-0001");
    assert!(task["error"].as_str().unwrap().ends_with(tested["reason"].as_str().unwrap()), "{task}");
    // What could not be emitted cannot be tried.
    assert_eq!(project.run(&["automation", "test", "--topic", "x y"]).code, 1);
    let said = project.run(&["automation", "test", "--schedule", "health"]).out;
    assert!(said.contains("the daemon itself carries out the health check"), "{said}");
    let said = project.run(&["automation", "test"]).err;
    assert!(said.contains("--topic <TOPIC>|--file <PATH>|--schedule <JOB>"), "{said}");
}

#[test]
fn who_emits_is_shown_which_rules_did_nothing_and_why() {
    let project = Project::started(json!({
        "rules": [Project::rule("one", "a:b", "x"), Project::rule("two", "a:b", "x")]
    }));
    project.json(&["automation", "disable", "--rule", "one"]);
    let emitted = emit(&project, "a:b", json!(null));
    let why = "the rule is disabled; `aiwg automation enable --rule one` enables it";
    assert_eq!(
        (&emitted["rules"], &emitted["refused"]),
        (&json!(["two"]), &json!([{ "rule": "one", "reason": why }]))
    );
    project.json(&["automation", "disable"]);
    let said = project.run(&["event", "emit", "a:b"]).out;
    assert!(
        said.contains("! one did nothing: automation is disabled") && said.contains("! two did"),
        "{said}"
    );
    assert!(!said.contains("no rule waits for it"), "{said}");
}

#[test]
fn events_can_be_watched() {
    let project = Project::started(json!({}));
    emit(&project, "a:before", json!(null));
    let mut watch = project
        .command()
        .args(["event", "watch", "a:*", "--since", "0", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next =
        || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()["topic"].clone();
    assert_eq!(next(), "a:before");
    emit(&project, "b:other", json!(null));
    emit(&project, "a:live", json!(null));
    assert_eq!(next(), "a:live");
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn a_watch_says_when_the_daemon_is_away_and_when_it_is_back() {
    let project = Project::started(json!({}));
    emit(&project, "a:before", json!(null));
    let mut watch = project
        .command()
        .args(["event", "watch", "a:*", "--since", "0", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut events = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut topic =
        || serde_json::from_str::<Value>(&events.next().unwrap().unwrap()).unwrap()["topic"].clone();
    let mut said = BufReader::new(watch.stderr.take().unwrap()).lines();
    let mut said = || said.next().unwrap().unwrap();
    assert_eq!(topic(), "a:before");
    for round in 0..2 {
        project.stop();
        let away = said();
        assert!(away.contains("is lost"), "{away}");
        project.start();
        let back = said();
        assert!(back.contains("is back"), "{back}");
        let after = format!("a:{round}");
        emit(&project, &after, json!(null));
        assert_eq!(topic(), after.as_str());
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
}
