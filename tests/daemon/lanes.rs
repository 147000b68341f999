//! The queue as people need it: lanes, delays, holds, edits, pauses, retries, expiry, and lists.

use aiwg_client::types::Timestamp;
use aiwg_testing::{TestDaemon, rule, until};
use serde_json::{Value, json};

/// An agent that runs until the file `go` is there.
const UNTIL_GO: &str = "do: while [ ! -e go ]; do sleep 0.01; done";

fn submit(daemon: &TestDaemon, prompt: &str, more: Value) -> String {
    let mut params = json!({ "prompt": prompt });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    daemon.submit_with(params)
}

fn kind(daemon: &TestDaemon, method: &str, params: Value) -> (String, String) {
    let error = daemon.error(method, params);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["data"]["kind"]), text(&error["data"]["member"]))
}

fn ids(tasks: &Value) -> Vec<&str> {
    tasks.as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap()).collect()
}

fn lanes() -> Value {
    json!({
        "daemon": { "max_parallel_actions": 2 },
        "lanes": { "docs": { "max_parallel": 1, "priority": -5 }, "fast": { "priority": 20 } }
    })
}

#[test]
fn a_full_lane_holds_up_no_other() {
    let daemon = TestDaemon::with(lanes());
    let first = submit(&daemon, UNTIL_GO, json!({ "lane": "docs" }));
    let second = submit(&daemon, UNTIL_GO, json!({ "lane": "docs", "priority": 100 }));
    assert_eq!(daemon.task(&second)["waiting"], "lane");
    // The other slot is free, whatever waits for the lane.
    let other = submit(&daemon, "x", json!({ "priority": -100 }));
    assert_eq!(daemon.ended(&other)["state"], "completed");
    assert_eq!(daemon.task(&second)["state"], "queued");
    daemon.write("go", "");
    assert_eq!(
        (daemon.ended(&first)["lane"].clone(), daemon.ended(&second)["state"].clone()),
        (json!("docs"), json!("completed"))
    );
    assert_eq!(daemon.task(&second)["waiting"], Value::Null);
}

#[test]
fn a_lane_adds_to_the_priority_of_its_tasks() {
    let daemon = TestDaemon::with(lanes());
    daemon.call("daemon.pause", json!({}));
    let plain = submit(&daemon, "x", json!({ "priority": 10 }));
    let fast = submit(&daemon, "x", json!({ "lane": "fast" }));
    let docs = submit(&daemon, "x", json!({ "lane": "docs", "priority": 10 }));
    assert_eq!(daemon.task(&fast)["priority"], 20);
    let queued = daemon.status()["subsystems"]["supervisor"]["tasks"]["queued"].take();
    assert_eq!(ids(&queued), [&fast, &plain, &docs]);
    assert_eq!(daemon.call("daemon.resume", json!({})), json!({ "resumed": true }));
    for id in [fast, plain, docs] {
        daemon.ended(&id);
    }
}

