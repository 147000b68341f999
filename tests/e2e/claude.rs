//! Agents whose output is that of `claude` with a JSON format: their result message tells how it went.

use serde_json::{Value, json};

use crate::support::{Project, processes_of, repository, until};

/// A project whose agents write in this format.
fn with_format(format: &str, more: Value) -> Project {
    let claude = repository().join("tests/agents/stand-in-claude");
    let mut agent = json!({ "command": [claude, "-p", "--output-format", format, "--verbose"] });
    agent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let project = Project::new(json!({ "agent": agent }));
    project.start();
    project
}

fn streaming() -> Project {
    with_format("stream-json", json!({}))
}

#[test]
fn the_answer_and_what_it_cost_are_kept() {
    for format in ["json", "stream-json"] {
        let project = with_format(format, json!({}));
        let task = project.ended(&project.submit("result='All is well.'"));
        assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("All is well.")));
        assert!(task["error"].is_null(), "{task}");
        let usage = json!({
            "costUsd": 0.25, "turns": 3, "inputTokens": 10, "outputTokens": 40, "cacheReadTokens": 30,
            "cacheCreationTokens": 20, "sessionId": "session-1", "permissionDenials": []
        });
        assert_eq!(task["usage"], usage, "{format}");
    }
}

#[test]
fn an_error_that_the_agent_tells_is_a_failure_whatever_it_exits_with() {
    let project = streaming();
    let task =
        project.ended(&project.submit("is_error=true; result='API Error: 529 overloaded'; then='exit 0'"));
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(0)));
    assert_eq!(task["error"], "the agent failed: API Error: 529 overloaded");
    let task =
        project.ended(&project.submit("is_error=true; subtype=error_max_turns; result=; then='exit 1'"));
    assert_eq!(
        (&task["state"], &task["error"]),
        (&json!("failed"), &json!("the agent failed: error_max_turns"))
    );
}

#[test]
fn without_a_result_it_has_failed() {
    let project = streaming();
    let task = project.ended(&project.submit("no_result 0"));
    assert_eq!((&task["state"], &task["error"]), (&json!("failed"), &json!("the agent told no result")));
    let task = project.ended(&project.submit("echo 'error: unknown option' >&2; no_result 1"));
    assert_eq!(task["error"], "the agent exited with code 1: error: unknown option");
    assert!(task["usage"].is_null());
    let task = project.ended(&project.submit("then='exit 3'"));
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(3)));
}

#[test]
fn refused_tools_are_kept_with_the_task() {
    let project = streaming();
    let task = project
        .ended(&project.submit(r#"denials='{"tool_name":"Bash","tool_use_id":"1"},{"tool_name":"Write"}'"#));
    assert_eq!(task["state"], "completed");
    assert_eq!(task["usage"]["permissionDenials"], json!(["Bash", "Write"]));
    let shown = project.run(&["task", "get", "task-0001"]).out;
    assert!(shown.contains("Refused   Bash, Write") && shown.contains("$0.2500"), "{shown}");
}

#[test]
fn one_that_does_not_exit_after_its_result_is_ended_and_has_completed() {
    for format in ["json", "stream-json"] {
        let project = with_format(format, json!({ "exit_seconds": 0.1 }));
        let task = project.ended(&project.submit("result=finished; then='exec sleep 1000'"));
        assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("finished")));
        assert!(processes_of(project.path()).iter().all(|(_, line)| !line.contains("sleep")));
    }
}

#[test]
fn that_it_was_to_exit_survives_a_crash() {
    let project = with_format("stream-json", json!({ "exit_seconds": 0.1 }));
    // It takes its time to end.
    let task = project.submit("then='trap \"sleep 1; exit 1\" TERM; while :; do sleep 0.1; done'");
    until("the result", || {
        project.task(&task)["output"].as_str().is_some_and(|out| out.contains("\"result\""))
    });
    project.kill_daemon();
    project.start();
    let task = project.ended(&task);
    assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(1)));
}

#[test]
fn a_resumed_session_counts_only_what_was_added() {
    let project = with_format("stream-json", json!({}));
    project.ended(&project.submit("cost=0.25"));
    let second = project.ended(&project.submit("cost=0.75"));
    assert_eq!(second["usage"]["costUsd"], 0.5);
    let other = project.ended(&project.submit("cost=0.125; session=session-2"));
    assert_eq!(other["usage"]["costUsd"], 0.125);
    let usage = project.json(&["task", "stats"])["usage"].clone();
    assert_eq!((&usage["total"]["tasks"], &usage["total"]["costUsd"]), (&json!(3), &json!(0.875)));
    assert_eq!(usage["total"]["outputTokens"], 120);
    assert_eq!((&usage["byRule"][0]["rule"], usage["byDay"].as_array().unwrap().len()), (&Value::Null, 1));
    let shown = project.run(&["task", "stats"]).out;
    assert!(shown.contains("USED BY") && shown.contains("0.8750"), "{shown}");
}

#[test]
fn costs_are_summed_by_rule() {
    let claude = repository().join("tests/agents/stand-in-claude");
    let project = Project::new(json!({
        "agent": { "command": [claude, "--output-format=json"] },
        "rules": [Project::rule("the-rule", "a:b", "do: session=$AIWG_TASK_ID")]
    }));
    project.start();
    for _ in 0..2 {
        project.wire().call("event.emit", json!({ "topic": "a:b" }));
    }
    project.ended("task-0001");
    project.ended("task-0002");
    let usage = project.json(&["task", "stats"])["usage"]["byRule"].clone();
    assert_eq!((&usage[0]["rule"], &usage[0]["usage"]["costUsd"]), (&json!("the-rule"), &json!(0.5)));
}
