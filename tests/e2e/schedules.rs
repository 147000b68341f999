//! Schedules: firing, making up for what was missed, the health check.

use std::{
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{Project, postgres::is_about_sqlite, until, until_some};

fn scheduled(schedule: Value, more: Value) -> Project {
    let mut section = json!({ "enabled": true });
    section.as_object_mut().unwrap().extend(schedule.as_object().unwrap().clone());
    let mut config = json!({ "schedule": section });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Project::new(config)
}

fn events(project: &Project, topic: &str) -> Vec<Value> {
    let events = project.wire().call("event.list", json!({ "topics": [topic], "since": 0 }));
    events.as_array().unwrap().clone()
}

/// Moves the time at which the daemon last looked at its schedules back by so many hours. Returns the number of schedules that it knows.
fn last_looked(project: &Project, hours: u32) -> u32 {
    let script = "import sqlite3, sys\n\
                  db = sqlite3.connect(sys.argv[1])\n\
                  moved = \"UPDATE cursor SET value = json_set(value, '$.at', value ->> '$.at' - ? * 3600000) WHERE source = 'schedule'\"\n\
                  print(db.execute(moved, [int(sys.argv[2])]).rowcount)\n\
                  db.commit()";
    let mut python = Command::new("python3");
    let database = project.file(".aiwg/daemon/daemon.db");
    let done = python.args(["-c", script]).arg(database).arg(hours.to_string()).output().unwrap();
    String::from_utf8(done.stdout).unwrap().trim().parse().unwrap()
}

/// The hour on the clocks of Kathmandu, which are 5:45 hours ahead of UTC all year.
fn hour_in_kathmandu() -> u64 {
    let minutes = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 60;
    (minutes + 5 * 60 + 45) / 60 % 24
}

#[test]
fn it_fires_on_the_minute_and_once() {
    let jobs = json!([
        { "name": "each-minute", "cron": "* * * * *", "action": "look" },
        { "name": "never", "cron": "0 0 30 2 *", "action": "look" }
    ]);
    let rule = json!({ "id": "by-rule", "trigger": { "type": "schedule", "cron": "*/1 * * * *" },
        "action": { "type": "submit_task", "prompt": "Look at {{ event.payload.at }}" } });
    let actions = json!({ "look": { "type": "submit_task", "prompt": "Look around", "priority": 7 } });
    let project = scheduled(json!({ "jobs": jobs }), json!({ "actions": actions, "rules": [rule] }));
    project.start();
    let mut subscriber = project.wire();
    subscriber.call("event.subscribe", json!({ "topics": ["schedule:*"] }));
    until("both to fire", || events(&project, "schedule:*").len() == 2);
    let (job, rule) = (events(&project, "schedule:each-minute"), events(&project, "schedule:by-rule"));
    let at = job[0]["payload"]["at"].as_str().unwrap();
    assert!(at.ends_with(":00.000Z"), "{at}");
    assert_eq!(
        job[0]["payload"],
        json!({ "job": "each-minute", "at": at, "caughtUp": false, "manual": false })
    );
    assert_eq!((&rule[0]["payload"]["at"], &rule[0]["source"]), (&json!(at), &json!("scheduler")));
    assert_eq!(subscriber.receive()["method"], "event");
    let prompts: Vec<Value> =
        ["task-0001", "task-0002"].iter().map(|id| project.ended(id)["prompt"].clone()).collect();
    assert!(prompts.contains(&json!("Look around")), "{prompts:?}");
    let list = project.json(&["schedule", "list"]);
    assert_eq!(
        (&list[0]["lastAt"], &list[1]["lastAt"], &list[1]["nextAt"]),
        (&json!(at), &Value::Null, &Value::Null)
    );
    assert!(list[0]["nextAt"].as_str().unwrap() > at);
    // Another daemon does not fire it for the same time again.
    project.kill_daemon();
    project.start();
    let of_that_minute = |event: &&Value| event["payload"]["at"] == at;
    assert_eq!(events(&project, "schedule:*").iter().filter(of_that_minute).count(), 2);
}

#[test]
fn a_missed_time_is_made_up_for_once_if_asked_for() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    // Five hours or more from now, before and after: what is due within minutes of this test is on time, and not missed.
    let hour = hour_in_kathmandu();
    let cron = format!("0 {},{} * * *", (hour + 6) % 24, (hour + 18) % 24);
    let jobs = json!([
        { "name": "made-up", "cron": cron, "action": "x", "catch_up": true },
        { "name": "left-out", "cron": cron, "action": "x" }
    ]);
    let project = scheduled(json!({ "jobs": jobs, "timezone": "Asia/Kathmandu" }), json!({}));
    // It looks at the schedules at its start, beside all else.
    until("the schedules to be known", || {
        project.start();
        project.stop();
        last_looked(&project, 30) == 2
    });
    project.start();
    until("what was missed", || !events(&project, "schedule:made-up").is_empty());
    let event = &events(&project, "schedule:made-up")[0];
    assert_eq!(event["payload"]["caughtUp"], true, "{event}");
    // On the clock of the zone: 45 minutes off everyone else's.
    assert!(event["payload"]["at"].as_str().unwrap().ends_with(":15:00.000Z"), "{event}");
    assert_eq!(project.ended("task-0001")["prompt"], "Carry out the action \"x\" for this project.");
    project.stop();
    project.start();
    until("the other to be passed over", || {
        project.read(".aiwg/daemon/daemon.log").contains("job=\"left-out\"")
    });
    assert_eq!(events(&project, "schedule:*").len(), 1);
    assert_eq!(project.json(&["schedule", "list"])[0]["timezone"], "Asia/Kathmandu");
}

