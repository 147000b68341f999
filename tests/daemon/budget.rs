//! Budgets: what does not fit waits, what runs is ended at its cap, and what was spent is counted once.

use std::os::unix::fs::PermissionsExt;

use aiwg_testing::{TestDaemon, claude_stand_in, rule, until};
use serde_json::{Value, json};

/// An agent that runs until the file `go` is there.
const UNTIL_GO: &str = "while [ ! -e go ]; do sleep 0.01; done";

/// A daemon with this budget, whose agents tell what they cost.
fn with(budget: Value) -> TestDaemon {
    TestDaemon::with(json!({ "agent": claude_stand_in(), "budget": budget }))
}

fn budget_of(daemon: &TestDaemon) -> Value {
    daemon.call("budget.status", json!({}))
}

/// The topics about budgets that were published.
fn told(daemon: &TestDaemon) -> Vec<Value> {
    let events = daemon.call("event.list", json!({ "topics": ["budget:*"], "since": 0 }));
    events.as_array().unwrap().iter().map(|event| event["topic"].clone()).collect()
}

fn is_about(got: &Value, wanted: f64) -> bool {
    got.as_f64().is_some_and(|got| (got - wanted).abs() < 1e-9)
}

#[test]
fn what_does_not_fit_waits_until_the_day_turns_or_the_bound_is_raised() {
    let mut daemon = with(json!({ "day_usd": 1, "unknown_cost_usd": 0.6 }));
    let first = daemon.ended(&daemon.submit("cost 0.75"));
    assert_eq!(first["state"], "completed");
    let second = daemon.submit("cost 0.5");
    let waiting = daemon.task(&second);
    let status = budget_of(&daemon);
    assert_eq!((&waiting["state"], &waiting["waiting"]), (&json!("queued"), &json!("budget")));
    assert_eq!(waiting["waitingUntil"], status["dayEndsAt"]);
    let bound = &status["bounds"][0];
    assert_eq!((&bound["span"], &bound["rule"]), (&json!("day"), &Value::Null));
    assert!(is_about(&bound["spentUsd"], 0.75) && is_about(&bound["leftUsd"], 0.25), "{status}");
    assert_eq!(told(&daemon), ["budget:exhausted"]);
    daemon.restart();
    assert_eq!(daemon.task(&second)["waiting"], "budget");
    let shown = &daemon.status()["subsystems"]["budget"]["bounds"][0];
    assert!(is_about(&shown["spentUsd"], 0.75), "{shown}");
    daemon
        .reload(json!({ "agent": claude_stand_in(), "budget": { "day_usd": 1.5, "unknown_cost_usd": 0.6 } }));
    assert_eq!(daemon.ended(&second)["state"], "completed");
    assert!(is_about(&budget_of(&daemon)["spentUsd"], 1.25), "{}", budget_of(&daemon));
    assert_eq!(told(&daemon), ["budget:exhausted", "budget:warning"]);
}

#[test]
fn what_is_set_aside_outlasts_the_daemon() {
    let mut daemon = with(json!({ "day_usd": 1, "unknown_cost_usd": 0.6 }));
    let first = daemon.submit(UNTIL_GO);
    let second = daemon.submit("true");
    assert_eq!(daemon.task(&second)["waiting"], "budget");
    daemon.leave_agents();
    daemon.start();
    assert!(is_about(&budget_of(&daemon)["reservedUsd"], 0.6), "{}", budget_of(&daemon));
    assert_eq!(daemon.task(&second)["waiting"], "budget");
    daemon.write("go", "");
    // It costs a cent, so that there is room for the second.
    assert_eq!(daemon.ended(&first)["state"], "completed");
    assert_eq!(daemon.ended(&second)["state"], "completed");
    let status = budget_of(&daemon);
    assert!(is_about(&status["spentUsd"], 0.02) && is_about(&status["reservedUsd"], 0.0), "{status}");
    assert_eq!(told(&daemon), Vec::<Value>::new());
}

#[test]
fn a_person_may_have_a_task_ignore_the_budget() {
    let daemon = with(json!({ "day_usd": 1, "unknown_cost_usd": 1 }));
    daemon.ended(&daemon.submit("cost 1"));
    let waiting = daemon.submit("true");
    let urgent = daemon.submit_with(json!({ "prompt": "do: cost 0.5", "ignoreBudget": true }));
    assert_eq!(daemon.ended(&urgent)["state"], "completed");
    assert_eq!(daemon.task(&waiting)["state"], "queued");
    assert!(is_about(&budget_of(&daemon)["spentUsd"], 1.5), "it counts");
}

