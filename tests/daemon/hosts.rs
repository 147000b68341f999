//! Several hosts that share a store: a daemon in a directory of its own each, on one PostgreSQL.

#[allow(dead_code, unreachable_pub, clippy::print_stderr)]
#[path = "../postgres/cluster.rs"]
mod cluster;

use std::{fs, time::Duration};

use aiwg_testing::{TestDaemon, processes_of, rule, until};
use cluster::{Cluster, PASSWORD};
use serde_json::{Value, json};

/// A script whose agent begins, and ends when the file `go` is in its project.
const WAITS: &str = "touch began; until [ -e go ]; do sleep 0.02; done; echo done";

/// A PostgreSQL with one project for all.
pub(crate) struct Fleet {
    pub(crate) cluster: Cluster,
}

impl Fleet {
    /// None where there is no PostgreSQL.
    pub(crate) fn start() -> Option<Self> {
        let cluster = Cluster::start()?;
        let passwords = cluster.path("pgpass");
        fs::write(&passwords, format!("*:*:*:*:{}\n", PASSWORD.replace(':', "\\:"))).unwrap();
        cluster.close_to_others(&passwords);
        Some(Self { cluster })
    }

    pub(crate) fn config(&self, more: &Value) -> Value {
        let store =
            format!("{}&passfile={}", self.cluster.url("fleet"), self.cluster.path("pgpass").display());
        let mut config = json!({ "store": store, "daemon": { "max_parallel_actions": 1 } });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    }

    pub(crate) fn host(&self, more: Value) -> TestDaemon {
        TestDaemon::with(self.config(&more))
    }
}

