//! Nothing fails silently: rules whose tasks fail again and again, and rules that do not succeed for too long.

use aiwg_testing::{TestDaemon, rule_with, until};
use serde_json::{Value, json};

fn failing(more: Value) -> TestDaemon {
    let rule = rule_with("r", "a:b", "do: test -e good", more);
    TestDaemon::with(json!({ "rules": [rule], "daemon": { "max_parallel_actions": 1 } }))
}

/// Emits an event, and waits for the end of its task.
fn one_more(daemon: &TestDaemon) -> Value {
    let before = daemon.total();
    daemon.emit("a:b", json!(null));
    assert_eq!(daemon.total(), before + 1);
    daemon.ended(&format!("task-{:04}", before + 1))
}

fn issue(daemon: &TestDaemon, kind: &str) -> Option<String> {
    let status = daemon.status();
    let issues = status["issues"].as_array().unwrap();
    issues
        .iter()
        .find(|issue| issue["kind"] == kind)
        .map(|issue| issue["message"].as_str().unwrap().to_owned())
}

#[test]
fn three_equal_failures_in_a_row_trip_a_rule() {
    let mut daemon = failing(json!({}));
    for _ in 0..2 {
        assert_eq!(one_more(&daemon)["reason"], "failed");
    }
    daemon.write("good", "");
    one_more(&daemon);
    std::fs::remove_file(daemon.file("good")).unwrap();
    one_more(&daemon);
    one_more(&daemon);
    assert!(daemon.rule("r")["trippedAt"].is_null(), "a success lies between");
    // The count outlasts the daemon.
    daemon.restart();
    one_more(&daemon);
    until("the trip", || daemon.rule("r")["trippedAt"].is_string());
    let event = daemon.call("event.list", json!({ "topics": ["automation:tripped"] }))[0]["payload"].clone();
    assert_eq!(event, json!({ "rule": "r", "failures": 3, "reason": "failed" }));
    assert!(issue(&daemon, "automation").unwrap().contains("`aiwg automation enable --rule r`"));
    // The reason for this trip is said, and not which there may be; also by the next daemon.
    let why = "3 tasks in a row failed for one reason: failed";
    daemon.restart();
    assert!(issue(&daemon, "automation").unwrap().contains(&format!("r, since {why};")));
    assert!(daemon.rule("r")["reason"].as_str().unwrap().starts_with(why), "{}", daemon.rule("r"));
    let tripped = daemon.call("report.get", json!({}))["tripped"].clone();
    assert_eq!((&tripped[0]["rule"], &tripped[0]["why"]), (&json!("r"), &json!(why)));
    daemon.emit("a:b", json!(null));
    assert_eq!(daemon.total(), 6);
    daemon.call("automation.enable", json!({ "ruleId": "r" }));
    one_more(&daemon);
    assert!(daemon.rule("r")["trippedAt"].is_null(), "it counts anew");
}

#[test]
fn a_rule_may_fail_as_often_as_it_says() {
    let daemon = failing(json!({ "max_failures": null }));
    for _ in 0..4 {
        one_more(&daemon);
    }
    assert!(daemon.rule("r")["trippedAt"].is_null());
    daemon.reload(json!({ "rules": [rule_with("r", "a:b", "do: false", json!({ "max_failures": 1 }))] }));
    one_more(&daemon);
    until("the trip", || daemon.rule("r")["trippedAt"].is_string());
}

#[test]
fn a_rule_that_does_not_succeed_in_time_is_reported_once() {
    let mut daemon = failing(json!({ "expect": { "within": "1s" }, "max_failures": null }));
    until("the report", || issue(&daemon, "expect").is_some());
    assert!(issue(&daemon, "expect").unwrap().contains("`aiwg task list --rule r`"));
    let events = |daemon: &TestDaemon| {
        daemon.call("event.list", json!({ "topics": ["health:degraded"] })).as_array().unwrap().len()
    };
    one_more(&daemon);
    daemon.restart();
    until("the issue", || issue(&daemon, "expect").is_some());
    assert_eq!(events(&daemon), 1);
    // It is no longer so where more time is given, and so again where that is taken back.
    let within = |span: &str| json!({ "rules": [rule_with("r", "a:b", "do: false", json!({ "expect": { "within": span }, "max_failures": null }))] });
    daemon.reload(within("10d"));
    until("the end of what is not true", || issue(&daemon, "expect").is_none());
    daemon.restart();
    assert!(issue(&daemon, "expect").is_none() && events(&daemon) == 1);
    daemon.reload(within("1s"));
    until("the report anew", || issue(&daemon, "expect").is_some());
    assert_eq!(events(&daemon), 2);
    // A success is the end of it, until the next time.
    daemon.reload(
        json!({ "rules": [rule_with("r", "a:b", "do: true", json!({ "expect": { "within": "10d" } }))] }),
    );
    one_more(&daemon);
    until("the end of it", || issue(&daemon, "expect").is_none());
    daemon.reload(
        json!({ "rules": [rule_with("r", "a:b", "do: true", json!({ "expect": { "within": "1s" } }))] }),
    );
    until("the next report", || events(&daemon) == 3);
    daemon.call("automation.disable", json!({ "ruleId": "r" }));
    assert!(issue(&daemon, "expect").is_none(), "nobody expects anything of what is switched off");
}
