//! What a person does while having a task: it is not taken for its agent's doing, and that nothing is left to do is heard at once.

use aiwg_testing::{TestDaemon, claude_stand_in, until};
use serde_json::{Value, json};

use crate::verify::end;

/// A daemon with two tests, which agents may not change.
fn with_tests() -> TestDaemon {
    let daemon = TestDaemon::with(json!({ "agent": claude_stand_in() }));
    std::fs::create_dir(daemon.file("tests")).unwrap();
    daemon.write("tests/a", "a");
    daemon.write("tests/b", "b");
    daemon
}

/// Submits a task whose agent does this and then waits for the file `go`, or to be ended, and whose check succeeds once there is the file `ok`.
fn submit(daemon: &TestDaemon, script: &str, check: &str) -> String {
    let script = format!("do: {script}; touch began; until [ -e go ]; do sleep 0.01; done; answer x");
    let verify = json!({ "command": check, "protect": ["tests/**"], "max_rounds": 3 });
    let id = daemon.submit_with(json!({ "prompt": script, "verify": verify }));
    until("its agent", || daemon.file("began").exists());
    id
}

fn take(daemon: &TestDaemon, id: &str, now: bool) {
    daemon.call("task.take", json!({ "taskId": id, "now": now }));
    if !now {
        daemon.write("go", "");
    }
    is_taken(daemon, id);
}

fn is_taken(daemon: &TestDaemon, id: &str) {
    daemon.until_task(id, "to be taken", |task| task["waiting"] == "taken");
}

fn give(daemon: &TestDaemon, id: &str) {
    assert_eq!(daemon.call("task.give", json!({ "taskId": id })), json!({ "state": "queued" }));
}

/// A person's work: a test is changed, one is new, one is gone, and the check will succeed.
fn work(daemon: &TestDaemon) {
    daemon.write("tests/b", "another");
    daemon.write("tests/new", "new");
    daemon.write("ok", "");
}

fn is_verified(task: &Value) {
    assert_eq!((end(task), &task["verified"]), (("completed", "done"), &json!(true)), "{task}");
    let last = task["rounds"].as_array().unwrap().last().unwrap();
    assert_eq!(last.get("protected"), None, "{task}");
}

fn counts(task: &Value, files: &Value) {
    assert_eq!(end(task), ("failed", "rounds"), "{task}");
    let last = task["rounds"].as_array().unwrap().last().unwrap();
    assert_eq!(&last["protected"], files, "{task}");
}

#[test]
fn what_a_person_changes_in_protected_files_is_not_the_agents() {
    for now in [false, true] {
        let daemon = with_tests();
        let id = submit(&daemon, "true", "test -e ok");
        take(&daemon, &id, now);
        work(&daemon);
        std::fs::remove_file(daemon.file("tests/a")).unwrap();
        give(&daemon, &id);
        is_verified(&daemon.ended(&id));
    }
}

#[test]
fn what_its_agent_had_changed_before_counts_all_the_same() {
    let daemon = with_tests();
    let id = submit(&daemon, "echo easier >tests/a", "test -e ok");
    take(&daemon, &id, true);
    work(&daemon);
    give(&daemon, &id);
    counts(&daemon.ended(&id), &json!(["tests/a"]));
    // Unless the person has put it in order.
    let daemon = with_tests();
    let id = submit(&daemon, "echo easier >tests/a", "test -e ok");
    take(&daemon, &id, true);
    work(&daemon);
    daemon.write("tests/a", "in order");
    give(&daemon, &id);
    is_verified(&daemon.ended(&id));
}

/// A retry has a session of its own.
#[test]
fn a_retry_hears_that_a_person_has_worked_in_the_directory_and_not_in_its_session() {
    let daemon = with_tests();
    let mut id = submit(&daemon, "echo easier >tests/a", "test -e ok");
    take(&daemon, &id, true);
    work(&daemon);
    give(&daemon, &id);
    counts(&daemon.ended(&id), &json!(["tests/a"]));
    daemon.write("go", "");
    let asked_first = |id: &str| daemon.read(&format!(".aiwg/daemon/actions/{id}/1/prompt.txt"));
    for _ in 0..2 {
        let retried = daemon.call("task.retry", json!({ "taskId": id }));
        id = retried["taskId"].as_str().unwrap().to_owned();
        let task = daemon.ended(&id);
        assert_eq!(end(&task), ("failed", "rounds"), "{task}");
        let asked = asked_first(&id);
        assert!(asked.contains("A person has worked on this task before, in its directory."), "{asked}");
        assert!(!asked.contains("in your session"), "{asked}");
    }
}