/// The ids of the hosts, in the order of their starts.
fn ids(daemon: &TestDaemon) -> Vec<String> {
    let hosts = daemon.call("host.list", json!({}))["hosts"].take();
    hosts.as_array().unwrap().iter().map(|host| host["id"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn own_id(daemon: &TestDaemon) -> String {
    let hosts = daemon.call("host.list", json!({}))["hosts"].take();
    let own = hosts.as_array().unwrap().iter().find(|host| host["isThis"] == true).unwrap().clone();
    own["id"].as_str().unwrap().to_owned()
}

pub(crate) fn state_of(daemon: &TestDaemon, id: &str) -> String {
    let hosts = daemon.call("host.list", json!({}))["hosts"].take();
    let host = hosts.as_array().unwrap().iter().find(|host| host["id"] == id).unwrap().clone();
    host["state"].as_str().unwrap().to_owned()
}

pub(crate) fn issues(daemon: &TestDaemon) -> String {
    daemon.status()["issues"].to_string()
}

#[test]
fn a_second_host_joins_and_both_work_off_one_queue() {
    let Some(fleet) = Fleet::start() else { return };
    let config = json!({ "rules": [rule("r", "a:b", "do: true")] });
    let (a, b) = (fleet.host(config.clone()), fleet.host(config));
    assert_eq!(ids(&a), [own_id(&a), own_id(&b)]);
    let tasks = [a.submit(WAITS), a.submit(WAITS)];
    until("an agent on each", || a.file("began").exists() && b.file("began").exists());
    let hosts = tasks.clone().map(|id| b.task(&id)["host"]["id"].as_str().unwrap().to_owned());
    assert_ne!(hosts[0], hosts[1]);
    // Each is waited for from the host where it does not run, and its end is an event there.
    for daemon in [&a, &b] {
        daemon.write("go", "");
    }
    for (id, daemon) in tasks.iter().zip([&b, &a]) {
        assert_eq!(daemon.ended(id)["state"], "completed", "{id}");
    }
    let events = |daemon: &TestDaemon| daemon.call("event.list", json!({ "topics": ["task:*"], "since": 0 }));
    until("the same events on both", || events(&a) == events(&b));
    let names: Vec<Value> =
        events(&a).as_array().unwrap().iter().map(|event| event["payload"]["host"].clone()).collect();
    assert!(names.iter().filter(|name| name.is_string()).count() >= 4, "{names:?}");

    // What a rule makes is made once, wherever its event comes in.
    let before = a.total();
    for _ in 0..10 {
        a.emit("a:b", json!({}));
        b.emit("a:b", json!({}));
    }
    until("the tasks of the rule", || {
        a.total() == before + 20 && b.call("task.stats", json!({}))["completed"] == before + 20
    });
}

#[test]
fn what_is_asked_of_one_host_is_done_on_the_other() {
    let Some(fleet) = Fleet::start() else { return };
    let mut config = json!({ "host": { "labels": ["a"] } });
    config["agent"] = aiwg_testing::live_stand_in();
    let a = fleet.host(config.clone());
    config["host"]["labels"] = json!(["b"]);
    let b = fleet.host(config);
    let on_b = |prompt: &str| a.submit_with(json!({ "prompt": format!("do: {prompt}"), "runsOn": ["b"] }));

    let busy = "tool touch began; while [ ! -e go ]; do sleep 0.01; done";
    let id = on_b(&format!("{busy} next: answer first"));
    until("its agent on b", || b.file("began").exists());
    assert!(!a.file("began").exists());
    a.call("task.send", json!({ "taskId": id, "message": "do: answer second" }));
    until("the message on b", || b.task(&id)["messages"][0].is_object());
    b.write("go", "");
    let ended = a.ended(&id);
    assert_eq!(ended["state"], "completed", "{ended}");
    assert_eq!(ended["messages"][0]["state"], "delivered", "{ended}");
    let error = a.error("task.diff", json!({ "taskId": id }));
    assert_eq!(error["data"]["kind"], "task_elsewhere", "{error}");

    fs::remove_file(b.file("began")).unwrap();
    fs::remove_file(b.file("go")).unwrap();
    let id = on_b(busy);
    until("its agent on b", || b.file("began").exists());
    assert_eq!(a.call("task.cancel", json!({ "taskId": id }))["state"], "running");
    let ended = a.ended(&id);
    assert_eq!(
        (ended["state"].as_str(), ended["reason"].as_str()),
        (Some("cancelled"), Some("cancel")),
        "{ended}"
    );
}

#[test]
fn a_task_that_no_host_can_run_blocks_no_other() {
    let Some(fleet) = Fleet::start() else { return };
    let a = fleet.host(json!({ "host": { "labels": ["home"] } }));
    let b = fleet.host(json!({ "host": { "labels": ["gpu"] } }));
    let nobody = a.submit_with(json!({ "prompt": "do: true", "runsOn": ["tpu"], "priority": 100 }));
    let variable = b.submit_with(
        json!({ "prompt": "do: true", "env": { "X": "${AIWG_IS_IN_NO_ENVIRONMENT}" }, "priority": 90 }),
    );
    // It is shared: only where the project's files are.
    let shared = b.submit("touch here");
    let ended = b.ended(&shared);
    assert_eq!((&ended["state"], &ended["host"]["id"]), (&json!("completed"), &json!(own_id(&a))), "{ended}");
    assert!(a.file("here").exists() && !b.file("here").exists());
    for (daemon, id) in [(&a, &nobody), (&b, &nobody), (&a, &variable)] {
        assert_eq!(daemon.task(id)["waiting"], "host", "{}", daemon.task(id));
    }
    until("the health", || {
        issues(&a).contains(&format!("{nobody} waits for a host with the labels home, tpu"))
    });
    // A host that has it comes.
    let config = fleet.config(&json!({ "host": { "labels": ["tpu", "home"] } }));
    let c = TestDaemon::with(config);
    assert_eq!(a.ended(&nobody)["host"]["id"], own_id(&c));
    until("the health again", || !issues(&a).contains(&nobody));
    a.call("task.cancel", json!({ "taskId": variable }));
}

/// A host that is given up while it lives meets the successor of what it ran, and does it no harm.
#[test]
fn a_stale_report_meets_a_running_successor() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, b) = (fleet.host(json!({})), fleet.host(json!({})));
    let first = a.submit(WAITS);
    until("an agent on one", || a.file("began").exists() || b.file("began").exists());
    let (other, one) = if a.file("began").exists() { (&b, &a) } else { (&a, &b) };
    let lost = other.call("host.lost", json!({ "host": own_id(one) }));
    assert_eq!(lost["tasks"], json!([first]), "{lost}");
    until("an agent on the other one", || other.file("began").exists());
    let running = other.task(&first);
    assert_eq!(
        (running["state"].as_str(), running["attempts"].as_u64()),
        (Some("running"), Some(2)),
        "{running}"
    );
    // The one that was given up hears of it, ends its agent, and takes part again.
    let agents = |daemon: &TestDaemon| {
        processes_of(daemon.path()).iter().filter(|(_, name)| name.contains("stand-in")).count()
    };
    until("the end of its agent", || agents(one) == 0);
    until("its return", || state_of(other, &own_id(one)) == "up");
    one.write("go", "");
    let next = one.submit("echo next");
    assert_eq!(one.ended(&next)["state"], "completed");
    let running = one.task(&first);
    assert_eq!(
        (running["state"].as_str(), &running["host"]["id"]),
        (Some("running"), &json!(own_id(other))),
        "{running}"
    );
    other.write("go", "");
    let ended = one.ended(&first);
    assert_eq!(
        (ended["state"].as_str(), ended["attempts"].as_u64()),
        (Some("completed"), Some(2)),
        "{ended}"
    );
    assert_eq!(one.call("task.stats", json!({}))["completed"], 2);
}

#[test]
fn a_host_that_was_stopped_finds_its_own_agents_and_no_others() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, mut b) = (
        fleet.host(json!({ "host": { "labels": ["a"] } })),
        fleet.host(json!({ "host": { "labels": ["b"] } })),
    );
    let [on_a, on_b] =
        ["a", "b"].map(|label| a.submit_with(json!({ "prompt": format!("do: {WAITS}"), "runsOn": [label] })));
    until("an agent on each", || a.file("began").exists() && b.file("began").exists());
    b.restart();
    let tasks = [&on_a, &on_b].map(|id| a.task(id));
    assert!(tasks.iter().all(|task| task["state"] == "running" && task["attempts"] == 1), "{tasks:?}");
    for daemon in [&a, &b] {
        daemon.write("go", "");
    }
    for id in [&on_a, &on_b] {
        assert_eq!(a.ended(id)["attempts"], 1);
    }
    // One that has ended in order is not looked for; what is asked of its label waits.
    b.stop();
    let id = own_id(&a);
    until("its end", || {
        ids(&a).iter().filter(|other| **other != id).all(|other| state_of(&a, other) == "stopped")
    });
}

