//! A rule that is another one by the time its matches have settled.

use serde_json::{Value, json};

use crate::support::{Project, until};

/// A rule that waits for its task to end, whose prompt names the event.
fn rule(topic: &str, says: &str) -> Value {
    let mut rule = Project::rule(
        "r",
        topic,
        &format!("do: [ -e go ] # {says} {{{{ events | length }}}} {{{{ event.topic }}}}"),
    );
    rule["on_busy"] = json!("coalesce");
    rule
}

fn status(project: &Project) -> Value {
    project.json(&["automation", "status"])["rules"][0].clone()
}

fn prompt(project: &Project, id: &str) -> String {
    project.ended(id)["prompt"].as_str().unwrap().lines().next().unwrap().to_owned()
}

/// A project in which the rule's first task runs until there is a file `end`, and these topics were emitted meanwhile.
fn busy(topics: &[&str]) -> Project {
    let mut first = rule("old:*", "old");
    first["action"]["prompt"] = json!("do: while [ ! -e end ]; do sleep 0.01; done");
    let project = Project::started(json!({ "rules": [first] }));
    let mut wire = project.wire();
    wire.call("event.emit", json!({ "topic": "old:first" }));
    for topic in topics {
        assert_eq!(wire.call("event.emit", json!({ "topic": topic }))["waiting"], json!(["r"]));
    }
    project
}

#[test]
fn what_waits_for_another_trigger_is_dropped_and_that_is_said() {
    let project = busy(&["old:a", "old:b"]);
    project.configure(&Project::config(json!({ "rules": [rule("new:*", "new")] })).to_string());
    project.json(&["daemon", "reload"]);
    std::fs::write(project.file("end"), "").unwrap();
    until("it to be dropped", || status(&project)["pending"].is_null());
    let refused = status(&project)["lastRefusal"]["reason"].as_str().unwrap().to_owned();
    assert!(refused.contains("the rule's trigger has changed"), "{refused}");
    assert!(project.read(".aiwg/daemon/daemon.log").contains("dropped: the rule's trigger has changed"));
    // The rule as it is now makes the next task, of what it waits for.
    project.wire().call("event.emit", json!({ "topic": "new:a" }));
    assert_eq!(prompt(&project, "task-0002"), "do: [ -e go ] # new 1 \"new:a\"");
}

#[test]
fn what_the_new_trigger_matches_as_well_goes_on() {
    let project = busy(&["old:a", "old:b", "old:a"]);
    // Over a restart, too: the next daemon does not know what the trigger was.
    project.configure(&Project::config(json!({ "rules": [rule("*:a", "new")] })).to_string());
    project.json(&["daemon", "restart"]);
    until("the daemon", || project.run(&["daemon", "ping"]).code == 0);
    std::fs::write(project.file("end"), "").unwrap();
    until("the task", || project.json(&["task", "list"]).as_array().unwrap().len() == 2);
    assert_eq!(prompt(&project, "task-0002"), "do: [ -e go ] # new 2 \"old:a\"");
    assert_eq!(project.json(&["automation", "status"])["recentExecutions"][0]["matches"], 2);
}