#[test]
fn a_lane_adds_its_priority_once_and_what_it_adds_now() {
    let with = |priority: i32| json!({ "lanes": { "docs": { "priority": priority } } });
    let mut daemon = TestDaemon::with(with(100));
    daemon.call("daemon.pause", json!({}));
    let id = submit(&daemon, "x", json!({ "lane": "docs", "priority": 5 }));
    let plain = submit(&daemon, "x", json!({ "priority": 50 }));
    let priority = |daemon: &TestDaemon, id: &str| daemon.task(id)["priority"].as_i64().unwrap();
    let order = |daemon: &TestDaemon| {
        let list = daemon.call("task.list", json!({ "state": "queued", "sort": "priority" }));
        ids(&list).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!((priority(&daemon, &id), order(&daemon)), (105, vec![id.clone(), plain.clone()]));
    daemon.call("task.cancel", json!({ "taskId": id }));
    let again = daemon.call("task.retry", json!({ "taskId": id }))["taskId"].as_str().unwrap().to_owned();
    assert_eq!(priority(&daemon, &again), 105);
    daemon.reload(with(-300));
    assert_eq!((priority(&daemon, &again), order(&daemon)), (-295, vec![plain.clone(), again.clone()]));
    daemon.reload(with(700));
    assert_eq!((priority(&daemon, &again), order(&daemon)), (705, vec![again.clone(), plain.clone()]));
    // It is changed while no daemon runs, too.
    daemon.stop();
    daemon.configure(with(60));
    daemon.start();
    assert_eq!(priority(&daemon, &again), 65);
    assert_eq!(daemon.call("task.edit", json!({ "taskId": again, "lane": "" }))["edited"], true);
    assert_eq!((priority(&daemon, &again), order(&daemon)), (5, vec![plain.clone(), again.clone()]));
    daemon.call("task.edit", json!({ "taskId": again, "lane": "docs" }));
    assert_eq!(priority(&daemon, &again), 65);
    daemon.reload(json!({}));
    assert_eq!((priority(&daemon, &again), order(&daemon)), (5, vec![plain, again]), "the lane is gone");
}

#[test]
fn a_lane_that_nobody_defined_is_an_error() {
    let daemon = TestDaemon::with(lanes());
    let wrong = |lane: &str| kind(&daemon, "task.submit", json!({ "prompt": "x", "lane": lane }));
    assert_eq!(wrong("doc"), ("invalid_params".to_owned(), "lane".to_owned()));
    let message = daemon.error("task.submit", json!({ "prompt": "x", "lane": "doc" }))["message"].to_string();
    assert!(message.contains("did you mean \\\"docs\\\"?"), "{message}");
    let mut action = rule("r", "a:b", "x");
    action["action"]["lane"] = json!("doks");
    let why = TestDaemon::try_with(json!({ "lanes": { "docs": {} }, "rules": [action] })).err().unwrap();
    assert!(why.contains("there is no lane \"doks\"; did you mean \"docs\"?"), "{why}");
}

#[test]
fn a_lane_has_a_name_that_can_be_typed() {
    let long = "x".repeat(101);
    for wrong in ["", long.as_str(), "a b", "-a"] {
        for section in ["lanes", "agents"] {
            let entry = if section == "lanes" { json!({}) } else { json!({ "program": "codex" }) };
            let why = TestDaemon::try_with(json!({ section: { wrong: entry } })).err().unwrap();
            assert!(why.contains("must be a name of up to 100 letters"), "{section} {wrong:?}: {why}");
        }
    }
}

#[test]
fn a_lane_that_a_reload_takes_away_is_named() {
    let daemon = TestDaemon::with(lanes());
    daemon.call("daemon.pause", json!({}));
    submit(&daemon, "x", json!({ "lane": "docs" }));
    daemon.configure(json!({}));
    let notices = daemon.call("daemon.reload", json!({}))["notices"].take();
    let notice = notices[0].as_str().unwrap();
    assert!(notice.starts_with("the lane \"docs\" is no longer in the configuration"), "{notice}");
    assert_eq!(daemon.call("daemon.reload", json!({}))["notices"], json!([]));
}

#[test]
fn a_rules_tasks_run_in_its_lane_and_a_reload_changes_lanes() {
    let in_lane = || {
        let mut in_lane = rule("r", "a:b", UNTIL_GO);
        in_lane["action"]["lane"] = json!("docs");
        in_lane
    };
    let with = |most: u32| {
        json!({
            "daemon": { "max_parallel_actions": 3 }, "lanes": { "docs": { "max_parallel": most } }, "rules": [in_lane()]
        })
    };
    let daemon = TestDaemon::with(with(1));
    for _ in 0..3 {
        daemon.emit("a:b", json!({}));
    }
    let running = || daemon.status()["subsystems"]["supervisor"]["running"].as_u64().unwrap();
    until("one to run", || running() == 1);
    assert_eq!(daemon.task("task-0003")["waiting"], "lane");
    daemon.reload(with(2));
    until("two to run", || running() == 2);
    daemon.reload(json!({ "daemon": { "max_parallel_actions": 3 } }));
    until("all to run", || running() == 3);
    daemon.write("go", "");
    for id in ["task-0001", "task-0002", "task-0003"] {
        daemon.ended(id);
    }
}

#[test]
fn a_task_starts_no_sooner_than_it_is_to() {
    let daemon = TestDaemon::with(json!({}));
    let id = submit(&daemon, "x", json!({ "delay": "300ms" }));
    let task = daemon.task(&id);
    assert_eq!((&task["state"], &task["waiting"]), (&json!("queued"), &json!("delay")));
    let due = task["waitingUntil"].as_str().unwrap().to_owned();
    let ended = daemon.ended(&id);
    assert!(*ended["startedAt"].as_str().unwrap() >= *due, "{ended} before {due}");
    let later = submit(&daemon, "x", json!({ "startAt": "2099-01-01T00:00:00Z", "delay": "1s" }));
    assert_eq!(daemon.task(&later)["waitingUntil"], "2099-01-01T00:00:00.000Z");
    assert_eq!(daemon.call("task.release", json!({ "taskId": later })), json!({ "released": true }));
    assert_eq!(daemon.ended(&later)["state"], "completed");
    let past = submit(&daemon, "x", json!({ "startAt": "2001-01-01T00:00:00Z" }));
    assert_eq!(daemon.ended(&past)["state"], "completed");
    let wrong = json!({ "prompt": "x", "delay": "soon" });
    assert_eq!(kind(&daemon, "task.submit", wrong).0, "invalid_params");
}

#[test]
fn a_held_task_waits_for_its_release_over_a_restart() {
    let mut daemon = TestDaemon::with(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let blocker = submit(&daemon, UNTIL_GO, json!({}));
    let id = submit(&daemon, "x", json!({}));
    assert_eq!(daemon.call("task.hold", json!({ "taskId": id })), json!({ "held": true }));
    assert_eq!(daemon.call("task.hold", json!({ "taskId": id })), json!({ "held": false }));
    daemon.write("go", "");
    daemon.ended(&blocker);
    daemon.restart();
    let other = submit(&daemon, "x", json!({}));
    daemon.ended(&other);
    assert_eq!(daemon.task(&id)["waiting"], "hold");
    assert_eq!(daemon.call("task.release", json!({ "taskId": id })), json!({ "released": true }));
    assert_eq!(daemon.ended(&id)["state"], "completed");
    let not_queued = ("task_not_queued".to_owned(), String::new());
    for method in ["task.hold", "task.release"] {
        assert_eq!(kind(&daemon, method, json!({ "taskId": id })), not_queued);
        assert_eq!(kind(&daemon, method, json!({ "taskId": "task-0099" })).0, "task_not_found");
    }
    assert_eq!(kind(&daemon, "task.edit", json!({ "taskId": id, "priority": 1 })), not_queued);
}

#[test]
fn a_hold_ends_at_its_time() {
    let daemon = TestDaemon::with(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let blocker = submit(&daemon, UNTIL_GO, json!({}));
    let id = submit(&daemon, "x", json!({}));
    let until = "2099-01-01T00:00:00Z";
    daemon.call("task.hold", json!({ "taskId": id, "until": until }));
    assert_eq!(daemon.task(&id)["waitingUntil"], "2099-01-01T00:00:00.000Z");
    let soon = Timestamp::now().after_ms(500).to_string();
    daemon.call("task.hold", json!({ "taskId": id, "until": soon }));
    daemon.write("go", "");
    daemon.ended(&blocker);
    assert_eq!(daemon.ended(&id)["state"], "completed");
}

#[test]
fn a_queued_task_is_edited() {
    let daemon = TestDaemon::with(lanes());
    daemon.call("daemon.pause", json!({}));
    let (first, second) = (submit(&daemon, "x", json!({})), submit(&daemon, "y", json!({})));
    let edit = |more: Value| {
        let mut params = json!({ "taskId": second });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        daemon.call("task.edit", params)["edited"].as_bool().unwrap()
    };
    assert!(edit(json!({ "prompt": "z", "priority": 3 })));
    assert!(!edit(json!({ "prompt": "z", "priority": 3 })), "it is like that");
    assert!(edit(json!({ "lane": "docs", "expires": "2h" })));
    let task = daemon.task(&second);
    assert_eq!(
        (&task["prompt"], &task["priority"], &task["lane"]),
        (&json!("z"), &json!(-2), &json!("docs"))
    );
    assert!(task["expiresAt"].is_string());
    assert!(edit(json!({ "lane": "" })));
    assert_eq!(daemon.task(&second)["priority"], 3, "what the lane added goes with it");
    let wrong = |more: Value| {
        let mut params = json!({ "taskId": second });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        kind(&daemon, "task.edit", params).1
    };
    assert_eq!(wrong(json!({ "prompt": " " })), "prompt");
    assert_eq!(wrong(json!({ "priority": 2000 })), "priority");
    assert_eq!(wrong(json!({ "lane": "none" })), "lane");
    daemon.call("daemon.resume", json!({}));
    for id in [first, second] {
        assert_eq!(daemon.ended(&id)["state"], "completed");
    }
}

#[test]
fn a_paused_queue_starts_nothing_until_it_is_resumed() {
    let mut daemon = TestDaemon::with(json!({}));
    let running = submit(&daemon, UNTIL_GO, json!({}));
    assert_eq!(daemon.call("daemon.pause", json!({}))["running"], 1);
    let id = submit(&daemon, "x", json!({}));
    let task = daemon.task(&id);
    assert_eq!((&task["state"], &task["waiting"]), (&json!("queued"), &json!("paused")));
    daemon.write("go", "");
    assert_eq!(daemon.ended(&running)["state"], "completed", "what runs goes on");
    daemon.restart();
    assert!(daemon.status()["subsystems"]["supervisor"]["pausedSince"].is_string(), "over a restart, too");
    assert_eq!(daemon.task(&id)["state"], "queued");
    assert_eq!(daemon.call("daemon.resume", json!({})), json!({ "resumed": true }));
    assert_eq!(daemon.call("daemon.resume", json!({})), json!({ "resumed": false }));
    assert_eq!(daemon.ended(&id)["state"], "completed");
}

#[test]
fn a_drained_daemon_ends_after_its_last_task_and_starts_the_others_next_time() {
    let mut daemon = TestDaemon::with(json!({}));
    let running = submit(&daemon, UNTIL_GO, json!({}));
    assert_eq!(daemon.call("daemon.drain", json!({ "exit": true }))["running"], 1);
    let id = submit(&daemon, "x", json!({}));
    assert_eq!(daemon.task(&id)["waiting"], "paused");
    daemon.write("go", "");
    assert!(daemon.ended_by_itself().is_ok());
    daemon.start();
    assert_eq!(daemon.ended(&id)["state"], "completed");
    assert_eq!(daemon.task(&running)["state"], "completed");
}

#[test]
fn who_resumes_a_queue_that_drains_keeps_the_daemon() {
    let daemon = TestDaemon::with(json!({}));
    let running = submit(&daemon, UNTIL_GO, json!({}));
    let waited = daemon.call("daemon.drain", json!({ "exit": true, "waitMs": 50 }));
    assert_eq!(waited["running"], 1, "it has waited in vain");
    assert_eq!(daemon.call("daemon.resume", json!({})), json!({ "resumed": true }));
    daemon.write("go", "");
    daemon.ended(&running);
    let id = submit(&daemon, "x", json!({}));
    assert_eq!(daemon.ended(&id)["state"], "completed");
}

#[test]
fn a_policy_tries_again_before_a_task_has_failed() {
    let daemon = TestDaemon::with(json!({}));
    let twice = "do: echo x >> tries; [ $(wc -l < tries) -ge 3 ]";
    let id = submit(&daemon, twice, json!({ "retry": { "max": 3, "delay": "10ms" } }));
    let task = daemon.ended(&id);
    assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(3)));
    // What fails each time has failed once: with its last error.
    let id =
        submit(&daemon, "do: echo y >> fails; exit 7", json!({ "retry": { "max": 2, "delay": "10ms" } }));
    let task = daemon.ended(&id);
    assert_eq!(
        (&task["state"], &task["exitCode"], &task["attempts"]),
        (&json!("failed"), &json!(7), &json!(3))
    );
    assert_eq!(daemon.read("fails").lines().count(), 3);
    let failed = daemon.call("event.list", json!({ "topics": ["task:failed"] }));
    assert_eq!(failed.as_array().unwrap().len(), 1);
    // What is not named is not tried again.
    let policy = json!({ "retry": { "max": 2, "on": ["timeout"], "delay": "10ms" } });
    let id = submit(&daemon, "do: echo z >> once; exit 7", policy);
    assert_eq!(daemon.ended(&id)["attempts"], 1);
    for (retry, member) in [
        (json!({ "max": 0 }), "retry.max"),
        (json!({ "max": 101 }), "retry.max"),
        (json!({ "max": 1, "on": [] }), "retry.on"),
    ] {
        assert_eq!(kind(&daemon, "task.submit", json!({ "prompt": "x", "retry": retry })).1, member);
    }
}

#[test]
fn a_task_that_ran_too_long_is_tried_again_where_the_policy_says_so() {
    let daemon = TestDaemon::with(json!({}));
    let first_hangs = "do: [ -e seen ] || { touch seen; sleep 60; }";
    let more = json!({ "timeoutMinutes": 0.005, "retry": { "max": 1, "on": ["timeout"], "delay": "10ms" } });
    let task = daemon.ended(&submit(&daemon, first_hangs, more));
    assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(2)), "{task}");
}

