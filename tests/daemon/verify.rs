//! Tasks with a check: rounds until it succeeds, and each of their ends.

use std::{os::unix::fs::PermissionsExt, process::Command};

use aiwg_testing::{TestDaemon, claude_stand_in, rule, rule_with, until, until_some};
use serde_json::{Value, json};

/// A check that succeeds once there is the file `done`.
const DONE: &str = "test -e done || { echo no file: done; exit 3; }";

/// A daemon whose agent keeps its prompt as `.aiwg/prompt-ROUND`, and runs this script.
pub(crate) fn with_agent(script: &str, more: Value) -> TestDaemon {
    let mut daemon = TestDaemon::stopped(json!({}));
    let agent = format!("#!/bin/sh\ncat >.aiwg/prompt-$AIWG_ROUND\n{script}\n");
    daemon.write(".aiwg/agent", agent);
    let path = daemon.file(".aiwg/agent");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut config = json!({ "agent": { "command": [path], "max_output_mb": 1 } });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    daemon.configure(config);
    daemon.start();
    daemon
}

pub(crate) fn submit(daemon: &TestDaemon, verify: Value) -> String {
    daemon.submit_with(json!({ "prompt": "Make it so", "verify": verify }))
}

/// Makes the project a git work tree with nothing to commit.
pub(crate) fn git(daemon: &TestDaemon) {
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let done =
            Command::new("git").arg("-C").arg(daemon.path()).args(who).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "-q"]);
    daemon.write(".gitignore", ".aiwg\n");
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
}

