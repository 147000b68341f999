//! Chains of rules that would have no end: whatever way they take, their depth is known.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Project, until, until_some};

/// A rule of these members, with a short chain.
fn rule(id: &str, trigger: Value, script: &str, more: Value) -> Value {
    let mut rule = json!({
        "id": id,
        "trigger": trigger,
        "action": { "type": "submit_task", "prompt": format!("do: {script}") },
        "max_depth": 3
    });
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}

fn on_event(topic: &str) -> Value {
    json!({ "type": "event", "topic": topic })
}

fn on_file(pattern: &str) -> Value {
    json!({ "type": "file_change", "pattern": pattern })
}

/// The rule's last refusal, once there is one.
fn refusal(project: &Project, id: &str) -> String {
    let status = || {
        let status = project.json(&["automation", "status"]);
        let rules = status["rules"].as_array().unwrap().clone();
        rules.into_iter().find(|rule| rule["id"] == id).unwrap()["lastRefusal"]["reason"]
            .as_str()
            .map(str::to_owned)
    };
    until_some("a refusal", status)
}

fn depths(project: &Project) -> Vec<u64> {
    let tasks = project.json(&["task", "list", "--limit", "100"]);
    let mut depths: Vec<u64> =
        tasks.as_array().unwrap().iter().map(|task| task["causedBy"]["depth"].as_u64().unwrap()).collect();
    depths.sort_unstable();
    depths
}

#[test]
fn what_an_agent_has_the_daemon_do_is_of_its_chain() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    for (topic, begin, words) in [
        ("daemon:reloaded", ["daemon", "reload"].as_slice(), "daemon reload"),
        ("health:*", &["schedule", "run", "check"], "schedule run check"),
        ("automation:enabled", &["automation", "enable", "--rule", "r"], "automation enable --rule r"),
    ] {
        let project = Project::started(json!({
            "daemon": { "agents_may": ["*"] },
            "rules": [rule("r", on_event(topic), &format!("{aiwg} {words}"), json!({}))],
            "schedule": { "jobs": [{ "name": "check", "cron": "0 0 1 1 *", "action": "health-check" }] }
        }));
        project.json(begin);
        assert!(
            refusal(&project, "r").contains("the chain of tasks that led to this event is 3 long"),
            "{topic}"
        );
        assert_eq!(depths(&project), [0, 1, 2], "{topic}");
    }
}

#[test]
fn files_that_rules_change_for_each_other_end_at_a_depth() {
    let once_more = |dir: &str| format!("date +%s%N > {dir}/f");
    let project = Project::new(json!({
        "watch": { "enabled": true, "debounce_ms": 40 },
        "rules": [
            rule("a", on_file("a/**"), &once_more("b"), json!({})),
            rule("b", on_file("b/**"), &once_more("a"), json!({})),
        ]
    }));
    for dir in ["a", "b"] {
        fs::create_dir(project.file(dir)).unwrap();
    }
    project.start();
    fs::write(project.file("a/f"), "").unwrap();
    assert!(refusal(&project, "b").contains("the chain of tasks that led to this event is 3 long"));
    assert_eq!(depths(&project), [0, 1, 2]);
}

#[test]
fn a_batch_is_as_deep_as_the_deepest_of_its_events() {
    let debounce = json!({ "condition": { "type": "debounce", "interval_ms": 300 } });
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    // Each of the agent's own is followed by one from outside.
    let script = format!("{aiwg} event emit a:b; env -u AIWG_TASK_ID {aiwg} event emit a:b");
    let project = Project::started(json!({ "rules": [rule("r", on_event("a:b"), &script, debounce)] }));
    project.json(&["event", "emit", "a:b"]);
    assert!(refusal(&project, "r").contains("the chain of tasks that led to this event is 3 long"));
    until("the end", || project.json(&["task", "stats"])["running"] == 0);
    let depths = depths(&project);
    assert_eq!(depths.iter().take(3).collect::<Vec<_>>(), [&0, &1, &2]);
    assert!(depths.iter().all(|depth| *depth < 3), "{depths:?}");
}

#[test]
fn a_trip_switches_nothing_on_and_is_forgotten_with_its_rule() {
    let tripping = |enabled: bool| {
        Project::config(json!({
            "rules": [rule("r", on_event("a:b"), "true", json!({ "max_firings": 1, "enabled": enabled }))]
        }))
        .to_string()
    };
    let project = Project::empty();
    project.configure(&tripping(true));
    project.start();
    for _ in 0..2 {
        project.json(&["event", "emit", "a:b"]);
    }
    assert_eq!(project.json(&["daemon", "status"])["health"], "degraded");
    // The configuration still has the word on whether it is on.
    project.configure(&tripping(false));
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    assert_eq!(project.json(&["automation", "status"])["rules"][0]["enabled"], false);
    // Nothing can be done about a rule that is gone.
    project.configure(&Project::config(json!({})).to_string());
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    assert_eq!(project.json(&["daemon", "status"])["health"], "healthy");
}

#[test]
fn what_people_change_while_a_rules_task_runs_can_fire_once_more() {
    // The agent changes something itself, and goes on for as long as the test wants.
    let script = "echo $AIWG_TASK_ID >s/own; until [ -e go-$AIWG_TASK_ID ]; do sleep 0.02; done; exit 0";
    let project = Project::new(json!({
        "watch": { "enabled": true, "debounce_ms": 40 },
        "rules": [{
            "id": "r",
            "trigger": on_file("s/**"),
            "ignore_own_changes": false,
            "max_depth": 2,
            "action": { "type": "submit_task", "prompt": format!("{{{{ files }}}} do: {script}") }
        }]
    }));
    fs::create_dir(project.file("s")).unwrap();
    project.start();
    fs::write(project.file("s/before"), "").unwrap();
    let reported_by = |task: &str| {
        until("the agent's own change is reported", || {
            fs::read_to_string(project.file("s/own")).is_ok_and(|text| text.trim() == task)
                && project.json(&["automation", "status"])["rules"][0]["busy"] == 1
        });
        fs::write(project.file(&format!("s/during-{task}")), "").unwrap();
        let topics = || project.json(&["event", "list", "file:*", "--limit", "100"]).to_string();
        until("the change is reported", || topics().contains(&format!("during-{task}")));
        fs::write(project.file(&format!("go-{task}")), "").unwrap();
        assert_eq!(project.ended(task)["state"], "completed");
    };
    reported_by("task-0001");
    let there_are =
        |tasks| until("another task", || project.json(&["task", "stats"])["total"].as_u64() >= Some(tasks));
    there_are(2);
    let prompt = project.json(&["task", "get", "task-0002"])["prompt"].as_str().unwrap().to_owned();
    assert!(prompt.contains("s/own") && prompt.contains("s/during-task-0001"), "{prompt}");
    // And no more than once.
    reported_by("task-0002");
    assert!(refusal(&project, "r").contains("the chain of tasks that led to this event is 2 long"));
    assert_eq!(depths(&project), [0, 1]);
    // What comes later is from outside again.
    fs::write(project.file("s/after"), "").unwrap();
    there_are(3);
    fs::write(project.file("go-task-0003"), "").unwrap();
    assert_eq!(project.ended("task-0003")["state"], "completed");
}