#[test]
fn an_agent_is_given_its_cap_and_ended_beyond_it() {
    let daemon = with(json!({ "task_usd": 2, "day_usd": 30 }));
    let given = daemon.ended(&daemon.submit("answer \"cap $cap\"; cost 1.5"));
    assert_eq!(given["result"], "cap 2.0000");
    daemon.reload(json!({ "agent": claude_stand_in(), "budget": { "task_usd": 2, "day_usd": 2.5 } }));
    let rest = daemon.ended(&daemon.submit("answer \"cap $cap\"; cost 0.1"));
    assert_eq!(
        rest["result"], "cap 0.5000",
        "a part of what is left of the day: another such task fits beside it"
    );
    daemon.reload(json!({ "agent": claude_stand_in(), "budget": { "task_usd": 2, "day_usd": 30 } }));
    // It tells what it cost, and goes on working.
    let over = daemon.ended(&daemon.submit("cost 2.5; background 'sleep 1000'"));
    assert_eq!((&over["state"], &over["reason"]), (&json!("failed"), &json!("budget")));
    assert!(over["error"].as_str().unwrap().contains("budget"), "{over}");
    assert!(is_about(&budget_of(&daemon)["spentUsd"], 4.1), "{}", budget_of(&daemon));
}

#[test]
fn agents_that_spend_all_that_they_are_given_do_not_pass_a_bound_together() {
    let daemon = with(json!({ "day_usd": 1.2, "unknown_cost_usd": 0.4 }));
    let spend = "while [ ! -e go ]; do sleep 0.01; done; cost $cap";
    let tasks: Vec<String> = (0..3).map(|_| daemon.submit(spend)).collect();
    until("all of them", || daemon.runs().len() == 3);
    daemon.write("go", "");
    for task in tasks {
        assert_eq!(daemon.ended(&task)["state"], "completed");
    }
    assert!(is_about(&budget_of(&daemon)["spentUsd"], 1.2), "{}", budget_of(&daemon));
}

#[test]
fn the_cap_of_a_profile_is_kept_without_a_budget_and_the_smaller_cap_counts() {
    let capped = || json!({ "capped": { "command": claude_stand_in()["command"], "cap_usd": 2 } });
    let config = |budget: Value| json!({ "agent": claude_stand_in(), "agents": capped(), "budget": budget });
    let daemon = TestDaemon::with(config(json!({})));
    let run = |script: &str, agent: &str| {
        daemon.ended(&daemon.submit_with(json!({ "prompt": format!("do: {script}"), "agent": agent })))
    };
    assert_eq!(run("answer \"cap $cap\"; cost 1.5", "capped")["result"], "cap 2.0000");
    // It tells what it cost, and goes on working.
    let over = run("cost 2.5; background 'sleep 1000'", "capped");
    assert_eq!((&over["state"], &over["reason"]), (&json!("failed"), &json!("budget")));
    assert!(over["error"].as_str().unwrap().contains("raise \"agents.capped.cap_usd\""), "{over}");
    let free = daemon.ended(&daemon.submit("answer \"cap $cap\"; cost 2.5"));
    assert_eq!((&free["state"], &free["result"]), (&json!("completed"), &json!("cap ")), "it has no cap");
    daemon.reload(config(json!({ "task_usd": 1.25 })));
    assert_eq!(run("answer \"cap $cap\"; cost 0.5", "capped")["result"], "cap 1.2500");
    daemon.reload(config(json!({ "task_usd": 3 })));
    assert_eq!(run("answer \"cap $cap\"; cost 0.5", "capped")["result"], "cap 2.0000");
}

/// A daemon whose agent is a script that writes what `claude` does. `answers N` writes N answers of a thousand tokens, each of which costs a dollar.
fn with_script(script: &str, budget: Value) -> TestDaemon {
    let mut daemon = TestDaemon::stopped(json!({}));
    let answer = r#"{"type":"assistant","session_id":"%s","message":{"id":"%s","model":"m","usage":{"output_tokens":1000}}}"#;
    let answers = format!("answers() {{ for n in $(seq $1); do printf '{answer}\\n' $$ $n; done; }}");
    daemon.write("agent", format!("#!/bin/sh\ncat >/dev/null\n{answers}\n{script}\n"));
    let path = daemon.file("agent");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let command = json!([path, "--output-format", "stream-json"]);
    daemon.configure(json!({ "agent": { "command": command }, "budget": budget }));
    daemon.start();
    daemon
}