#[test]
fn what_a_firing_owes_is_made_up_for_once_after_a_kill() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let hour = hour_in_kathmandu();
    let cron = format!("0 {},{} * * *", (hour + 6) % 24, (hour + 18) % 24);
    let jobs = json!([
        { "name": "morning", "cron": cron, "action": "report", "catch_up": true },
        { "name": "check", "cron": "0 0 30 2 *", "action": "health-check" }
    ]);
    let project = scheduled(json!({ "jobs": jobs, "timezone": "Asia/Kathmandu" }), json!({}));
    until("the schedules to be known", || {
        project.start();
        project.stop();
        last_looked(&project, 30) == 2
    });
    // The database takes the firing, and not the report.
    let database = || Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap();
    let refusing = "CREATE TRIGGER no_report BEFORE INSERT ON cursor WHEN NEW.source = 'report'
                    BEGIN SELECT RAISE(ABORT, 'not now'); END";
    database().execute_batch(refusing).unwrap();
    project.start();
    until("the report to fail", || project.read(".aiwg/daemon/daemon.log").contains("could not be made"));
    assert_eq!(events(&project, "schedule:morning").len(), 1);
    assert_eq!(events(&project, "daemon:report"), [] as [Value; 0]);
    project.kill_daemon();
    // As after a kill in the middle of a health check, and of the report of a job that is no more.
    let owed = "DROP TRIGGER no_report;
                INSERT INTO cursor (source, key, value) VALUES ('owed', 'check', 'x'), ('owed', 'gone', 'y')";
    database().execute_batch(owed).unwrap();
    project.start();
    let count =
        || database().query_row("SELECT count(*) FROM cursor WHERE source = 'owed'", (), |row| row.get(0));
    until("all to be made up for", || matches!(count(), Ok(0)));
    let reports = events(&project, "daemon:report");
    assert_eq!((reports.len(), &reports[0]["payload"]["job"]), (1, &json!("morning")));
    assert_eq!(events(&project, "health:*").len(), 1);
    assert_eq!(events(&project, "schedule:*").len(), 1);
}

#[test]
fn it_can_be_run_by_hand() {
    let jobs = json!([{ "name": "Daily audit", "cron": "0 9 * * *", "action": "security-audit" }]);
    let project = scheduled(json!({ "enabled": false, "jobs": jobs }), json!({}));
    project.start();
    let tested = project.json(&["automation", "test", "--schedule", "Daily audit"]);
    assert_eq!(tested["rules"][0]["prompt"], "Carry out the action \"security-audit\" for this project.");
    assert_eq!(project.json(&["task", "stats"])["total"], 0);
    let done = project.json(&["schedule", "run", "Daily audit"]);
    assert_eq!(done["rules"], json!(["schedule:Daily audit"]));
    let event = &events(&project, "schedule:Daily-audit")[0];
    assert_eq!(event["payload"]["manual"], true);
    assert_eq!(project.ended("task-0001")["state"], "completed");
    let list = project.json(&["schedule", "list"]);
    assert_eq!((&list[0]["lastAt"], &list[0]["nextAt"]), (&Value::Null, &Value::Null));
    let unknown = project.wire().try_call("schedule.run", json!({ "job": "daily" }));
    assert_eq!(unknown["error"]["data"]["kind"], "job_not_found");
    let said = project.run(&["schedule", "run", "daily"]);
    assert!(said.code == 1 && said.err.contains("did you mean \"Daily audit\"?"), "{}", said.err);
}