#[test]
fn a_task_goes_on_where_it_was_given_up_while_its_agent_ran() {
    let Some(fleet) = Fleet::start() else { return };
    let a = fleet.host(json!({}));
    let mut b = fleet.host(json!({ "host": { "labels": ["b"] } }));
    let id = a.submit_with(json!({ "prompt": format!("do: {WAITS}"), "runsOn": ["b"] }));
    until("its agent", || b.file("began").exists());
    let host = own_id(&b);
    b.leave_agents();
    a.call("host.lost", json!({ "host": host }));
    fs::remove_file(b.file("began")).unwrap();
    b.start();
    // The agent that was given up is ended first, and nothing fails for it.
    until("the next agent", || b.file("began").exists());
    b.write("go", "");
    assert_eq!(b.ended(&id)["state"], "completed");
}

#[test]
fn one_host_watches_the_files_and_another_takes_that_over() {
    let Some(fleet) = Fleet::start() else { return };
    let config = |labels: Value| {
        let trigger = json!({ "type": "file_change", "pattern": "src/*" });
        let action = json!({ "type": "submit_task", "prompt": "do: true" });
        json!({ "host": { "labels": labels }, "rules": [{
            "id": "files", "trigger": trigger, "condition": { "type": "always" }, "action": action }] })
    };
    let (a, mut home) = (fleet.host(config(json!([]))), fleet.host(config(json!(["home"]))));
    let watches = |daemon: &TestDaemon| daemon.status()["subsystems"]["file_watcher"]["enabled"] == true;
    until("home to watch, and nobody else", || watches(&home) && !watches(&a));
    for daemon in [&a, &home] {
        fs::create_dir_all(daemon.file("src")).unwrap();
    }
    a.write("src/of-a", "1");
    home.write("src/of-home", "1");
    let told = || a.call("event.list", json!({ "topics": ["file:*"], "since": 0 })).to_string();
    until("the change", || told().contains("of-home"));
    assert!(!told().contains("of-a"), "{}", told());
    home.stop();
    until("the other one to watch", || watches(&a));
    until("a change there", || {
        a.write("src/later", fs::read_to_string(a.file("src/later")).unwrap_or_default() + "x");
        std::thread::sleep(Duration::from_millis(100));
        told().contains("later")
    });
}

#[test]
fn a_host_drains_and_a_configuration_that_differs_is_said() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, b) = (fleet.host(json!({})), fleet.host(json!({})));
    let drained = a.call("host.drain", json!({ "host": own_id(&b) }));
    assert_eq!(drained["state"], "draining", "{drained}");
    for _ in 0..5 {
        let id = b.submit("true");
        assert_eq!(b.ended(&id)["host"]["id"], own_id(&a));
    }
    a.call("host.drain", json!({ "host": own_id(&b), "resume": true }));
    a.call("host.drain", json!({ "host": own_id(&a) }));
    let id = a.submit("true");
    assert_eq!(a.ended(&id)["host"]["id"], own_id(&b));

    let words = "another configuration than";
    assert!(!issues(&a).contains(words) && !issues(&b).contains(words));
    a.reload(fleet.config(&json!({ "rules": [rule("r", "a:b", "do: true")] })));
    until("the other one to say so", || issues(&b).contains(words));
    b.reload(fleet.config(&json!({ "rules": [rule("r", "a:b", "do: true")] })));
    until("all to be one again", || !issues(&a).contains(words) && !issues(&b).contains(words));
    let error = a.error("host.lost", json!({ "host": own_id(&a) }));
    assert_eq!(error["data"]["kind"], "invalid_params", "{error}");
    let error = a.error("host.drain", json!({ "host": "nobody" }));
    assert_eq!(error["data"]["kind"], "host_not_found", "{error}");
}

#[test]
fn a_store_in_the_projects_directory_has_one_host() {
    let daemon = TestDaemon::with(json!({ "host": { "labels": ["home"] } }));
    let hosts = daemon.call("host.list", json!({}))["hosts"].take();
    let host = &hosts.as_array().unwrap()[0];
    assert_eq!(
        (&host["id"], &host["state"], &host["labels"]),
        (&json!("local"), &json!("up"), &json!(["home"]))
    );
    assert_eq!(hosts.as_array().unwrap().len(), 1);
    let id = daemon.submit_with(json!({ "prompt": "do: true", "runsOn": ["other"] }));
    assert_eq!(daemon.ended(&id)["state"], "completed", "there is no other");
    assert!(daemon.task(&id)["host"].is_null());
    for method in ["host.drain", "host.lost"] {
        assert_eq!(daemon.error(method, json!({ "host": "local" }))["data"]["kind"], "host_not_found");
    }
}
