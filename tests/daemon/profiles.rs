//! Profiles: which agent does a task, and by what its work is evaluated.

use aiwg_testing::{TestDaemon, claude_stand_in, repository, rule_with, scripted, until};
use serde_json::{Value, json};

/// The stand-in, with these words after it.
fn stand_in_with(words: &[&str]) -> Value {
    let program = repository().join("tests/agents/stand-in-agent");
    let words = words.iter().map(|word| json!(word));
    json!(std::iter::once(json!(program)).chain(words).collect::<Vec<_>>())
}

/// The command line of the agent, as its own output.
const SHOW_COMMAND: &str = "do: tr '\\0' ' ' </proc/$$/cmdline; echo; echo \"which=$WHICH\"";

fn submit(daemon: &TestDaemon, agent: &str, prompt: &str) -> Value {
    daemon.ended(&daemon.submit_with(json!({ "prompt": prompt, "agent": agent })))
}

#[test]
fn a_task_runs_by_the_profile_that_it_names_and_any_other_name_is_a_role() {
    let daemon = TestDaemon::with(json!({
        "agents": { "cheap": { "command": stand_in_with(&["--model", "small"]), "env": { "WHICH": "cheap-${PATH}" } } }
    }));
    let task = submit(&daemon, "cheap", SHOW_COMMAND);
    assert_eq!((&task["agent"], &task["profiles"]), (&json!("cheap"), &json!(["cheap"])));
    let output = task["result"].as_str().unwrap();
    assert!(output.contains(" --model small ") && !output.contains("--agent"), "{output}");
    assert!(output.contains(&format!("which=cheap-{}", std::env::var("PATH").unwrap())), "{output}");
    let task = submit(&daemon, "reviewer", SHOW_COMMAND);
    let output = task["result"].as_str().unwrap();
    assert!(output.contains(" --agent reviewer ") && output.contains("which=\n"), "{output}");
    assert_eq!(task["profiles"], Value::Null);
    let both =
        daemon.submit_with(json!({ "prompt": SHOW_COMMAND, "agent": "cheap", "env": { "WHICH": "task" } }));
    let task = daemon.ended(&both);
    assert!(task["result"].as_str().unwrap().contains("which=task\n"), "{task}");
}

#[test]
fn an_agent_is_evaluated_by_the_profile_it_was_started_with() {
    let mut daemon = TestDaemon::with(json!({ "agents": { "main": scripted() } }));
    daemon.script([
        "wait go",
        r#"{"type":"result","subtype":"success","is_error":false,"result":"the answer","session_id":"s","total_cost_usd":0.5,"num_turns":1,"usage":{}}"#,
    ]);
    let named = daemon.submit_with(json!({ "prompt": "x", "agent": "main" }));
    daemon.wait_for_task(&named, "running");
    daemon.leave_agents();
    // Neither the profile nor a program whose output would be understood is left.
    daemon.configure(json!({}));
    daemon.start();
    daemon.write("go", "");
    let task = daemon.ended(&named);
    assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("the answer")), "{task}");
    assert_eq!((&task["usage"]["costUsd"], &task["profiles"]), (&json!(0.5), &json!(["main"])));
}

#[test]
fn a_profile_that_a_reload_has_taken_away_is_a_role_again() {
    let daemon = TestDaemon::with(json!({ "agents": { "cheap": { "command": stand_in_with(&[]) } } }));
    assert_eq!(submit(&daemon, "cheap", "x")["profiles"], json!(["cheap"]));
    daemon.reload(json!({}));
    let task = submit(&daemon, "cheap", SHOW_COMMAND);
    assert!(task["result"].as_str().unwrap().contains(" --agent cheap "), "{task}");
}

#[test]
fn a_queued_task_of_a_profile_that_is_gone_runs_as_no_role() {
    let daemon = TestDaemon::with(json!({ "agents": { "cheap": { "command": stand_in_with(&[]) } } }));
    daemon.call("daemon.pause", json!({}));
    let waiting = daemon.submit_with(json!({ "prompt": SHOW_COMMAND, "agent": "cheap" }));
    daemon.reload(json!({}));
    daemon.call("daemon.resume", json!({}));
    let failed = daemon.ended(&waiting);
    let error = failed["error"].as_str().unwrap();
    assert!(
        error.contains("no longer has the profile \"cheap\"") && error.contains("retry the task"),
        "{failed}"
    );
    assert_eq!(failed["reason"], "not_started");
    // So it is when it is retried, until the profile is there again.
    let retried = daemon.call("task.retry", json!({ "taskId": waiting }))["taskId"].clone();
    assert_eq!(daemon.ended(retried.as_str().unwrap())["state"], "failed");
    daemon.reload(json!({ "agents": { "cheap": { "command": stand_in_with(&[]) } } }));
    let again = daemon.call("task.retry", json!({ "taskId": waiting }))["taskId"].clone();
    assert_eq!(daemon.ended(again.as_str().unwrap())["profiles"], json!(["cheap"]));
}

