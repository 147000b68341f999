//! Tasks and their processes.

use aiwg_testing::{TestDaemon, processes_of, repository, until};
use serde_json::{Value, json};

#[test]
fn a_task_runs_and_its_output_is_kept() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.ended(&daemon.submit("echo ä; echo wrong >&2; pwd"));
    assert_eq!(task["state"], "completed");
    assert_eq!((&task["exitCode"], &task["attempts"], &task["error"]), (&json!(0), &json!(1), &Value::Null));
    let result = task["result"].as_str().unwrap();
    assert!(
        result.contains("ä\n") && result.contains(daemon.path().canonicalize().unwrap().to_str().unwrap()),
        "{result}"
    );
    assert_eq!(daemon.read(".aiwg/daemon/actions/task-0001/1/stderr.log"), "wrong\n");
    let topics: Vec<Value> = daemon
        .call("event.list", json!({}))
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["topic"].clone())
        .collect();
    assert_eq!(json!(topics), json!(["task:queued", "task:started", "task:completed"]));
}

#[test]
fn a_failure_says_what_the_agent_said() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.ended(&daemon.submit("echo the reason >&2; exit 3"));
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(3)));
    assert_eq!(task["error"], "the agent exited with code 3: the reason");
    let task = daemon.ended(&daemon.submit("kill -9 $$"));
    assert_eq!(task["error"], "the agent was ended by signal 9: stand-in agent: do: kill -9 $$");
}

#[test]
fn without_an_agent_it_says_what_to_do() {
    let daemon = TestDaemon::with(json!({ "agent": { "command": ["no-such-agent", "-p"] } }));
    let task = daemon.ended(&daemon.submit("x"));
    assert_eq!(task["state"], "failed");
    let error = task["error"].as_str().unwrap();
    assert!(error.contains("\"no-such-agent\" was not found: install it, or name another"), "{error}");
    assert_eq!(daemon.ready().warnings, [error]);
    let status = daemon.status();
    assert_eq!((&status["health"], &status["issues"][0]["kind"]), (&json!("degraded"), &json!("agent")));
    assert_eq!(status["issues"][0]["message"], error);
}

#[test]
fn the_health_follows_whether_the_agents_program_is_there() {
    let daemon = TestDaemon::with(json!({}));
    let health = || daemon.status()["health"].clone();
    assert_eq!(health(), "healthy");
    daemon.reload(json!({ "agent": { "command": ["./late-agent"] } }));
    assert_eq!(health(), "degraded");
    std::os::unix::fs::symlink(repository().join("tests/agents/stand-in-agent"), daemon.file("late-agent"))
        .unwrap();
    assert_eq!(health(), "healthy");
    std::fs::remove_file(daemon.file("late-agent")).unwrap();
    assert_eq!(health(), "degraded");
}

#[test]
fn higher_priority_goes_first_then_submission() {
    let daemon = TestDaemon::with(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let blocker = daemon.submit("while [ ! -e go ]; do sleep 0.01; done");
    let mut wire = daemon.wire();
    let mut submit = |priority: i32| {
        wire.call("task.submit", json!({ "prompt": "x", "priority": priority }))["taskId"].clone()
    };
    let (low, first, second, high) = (submit(-5), submit(0), submit(0), submit(10));
    let status = daemon.status();
    let queued = status["subsystems"]["supervisor"]["tasks"]["queued"].as_array().unwrap();
    let order: Vec<&Value> = queued.iter().map(|task| &task["id"]).collect();
    assert_eq!(order, [&high, &first, &second, &low]);
    assert_eq!(status["subsystems"]["supervisor"]["running"], 1);
    daemon.write("go", "");
    daemon.ended(low.as_str().unwrap());
    let expected = [&json!(blocker), &high, &first, &second, &low].map(|id| id.as_str().unwrap().to_owned());
    assert_eq!(daemon.runs(), expected);
}

#[test]
fn no_more_run_at_once_than_allowed() {
    let daemon = TestDaemon::with(json!({ "daemon": { "max_parallel_actions": 2 } }));
    let tasks: Vec<String> =
        (0..4).map(|_| daemon.submit("while [ ! -e go ]; do sleep 0.01; done")).collect();
    until("two agents", || daemon.runs().len() == 2);
    assert_eq!(daemon.call("task.stats", json!({}))["running"], 2);
    daemon.write("go", "");
    for task in &tasks {
        assert_eq!(daemon.ended(task)["state"], "completed");
    }
    let stats = daemon.call("task.stats", json!({}));
    let counts = ["total", "queued", "running", "completed", "failed", "cancelled", "timeout"];
    assert_eq!(json!(counts.map(|name| &stats[name])), json!([4, 0, 0, 4, 0, 0, 0]));
}

#[test]
fn a_task_that_takes_too_long_is_ended() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.call("task.submit", json!({ "prompt": "do: sleep 1000", "timeoutMinutes": 0.005 }));
    let task = daemon.ended(task["taskId"].as_str().unwrap());
    assert_eq!(
        (&task["state"], &task["error"]),
        (&json!("timeout"), &json!("it ran longer than its time limit"))
    );
}

#[test]
fn what_an_agent_leaves_behind_is_ended() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.ended(&daemon.submit("(setsid sleep 1000 &); echo done"));
    assert_eq!(task["state"], "completed");
    assert!(processes_of(daemon.path()).iter().all(|(_, line)| !line.contains("sleep")));
}
