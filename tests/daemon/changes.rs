//! What people and agents do to tasks and the queue is in the log, in the transaction of the change, so that whoever looks on sees it at once.

use aiwg_testing::{TestDaemon, claude_stand_in, until};
use serde_json::{Value, json};

/// The topics of all events with one of these topics, with the number of their approval or the state of their task.
fn heard(daemon: &TestDaemon, topics: &[&str]) -> Vec<String> {
    let events = daemon.call("event.list", json!({ "topics": topics, "since": 0 }));
    let about = |event: &Value| {
        let payload = &event["payload"];
        let about = ["approvalId", "state", "draining"].iter().map(|name| &payload[*name]);
        let about =
            about.filter(|value| !value.is_null()).map(ToString::to_string).next().unwrap_or_default();
        format!("{} {}", event["topic"].as_str().unwrap(), about.replace('"', ""))
    };
    events.as_array().unwrap().iter().map(about).collect()
}

#[test]
fn changes_of_a_queued_task_are_events_and_what_changes_nothing_is_none() {
    let daemon = TestDaemon::with(json!({}));
    daemon.call("daemon.pause", json!({}));
    let task = daemon.submit("true");
    let call = |method: &str, more: Value| {
        let mut params = json!({ "taskId": task });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        daemon.call(method, params)
    };
    for _ in 0..2 {
        call("task.edit", json!({ "priority": 7 }));
        call("task.hold", json!({}));
    }
    call("task.hold", json!({ "until": "2999-01-01T00:00:00Z" }));
    for _ in 0..2 {
        call("task.release", json!({}));
    }
    let events = ["task:edited", "task:held", "task:released"];
    assert_eq!(
        heard(&daemon, &events),
        ["task:edited queued", "task:held queued", "task:held queued", "task:released queued"]
    );
    let edited = &daemon.call("event.list", json!({ "topics": ["task:edited"] }))[0];
    assert_eq!((&edited["payload"]["priority"], &edited["payload"]["taskId"]), (&json!(7), &json!(task)));
    assert_eq!((&edited["causedBy"]["task"], &edited["causedBy"]["depth"]), (&json!(task), &json!(1)));
}

#[test]
fn pauses_of_the_queue_are_events_before_what_they_lead_to() {
    let daemon = TestDaemon::with(json!({}));
    let first = daemon.submit("while [ ! -e go ]; do sleep 0.01; done");
    for _ in 0..2 {
        daemon.call("daemon.pause", json!({}));
    }
    daemon.submit("true");
    for _ in 0..2 {
        daemon.call("daemon.resume", json!({}));
    }
    daemon.ended("task-0002");
    daemon.call("daemon.drain", json!({ "exit": true }));
    daemon.call("daemon.resume", json!({}));
    daemon.write("go", "");
    daemon.ended(&first);
    assert_eq!(
        heard(&daemon, &["daemon:*", "task:started"]),
        [
            "task:started running",
            "daemon:paused false",
            "daemon:resumed false",
            "task:started running",
            "daemon:paused true",
            "daemon:resumed false"
        ]
    );
    let paused = &daemon.call("event.list", json!({ "topics": ["daemon:paused"], "since": 0 }))[0];
    assert_eq!((&paused["payload"]["running"], &paused["source"]), (&json!(1), &json!("daemon")));
    let why = daemon.call("task.why", json!({ "id": format!("event-{}", paused["seq"]) }));
    assert!(why["nodes"][0]["text"].as_str().unwrap().contains("process"), "who has done it: {why}");
}

#[test]
fn a_request_that_is_no_longer_asked_is_withdrawn_by_an_event() {
    let daemon = TestDaemon::with(json!({}));
    daemon.call("daemon.pause", json!({}));
    let submit = || daemon.submit_with(json!({ "prompt": "do: true", "approval": true }));
    let (edited, cancelled) = (submit(), submit());
    daemon.call("task.edit", json!({ "taskId": edited, "prompt": "do: false" }));
    daemon.call("task.cancel", json!({ "taskId": cancelled }));
    assert_eq!(
        heard(&daemon, &["approval:*", "task:{edited,cancelled}"]),
        [
            "approval:requested approval-0001",
            "approval:requested approval-0002",
            "task:edited queued",
            "approval:withdrawn approval-0001",
            "approval:requested approval-0003",
            "approval:withdrawn approval-0002",
            "task:cancelled cancelled",
        ]
    );
    // What was decided is not withdrawn.
    daemon.call("approval.approve", json!({ "approvalId": "approval-0003" }));
    daemon.call("task.cancel", json!({ "taskId": edited }));
    assert_eq!(heard(&daemon, &["approval:withdrawn"]).len(), 2);
}

#[test]
fn a_person_who_takes_a_task_over_and_gives_it_back_is_heard_of() {
    let daemon = TestDaemon::with(json!({ "agent": claude_stand_in() }));
    let task = daemon.submit("touch began; while [ ! -e go ]; do sleep 0.01; done; answer first");
    until("its agent", || daemon.file("began").exists());
    daemon.call("task.take", json!({ "taskId": task }));
    daemon.call("task.give", json!({ "taskId": task }));
    daemon.call("task.take", json!({ "taskId": task, "now": true }));
    daemon.until_task(&task, "it is the person's", |task| task["waiting"] == "taken");
    daemon.call("task.give", json!({ "taskId": task, "done": true }));
    assert_eq!(
        heard(&daemon, &["task:{taken,given,completed}"]),
        [
            "task:taken running",
            "task:given running",
            "task:taken running",
            "task:given queued",
            "task:completed completed"
        ]
    );
}