#[test]
fn the_health_knows_the_programs_of_all_profiles_that_rules_use() {
    let missing = json!({ "command": ["./no-such-agent"] });
    let by = |agent: &str| {
        rule_with(
            "r",
            "a:b",
            "x",
            json!({ "action": { "type": "submit_task", "prompt": "x", "agent": agent } }),
        )
    };
    let profiles = json!({ "unused": missing, "gone": missing, "used": { "command": stand_in_with(&[]), "fallback": ["gone"] } });
    let daemon = TestDaemon::with(json!({ "agents": profiles }));
    assert_eq!(daemon.status()["health"], "healthy");
    daemon.reload(json!({ "agents": profiles, "rules": [by("used")] }));
    let status = daemon.status();
    let issue = status["issues"][0]["message"].as_str().unwrap();
    assert_eq!((&status["health"], &status["issues"][0]["kind"]), (&json!("degraded"), &json!("agent")));
    assert!(issue.contains("of the profile \"gone\"") && !issue.contains("unused"), "{issue}");
}

#[test]
fn an_output_with_unknown_parts_is_said_in_the_health() {
    let daemon = TestDaemon::with(json!({ "agent": scripted() }));
    let result = r#"{"type":"result","subtype":"success","is_error":false,"result":"well","session_id":"s","total_cost_usd":0,"num_turns":1,"usage":{}}"#;
    daemon.script([r#"{"type":"never_heard_of"}"#, result]);
    assert_eq!(daemon.ended(&daemon.submit("x"))["result"], "well");
    let status = daemon.status();
    assert_eq!(
        (&status["health"], &status["issues"][0]["kind"]),
        (&json!("degraded"), &json!("agent_output"))
    );
    let issue = status["issues"][0]["message"].as_str().unwrap();
    assert!(issue.contains("of claude") && issue.contains("never_heard_of"), "{issue}");
    daemon.script([result]);
    daemon.ended(&daemon.submit("x"));
    assert_eq!(daemon.status()["health"], "healthy");
}

#[test]
fn a_cap_is_handed_to_the_program() {
    let mut profile = claude_stand_in();
    profile.as_object_mut().unwrap().insert("cap_usd".to_owned(), json!(1.5));
    let daemon = TestDaemon::with(json!({ "agents": { "capped": profile } }));
    let task = submit(&daemon, "capped", "do: answer \"$(tr '\\0' ' ' </proc/$$/cmdline)\"");
    assert!(task["result"].as_str().unwrap().contains("--max-budget-usd 1.5000"), "{task}");
}

#[test]
fn a_task_that_has_run_and_whose_profile_is_gone_has_failed_and_was_not_left_without_a_start() {
    let profile = claude_stand_in();
    let daemon = TestDaemon::with(json!({ "agents": { "cheap": profile } }));
    let prompt = "do: touch began; until [ -e go ]; do sleep 0.01; done; answer x";
    let verify = json!({ "command": "false" });
    let id = daemon.submit_with(json!({ "prompt": prompt, "agent": "cheap", "verify": verify }));
    until("its agent", || daemon.file("began").exists());
    daemon.call("daemon.pause", json!({}));
    let never_begun = daemon.submit_with(json!({ "prompt": "x", "agent": "cheap" }));
    daemon.write("go", "");
    daemon.until_task(&id, "to wait between its rounds", |task| task["waiting"] == "paused");
    daemon.reload(json!({}));
    daemon.call("daemon.resume", json!({}));
    let task = daemon.ended(&id);
    assert_eq!((&task["state"], &task["reason"]), (&json!("failed"), &json!("failed")), "{task}");
    assert!(task["error"].as_str().unwrap().contains("cheap"), "{task}");
    assert_eq!(daemon.ended(&never_begun)["reason"], "not_started");
}