#[test]
fn tokens_with_a_price_count_however_their_run_ends() {
    let prices = json!({ "m": { "input": 1000, "output": 1000 } });
    for (end, usd) in [
        ("answers 5; exit 1", 5.0),
        ("answers 5; kill -9 $$", 5.0),
        // Its shim with it: the run is lost, and is done again.
        ("answers 5; kill -9 $PPID; sleep 1000", 5.0),
        (r#"answers 4; echo '{"type":"result","is_error":false,"result":"x"}'"#, 4.0),
        // One answer is of a model without a price.
        (
            r#"answers 3; echo '{"type":"assistant","message":{"id":"x","model":"n","usage":{"output_tokens":9}}}'"#,
            3.0,
        ),
    ] {
        let budget = json!({ "day_usd": 5, "task_usd": 5, "unknown_cost_usd": 0.5, "prices": prices });
        let daemon = with_script(end, budget);
        let id = daemon.submit("x");
        until("its cost", || is_about(&budget_of(&daemon)["spentUsd"], usd));
        let shown =
            if end.contains("PPID") { None } else { Some(daemon.ended(&id)["usage"]["costUsd"].clone()) };
        assert!(shown.is_none_or(|shown| is_about(&shown, usd)), "{end}");
        if usd >= 5.0 {
            let second = daemon.submit("x");
            assert_eq!(daemon.task(&second)["state"], "queued", "the bound holds: {end}");
        }
    }
}

#[test]
fn what_is_spent_while_there_is_no_daemon_counts_by_its_price() {
    let budget =
        json!({ "day_usd": 50, "unknown_cost_usd": 0.5, "prices": { "m": { "input": 0, "output": 1000 } } });
    let mut daemon = with_script(
        "touch there; while [ ! -e go ]; do sleep 0.01; done; answers 3; touch spent; exit 1",
        budget,
    );
    let id = daemon.submit("x");
    until("the agent", || daemon.file("there").exists());
    daemon.leave_agents();
    daemon.write("go", "");
    until("its end", || daemon.file("spent").exists());
    daemon.start();
    let task = daemon.ended(&id);
    assert!(is_about(&task["usage"]["costUsd"], 3.0), "{task}");
    assert!(is_about(&budget_of(&daemon)["spentUsd"], 3.0), "{}", budget_of(&daemon));
    let report = daemon.call("report.get", json!({}));
    assert!(is_about(&report["costUsd"], 3.0), "{report}");
}

#[test]
fn a_rule_has_a_budget_of_its_own() {
    let config = |day: f64| {
        json!({
            "rules": [rule("dear", "a:b", "do: true"), rule("other", "a:c", "do: true")],
            "budget": { "unknown_cost_usd": 1, "rules": { "dear": { "day_usd": day } } }
        })
    };
    let daemon = TestDaemon::with(config(1.0));
    daemon.emit("a:b", json!({}));
    daemon.ended("task-0001");
    daemon.emit("a:b", json!({}));
    assert_eq!(daemon.task("task-0002")["waiting"], "budget");
    daemon.emit("a:c", json!({}));
    assert_eq!(daemon.ended("task-0003")["state"], "completed");
    let status = budget_of(&daemon);
    let of_rule = |name: &str| {
        let rules = status["byRule"].as_array().unwrap();
        rules.iter().find(|of| of["rule"] == name).unwrap_or_else(|| panic!("{status}"))["dayUsd"].clone()
    };
    assert!(is_about(&of_rule("dear"), 1.0) && is_about(&of_rule("other"), 1.0), "{status}");
    let exhausted = daemon.call("event.list", json!({ "topics": ["budget:exhausted"] }));
    assert_eq!(exhausted[0]["payload"]["rule"], "dear");
    daemon.reload(config(2.0));
    assert_eq!(daemon.ended("task-0002")["state"], "completed");
}

#[test]
fn a_rule_may_react_to_a_budget_that_is_used_up() {
    let daemon = TestDaemon::with(json!({
        "rules": [rule("tell", "budget:warning", "do: echo {{ event.payload.span }} >told")],
        "budget": { "unknown_cost_usd": 1, "day_usd": 3 , "warn_at": 0.3 }
    }));
    daemon.ended(&daemon.submit("true"));
    until("the rule's task", || daemon.file("told").exists());
    daemon.ended("task-0002");
    assert_eq!(told(&daemon), ["budget:warning"]);
}

#[test]
fn without_a_budget_nothing_waits_and_what_is_told_is_shown() {
    let daemon = TestDaemon::with(json!({ "agent": claude_stand_in() }));
    daemon.ended(&daemon.submit("cost 0.25"));
    let status = budget_of(&daemon);
    assert!(is_about(&status["spentUsd"], 0.25), "{status}");
    assert_eq!((&status["bounds"], &status["reservedUsd"]), (&json!([]), &json!(0.0)));
    assert_eq!(status["byDay"][0]["day"], status["day"]);
    assert_eq!(daemon.status()["subsystems"].get("budget"), None);
}