fn exits(task: &Value) -> Vec<i64> {
    task["rounds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|round| round["verify"]["exit"].as_i64().unwrap_or(-1))
        .collect()
}

fn topics(daemon: &TestDaemon, topic: &str) -> Vec<Value> {
    daemon.call("event.list", json!({ "topics": [topic] })).as_array().unwrap().clone()
}

/// The state and the reason of a task's end.
pub(crate) fn end(task: &Value) -> (&str, &str) {
    (task["state"].as_str().unwrap(), task["reason"].as_str().unwrap())
}

/// Changes a file in each round: an agent that changes nothing is stuck.
const TRIES: &str = "echo $AIWG_ROUND >tried";

#[test]
fn an_agent_works_in_rounds_until_its_check_succeeds() {
    let script = format!("{TRIES}; [ \"$AIWG_ROUND\" = 3 ] && touch done; echo said $AIWG_ROUND");
    let daemon = with_agent(&script, json!({}));
    let id = submit(&daemon, json!({ "command": DONE }));
    let after = daemon.submit_with(json!({ "prompt": "x", "after": [id] }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("completed", "done"), "{task}");
    assert_eq!((&task["verified"], &task["skipped"]), (&json!(true), &Value::Null));
    assert_eq!(exits(&task), [3, 3, 0]);
    assert_eq!(task["result"], "said 3\n");
    let rounds = task["rounds"].as_array().unwrap();
    assert_eq!((&rounds[1]["n"], &rounds[1]["run"]), (&json!(2), &json!(3)));
    assert_eq!(rounds[0]["verify"]["tail"], "no file: done\n");
    assert_eq!(rounds[0]["files"], 1, "also where there is no git");
    assert_eq!(daemon.read(".aiwg/prompt-1"), "Make it so");
    let second = daemon.read(".aiwg/prompt-2");
    for part in
        ["Make it so", "round 2 of 5", "3 more are left", "no file: done", "round 1: the agent exited with 0"]
    {
        assert!(second.contains(part), "{part} in {second}");
    }
    // Each run has an output of its own.
    assert_eq!(daemon.read(".aiwg/daemon/actions/task-0001/2/stdout.log"), "no file: done\n");
    let events = topics(&daemon, "task:round");
    let round =
        |event: &Value| (event["payload"]["round"]["n"].clone(), event["payload"]["verified"].clone());
    assert_eq!(
        events.iter().map(round).collect::<Vec<_>>(),
        [(json!(1), json!(false)), (json!(2), json!(false)), (json!(3), json!(true))]
    );
    assert_eq!(topics(&daemon, "task:verified").len(), 1);
    // What comes after has waited for the check.
    daemon.ended(&after);
    let started = topics(&daemon, "task:started");
    let verified = &topics(&daemon, "task:verified")[0];
    let of_after = started.iter().find(|event| event["payload"]["taskId"] == after.as_str()).unwrap();
    assert!(of_after["seq"].as_u64() > verified["seq"].as_u64());
    assert_eq!(started.len(), 2, "a task with a check starts once");
}

#[test]
fn rounds_are_used_up_and_what_comes_after_waits_in_vain() {
    let daemon = with_agent(&format!("{TRIES}; exit 4"), json!({}));
    let id = submit(&daemon, json!({ "command": DONE, "maxRounds": 2 }));
    let after = daemon.submit_with(json!({ "prompt": "x", "after": [id] }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("failed", "rounds"), "{task}");
    assert_eq!((task["exitCode"].clone(), exits(&task)), (json!(4), vec![3, 3]));
    assert_eq!(task["rounds"][0]["exit"], 4);
    assert!(task["error"].as_str().unwrap().contains("not done after 2 rounds"), "{task}");
    assert_eq!(daemon.ended(&after)["state"], "cancelled");
    assert!(topics(&daemon, "task:verified").is_empty());
    // A list has no output of checks.
    let listed = daemon.call("task.list", json!({}));
    let listed = listed.as_array().unwrap().iter().find(|task| task["id"] == id.as_str()).unwrap().clone();
    assert_eq!((exits(&listed), listed["rounds"][0]["verify"].get("tail")), (vec![3, 3], None));
}

#[test]
fn the_same_failure_twice_without_a_change_is_stuck() {
    let script = "[ \"$AIWG_ROUND\" = 3 ] || { echo $AIWG_ROUND >a; echo $AIWG_ROUND >b; }";
    for has_git in [true, false] {
        let daemon = with_agent(script, json!({}));
        if has_git {
            git(&daemon);
        }
        let check = "echo 1 of $$ failed in 0.$$ s >&2; exit 1";
        let id = submit(&daemon, json!({ "command": check, "max_rounds": 9 }));
        let task = daemon.ended(&id);
        assert_eq!(end(&task), ("failed", "stuck"), "{task}");
        let files: Vec<_> =
            task["rounds"].as_array().unwrap().iter().map(|round| round["files"].clone()).collect();
        assert_eq!(files, [json!(2), json!(2), json!(0)], "with git: {has_git}");
    }
}

#[test]
fn a_check_that_cannot_be_run_has_no_second_round() {
    let daemon = with_agent("", json!({}));
    for command in [json!("no-such-program --test"), json!(["no-such-program"]), json!("./.aiwg/daemon.json")]
    {
        let task = daemon.ended(&submit(&daemon, json!({ "command": command })));
        assert_eq!(end(&task), ("failed", "check_failed_to_run"), "{task}");
        assert_eq!(task["rounds"].as_array().unwrap().len(), 1, "{task}");
        assert!(task["error"].as_str().unwrap().contains("mend the command"), "{task}");
    }
}

#[test]
fn what_is_done_already_costs_nothing() {
    let daemon = with_agent("touch worked", json!({}));
    daemon.write("done", "");
    let id = submit(&daemon, json!({ "command": DONE, "before": true }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("completed", "done"), "{task}");
    assert_eq!((&task["verified"], &task["skipped"], task.get("rounds")), (&json!(true), &json!(true), None));
    assert!(!daemon.file("worked").exists());
    let verified = &topics(&daemon, "task:verified")[0]["payload"];
    assert_eq!(verified["round"]["n"], 0);
    assert!(topics(&daemon, "task:round").is_empty());
    // Where it fails, the rounds begin.
    std::fs::remove_file(daemon.file("done")).unwrap();
    let task = daemon.ended(&submit(&daemon, json!({ "command": "test -e worked", "before": true })));
    assert_eq!((exits(&task), task.get("skipped")), (vec![0], None), "{task}");
}

#[test]
fn a_round_that_changes_a_protected_file_is_not_done() {
    // The first round makes the test easier, the second puts it back and does the work.
    let script =
        "case $AIWG_ROUND in 1) echo true >tests/check ;; 2) cp saved tests/check; touch done ;; esac";
    let daemon = with_agent(script, json!({}));
    std::fs::create_dir(daemon.file("tests")).unwrap();
    for name in ["tests/check", "saved"] {
        daemon.write(name, "test -e done\n");
    }
    let id = submit(&daemon, json!({ "command": "sh tests/check", "protect": ["tests/**"] }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("completed", "done"), "{task}");
    assert_eq!(exits(&task), [0, 0]);
    assert_eq!(task["rounds"][0]["protected"], json!(["tests/check"]));
    let told = daemon.read(".aiwg/prompt-2");
    assert!(told.contains("\"tests/check\"") && told.contains("protected"), "{told}");
}

#[test]
fn a_check_that_hangs_is_ended_and_has_failed() {
    let daemon = with_agent(TRIES, json!({}));
    let hangs = "echo before; sleep 1000 & sleep 1000";
    let id = submit(&daemon, json!({ "command": hangs, "timeout_minutes": 0.01, "max_rounds": 2 }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("failed", "rounds"), "{task}");
    let ended = "was ended: it took longer than 0.01 minutes";
    assert_eq!(task["rounds"][0]["verify"], json!({ "exit": null, "ended": ended, "tail": "before\n" }));
    let told = daemon.read(".aiwg/prompt-2");
    assert!(told.contains("took longer than 0.01 minutes"), "{told}");
}

#[test]
fn a_check_that_floods_is_ended_and_has_failed() {
    let daemon = with_agent("", json!({}));
    let id = submit(&daemon, json!({ "command": "yes flood", "max_rounds": 1 }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("failed", "rounds"), "{task}");
    let tail = task["rounds"][0]["verify"]["tail"].as_str().unwrap();
    assert!(tail.contains("flood\n") && tail.len() <= 8 * 1024, "{}", tail.len());
}

#[test]
fn a_check_that_kills_what_keeps_it_is_lost_and_ends() {
    let daemon = with_agent("", json!({ "daemon": { "max_attempts": 1 } }));
    // Once it is on record: it would count as not started before.
    let dir = ".aiwg/daemon/actions/$AIWG_TASK_ID";
    let check = format!(
        "echo x >>tries; n=$(ls {dir} | grep -x '[0-9]*' | sort -n | tail -1); \
         until grep -q '_at_ms\":[0-9]' {dir}/$n/run.json; do sleep 0.01; done; kill -9 $PPID; sleep 1000"
    );
    let id = submit(&daemon, json!({ "command": check }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("failed", "lost"), "{task}");
    assert!(task["error"].as_str().unwrap().contains("its check was killed"), "{task}");
    assert_eq!(daemon.read("tries").lines().count(), 2, "a lost check is run again");
}

#[test]
fn a_check_that_removes_the_directory_of_its_run_ends_its_task() {
    let daemon = with_agent("", json!({}));
    let check = "echo x >>tries; rm -rf .aiwg/daemon/actions/$AIWG_TASK_ID; exit 1";
    let task = daemon.ended(&submit(&daemon, json!({ "command": check })));
    assert_eq!(task["state"], "failed", "{task}");
    let why = task["error"].as_str().unwrap();
    assert!(why.contains("was removed") && why.contains("the check was ended"), "{why}");
    assert_eq!(daemon.read("tries"), "x\n");
}

#[test]
fn what_a_person_has_finished_is_completed_and_not_verified() {
    let daemon = TestDaemon::with(json!({ "agent": claude_stand_in() }));
    let script = "do: touch began; until [ -e go ]; do sleep 0.01; done; answer x";
    let id = daemon.submit_with(json!({ "prompt": script, "verify": { "command": "exit 3" } }));
    until("the agent", || daemon.file("began").exists());
    daemon.call("task.take", json!({ "taskId": id, "now": true }));
    daemon.until_task(&id, "to be taken", |task| task["waiting"] == "taken");
    daemon.call("task.give", json!({ "taskId": id, "done": true }));
    let task = daemon.ended(&id);
    assert_eq!((end(&task), task.get("verified")), (("completed", "by_hand"), None), "{task}");
    assert_eq!(task.get("skipped"), None);
    let report = daemon.call("report.get", json!({}));
    assert_eq!(report["completed"][0].get("verified"), None, "{report}");
    assert!(topics(&daemon, "task:verified").is_empty());
}

#[test]
fn a_restart_finds_a_check_and_goes_on_with_it() {
    let check =
        "echo $AIWG_TASK_ID $AIWG_ROUND >>checks; while [ ! -e go ]; do sleep 0.01; done; test -e done";
    let mut daemon = with_agent("echo $AIWG_ROUND >>works; [ $AIWG_ROUND = 2 ] && touch done", json!({}));
    let id = submit(&daemon, json!({ "command": check }));
    until("the check", || daemon.task(&id)["phase"] == "checking" && daemon.file("checks").exists());
    assert_eq!(daemon.task(&id)["state"], "running");
    daemon.restart();
    assert_eq!(daemon.task(&id)["phase"], "checking");
    daemon.write("go", "");
    let task = daemon.ended(&id);
    assert_eq!((end(&task), exits(&task)), (("completed", "done"), vec![1, 0]), "{task}");
    assert_eq!(daemon.read("checks"), format!("{id} 1\n{id} 2\n"));
    assert_eq!(daemon.read("works"), "1\n2\n");
}

#[test]
fn a_restart_finds_a_working_agent_and_goes_on_with_its_round() {
    let script = "echo $AIWG_ROUND >>works; while [ ! -e go ]; do sleep 0.01; done; touch done";
    let mut daemon = with_agent(script, json!({}));
    let id = submit(&daemon, json!({ "command": DONE }));
    until("the agent", || daemon.file("works").exists());
    assert_eq!(daemon.task(&id)["phase"], "working");
    daemon.leave_agents();
    // It ends while there is no daemon.
    daemon.write("go", "");
    until("its end", || daemon.file("done").exists());
    daemon.start();
    let task = daemon.ended(&id);
    assert_eq!((end(&task), exits(&task)), (("completed", "done"), vec![0]), "{task}");
    assert_eq!(daemon.read("works"), "1\n");
}

#[test]
fn no_round_begins_while_the_queue_is_paused_or_drains() {
    let script = format!("{TRIES}; until [ -e go ]; do sleep 0.01; done");
    for rest in ["daemon.pause", "daemon.drain"] {
        let daemon = with_agent(&script, json!({}));
        let id = submit(&daemon, json!({ "command": "test $AIWG_ROUND = 2" }));
        until("the agent", || daemon.file("tried").exists());
        daemon.call(rest, json!({}));
        daemon.write("go", "");
        let waiting = until_some("the end of the first round", || {
            let task = daemon.task(&id);
            (task["state"] == "queued").then_some(task)
        });
        assert_eq!((exits(&waiting), &waiting["waiting"]), (vec![1], &json!("paused")), "{rest}: {waiting}");
        daemon.call("daemon.resume", json!({}));
        assert_eq!(exits(&daemon.ended(&id)), [1, 0]);
    }
}

#[test]
fn a_cancelled_check_ends_its_task() {
    let daemon = with_agent("", json!({}));
    let id = submit(&daemon, json!({ "command": "touch checks; sleep 1000" }));
    until("the check", || daemon.file("checks").exists());
    daemon.call("task.cancel", json!({ "taskId": id }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("cancelled", "cancel"), "{task}");
}

#[test]
fn the_time_limit_is_that_of_all_rounds() {
    let daemon = with_agent("[ $AIWG_ROUND = 1 ] || sleep 1000", json!({}));
    let verify = json!({ "command": DONE });
    let id = daemon.submit_with(json!({ "prompt": "x", "timeoutMinutes": 0.02, "verify": verify }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("timeout", "timeout"), "{task}");
    assert_eq!(exits(&task), [3]);
}

#[test]
fn rounds_are_in_one_session_and_their_costs_add_up() {
    let daemon = TestDaemon::with(json!({ "agent": claude_stand_in() }));
    let third = "test \"$(wc -l <.stand-in-runs)\" -ge 3 || { echo not yet; exit 1; }";
    let id = submit(&daemon, json!({ "command": third }));
    let task = daemon.ended(&id);
    assert_eq!(end(&task), ("completed", "done"), "{task}");
    assert_eq!(exits(&task), [1, 1, 0]);
    let costs: f64 =
        task["rounds"].as_array().unwrap().iter().map(|round| round["costUsd"].as_f64().unwrap()).sum();
    let usage = &task["usage"];
    assert!((usage["costUsd"].as_f64().unwrap() - costs).abs() < 1e-9, "{task}");
    assert_eq!(usage["turns"], 3);
    let session = usage["sessionId"].as_str().unwrap();
    let prompt = |run: u32| daemon.read(&format!(".aiwg/daemon/actions/{id}/{run}/prompt.txt"));
    assert_eq!(prompt(1), "Make it so");
    for run in [3, 5] {
        assert!(!prompt(run).contains("Make it so") && prompt(run).contains("not yet"), "{}", prompt(run));
        let stdout = daemon.read(&format!(".aiwg/daemon/actions/{id}/{run}/stdout.log"));
        assert!(stdout.contains(session), "{stdout}");
    }
}

#[test]
fn rules_have_the_checks_of_their_actions_or_of_the_defaults() {
    let action =
        |verify: Value| json!({ "action": { "type": "submit_task", "prompt": "x", "verify": verify } });
    let rules = [
        rule("by-default", "a:default", "x"),
        rule_with("own", "a:own", "x", action(json!({ "command": "exit 5", "max_rounds": 1 }))),
        rule_with("partly", "a:partly", "x", action(json!({ "max_rounds": 1 }))),
        rule_with("without", "a:without", "x", action(json!({ "enabled": false }))),
    ];
    let defaults = json!({ "verify": { "command": "exit 6", "max_rounds": 2 } });
    let daemon = with_agent("", json!({ "rules": rules, "defaults": defaults }));
    let exits_of = |topic: &str, id: &str| {
        daemon.emit(topic, json!({}));
        let task = daemon.ended(id);
        (
            task["state"].as_str().unwrap().to_owned(),
            if task.get("rounds").is_some() { exits(&task) } else { Vec::new() },
        )
    };
    assert_eq!(exits_of("a:default", "task-0001"), ("failed".to_owned(), vec![6, 6]));
    assert_eq!(exits_of("a:own", "task-0002"), ("failed".to_owned(), vec![5]));
    assert_eq!(exits_of("a:partly", "task-0003"), ("failed".to_owned(), vec![6]));
    assert_eq!(exits_of("a:without", "task-0004"), ("completed".to_owned(), Vec::new()));
    // Whoever submits asks for it.
    let task = daemon.ended(&submit(&daemon, json!({})));
    assert_eq!(exits(&task), [6, 6]);
    let task = daemon.ended(&daemon.submit_with(json!({ "prompt": "x" })));
    assert_eq!((task["state"].clone(), task.get("verify")), (json!("completed"), None));
}

#[test]
fn a_check_that_cannot_be_meant_is_refused_where_it_is_written() {
    let daemon = with_agent("", json!({}));
    for (verify, member) in [
        (json!({}), "verify.command"),
        (json!({ "command": " " }), "verify.command"),
        (json!({ "command": [] }), "verify.command"),
        (json!({ "command": "x", "max_rounds": 0 }), "verify.max_rounds"),
        (json!({ "command": "x", "timeout_minutes": 0 }), "verify.timeout_minutes"),
        (json!({ "command": "x", "protect": ["a{"] }), "verify.protect"),
    ] {
        let error = daemon.error("task.submit", json!({ "prompt": "x", "verify": verify }));
        assert_eq!(
            (&error["data"]["kind"], &error["data"]["member"]),
            (&json!("invalid_params"), &json!(member))
        );
        let action = json!({ "action": { "type": "submit_task", "prompt": "x", "verify": verify } });
        let rules = [rule_with("r", "a:b", "x", action)];
        let why = TestDaemon::try_with(json!({ "rules": rules })).err().unwrap();
        assert!(why.contains("verify"), "{why}");
    }
}

#[test]
fn what_a_check_changes_does_not_fire_the_rule_of_its_task() {
    let trigger = json!({ "type": "file_change", "pattern": "src/*" });
    let action = json!({ "type": "submit_task", "prompt": "x",
        "verify": { "command": "echo $AIWG_ROUND >src/report; test $AIWG_ROUND = 2" } });
    let rules = [rule_with("r", "a:b", "x", json!({ "trigger": trigger, "action": action }))];
    let mut daemon = TestDaemon::stopped(json!({}));
    std::fs::create_dir(daemon.file("src")).unwrap();
    daemon.configure(json!({ "rules": rules, "watch": { "debounce_ms": 10 } }));
    daemon.start();
    daemon.write("src/a", "changed");
    let task = daemon.ended("task-0001");
    assert_eq!(exits(&task), [1, 0], "{task}");
    // The watcher tells of changes in their order: what comes after this one has been looked at.
    daemon.write("mark", "");
    until("the mark", || topics(&daemon, "file:*").iter().any(|event| event["payload"]["path"] == "mark"));
    assert!(topics(&daemon, "file:*").iter().any(|event| event["payload"]["path"] == "src/report"));
    assert_eq!(daemon.total(), 1);
}

#[test]
fn what_a_check_changes_fires_no_rule_but_one_that_asks_for_it() {
    let on_files = |id: &str, more: Value| {
        let mut rule = json!({ "trigger": { "type": "file_change", "pattern": "src/*" } });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule_with(id, "a:b", "x", rule)
    };
    // The agent of the next round begins in the moment after the change.
    let check = "[ $AIWG_ROUND = 2 ] || { echo x >src/report; exit 1; }";
    let action = json!({ "type": "submit_task", "prompt": "x", "verify": { "command": check } });
    let rules = [
        rule_with("checked", "a:b", "x", json!({ "action": action })),
        on_files("other", json!({})),
        on_files("asks", json!({ "ignore_own_changes": false })),
    ];
    let mut daemon = TestDaemon::stopped(json!({}));
    std::fs::create_dir(daemon.file("src")).unwrap();
    daemon.configure(json!({ "rules": rules, "watch": { "debounce_ms": 10 } }));
    daemon.start();
    daemon.emit("a:b", json!({}));
    assert_eq!(daemon.ended("task-0001")["verified"], true);
    let report = |event: &Value| event["payload"]["path"] == "src/report";
    until("its change", || topics(&daemon, "file:*").iter().any(report));
    until("the rule that asks for it", || daemon.total() == 2);
    assert_eq!(daemon.task("task-0002")["causedBy"]["rule"], "asks");
    let refused = daemon.rule("other")["lastRefusal"]["reason"].to_string();
    assert!(refused.contains("while the check of a task ran"), "{refused}");
    assert_eq!(daemon.total(), 2);
}
