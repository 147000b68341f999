//! Agents whose output is that of `claude` with a JSON format: their result message says how it went.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, kill, processes_of, repository, until};

/// A project whose agents write in this format.
fn with_format(format: &str, more: Value) -> Project {
    let program = repository().join("tests/agents/stand-in-agent");
    let mut agent = json!({ "command": [program, "-p", "--output-format", format, "--verbose"] });
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
        let task = project.ended(&project.submit("answer 'All is well.'; cost 0.25; tool true"));
        assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("All is well.")));
        assert!(task["error"].is_null(), "{task}");
        let usage = &task["usage"];
        assert_eq!((&usage["costUsd"], &usage["turns"]), (&json!(0.25), &json!(2)), "{format}");
        let tokens = ["inputTokens", "outputTokens", "cacheReadTokens", "cacheCreationTokens"];
        assert_eq!(json!(tokens.map(|name| &usage[name])), json!([200, 20, 60, 40]), "{format}");
        assert!(usage["sessionId"].is_string(), "{usage}");
    }
}

#[test]
fn an_error_that_the_agent_tells_is_a_failure() {
    let project = streaming();
    let task = project.ended(&project.submit("fails 'API Error: 529 overloaded'"));
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(1)));
    assert_eq!(task["error"], "the agent reported an error: API Error: 529 overloaded");
    // Interrupted, it exits with 0.
    let task = project.submit("tool 'sleep 1000'");
    until("its tool", || {
        project.task(&task)["output"].as_str().is_some_and(|out| out.contains("sleep 1000"))
    });
    kill(project.task(&task)["pid"].as_u64().unwrap().try_into().unwrap(), Signal::INT);
    let task = project.ended(&task);
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(0)));
}

#[test]
fn without_a_result_it_has_failed() {
    let project = streaming();
    let task = project.ended(&project.submit("no_result"));
    assert_eq!(task["error"], "the agent exited with code 0, but gave no result");
    let task = project.ended(&project.submit("echo 'error: unknown option' >&2; no_result; code=1"));
    assert_eq!(task["error"], "the agent exited with code 1: error: unknown option");
    let task = project.ended(&project.submit("code=3"));
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(3)));
}

#[test]
fn refused_tools_are_kept_with_the_task() {
    let project = streaming();
    let task = project.ended(&project.submit("refused 'rm -rf /'; cost 0.25"));
    assert_eq!(task["state"], "completed");
    assert_eq!(task["usage"]["permissionDenials"], json!(["Bash: rm -rf /"]));
    let shown = project.run(&["task", "get", "task-0001"]).out;
    assert!(shown.contains("Refused    Bash: rm -rf /") && shown.contains("$0.2500"), "{shown}");
}

#[test]
fn one_that_does_not_exit_after_its_result_is_ended_and_has_completed() {
    for format in ["json", "stream-json"] {
        let project = with_format(format, json!({ "exit_seconds": 0.1 }));
        let task = project.ended(&project.submit("answer finished; never_exits"));
        assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("finished")));
        assert!(processes_of(project.path()).iter().all(|(_, line)| !line.contains("sleep")));
    }
}

#[test]
fn one_that_waits_for_the_background_after_its_result_is_not_ended() {
    let project = with_format("stream-json", json!({ "exit_seconds": 0.1 }));
    let task = project.submit("background 'while [ ! -e go ]; do sleep 0.1; done'");
    until("its first result", || {
        project.task(&task)["output"].as_str().is_some_and(|out| out.contains("\"type\":\"result\""))
    });
    std::fs::write(project.file("go"), "").unwrap();
    let task = project.ended(&task);
    assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("It is over.")));
}

#[test]
fn that_it_was_to_exit_survives_a_crash() {
    let project = with_format("stream-json", json!({ "exit_seconds": 0.1 }));
    let task = project.submit("never_exits");
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
    for format in ["json", "stream-json"] {
        let project = Project::new(json!({}));
        let agent = repository().join("tests/agents/stand-in-agent");
        let command = json!([agent, "-p", "--output-format", format, "--verbose", "--resume", "the-session"]);
        project.configure(&json!({ "agent": { "command": command } }).to_string());
        project.start();
        for cost in ["0.25", "0.5", "0.125"] {
            let task = project.ended(&project.submit(&format!("cost {cost}")));
            assert_eq!(task["usage"]["costUsd"].to_string(), cost, "{format}");
        }
        let usage = project.json(&["task", "stats"])["usage"].clone();
        assert_eq!((&usage["total"]["tasks"], &usage["total"]["costUsd"]), (&json!(3), &json!(0.875)));
        assert_eq!(usage["total"]["outputTokens"], 30);
        assert_eq!(
            (&usage["byRule"][0]["rule"], usage["byDay"].as_array().unwrap().len()),
            (&Value::Null, 1)
        );
        let shown = project.run(&["task", "stats"]).out;
        assert!(shown.contains("USED BY") && shown.contains("0.8750"), "{shown}");
    }
}

#[test]
fn costs_are_summed_by_rule() {
    let agent = repository().join("tests/agents/stand-in-agent");
    let project = Project::new(json!({
        "agent": { "command": [agent, "--output-format=json"] },
        "rules": [Project::rule("the-rule", "a:b", "do: cost 0.25")]
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
