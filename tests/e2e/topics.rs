//! Declared topics by the command: their list, the check of the configuration, and the document for other tools.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Project, repository};

fn topics() -> Value {
    json!({
        "deployment:complete": {
            "description": "A deployment went live.",
            "payload": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object", "required": ["version"], "additionalProperties": false,
                "properties": { "version": { "$ref": "#/$defs/version" }, "parts": { "prefixItems": [{ "type": "string" }], "items": false } },
                "$defs": { "version": { "type": "string", "pattern": "^[0-9.]+$" } }
            }
        },
        "tree/changed": { "payload": { "type": "object", "properties": { "children": { "type": "array", "items": { "$ref": "#" } } } } },
        "tree:changed": {}
    })
}

#[test]
fn declared_topics_are_listed_and_events_are_held_to_them() {
    let project = Project::started(json!({ "topics": topics() }));
    let listed = project.run(&["topic", "list"]).out;
    assert!(listed.contains("deployment:complete") && listed.contains("A deployment went live."), "{listed}");
    assert!(listed.contains("task:completed"), "{listed}");
    let listed = project.json(&["topic", "list"]);
    assert_eq!(listed[0]["payload"], topics()["deployment:complete"]["payload"]);
    let refused = project.run(&["event", "emit", "deployment:complete", "{\"version\": 1}"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("/version: 1 is not of type \"string\""), "{}", refused.err);
    let refused = project.run(&["event", "emit", "deployment:complete", "{}", "--json"]);
    assert!(refused.err.contains("\"invalid_payload\""), "{} {}", refused.out, refused.err);
    assert_eq!(project.json(&["event", "list", "deployment:*"]), json!([]));
    project.json(&["event", "emit", "deployment:complete", "{\"version\": \"1.2\"}"]);
    assert_eq!(project.json(&["event", "list", "deployment:*"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_prompt_with_a_member_that_no_payload_has_is_found_by_the_check() {
    let project = Project::new(json!({ "topics": topics(), "rules": [
        { "id": "r", "trigger": { "type": "event", "topic": "deployment:complete" },
          "action": { "type": "submit_task", "prompt": "Test {{ event.payload.versoin }}" } },
        { "id": "s", "trigger": { "type": "event", "topic": "deployment:compelte" },
          "action": { "type": "submit_task", "prompt": "x" } }
    ] }));
    let checked = project.run(&["config", "check", "--json"]);
    assert_eq!(checked.code, 1, "{}", checked.err);
    let checked: Value = serde_json::from_str(&checked.out).unwrap();
    let error = &checked["errors"][0];
    assert!(error["line"].as_u64().is_some() && error["column"].as_u64().is_some(), "{checked}");
    assert!(
        error["message"].as_str().unwrap().ends_with("did you mean \"event.payload.version\"?"),
        "{checked}"
    );
}

#[test]
fn the_document_of_the_projects_events_is_valid() {
    let project = Project::new(json!({ "topics": topics() }));
    let printed = project.run(&["schema", "events"]).out;
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["asyncapi"], "3.0.0");
    assert_eq!(document["channels"]["deployment_complete"]["address"], "deployment:complete");
    let folder = repository().join("target/oracles/documents");
    assert!(folder.exists(), "run scripts/oracles first, or scripts/test, which does");
    // Node looks for packages beside the script.
    let copy = tempfile::Builder::new().suffix(".mjs").tempfile_in(&folder).unwrap();
    std::fs::copy(repository().join("tests/documents/asyncapi.mjs"), copy.path()).unwrap();
    let mut node = Command::new("node")
        .arg(copy.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(printed.as_bytes()).unwrap();
    let done = node.wait_with_output().unwrap();
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{out}{}", String::from_utf8_lossy(&done.stderr));
    assert!(out.starts_with("3.0.0: "), "{out}");
}
