//! A wrong configuration: where, what, and no daemon.

use std::{io::Write, process::Stdio};

use serde_json::json;

use crate::support::Project;

/// Message of `daemon start` about a configuration.
fn refused(config: &str) -> String {
    let project = Project::empty();
    project.configure(config);
    let done = project.run(&["daemon", "start"]);
    assert_eq!(done.code, 1, "{}", done.out);
    assert_eq!(project.run(&["daemon", "ping"]).code, 3);
    done.err
}

#[test]
fn broken_json_is_located() {
    let said = refused("{\n  \"daemon\": {\n    \"max_parallel_actions\": 3\n    \"log\": {}\n  }\n}");
    assert!(said.contains("daemon.json:3:30: this is not JSON: Expected comma"), "{said}");
    assert!(refused("").contains("daemon.json:1:1: the file is empty"));
}

#[test]
fn an_unknown_key_is_located_and_the_nearest_one_named() {
    let said = refused("{\n  \"daemon\": {\n    \"max_paralel_actions\": 3\n  }\n}");
    assert!(said.contains("daemon.json:3:5: unknown key \"max_paralel_actions\" in daemon; did you mean \"max_parallel_actions\"?"), "{said}");
    let said = refused("{\"rulez\": []}");
    assert!(said.contains("daemon.json:1:2: unknown key \"rulez\"; did you mean \"rules\"?"), "{said}");
    let rule = r#"{"rules": [{"id": "a", "trigger": {"type": "event", "topic": "x"},
        "action": {"type": "submit_task", "promt": "x"}}]}"#;
    let said = refused(rule);
    assert!(
        said.contains("daemon.json:2:43: unknown key \"promt\" in rules[0].action; did you mean \"prompt\"?"),
        "{said}"
    );
}

#[test]
fn a_wrong_type_or_value_is_located() {
    let said = refused("{\"daemon\":\n{\"max_parallel_actions\": \"three\"}}");
    assert!(
        said.contains(
            "daemon.json:2:2: daemon.max_parallel_actions: must be a whole number; it is \"three\""
        ),
        "{said}"
    );
    assert!(
        refused("{\"daemon\": {\"max_parallel_actions\": 0}}")
            .contains("daemon.json:1:13: daemon.max_parallel_actions: must be from 1 to 1000")
    );
    let rule = json!({ "id": "same", "trigger": { "type": "event", "topic": "x" }, "action": { "type": "submit_task", "prompt": "x" } });
    let said = refused(&json!({ "rules": [rule, rule] }).to_string());
    assert!(said.contains("another rule, or a job, has the id \"same\" already"), "{said}");
}

#[test]
fn comments_and_the_guides_example_are_fine() {
    let project = Project::empty();
    project.configure(
        r#"{
          // for documentation
          "daemon": { "heartbeat_interval_seconds": 30, "max_parallel_actions": 3, "action_timeout_minutes": 120,
                      "log": { "max_size_mb": 50, "max_files": 5 } },
          "watch": { "enabled": true, "paths": ["src/", { "path": "test/", "extensions": [".ts"] }],
                     "ignore": ["node_modules/"], "debounce_ms": 1000, "use_polling": false },
          "schedule": { "enabled": true, "jobs": [{ "id": "health", "cron": "*/30 * * * *", "action": "health-check" }] },
          "rules": [{ "id": "auto", "trigger": { "type": "file_change", "pattern": "src/**/*.ts" },
                      "condition": { "type": "debounce", "interval_ms": 5000 },
                      "action": { "type": "submit_task", "prompt": "Run tests" } }],
          "agent": { "command": ["true"] },
          "webhook": { "port": 1 }, /* not used */
        }"#,
    );
    project.start();
    let status = project.json(&["daemon", "status"]);
    assert_eq!(status["subsystems"]["automation"]["ruleCount"], 1);
    // A section that is left over asks for nothing: it is reported, and no reason to be degraded for ever.
    assert_eq!((&status["health"], &status["issues"]), (&json!("healthy"), &json!([])));
    assert!(project.read(".aiwg/daemon/daemon.log").contains("\"webhook\" is accepted but not used"));
    let reloaded = project.json(&["daemon", "reload"]);
    assert!(reloaded["notices"][0].as_str().unwrap().contains("webhook"), "{reloaded}");
}

#[test]
fn a_named_configuration_must_be_there() {
    let project = Project::empty();
    let done = project.run(&["daemon", "start", "--config", "none.json"]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("none.json cannot be read"), "{}", done.err);
}

#[test]
fn it_can_be_checked_without_a_daemon() {
    let project = Project::empty();
    project.configure("{\n  \"rulez\": []\n}");
    let done = project.run(&["config", "check"]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("daemon.json:2:3: unknown key \"rulez\""), "{}", done.out);
    std::fs::write(project.file("other.json"), "{ \"webhook\": {} }").unwrap();
    let checked = project.json(&["config", "check", "other.json"]);
    assert_eq!((&checked["ok"], &checked["errors"]), (&json!(true), &json!([])));
    assert!(checked["notices"][0].as_str().unwrap().contains("webhook"), "{checked}");
    assert_eq!(project.run(&["config", "check", "missing.json"]).code, 1);
    assert!(!project.file(".aiwg/daemon").exists());
}

#[test]
fn what_the_check_says_is_what_the_daemon_does() {
    let project = Project::empty();
    let both = |config: &str| {
        project.configure(config);
        let checked = project.run(&["config", "check", "--json"]);
        let checked: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
        let started = project.run(&["daemon", "start"]);
        assert_eq!((&checked["ok"], started.code), (&json!(false), 1), "{checked}\n{}", started.out);
        let problem = checked["errors"][0].clone();
        let place = format!("daemon.json:{}:{}: ", problem["line"], problem["column"]);
        let said = format!("{place}{}", problem["message"].as_str().unwrap());
        assert!(started.err.contains(&said), "{}\n{said}", started.err);
        checked["errors"].as_array().unwrap().len()
    };
    assert_eq!(both("[]"), 1);
    assert_eq!(both(r#"{"a": 1, "b": 2, "daemonn": {}}"#), 3);
    assert_eq!(both(r#"{"watch": {"paths": ["/etc"]}}"#), 1);
    let rule = r#"{"id": "r", "trigger": {"type": "event", "topic": "a"}, "action": {"type": "submit_task", "prompt": "p"}}"#;
    assert_eq!(both(&format!(r#"{{"rules": [{rule}], "rules": []}}"#)), 1);
    assert_eq!(both(&format!(r#"{{"rules": [{}]}}"#, rule.replace("\"p\"", r#""p", "agent": "--x""#))), 1);
}

#[test]
fn without_a_file_the_defaults_are_fine() {
    let project = Project::empty();
    let done = project.run(&["config", "check"]);
    assert_eq!(done.code, 0);
    assert!(done.out.contains("no .aiwg/daemon.json") && done.out.contains("aiwg init"), "{}", done.out);
    let checked = project.json(&["config", "check"]);
    assert_eq!((&checked["ok"], &checked["file"]), (&json!(true), &json!(null)));
}

#[test]
fn a_text_is_checked_before_it_is_a_file() {
    let project = Project::empty();
    let check = |text: &str| {
        let mut check = project
            .command()
            .args(["config", "check", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        check.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let done = check.wait_with_output().unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    assert_eq!(check("\u{feff}{ /* nothing */ }"), (Some(0), "It is fine.\n".to_owned()));
    let (code, said) = check("{\"rulez\": []}");
    assert_eq!(code, Some(1));
    assert!(said.starts_with("-:1:2: unknown key"), "{said}");
}