#[test]
fn what_is_not_started_in_time_is_no_longer_wanted() {
    let daemon = TestDaemon::with(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let blocker = submit(&daemon, UNTIL_GO, json!({ "expires": "100ms" }));
    let late = submit(&daemon, "x", json!({ "expires": "100ms" }));
    let after = submit(&daemon, "x", json!({ "after": [late] }));
    let task = daemon.ended(&late);
    assert_eq!((&task["state"], &task["reason"]), (&json!("cancelled"), &json!("expired")));
    assert_eq!(daemon.ended(&after)["state"], "cancelled");
    assert_eq!(daemon.task(&blocker)["state"], "running", "what was started in time is wanted");
    daemon.write("go", "");
    assert_eq!(daemon.ended(&blocker)["reason"], "done");
}

#[test]
fn lists_are_filtered_and_sorted() {
    let mut of_rule = rule("r", "a:b", "say Hello");
    of_rule["action"]["lane"] = json!("docs");
    let daemon = TestDaemon::with(json!({ "lanes": { "docs": {} }, "rules": [of_rule] }));
    let first = submit(&daemon, "one HELLO", json!({ "priority": 1 }));
    daemon.emit("a:b", json!({}));
    let third = submit(&daemon, "two", json!({ "priority": 9 }));
    for id in [&first, "task-0002", &third] {
        daemon.ended(id);
    }
    let list = |params: Value| {
        let tasks = daemon.call("task.list", params);
        ids(&tasks).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(list(json!({ "rule": "r" })), ["task-0002"]);
    assert_eq!(list(json!({ "lane": "docs" })), ["task-0002"]);
    assert_eq!(list(json!({ "text": "hello" })), ["task-0002", "task-0001"]);
    assert_eq!(list(json!({ "text": "%" })), [""; 0]);
    assert_eq!(list(json!({ "sort": "oldest" })), ["task-0001", "task-0002", "task-0003"]);
    assert_eq!(list(json!({ "sort": "priority", "limit": 2 })), ["task-0003", "task-0001"]);
    assert_eq!(list(json!({ "sort": "cost" })).len(), 3);
    let created = daemon.task(&third)["createdAt"].clone();
    assert!(list(json!({ "since": created })).contains(&third));
    assert!(!list(json!({ "until": created })).contains(&third));
    assert_eq!(list(json!({ "since": "2099-01-01T00:00:00Z" })), [""; 0]);
    let wrong = json!({ "cursor": "task-0003", "sort": "oldest" });
    assert_eq!(kind(&daemon, "task.list", wrong).1, "cursor");
}

#[test]
fn what_could_never_start_is_refused() {
    let daemon = TestDaemon::with(json!({}));
    let refused = |params: Value, member: &str| {
        let mut all = json!({ "prompt": "x" });
        all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
        let error = daemon.error("task.submit", all);
        assert_eq!(error["data"]["member"], member, "{error}");
    };
    refused(json!({ "expires": "1m", "delay": "1h" }), "expires");
    refused(json!({ "expires": "0s" }), "expires");
    refused(json!({ "expires": "1m", "startAt": "2999-01-01T00:00:00Z" }), "expires");
    refused(json!({ "approval": { "on_timeout": "approve" } }), "approval.on_timeout");
    let late = json!({ "expires": "1h", "approval": { "timeout_minutes": 60 } });
    refused(late, "approval.timeout_minutes");
    refused(json!({ "verify": { "command": "a\0b" } }), "verify.command");
    refused(json!({ "verify": { "command": ["a", "b\0"] } }), "verify.command");
    refused(json!({ "agent": "a\0b" }), "agent");
    let queued = daemon.submit_with(json!({ "prompt": "x", "delay": "1h", "expires": "2h" }));
    let error = daemon.error("task.edit", json!({ "taskId": queued, "expires": "0s" }));
    assert_eq!(error["data"]["member"], "expires", "{error}");
}

#[test]
fn a_task_is_held_for_a_time_to_come_and_expires_after_it_may_start() {
    let daemon = TestDaemon::with(json!({}));
    let id = submit(&daemon, "x", json!({ "delay": "1h" }));
    let wrong = |method: &str, more: Value| {
        let mut params = json!({ "taskId": id });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        daemon.error(method, params)["data"]["member"].clone()
    };
    daemon.call("task.hold", json!({ "taskId": id }));
    assert_eq!(wrong("task.hold", json!({ "until": "2020-01-01T00:00:00Z" })), "until");
    assert_eq!(daemon.task(&id)["waiting"], "hold");
    assert_eq!(wrong("task.edit", json!({ "expires": "1m" })), "expires");
    assert_eq!(daemon.task(&id)["expiresAt"], Value::Null);
    assert_eq!(daemon.call("task.edit", json!({ "taskId": id, "expires": "2h" })), json!({ "edited": true }));
    assert_eq!(
        daemon.error("approval.list", json!({ "taskId": "task-0999" }))["data"]["kind"],
        "task_not_found"
    );
    assert_eq!(daemon.call("approval.list", json!({ "taskId": id })), json!([]));
}
