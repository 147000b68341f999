//! Topics that the project declares: which events are taken in, and what is said of the others.

use aiwg_testing::{TestDaemon, rule};
use serde_json::{Value, json};

fn deployment() -> Value {
    json!({ "deployment:complete": {
        "description": "A deployment went live.",
        "payload": {
            "type": "object", "required": ["version"], "additionalProperties": false,
            "properties": { "version": { "type": "string" }, "hosts": { "type": "array", "items": { "type": "string" } } }
        }
    } })
}

fn emit(daemon: &TestDaemon, topic: &str, payload: Value) -> Value {
    daemon.error("event.emit", json!({ "topic": topic, "payload": payload }))
}

fn count(daemon: &TestDaemon) -> usize {
    daemon.call("event.list", json!({ "topics": ["deployment:*", "other"] })).as_array().unwrap().len()
}

#[test]
fn a_payload_that_does_not_fit_is_refused_and_nothing_is_stored() {
    let daemon = TestDaemon::with(
        json!({ "topics": deployment(), "rules": [rule("r", "deployment:complete", "{{ event.payload.version }}")] }),
    );
    let error = emit(&daemon, "deployment:complete", json!({ "version": 1, "hosts": ["a", 2], "x/y": null }));
    assert_eq!(error["data"]["kind"], "invalid_payload", "{error}");
    let errors = error["data"]["errors"].as_array().unwrap();
    let mut places: Vec<&str> = errors.iter().map(|error| error["path"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["", "/hosts/1", "/version"], "{errors:?}");
    assert!(errors.iter().all(|error| !error["message"].as_str().unwrap().is_empty()));
    assert!(
        error["message"].as_str().unwrap().contains("does not fit the topic \"deployment:complete\""),
        "{error}"
    );
    for payload in [json!(null), json!([]), json!({ "version": "ä".repeat(1000), "hosts": vec![1; 5000] })] {
        let error = emit(&daemon, "deployment:complete", payload);
        assert_eq!(error["data"]["kind"], "invalid_payload", "{error}");
        assert!(error.to_string().len() < 16 * 1024, "it is bounded: {}", error.to_string().len());
        assert!(error["data"]["errors"].as_array().unwrap().len() <= 20);
    }
    // A batch is refused one by one.
    assert_eq!((count(&daemon), daemon.total()), (0, 0));
    daemon.emit("deployment:complete", json!({ "version": "1.2" }));
    daemon.emit("other", json!({ "anything": true }));
    daemon.wait_for_task("task-0001", "completed");
    assert_eq!(count(&daemon), 2);
    let tested = daemon.call("automation.test", json!({ "topic": "deployment:complete", "payload": {} }));
    assert!(tested["notice"].as_str().unwrap().contains("does not fit"), "{tested}");
}

/// Some readers take the first of them, and others the last.
#[test]
fn a_payload_that_has_a_member_twice_is_refused_whatever_its_topic() {
    let schema =
        json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "integer" } } });
    let daemon = TestDaemon::with(json!({ "topics": { "declared": { "payload": schema } } }));
    let ask = |method: &str, params: &str| {
        let call = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        daemon.wire().ask(&call)["error"].take()
    };
    for (topic, payload, member) in [
        ("declared", r#"{"id":"x","id":5}"#, "payload.id"),
        ("declared", r#"{"id":5,"\u0069d":6}"#, "payload.id"),
        ("other", r#"{"id":"x","id":5}"#, "payload.id"),
        ("other", r#"[0,{"a":{"b":1,"c":[],"b":1}}]"#, "payload[1].a.b"),
    ] {
        let error = ask("event.emit", &format!(r#"{{"topic":"{topic}","payload":{payload}}}"#));
        assert_eq!(error["data"], json!({ "kind": "invalid_params", "member": member }), "{error}");
        assert!(error["message"].as_str().unwrap().contains("has it twice"), "{error}");
        let keyed =
            format!(r#"{{"topic":"{topic}","payload":{payload},"idempotencyKey":"k{member}{topic}"}}"#);
        assert_eq!(ask("event.emit", &keyed)["data"]["member"], member);
    }
    let error = ask("task.submit", r#"{"prompt":"do: exit 0","metadata":{"a":{"b":1,"b":2}}}"#);
    assert_eq!(error["data"]["member"], "metadata.a.b", "{error}");
    daemon.emit("declared", json!({ "id": 5, "other": { "id": 5 } }));
    assert_eq!(
        (
            daemon
                .call("event.list", json!({ "since": 0, "topics": ["declared", "other"] }))
                .as_array()
                .unwrap()
                .len(),
            daemon.total()
        ),
        (1, 0)
    );
}

#[test]
fn the_one_wrong_place_of_a_large_payload_is_named() {
    let daemon = TestDaemon::with(
        json!({ "topics": { "big": { "payload": { "type": "array", "items": { "type": "integer" } } } } }),
    );
    let mut payload = vec![json!(1); 400_000];
    payload.push(json!("x"));
    let error = emit(&daemon, "big", Value::Array(payload));
    assert_eq!(
        error["data"]["errors"],
        json!([{ "path": "/400000", "message": "\"x\" is not of type \"integer\"" }])
    );
}

#[test]
fn with_strict_topics_only_declared_ones_are_taken() {
    let daemon = TestDaemon::with(json!({ "topics": deployment(), "strict_topics": true }));
    let error = emit(&daemon, "deployment:compelte", json!({}));
    assert_eq!(error["data"], json!({ "kind": "unknown_topic", "nearest": "deployment:complete" }));
    assert!(error["message"].as_str().unwrap().contains("did you mean \"deployment:complete\"?"), "{error}");
    let error = emit(&daemon, "other", json!({}));
    assert_eq!(error["data"], json!({ "kind": "unknown_topic" }));
    assert_eq!(emit(&daemon, "task:queued", json!({}))["data"]["kind"], "topic_reserved");
    daemon.emit("deployment:complete", json!({ "version": "1" }));
    assert_eq!(count(&daemon), 1);
}

#[test]
fn topics_are_listed_with_their_schemas() {
    let daemon = TestDaemon::with(json!({ "topics": deployment() }));
    let topics = daemon.call("topic.list", json!({}));
    let topics = topics.as_array().unwrap();
    assert_eq!(topics[0]["name"], "deployment:complete");
    assert_eq!(topics[0]["description"], "A deployment went live.");
    assert_eq!(
        (&topics[0]["source"], &topics[0]["payload"]),
        (&json!("project"), &deployment()["deployment:complete"]["payload"])
    );
    let own: Vec<&Value> = topics.iter().filter(|topic| topic["source"] == "daemon").collect();
    let completed = own.iter().find(|topic| topic["name"] == "task:completed").unwrap();
    assert!(completed["payload"]["properties"]["taskId"].is_object(), "{completed}");
    assert!(own.iter().any(|topic| topic["name"] == "schedule:*"));
}

#[test]
fn a_narrower_schema_counts_for_new_events_only() {
    let rules = json!([{ "id": "r", "trigger": { "type": "event", "topic": "deployment:complete" },
        "condition": { "type": "debounce", "interval_ms": 1_000_000 },
        "action": { "type": "submit_task", "prompt": "do: exit 0; {{ event.payload.version }}" } }]);
    let mut daemon = TestDaemon::with(json!({ "topics": deployment(), "rules": rules }));
    let params =
        json!({ "topic": "deployment:complete", "payload": { "version": "1.2" }, "idempotencyKey": "k" });
    let first = daemon.call("event.emit", params.clone());
    let mut narrower = deployment();
    narrower["deployment:complete"]["payload"]["properties"]["version"] = json!({ "const": "2" });
    let mut settled = rules.clone();
    settled[0]["condition"]["interval_ms"] = json!(0);
    daemon.reload(json!({ "topics": narrower, "rules": settled }));
    assert_eq!(
        emit(&daemon, "deployment:complete", json!({ "version": "1.3" }))["data"]["kind"],
        "invalid_payload"
    );
    // The call that was accepted before, once more; and the match that waited.
    assert_eq!(daemon.call("event.emit", params)["seq"], first["seq"]);
    daemon.emit("deployment:complete", json!({ "version": "2" }));
    let task = daemon.wait_for_task("task-0001", "completed");
    daemon.call("task.retry", json!({ "taskId": task["id"] }));
    daemon.wait_for_task("task-0002", "completed");
    daemon.restart();
    assert_eq!(
        emit(&daemon, "deployment:complete", json!({ "version": "1.3" }))["data"]["kind"],
        "invalid_payload"
    );
}

#[test]
fn a_file_of_topics_counts_from_the_next_reload() {
    let mut daemon = TestDaemon::stopped(json!({ "topics": "events/*.json" }));
    std::fs::create_dir(daemon.file("events")).unwrap();
    let topics = |version: &str| json!({ "note": { "payload": { "const": version } } }).to_string();
    daemon.write("events/notes.json", topics("1"));
    daemon.start();
    daemon.emit("note", json!("1"));
    daemon.write("events/notes.json", topics("2"));
    assert_eq!(emit(&daemon, "note", json!("2"))["data"]["kind"], "invalid_payload");
    // What is in force stays in force, over a restart as well, even where the file is broken by now.
    daemon.write("events/notes.json", "{ broken");
    let refused = daemon.call("daemon.reload", json!({}));
    assert!(refused["errors"][0]["file"].as_str().unwrap().ends_with("events/notes.json"), "{refused}");
    assert_eq!(emit(&daemon, "note", json!("2"))["data"]["kind"], "invalid_payload");
    daemon.write("events/notes.json", topics("2"));
    let reloaded = daemon.call("daemon.reload", json!({}));
    assert_eq!(reloaded["reloaded"], true, "{reloaded}");
    assert!(reloaded["changes"][0].as_str().unwrap().starts_with("topics.note.payload.const"), "{reloaded}");
    daemon.emit("note", json!("2"));
}
