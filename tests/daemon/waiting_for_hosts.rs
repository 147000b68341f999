//! Tasks that wait for a host: one that is home, one that drains, one that was given up.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use aiwg_testing::{TestDaemon, rule, until};
use serde_json::{Value, json};

use crate::hosts::{Fleet, issues, own_id, state_of};

fn labelled(fleet: &Fleet, label: &str) -> TestDaemon {
    fleet.host(json!({ "host": { "labels": [label] } }))
}

fn labels_of(daemon: &TestDaemon, id: &str) -> Value {
    let hosts = daemon.call("host.list", json!({}))["hosts"].take();
    hosts.as_array().unwrap().iter().find(|host| host["id"] == id).unwrap()["labels"].clone()
}

#[test]
fn what_works_in_the_projects_files_waits_for_their_host_until_a_person_gives_it_up() {
    let Some(fleet) = Fleet::start() else { return };
    let (mut home, other) = (labelled(&fleet, "home"), labelled(&fleet, "gpu"));
    let id_of_home = own_id(&home);
    home.stop();
    let id = other.submit("touch here");
    until("the health", || issues(&other).contains(&format!("{id} waits for a host with the labels home")));
    let said = issues(&other);
    assert!(
        said.contains("is not there; start the daemon there") && said.contains("aiwg host lost"),
        "{said}"
    );
    assert_eq!(other.task(&id)["waiting"], "host");
    home.start();
    assert_eq!(other.ended(&id)["host"]["id"], json!(id_of_home));
    assert!(home.file("here").exists() && !other.file("here").exists());

    home.stop();
    let id = other.submit("touch here");
    other.call("host.lost", json!({ "host": id_of_home }));
    assert_eq!(other.ended(&id)["host"]["id"], own_id(&other));
    assert!(other.file("here").exists());
    // It is home again once it is there again.
    home.start();
    let id = other.submit("true");
    assert_eq!(other.ended(&id)["host"]["id"], json!(id_of_home));
    // So it is where it was given up while it lives.
    other.call("host.lost", json!({ "host": id_of_home }));
    until("its return", || {
        state_of(&other, &id_of_home) == "up" && labels_of(&other, &id_of_home) == json!(["home"])
    });
}

#[test]
fn a_host_that_drains_says_so_and_what_only_it_could_run_is_named() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, b) = (labelled(&fleet, "x"), labelled(&fleet, "gpu"));
    a.call("host.drain", json!({ "host": own_id(&b) }));
    let gpu = a.submit_with(json!({ "prompt": "do: true", "runsOn": ["gpu"] }));
    let mars = a.submit_with(json!({ "prompt": "do: true", "runsOn": ["mars"] }));
    for daemon in [&a, &b] {
        until("both in the health", || {
            let said = issues(daemon);
            said.contains(&format!("{gpu} waits for a host with the labels gpu"))
                && said.contains(&format!("{mars} waits for a host with the labels mars"))
                && said.contains("--resume")
        });
        assert_eq!(daemon.task(&gpu)["waiting"], "host");
    }
    let queue = b.status()["subsystems"]["supervisor"].take();
    assert!(queue["pausedSince"].is_null() && queue["hostDrainingSince"].is_string(), "{queue}");
    let queue = a.status()["subsystems"]["supervisor"].take();
    assert!(queue["pausedSince"].is_null() && queue["hostDrainingSince"].is_null(), "{queue}");
    // What is over is not named any more, on the one that drains either.
    a.call("task.cancel", json!({ "taskId": mars }));
    until("one of them", || [&a, &b].iter().all(|daemon| !issues(daemon).contains(&mars)));
    assert!(issues(&b).contains(&gpu));
    b.call("host.drain", json!({ "host": own_id(&b), "resume": true }));
    assert_eq!(a.ended(&gpu)["host"]["id"], own_id(&b));
    until("nothing", || [&a, &b].iter().all(|daemon| !issues(daemon).contains("waits for")));
}

#[test]
fn a_start_that_adopts_frees_what_ran_on_others() {
    let Some(fleet) = Fleet::start() else { return };
    let (mut a, b) = (labelled(&fleet, "x"), labelled(&fleet, "y"));
    let script = "do: touch began; until [ -e go ]; do sleep 0.02; done";
    let id = a.submit_with(json!({ "prompt": script, "runsOn": ["y"] }));
    until("its agent", || b.file("began").exists());
    a.stop();
    a.start_adopting();
    until("its next attempt, on the host that can run it", || {
        let task = b.task(&id);
        task["state"] == "running" && task["attempts"] == 2 && task["host"]["id"] == own_id(&b)
    });
    b.write("go", "");
    assert_eq!(a.ended(&id)["state"], "completed");
}

