//! The report of what has happened, and the counts of reasons.

use aiwg_testing::{TestDaemon, rule, until};
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap()).collect()
}

#[test]
fn a_report_says_what_ran_what_failed_and_what_waits() {
    let daemon = TestDaemon::with(json!({
        "daemon": { "max_parallel_actions": 1 },
        "rules": [rule("r", "a:b", "do: echo broken >&2; exit 3")]
    }));
    daemon.ended(&daemon.submit("true"));
    daemon.emit("a:b", json!(null));
    daemon.ended("task-0002");
    let since = daemon.call("ping", json!({}))["timestamp"].clone();
    daemon.submit("while [ ! -e go ]; do sleep 0.01; done");
    daemon.submit("true");
    daemon.submit("true");
    daemon.call("task.hold", json!({ "taskId": "task-0005" }));
    daemon.submit("true");
    daemon.call("task.cancel", json!({ "taskId": "task-0006" }));
    let report = daemon.call("report.get", json!({}));
    assert_eq!(ids(&report["completed"]), ["task-0001"]);
    let failed = &report["failed"][0];
    assert_eq!(
        (&failed["id"], &failed["rule"], &failed["reason"]),
        (&json!("task-0002"), &json!("r"), &json!("failed"))
    );
    assert!(failed["error"].as_str().unwrap().contains("broken"), "{failed}");
    assert_eq!((ids(&report["cancelled"]), ids(&report["running"])), (vec!["task-0006"], vec!["task-0003"]));
    assert_eq!(ids(&report["waiting"]), ["task-0004", "task-0005"]);
    assert_eq!(
        (&report["waiting"][0]["waiting"], &report["waiting"][1]["waiting"]),
        (&Value::Null, &json!("hold"))
    );
    assert_eq!(report["reasons"], json!({ "cancel": 1, "done": 1, "failed": 1 }));
    assert_eq!(report["isCut"], false);
    // What ended before is not in it.
    until("another millisecond", || daemon.call("ping", json!({}))["timestamp"] != since);
    daemon.write("go", "");
    daemon.ended("task-0003");
    daemon.ended("task-0004");
    daemon.ended(&daemon.submit_with(json!({ "prompt": "do: true", "verify": { "command": "true" } })));
    let report = daemon.call("report.get", json!({ "since": since }));
    assert_eq!(ids(&report["completed"]), ["task-0007", "task-0004", "task-0003"]);
    assert_eq!(
        (&report["completed"][0]["verified"], &report["completed"][1]["verified"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!((ids(&report["failed"]), &report["since"]), (vec![], &since));
}

#[test]
fn the_reasons_are_counted() {
    let daemon = TestDaemon::with(json!({}));
    daemon.ended(&daemon.submit("true"));
    daemon.ended(&daemon.submit("true"));
    daemon.ended(&daemon.submit("exit 1"));
    assert_eq!(daemon.call("task.stats", json!({}))["reasons"], json!({ "done": 2, "failed": 1 }));
}

fn reports(daemon: &TestDaemon) -> Vec<Value> {
    let events = daemon.call("event.list", json!({ "topics": ["daemon:report"] }));
    events.as_array().unwrap().iter().map(|event| event["payload"].clone()).collect()
}

#[test]
fn a_job_publishes_the_report_without_an_agent() {
    let morning = json!({ "jobs": [{ "name": "morning", "cron": "0 0 1 1 *", "action": "report" }] });
    let daemon = TestDaemon::with(json!({ "schedule": morning }));
    daemon.ended(&daemon.submit("exit 3"));
    daemon.ended(&daemon.submit("true"));
    daemon.submit_with(json!({ "prompt": "do: true", "delay": "10m" }));
    let unwanted = daemon.submit_with(json!({ "prompt": "do: true", "delay": "10m" }));
    daemon.call("task.cancel", json!({ "taskId": unwanted }));
    for _ in 0..2 {
        daemon.call("schedule.run", json!({ "job": "morning" }));
    }
    assert_eq!(daemon.total(), 4, "no task is made");
    let reports = reports(&daemon);
    // One by hand takes nothing from the next.
    assert_eq!((reports.len(), &reports[0]["failed"], &reports[1]["failed"]), (2, &json!(1), &json!(1)));
    let report = &reports[0];
    let said = report["summary"].as_str().unwrap();
    assert!(said.starts_with("1 task completed, 1 failed, 1 cancelled; 0 running, 1 waiting; $"), "{said}");
    assert_eq!(report["waits"][0]["waiting"], "delay");
    assert_eq!((&report["job"], ids(&report["failures"])), (&json!("morning"), vec!["task-0001"]));
    assert_eq!(report["reasons"], json!({ "cancel": 1, "done": 1, "failed": 1 }));
}

#[test]
fn an_action_of_that_name_of_ones_own_stays_a_task() {
    let daemon = TestDaemon::with(json!({
        "schedule": { "jobs": [{ "name": "morning", "cron": "0 0 1 1 *", "action": "report" }] },
        "actions": { "report": { "type": "submit_task", "prompt": "do: echo mine" } }
    }));
    daemon.call("schedule.run", json!({ "job": "morning" }));
    let task = daemon.ended("task-0001");
    assert!(task["output"].as_str().unwrap().ends_with("mine\n"), "{task}");
    assert_eq!(reports(&daemon), [] as [Value; 0]);
}
