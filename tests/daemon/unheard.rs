//! Messages that no agent hears, and tasks that a person has when their agents are lost.

use aiwg_testing::{TestDaemon, live_stand_in, until};
use serde_json::{Value, json};

use crate::live::{busy, kill_shim, live_with, send, states};

/// A daemon whose agents kill themselves before they have begun, as long as the file `dies` is there.
fn dying() -> TestDaemon {
    let mut agent = live_stand_in();
    let words = agent["command"].as_array_mut().unwrap();
    let script = r#"[ ! -e dies ] || { echo x >>deaths; kill -9 $$; }; exec "$@""#;
    words.splice(0..0, ["sh", "-c", script, "sh"].map(Value::from));
    agent["program"] = "claude".into();
    let daemon = TestDaemon::with(json!({ "agent": agent }));
    daemon.write("dies", "");
    daemon
}

#[test]
fn an_agent_that_crashes_over_a_message_twice_in_a_row_waits_before_it_is_asked_again() {
    let daemon = dying();
    daemon.call("daemon.pause", json!({}));
    let task = daemon.submit_with(json!({ "prompt": "do: answer first", "verify": { "command": "true" } }));
    send(&daemon, &task, "a note");
    daemon.call("daemon.resume", json!({}));
    let waits = daemon.until_task(&task, "to wait", |task| task["waiting"] == "rest");
    assert_eq!((&waits["state"], states(&waits)), (&json!("queued"), vec![("unsure", None)]), "{waits}");
    assert!(waits["waitingUntil"].is_string(), "{waits}");
    assert_eq!(daemon.read("deaths").lines().count(), 2);
    daemon.call("task.cancel", json!({ "taskId": task }));
    assert_eq!(daemon.ended(&task)["state"], "cancelled");
}

#[test]
fn a_message_that_no_run_will_take_is_undelivered() {
    let daemon = dying();
    daemon.call("daemon.pause", json!({}));
    let task = daemon.submit_with(json!({ "prompt": "x" }));
    send(&daemon, &task, "a note");
    assert_eq!(states(&daemon.task(&task)), [("waiting", None)]);
    daemon.call("task.cancel", json!({ "taskId": task }));
    assert_eq!(states(&daemon.ended(&task)), [("undelivered", None)]);
}

#[test]
fn an_agent_that_says_nothing_of_its_input_is_not_said_to_hear_at_once() {
    let daemon = live_with(json!({}));
    daemon.write(".stand-in-mute", "");
    let task = busy(&daemon, json!({}));
    // It may be before its keeper has noticed.
    assert_eq!(send(&daemon, &task, "do: answer second")["delivery"], "next_run");
    daemon.write("go", "");
    assert_eq!(states(&daemon.ended(&task)), [("delivered", Some(2))]);
    // It might have taken it in from its input, and would have got it twice.
    let input = daemon.read(&format!(".aiwg/daemon/actions/{task}/1/input.jsonl"));
    assert_eq!(input.lines().count(), 1, "{input}");
}

#[test]
fn a_taken_task_whose_last_attempt_is_lost_waits_for_its_person() {
    let daemon = live_with(json!({ "daemon": { "max_attempts": 1 } }));
    let task = busy(&daemon, json!({}));
    daemon.call("task.take", json!({ "taskId": task }));
    kill_shim(&daemon, &task);
    let taken = daemon.until_task(&task, "to be taken", |task| task["waiting"] == "taken");
    assert!(taken["takeover"]["session"].is_string(), "{taken}");
    let given = daemon.call("task.give", json!({ "taskId": task, "done": true }));
    assert_eq!(given["state"], "completed");
    until("it to have ended", || daemon.task(&task)["reason"] == "by_hand");
}
