//! Agents whose output is that of `claude` with a JSON format: their result message says how it went.

use aiwg_testing::{TestDaemon, claude_stand_in, kill, processes_of, repository, rule, until};
use rustix::process::Signal;
use serde_json::{Value, json};

/// A daemon whose agents write in this format.
fn with_format(format: &str, more: Value) -> TestDaemon {
    let program = repository().join("tests/agents/stand-in-agent");
    let mut agent = json!({ "command": [program, "-p", "--output-format", format, "--verbose"] });
    agent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    TestDaemon::with(json!({ "agent": agent }))
}

fn streaming() -> TestDaemon {
    TestDaemon::with(json!({ "agent": claude_stand_in() }))
}

#[test]
fn the_answer_and_what_it_cost_are_kept() {
    for format in ["json", "stream-json"] {
        let daemon = with_format(format, json!({}));
        let task = daemon.ended(&daemon.submit("answer 'All is well.'; cost 0.25; tool true"));
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
    let daemon = streaming();
    let task = daemon.ended(&daemon.submit("fails 'API Error: 529 overloaded'"));
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(1)));
    assert_eq!(task["error"], "the agent reported an error: API Error: 529 overloaded");
    // Interrupted, it exits with 0.
    let task = daemon.submit("tool 'sleep 1000'");
    until("its tool", || daemon.task(&task)["output"].as_str().is_some_and(|out| out.contains("sleep 1000")));
    kill(daemon.task(&task)["pid"].as_u64().unwrap().try_into().unwrap(), Signal::INT);
    let task = daemon.ended(&task);
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(0)));
}

#[test]
fn without_a_result_it_has_failed() {
    let daemon = streaming();
    let task = daemon.ended(&daemon.submit("no_result"));
    assert_eq!(task["error"], "the agent exited with code 0, but gave no result");
    let task = daemon.ended(&daemon.submit("echo 'error: unknown option' >&2; no_result; code=1"));
    assert_eq!(task["error"], "the agent exited with code 1: error: unknown option");
    let task = daemon.ended(&daemon.submit("code=3"));
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(3)));
}

#[test]
fn one_that_does_not_exit_after_its_result_is_ended_and_has_completed() {
    for format in ["json", "stream-json"] {
        let daemon = with_format(format, json!({ "exit_seconds": 0.1 }));
        let task = daemon.ended(&daemon.submit("answer finished; never_exits"));
        assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("finished")));
        assert!(processes_of(daemon.path()).iter().all(|(_, line)| !line.contains("sleep")));
    }
}

#[test]
fn one_that_waits_for_the_background_after_its_result_is_not_ended() {
    let daemon = with_format("stream-json", json!({ "exit_seconds": 0.1 }));
    let task = daemon.submit("background 'while [ ! -e go ]; do sleep 0.1; done'");
    until("its first result", || {
        daemon.task(&task)["output"].as_str().is_some_and(|out| out.contains("\"type\":\"result\""))
    });
    daemon.write("go", "");
    let task = daemon.ended(&task);
    assert_eq!((&task["state"], &task["result"]), (&json!("completed"), &json!("It is over.")));
}

#[test]
fn costs_are_summed_by_rule() {
    let agent = repository().join("tests/agents/stand-in-agent");
    let daemon = TestDaemon::with(json!({
        "agent": { "command": [agent, "--output-format=json"] },
        "rules": [rule("the-rule", "a:b", "do: cost 0.25")]
    }));
    for _ in 0..2 {
        daemon.emit("a:b", json!(null));
    }
    daemon.ended("task-0001");
    daemon.ended("task-0002");
    let usage = daemon.call("task.stats", json!({}))["usage"]["byRule"].clone();
    assert_eq!((&usage[0]["rule"], &usage[0]["usage"]["costUsd"]), (&json!("the-rule"), &json!(0.5)));
}