#[test]
fn the_health_check_really_looks() {
    let jobs = json!([{ "name": "health-check", "cron": "0 0 1 1 *", "action": "health-check" }]);
    let project = scheduled(json!({ "jobs": jobs }), json!({}));
    project.start();
    assert_eq!(project.json(&["daemon", "status"])["health_check"], Value::Null);
    project.json(&["schedule", "run", "health-check"]);
    let found = project.json(&["daemon", "status"])["health_check"].clone();
    assert_eq!(found["health"], "healthy", "{found}");
    let names: Vec<&str> =
        found["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["store", "disk", "socket", "files", "agent", "queue", "rules"]);
    assert_eq!(events(&project, "health:ok")[0]["payload"]["health"], "healthy");
    assert_eq!(project.json(&["task", "stats"])["total"], 0);

    let rule = json!({ "id": "r", "trigger": { "type": "event", "topic": "a" }, "max_firings": 1,
        "action": { "type": "submit_task", "prompt": "x" } });
    project.configure(
        &json!({ "agent": { "command": ["no-such-agent"] }, "schedule": { "jobs": jobs, "enabled": true },
        "rules": [rule] })
        .to_string(),
    );
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    project.json(&["event", "emit", "a"]);
    project.json(&["event", "emit", "a"]);
    project.json(&["schedule", "run", "health-check"]);
    let status = project.json(&["daemon", "status"]);
    let checks = status["health_check"]["checks"].as_array().unwrap();
    let bad: Vec<&str> = checks
        .iter()
        .filter(|check| check["ok"] == false)
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(bad, ["agent", "rules"], "{checks:?}");
    assert_eq!(status["health"], "degraded");
    let kinds: Vec<&str> =
        status["issues"].as_array().unwrap().iter().map(|issue| issue["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"health_check"), "{kinds:?}");
    assert!(events(&project, "health:degraded")[0]["payload"]["checks"].is_array());
    let state = until_some("state.json", || {
        let state: Value = serde_json::from_str(&project.read(".aiwg/daemon/state.json")).ok()?;
        Some(state).filter(|state| state["health_check"]["health"] == "degraded")
    });
    assert_eq!(state["health"], "degraded");
}

#[test]
fn the_next_times_need_no_daemon() {
    let project = Project::empty();
    let next = |args: &[&str]| project.run(&[&["schedule", "next"], args].concat());
    let berlin = ["30 2 * * *", "--timezone", "Europe/Berlin", "--from", "2026-03-28T12:00", "--count", "2"];
    assert_eq!(next(&berlin).out, "2026-03-29T03:00:00+02:00\n2026-03-30T02:30:00+02:00\n");
    let times: Value = serde_json::from_str(&next(&["@daily", "--timezone", "UTC", "--json"]).out).unwrap();
    assert_eq!(times.as_array().unwrap().len(), 5);
    for (args, code, said) in [
        (["61 * * * *", "--count", "1"], 2, "minute"),
        (["* * * * *", "--timezone", "Mars/Olympus"], 2, "Mars/Olympus"),
        (["* * * * *", "--from", "tomorrow"], 2, "tomorrow"),
        (["0 0 30 2 *", "--count", "1"], 1, "never fires"),
    ] {
        let done = next(&args);
        assert!(done.code == code && done.err.contains(said), "{args:?}: {} {}", done.code, done.err);
    }
}

#[test]
fn a_wrong_schedule_is_located() {
    let project = Project::empty();
    project.configure(
        "{\"schedule\": {\n\"timezone\": \"Mars/Olympus\",\n\"jobs\": [\n\
         {\"name\": \"a b\", \"cron\": \"0 9 * *\", \"action\": \"x\"},\n\
         {\"name\": \"a-b\", \"cron\": \"@reboot\", \"action\": \"x\"}]}}",
    );
    let said = project.run(&["config", "check"]).out;
    for line in [
        "daemon.json:2:1: schedule.timezone: there is no time zone",
        "daemon.json:4:17: schedule.jobs[0].cron: a schedule has five fields",
        "daemon.json:5:17: schedule.jobs[1].cron: @reboot is not a time",
        "daemon.json:5:2: schedule.jobs[1].name: the job \"a b\" has the topic",
    ] {
        assert!(said.contains(line), "{line} is not in {said}");
    }
}