#[test]
fn what_its_agent_changes_afterwards_counts() {
    let daemon = with_tests();
    // The check runs the agent's code.
    let id = submit(&daemon, "true", "test -e ok && echo easier >tests/b");
    take(&daemon, &id, true);
    work(&daemon);
    give(&daemon, &id);
    let task = daemon.ended(&id);
    counts(&task, &json!(["tests/b"]));
    let why = task["error"].as_str().unwrap();
    assert!(why.contains("when the person gave the task back who had changed them: \"tests/b\""), "{why}");
    let last = &task["rounds"].as_array().unwrap().last().unwrap()["run"];
    let asked = daemon.read(&format!(".aiwg/daemon/actions/{id}/{last}/prompt.txt"));
    assert!(
        asked.contains("when the person gave the task back: \"tests/b\"") && asked.contains("not by git"),
        "{asked}"
    );
    assert!(!asked.contains("before the first round"), "{asked}");
}

#[test]
fn a_task_that_is_taken_while_it_waits_between_its_rounds_is_compared_anew_over_restarts() {
    let mut daemon = with_tests();
    let id = submit(&daemon, "echo easier >tests/a", "test -e ok");
    daemon.call("daemon.pause", json!({}));
    daemon.write("go", "");
    daemon.until_task(&id, "to wait between its rounds", |task| {
        task["waiting"] == "paused" && task["rounds"].as_array().is_some_and(|rounds| rounds.len() == 1)
    });
    daemon.call("task.take", json!({ "taskId": id }));
    daemon.restart();
    work(&daemon);
    give(&daemon, &id);
    daemon.restart();
    daemon.call("daemon.resume", json!({}));
    let task = daemon.ended(&id);
    counts(&task, &json!(["tests/a"]));
    let asked = daemon.read(&format!(".aiwg/daemon/actions/{id}/3/prompt.txt"));
    assert!(asked.contains("\"tests/a\"") && asked.contains("leave what a person has changed"), "{asked}");
}

#[test]
fn what_a_check_changes_that_runs_while_its_task_is_taken_counts() {
    let daemon = with_tests();
    let check = "[ -e ok ] && exit 0; touch checking; until [ -e checked ]; do sleep 0.01; done; \
                 echo easier >tests/a; exit 1";
    let id = submit(&daemon, "true", check);
    daemon.write("go", "");
    until("the check", || daemon.file("checking").exists());
    daemon.call("task.take", json!({ "taskId": id }));
    daemon.write("checked", "");
    is_taken(&daemon, &id);
    work(&daemon);
    give(&daemon, &id);
    counts(&daemon.ended(&id), &json!(["tests/a"]));
}

#[test]
fn a_task_that_a_person_has_finished_is_completed_when_its_agent_has_been_ended() {
    for (verify, now) in [(None, false), (None, true), (Some(json!({ "command": "false" })), false)] {
        let mut daemon = TestDaemon::with(json!({ "agent": claude_stand_in() }));
        let script = "do: touch began; until [ -e go ]; do sleep 0.01; done; touch late; answer x";
        let id = daemon.submit_with(json!({ "prompt": script, "verify": verify }));
        until("its agent", || daemon.file("began").exists());
        daemon.call("task.take", json!({ "taskId": id, "now": now }));
        let given = daemon.call("task.give", json!({ "taskId": id, "done": true }));
        assert_eq!(given, json!({ "state": "running" }));
        daemon.restart();
        let task = daemon.ended(&id);
        assert_eq!((end(&task), task.get("verified")), (("completed", "by_hand"), None), "{task}");
        assert!(!daemon.file("late").exists() && task["result"].as_str().unwrap().contains("A person has"));
    }
}

#[test]
fn that_a_task_is_finished_by_hand_is_taken_back_as_long_as_its_agent_has_not_ended() {
    let mut daemon = TestDaemon::with(json!({ "agent": claude_stand_in() }));
    let script = "touch began; trap '' TERM; until [ -e go ]; do sleep 0.01; done; answer x";
    let id = daemon.submit(script);
    until("its agent", || daemon.file("began").exists());
    daemon.call("task.take", json!({ "taskId": id }));
    for done in [true, true, false] {
        let given = daemon.call("task.give", json!({ "taskId": id, "done": done }));
        assert_eq!(given, json!({ "state": "running" }));
    }
    daemon.restart();
    daemon.write("go", "");
    let task = daemon.ended(&id);
    assert_eq!((end(&task), daemon.runs().len()), (("completed", "done"), 2), "{task}");
}

#[test]
fn a_task_that_is_given_back_before_its_agent_was_ended_goes_on() {
    let daemon = TestDaemon::with(json!({ "agent": claude_stand_in() }));
    let script = "touch began; trap '' TERM; until [ -e go ]; do sleep 0.01; done; answer x";
    let id = daemon.submit(script);
    until("its agent", || daemon.file("began").exists());
    daemon.call("task.take", json!({ "taskId": id, "now": true }));
    assert_eq!(daemon.call("task.give", json!({ "taskId": id })), json!({ "state": "running" }));
    daemon.write("go", "");
    let task = daemon.ended(&id);
    assert_eq!((&task["state"], daemon.runs().len()), (&json!("completed"), 2), "{task}");
}
