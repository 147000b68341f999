//! The files that an agent may not change: whatever it does about them, a round that leaves them changed is not done.

use aiwg_testing::{TestDaemon, until};
use serde_json::{Value, json};

use crate::verify::{end, git, submit, with_agent};

/// A daemon with a test that the agent, which runs this script, may not change.
fn with_test(script: &str) -> TestDaemon {
    let daemon = with_agent(script, json!({}));
    std::fs::create_dir(daemon.file("tests")).unwrap();
    daemon.write("tests/a", "a");
    daemon
}

fn protecting(command: &str, rounds: u32) -> Value {
    json!({ "command": command, "protect": ["tests/**"], "max_rounds": rounds })
}

#[test]
fn a_record_that_the_agent_or_an_earlier_task_has_written_is_none() {
    let forge = "rm -r tests; for dir in . 1 2; do \
                 echo '{\"files\":{},\"ignoring\":{}}' >.aiwg/daemon/actions/$AIWG_TASK_ID/$dir/protected.json; done";
    let daemon = with_test(forge);
    let task = daemon.ended(&submit(&daemon, protecting("true", 1)));
    assert_eq!(end(&task), ("failed", "rounds"), "{task}");
    let named = task["rounds"][0]["protected"][0].as_str().unwrap();
    assert!(named.ends_with("protected.json"), "{task}");
    // One that is there before its task is.
    let planting = with_test("rm -r tests");
    for dir in ["task-0001", "task-0001/1"] {
        std::fs::create_dir_all(planting.file(&format!(".aiwg/daemon/actions/{dir}"))).unwrap();
        planting
            .write(&format!(".aiwg/daemon/actions/{dir}/protected.json"), r#"{"files":{},"ignoring":{}}"#);
    }
    let task = planting.ended(&submit(&planting, protecting("true", 1)));
    assert_eq!(end(&task), ("failed", "rounds"), "{task}");
    assert_eq!(task["rounds"][0]["protected"], json!(["tests/a"]));
}

#[test]
fn what_programs_leave_beside_the_tests_is_nobodys_change() {
    // The agent runs the tests as well.
    let run = "mkdir -p tests/__pycache__; date +%N >tests/__pycache__/a.pyc";
    let daemon = with_test(&format!("{run}; [ $AIWG_ROUND = 1 ] || touch done"));
    git(&daemon);
    daemon.write(".gitignore", ".aiwg\n__pycache__/\n");
    let task = daemon.ended(&submit(&daemon, protecting(&format!("{run}; test -e done"), 3)));
    assert_eq!((end(&task), &task["verified"]), (("completed", "done"), &json!(true)), "{task}");
    assert_eq!(task["rounds"][1].get("protected"), None);
}

#[test]
fn what_the_check_before_the_first_round_writes_is_its_own() {
    let daemon = with_test("touch done; date +%N >tests/report");
    let verify =
        json!({ "command": "date +%N >tests/report; test -e done", "protect": ["tests/**"], "before": true });
    let task = daemon.ended(&submit(&daemon, verify));
    assert_eq!((end(&task), &task["before"]["exit"]), (("completed", "done"), &json!(1)), "{task}");
}

#[test]
fn what_is_changed_while_the_check_runs_counts() {
    let daemon = with_test("");
    let task = daemon.ended(&submit(&daemon, protecting("echo easier >tests/a", 2)));
    assert_eq!(end(&task).0, "failed", "{task}");
    assert_eq!(task["rounds"][0]["protected"], json!(["tests/a"]));
    assert_eq!(task["rounds"][0]["verify"]["exit"], 0);
    let why = task["error"].as_str().unwrap();
    assert!(why.contains("protected files are not as they were: \"tests/a\""), "{why}");
    assert_eq!(daemon.call("event.list", json!({ "topics": ["task:verified"] })), json!([]));
}

#[test]
fn who_is_stuck_with_a_good_check_hears_which_files_are_in_the_way() {
    let daemon = with_test("echo easier >tests/a");
    git(&daemon);
    let task = daemon.ended(&submit(&daemon, protecting("true", 9)));
    assert_eq!(end(&task), ("failed", "stuck"), "{task}");
    let why = task["error"].as_str().unwrap();
    assert!(
        why.contains("the check succeeds") && why.contains("\"tests/a\"") && !why.contains("failed"),
        "{why}"
    );
}

#[test]
fn a_pattern_that_protects_nothing_is_refused() {
    let daemon = with_agent("", json!({}));
    for glob in
        ["tests/", "/tests/**", "../x/**", "src//a", "!src/**", "~/x", ".git/**", "a/.git/x", ".aiwg/**", ""]
    {
        let verify = json!({ "command": "x", "protect": ["ok/**", glob] });
        let error = daemon.error("task.submit", json!({ "prompt": "x", "verify": verify }));
        assert_eq!(error["data"]["member"], "verify.protect", "{glob}: {error}");
        assert!(error["message"].as_str().unwrap().contains(&format!("{glob:?}")), "{error}");
    }
}

#[test]
fn a_retry_compares_with_what_was_before_the_first_attempt() {
    let daemon = with_test("test -e once || { echo easier >tests/a; touch once; }");
    // The second time the check before the first round succeeds, with the file as the first agent has left it.
    let verify =
        json!({ "command": "test -e once", "protect": ["tests/**"], "max_rounds": 1, "before": true });
    let first = daemon.ended(&submit(&daemon, verify));
    assert_eq!((end(&first), &first["before"]["exit"]), (("failed", "rounds"), &json!(1)), "{first}");
    let mut latest = first;
    for _ in 0..2 {
        let again = daemon.call("task.retry", json!({ "taskId": latest["id"] }));
        latest = daemon.ended(again["taskId"].as_str().unwrap());
        assert_eq!(end(&latest), ("failed", "rounds"), "{latest}");
        assert_eq!(latest["rounds"][0]["protected"][0], "tests/a", "{latest}");
        let why = latest["error"].as_str().unwrap();
        assert!(why.contains("before the first attempt"), "{why}");
    }
    daemon.write("tests/a", "a");
    let again = daemon.call("task.retry", json!({ "taskId": latest["id"] }));
    let task = daemon.ended(again["taskId"].as_str().unwrap());
    assert_eq!((end(&task).0, &task["verified"]), ("completed", &json!(true)), "{task}");
}

#[test]
fn the_record_that_a_retry_compares_with_is_kept_as_long_as_it_needs_it() {
    let daemon = with_test("test -e once || { echo easier >tests/a; touch once; }");
    let other = daemon.ended(&submit(&daemon, json!({ "command": "true" })));
    std::fs::remove_file(daemon.file("once")).unwrap();
    daemon.write("tests/a", "a");
    let first = daemon.ended(&submit(&daemon, protecting("true", 1)));
    assert_eq!(end(&first), ("failed", "rounds"), "{first}");
    daemon.call("daemon.pause", json!({}));
    let again = daemon.call("task.retry", json!({ "taskId": first["id"] }));
    let dir = |task: &Value| daemon.file(&format!(".aiwg/daemon/actions/{}", task["id"].as_str().unwrap()));
    let mut config: Value = serde_json::from_str(&daemon.read(".aiwg/daemon.json")).unwrap();
    config["retention"] = json!({ "output_mb": 0 });
    daemon.write(".aiwg/daemon.json", config.to_string());
    daemon.call("daemon.reload", json!({}));
    until("the output of another task to be gone", || !dir(&other).exists());
    assert!(dir(&first).exists(), "the retry has not compared with it yet");
    daemon.write("tests/a", "a");
    daemon.call("daemon.resume", json!({}));
    let task = daemon.ended(again["taskId"].as_str().unwrap());
    assert_eq!((end(&task).0, &task["verified"]), ("completed", &json!(true)), "{task}");
}
