//! Input that would end the daemon, or hold everyone else up.

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

#[test]
fn what_would_end_the_reader_of_the_configuration_is_refused() {
    let project = Project::started(json!({}));
    let rule = |prompt: String| json!({ "rules": [Project::rule("r", "a", &prompt)] }).to_string();
    let pattern = |text: String| json!({ "watch": { "ignore": [text] } }).to_string();
    for (config, said) in [
        (rule(format!("{{{{ {}event }}}}", "not ".repeat(50_000))), "between two braces, which is the limit"),
        (rule(format!("{{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000))), "between two braces"),
        (
            json!({ "rules": [Project::rule("r", &"{".repeat(1_000), "x")] }).to_string(),
            "nested more than 8 deep",
        ),
        (pattern("{".repeat(100_000)), "has 100000 characters; 4096 is the limit"),
        (pattern("{".repeat(4_000)), "watch.ignore[0]"),
        ("[".repeat(100_000), "depth"),
        ("{\"webhook\":".repeat(100_000), "depth"),
    ] {
        project.configure(&config);
        for args in [["config", "check"], ["daemon", "reload"]] {
            let done = project.run(&args);
            assert_eq!(done.code, 1, "{said}: {}{}", done.out, done.err);
            assert!(done.err.contains(said) || done.out.contains(said), "{said}: {}{}", done.out, done.err);
        }
    }
    let sparse = std::fs::File::create(project.file(".aiwg/daemon.json")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    assert_eq!(project.run(&["config", "check"]).code, 1);
    project.wire().is_alive();
    project.configure(&Project::config(json!({})).to_string());
}

#[test]
fn an_event_of_megabytes_in_a_prompt_is_shortened() {
    let rule = Project::rule("r", "a", "do: true {{ event.payload }}");
    let project = Project::started(json!({ "rules": [rule] }));
    let payload = json!({ "log": "x".repeat(900_000) });
    project.wire().call("event.emit", json!({ "topic": "a", "payload": payload }));
    let task = project.wire().call("task.wait", json!({ "taskId": "task-0001", "timeoutMs": 60_000 }));
    let prompt = task["prompt"].as_str().unwrap();
    assert!(prompt.len() < 50_000 && prompt.contains("\"bytes\":900010"), "{prompt:.100}");
    assert!(prompt.ends_with("`aiwg event list --json` those before it.)"));
}
