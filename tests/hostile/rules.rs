//! Patterns, names, templates and rules that would end the daemon or never fire.

use serde_json::json;

use crate::support::Project;

#[test]
fn nested_braces_are_refused_and_end_nothing() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    for topic in ["{".repeat(100_000), "{".repeat(100_000) + &"}".repeat(100_000), "{a,".repeat(100_000)] {
        for method in ["event.list", "event.subscribe"] {
            let answer = wire.try_call(method, json!({ "topics": [topic] }));
            assert_eq!(answer["error"]["data"]["kind"], "invalid_params", "{answer}");
            assert_eq!(answer["error"]["data"]["member"], "topics", "{answer}");
            assert!(answer.to_string().len() < 1_000, "{answer}");
        }
    }
    // What people write goes on.
    wire.call("event.list", json!({ "topics": ["task:{completed,failed{,:again}}"] }));
    wire.is_alive();
}

#[test]
fn a_name_of_megabytes_is_refused_and_holds_up_nobody() {
    let rule = Project::rule("a-rule-with-a-name", "a", "x");
    let jobs = json!([{ "name": "a-job-with-a-name", "cron": "0 9 * * *", "action": "health-check" }]);
    let project =
        Project::started(json!({ "rules": [rule], "schedule": { "enabled": false, "jobs": jobs } }));
    let mut wire = project.wire();
    let long = "b".repeat(4 << 20);
    for (method, member, params) in [
        ("schedule.run", "job", json!({ "job": long })),
        ("automation.enable", "ruleId", json!({ "ruleId": long })),
        ("automation.disable", "ruleId", json!({ "ruleId": long })),
        ("automation.test", "schedule", json!({ "schedule": long })),
        ("automation.test", "file", json!({ "file": long })),
        ("automation.test", "topic", json!({ "topic": long })),
        ("event.emit", "topic", json!({ "topic": long })),
        ("task.get", "taskId", json!({ "taskId": long })),
        ("task.list", "agent", json!({ "agent": long })),
        ("task.list", "cursor", json!({ "cursor": long })),
        ("task.submit", "agent", json!({ "prompt": "x", "agent": long })),
        ("task.submit", "after", json!({ "prompt": "x", "after": [long] })),
        ("chat.history", "conversation", json!({ "conversation": long })),
        ("daemon.logs", "cursor", json!({ "cursor": long })),
    ] {
        let answer = wire.try_call(method, params);
        assert_eq!(answer["error"]["data"]["kind"], "invalid_params", "{method}");
        assert_eq!(answer["error"]["data"]["member"], member, "{method}");
        assert!(answer.to_string().len() < 1_000, "{method}");
    }
    // Whatever else repeats what was sent has an end as well.
    for (method, params) in [
        ("task.list", json!({ "state": long })),
        ("task.list", json!({ long.clone(): 1 })),
        (long.as_str(), json!({})),
    ] {
        assert!(wire.try_call(method, params).to_string().len() < 6_000);
    }
}