#[test]
fn hosts_that_are_started_with_different_configurations_say_so() {
    let Some(fleet) = Fleet::start() else { return };
    let words = "another configuration than";
    let rules = json!({ "rules": [rule("r", "a:b", "do: true")] });
    let mut a = fleet.host(rules.clone());
    let b = fleet.host(json!({}));
    until("the first one to say so", || issues(&a).contains(words));
    assert!(!issues(&b).contains(words), "{}", issues(&b));
    // A restart changes nothing about it, and a start with what the other one has does.
    a.restart();
    until("it again", || issues(&a).contains(words));
    a.stop();
    until("nothing of one that is gone", || !issues(&b).contains(words));
    a.configure(fleet.config(&json!({})));
    a.start();
    until("its turn", || a.status()["subsystems"]["supervisor"]["queued"] == 0);
    assert!(!issues(&a).contains(words) && !issues(&b).contains(words), "{}{}", issues(&a), issues(&b));
}

/// The number of a task that has begun on a host that comes back later is not given again.
#[test]
fn no_id_is_given_again_after_a_backup_was_put_back() {
    let Some(mut fleet) = Fleet::start() else { return };
    let (mut a, mut b) = (labelled(&fleet, "a"), labelled(&fleet, "b"));
    let on_b = || json!({ "prompt": "do: true", "runsOn": ["b"] });
    b.ended(&a.submit("true"));
    let copy = |fleet: &Fleet, from: &str, to: &str| {
        let (from, to) = (fleet.cluster.path(from), fleet.cluster.path(to));
        let _ = std::fs::remove_dir_all(&to);
        assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
    };
    fleet.cluster.stop("INT");
    copy(&fleet, "data", "backup");
    fleet.cluster.run();
    until("the store again", || b.status()["health"] == "healthy");
    let lost = b.submit_with(on_b());
    b.ended(&lost);
    // Both have written it down.
    let last = b.call("event.list", json!({ "topics": ["task:completed"], "since": 0 })).to_string();
    assert!(last.contains(&lost));
    for daemon in [&a, &b] {
        until("its events", || {
            let day = std::fs::read_dir(daemon.file(".aiwg/daemon/events")).unwrap().flatten();
            let mut texts = day.map(|entry| std::fs::read_to_string(entry.path()).unwrap());
            texts.any(|text| text.lines().any(|line| line.contains("task:completed") && line.contains(&lost)))
        });
    }
    fleet.cluster.stop("QUIT");
    copy(&fleet, "backup", "data");
    fleet.cluster.run();
    for daemon in [&mut a, &mut b] {
        until("the word of it", || issues(daemon).contains("aiwg daemon restart"));
        daemon.stop();
        daemon.start();
        assert!(issues(daemon).contains("the changes stored last are lost"), "{}", issues(daemon));
    }
    let next = a.submit_with(on_b());
    assert!(next > lost, "{next} after {lost}");
    assert_eq!(a.ended(&next)["state"], "completed");
}

/// As a server does that is frozen, or a network that swallows everything.
#[test]
fn while_the_store_says_nothing_that_is_said_in_time() {
    let Some(fleet) = Fleet::start() else { return };
    let daemon = fleet.host(json!({}));
    daemon.ended(&daemon.submit("true"));
    let server = fleet.cluster.pid().unwrap();
    let signal = |signal: &str| {
        let children = Command::new("pgrep").args(["-P", &server.to_string()]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        let all: Vec<String> =
            std::iter::once(server.to_string()).chain(children.lines().map(str::to_owned)).collect();
        assert!(Command::new("kill").arg(signal).args(all).status().unwrap().success());
    };
    signal("-STOP");
    let began = Instant::now();
    let said = issues(&daemon);
    let error = daemon.error("task.submit", json!({ "prompt": "do: true" }));
    let took = began.elapsed();
    signal("-CONT");
    assert!(said.contains("has said nothing for"), "{said}");
    assert_eq!(error["data"]["kind"], "storage_unavailable", "{error}");
    // Clients wait for 10 seconds by default.
    assert!(took < Duration::from_secs(20), "{took:?}");
    until("the store again", || daemon.status()["health"] == "healthy");
    daemon.ended(&daemon.submit("true"));
}

/// Each host knows its own environment only, and what the others have said to lack.
#[test]
fn a_variable_that_no_host_has_is_named_by_all_of_them() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, b) = (labelled(&fleet, "x"), labelled(&fleet, "y"));
    let env = json!({ "TOKEN": "${AIWG_IS_IN_NO_ENVIRONMENT}" });
    let id = a.submit_with(json!({ "prompt": "do: true", "env": env }));
    let named = format!("{id} waits for a host with AIWG_IS_IN_NO_ENVIRONMENT in its environment");
    for host in [&a, &b] {
        until("the health", || issues(host).contains(&named));
    }
    assert_eq!(a.task(&id)["waiting"], "host");
    a.call("task.cancel", json!({ "taskId": id }));
    for host in [&a, &b] {
        until("the health to be good again", || !issues(host).contains(&named));
    }
}
