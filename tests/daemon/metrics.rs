//! Metrics: what was spent is counted by rule and agent, over restarts.

use aiwg_testing::{TestDaemon, claude_stand_in, rule};
use serde_json::json;

fn value(daemon: &TestDaemon, series: &str) -> Option<f64> {
    let made = daemon.call("metrics.get", json!({ "format": "prometheus" }));
    let text = made["text"].as_str().unwrap();
    let of = |line: &str| line.rsplit_once(' ').filter(|(name, _)| *name == series)?.1.parse().ok();
    text.lines().find_map(of)
}

#[test]
fn costs_and_tokens_are_those_of_their_rule_and_agent_and_go_on() {
    let mut daemon = TestDaemon::with(json!({
        "agent": claude_stand_in(),
        "agents": { "second": { "command": claude_stand_in()["command"] } },
        "rules": [rule("r", "a:b", "do: cost 0.25")]
    }));
    daemon.emit("a:b", json!({}));
    daemon.ended("task-0001");
    daemon.ended(&daemon.submit_with(json!({ "prompt": "do: cost 0.5", "agent": "second" })));
    let cost = |daemon: &TestDaemon| {
        ["r\",agent=\"", "\",agent=\"second"]
            .map(|of| value(daemon, &format!("aiwg_cost_usd_total{{rule=\"{of}\"}}")).unwrap())
    };
    assert_eq!(cost(&daemon), [0.25, 0.5]);
    daemon.restart();
    assert_eq!(cost(&daemon), [0.25, 0.5]);
    let tokens = |kind: &str| format!("aiwg_tokens_total{{rule=\"\",agent=\"second\",type=\"{kind}\"}}");
    let before = value(&daemon, &tokens("output")).unwrap();
    daemon.ended(&daemon.submit_with(json!({ "prompt": "do: cost 0.5", "agent": "second" })));
    assert_eq!(cost(&daemon), [0.25, 1.0]);
    assert!(before > 0.0 && value(&daemon, &tokens("output")).unwrap() == 2.0 * before);
}

#[test]
fn queued_tasks_are_counted_by_lane_and_by_what_they_wait_for() {
    let daemon = TestDaemon::with(json!({
        "daemon": { "max_parallel_actions": 2 },
        "lanes": { "docs": { "max_parallel": 1 } }
    }));
    let until_go = "do: while [ ! -e go ]; do sleep 0.01; done";
    let first = daemon.submit_with(json!({ "prompt": until_go, "lane": "docs" }));
    let second = daemon.submit_with(json!({ "prompt": until_go }));
    for task in [&first, &second] {
        daemon.wait_for_task(task, "running");
    }
    daemon.submit_with(json!({ "prompt": "do: exit 0", "lane": "docs" }));
    daemon.submit_with(json!({ "prompt": "do: exit 0", "after": [first] }));
    daemon.submit("exit 0");
    let queued = |lane: &str, waiting: &str| {
        value(&daemon, &format!("aiwg_queued_tasks{{lane=\"{lane}\",waiting=\"{waiting}\"}}"))
    };
    assert_eq!(queued("", "dependency"), Some(1.0));
    assert_eq!(queued("", "slot"), Some(1.0));
    // While no slot is free, the gates are not asked.
    assert_eq!(queued("docs", "slot").or(queued("docs", "lane")), Some(1.0));
    assert_eq!(value(&daemon, "aiwg_running_tasks{lane=\"docs\"}"), Some(1.0));
    daemon.call("daemon.pause", json!({}));
    assert_eq!(queued("", "paused"), Some(1.0));
    assert_eq!(value(&daemon, "aiwg_queue_paused"), Some(1.0));
    daemon.call("daemon.resume", json!({}));
    daemon.write("go", "");
    daemon.ended("task-0004");
}
