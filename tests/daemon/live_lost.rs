//! Messages to agents that are killed, or lost, while they work.

use aiwg_testing::{TestDaemon, kill, live_stand_in, until};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::live::{busy, heard, kill_shim, live, prompt, runs, send, states, until_read};

/// Kills the agent of a task, and nothing else.
fn kill_agent(daemon: &TestDaemon, task: &str) {
    let agent = daemon.task(task)["pid"].as_u64().unwrap();
    kill(agent.try_into().unwrap(), Signal::KILL);
}

const ONE_RETRY: &str = r#"{ "max": 1, "delay": "10ms" }"#;

fn one_retry() -> Value {
    serde_json::from_str(ONE_RETRY).unwrap()
}

#[test]
fn a_task_whose_agent_was_killed_has_failed_whatever_message_waits() {
    let daemon = live();
    let task = busy(&daemon, json!({}));
    send(&daemon, &task, "do: answer again");
    until_read(&daemon, &task, 1, 1);
    send(&daemon, &task, "do: answer never");
    let after = daemon.submit_with(json!({ "prompt": "do: answer after", "after": [task] }));
    kill_agent(&daemon, &task);
    let failed = daemon.ended(&task);
    assert_eq!((&failed["state"], &failed["reason"]), (&json!("failed"), &json!("crashed")), "{failed}");
    assert_eq!((states(&failed)[0], runs(&daemon)), (("unsure", None), 1));
    assert_ne!(daemon.ended(&after)["state"], "completed");
}

#[test]
fn a_message_to_an_agent_that_is_killed_before_it_has_begun_is_sent_again_before_the_check_counts() {
    let mut agent = live_stand_in();
    let words = agent["command"].as_array_mut().unwrap();
    words.splice(
        0..0,
        ["sh", "-c", r#"[ ! -e dies ] || { rm dies; kill -9 $$; }; exec "$@""#, "sh"].map(Value::from),
    );
    agent["program"] = "claude".into();
    let daemon = TestDaemon::with(json!({ "agent": agent }));
    daemon.call("daemon.pause", json!({}));
    daemon.write("dies", "");
    let task = daemon.submit_with(json!({ "prompt": "do: answer first", "verify": { "command": "true" } }));
    send(&daemon, &task, "a note");
    daemon.call("daemon.resume", json!({}));
    let done = daemon.ended(&task);
    assert_eq!((&done["verified"], &done["state"]), (&json!(true), &json!("completed")), "{done}");
    assert_eq!((states(&done), heard(&daemon).len()), (vec![("delivered", Some(2))], 1));
    assert!(heard(&daemon)[0].ends_with("> a note"), "{:?}", heard(&daemon));
}

#[test]
fn a_retry_gets_the_prompt_and_each_message_once() {
    let daemon = live();
    let task = busy(&daemon, json!({ "retry": one_retry() }));
    send(&daemon, &task, "a note");
    until_read(&daemon, &task, 1, 1);
    send(&daemon, &task, "another");
    kill_agent(&daemon, &task);
    until("the second run", || runs(&daemon) == 2);
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert_eq!((&done["state"], states(&done)), (&json!("completed"), vec![("delivered", Some(2)); 2]));
    let prompt = prompt(&daemon, &task, 2);
    assert!(prompt.starts_with("do: tool touch began"), "{prompt}");
    assert_eq!((prompt.matches("> a note").count(), prompt.matches("> another").count()), (1, 1), "{prompt}");
}

#[test]
fn what_was_taken_in_before_the_agent_was_killed_is_delivered() {
    let daemon = live();
    let task = busy(&daemon, json!({}));
    send(&daemon, &task, "do: tool touch second; sleep 1000");
    until_read(&daemon, &task, 1, 1);
    daemon.write("go", "");
    until("its second tool", || daemon.file("second").exists());
    send(&daemon, &task, "do: answer third");
    until_read(&daemon, &task, 1, 2);
    kill_agent(&daemon, &task);
    let failed = daemon.ended(&task);
    assert_eq!((&failed["state"], &failed["reason"]), (&json!("failed"), &json!("crashed")), "{failed}");
    assert_eq!(states(&failed), [("delivered", Some(1)), ("unsure", None)]);
}

/// The prompt of [`busy`] was carried out once more, in a session of its own, with each message behind it.
fn is_done_again(daemon: &TestDaemon, task: &str, notes: &[&str]) {
    until("the run after the loss", || runs(daemon) == 2);
    daemon.write("go", "");
    let done = daemon.ended(task);
    assert_eq!((&done["state"], &done["reason"]), (&json!("completed"), &json!("done")), "{done}");
    assert!(done["result"].as_str().unwrap().starts_with("first"), "{done}");
    assert!(states(&done).iter().all(|state| *state == ("delivered", Some(2))), "{done}");
    let prompt = prompt(daemon, task, 2);
    assert!(prompt.starts_with("do: tool touch began"), "{prompt}");
    for note in notes {
        assert_eq!(prompt.matches(&format!("> {note}")).count(), 1, "{prompt}");
    }
    assert_eq!(heard(daemon).last(), Some(&prompt));
}

#[test]
fn a_run_that_was_lost_is_done_again_and_its_messages_stand_behind_the_prompt() {
    let daemon = live();
    for verify in [Value::Null, json!({ "command": "true" })] {
        for file in ["began", "go", ".stand-in-runs"] {
            let _ = std::fs::remove_file(daemon.file(file));
        }
        let params = if verify.is_null() { json!({}) } else { json!({ "verify": verify }) };
        let task = busy(&daemon, params);
        send(&daemon, &task, "Leave the public API as it is");
        until_read(&daemon, &task, 1, 1);
        kill_shim(&daemon, &task);
        is_done_again(&daemon, &task, &["Leave the public API as it is"]);
    }
}

#[test]
fn a_message_that_comes_after_the_loss_does_not_stand_for_the_prompt() {
    let daemon = live();
    let task = busy(&daemon, json!({}));
    daemon.call("daemon.pause", json!({}));
    kill_shim(&daemon, &task);
    daemon.until_task(&task, "to wait", |task| task["state"] == "queued");
    assert_eq!(send(&daemon, &task, "Leave it")["delivery"], "queued");
    daemon.call("daemon.resume", json!({}));
    is_done_again(&daemon, &task, &["Leave it"]);
}

#[test]
fn a_task_that_a_person_had_after_the_loss_is_asked_its_prompt_in_the_session() {
    let daemon = live();
    let task = busy(&daemon, json!({}));
    daemon.call("daemon.pause", json!({}));
    kill_shim(&daemon, &task);
    daemon.until_task(&task, "to wait", |task| task["state"] == "queued");
    daemon.call("task.take", json!({ "taskId": task }));
    daemon.call("task.give", json!({ "taskId": task }));
    daemon.call("daemon.resume", json!({}));
    until("the run after the loss", || runs(&daemon) == 2);
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert!(done["result"].as_str().unwrap().starts_with("first"), "{done}");
    let prompt = prompt(&daemon, &task, 2);
    assert!(prompt.starts_with("Before that you were interrupted"), "{prompt}");
    assert!(prompt.contains("A person has worked on this task"), "{prompt}");
}
