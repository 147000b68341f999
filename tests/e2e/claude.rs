//! Agents whose output is that of `claude` with a JSON format: their result message says how it went.

use serde_json::{Value, json};

use crate::support::{Project, repository, until};

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
fn refused_tools_are_kept_with_the_task() {
    let project = streaming();
    let task = project.ended(&project.submit("refused 'rm -rf /'; cost 0.25"));
    assert_eq!(task["state"], "completed");
    assert_eq!(task["usage"]["permissionDenials"], json!(["Bash: rm -rf /"]));
    let shown = project.run(&["task", "get", "task-0001"]).out;
    assert!(shown.contains("Refused    Bash: rm -rf /") && shown.contains("$0.2500"), "{shown}");
}

#[test]
fn a_refused_tool_fails_the_task_where_that_is_asked_for() {
    let project = with_format("stream-json", json!({ "refused_tasks": "fail" }));
    let task = project.ended(&project.submit("refused 'rm -rf /'"));
    assert_eq!(task["state"], "failed");
    assert!(task["error"].as_str().unwrap().starts_with("it was refused Bash (rm -rf /)"), "{task}");
    let task = project.ended(&project.submit("answer fine"));
    assert_eq!(task["state"], "completed");
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
