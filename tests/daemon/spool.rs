//! Events that were emitted while no daemon was there.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, PermissionsExt, symlink},
    path::PathBuf,
};

use aiwg_testing::{TestDaemon, fits, repository, rule, until};
use serde_json::{Value, json};

fn vectors() -> Value {
    serde_json::from_str(&fs::read_to_string(repository().join("tests/vectors/spool.json")).unwrap()).unwrap()
}

/// Makes the spool, as a client does.
fn spool(daemon: &TestDaemon) -> PathBuf {
    let dir = daemon.file(".aiwg/spool");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).unwrap();
    dir
}

fn name(n: u64) -> String {
    format!("{:016}-4711-{n:06}-0c8f2a4e", 1_795_973_786_042_317 + n)
}

fn put(daemon: &TestDaemon, n: u64, content: &str) -> PathBuf {
    let path = spool(daemon).join(format!("{}.json", name(n)));
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn event(topic: &str, payload: Value, key: &str) -> String {
    let at = "2026-11-29T12:00:00.042Z";
    json!({ "version": 1, "topic": topic, "payload": payload, "at": at, "idempotencyKey": key }).to_string()
}

fn events(daemon: &TestDaemon, topic: &str) -> Vec<Value> {
    let (mut all, mut since) = (Vec::new(), 0);
    loop {
        let params = json!({ "topics": [topic], "since": since, "limit": 1000 });
        let page = daemon.call("event.list", params);
        let Some(last) = page.as_array().unwrap().last() else { return all };
        since = last["seq"].as_u64().unwrap();
        all.extend(page.as_array().unwrap().iter().cloned());
    }
}

fn issue(daemon: &TestDaemon) -> Option<String> {
    let status = daemon.status();
    let of_spool = status["issues"].as_array().unwrap().iter().find(|issue| issue["kind"] == "spool");
    of_spool.map(|issue| issue["message"].as_str().unwrap().to_owned())
}

fn left(daemon: &TestDaemon) -> Vec<String> {
    let names = fs::read_dir(daemon.file(".aiwg/spool")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| ![".gitignore", ".taken"].contains(&name.as_str())).collect();
    names.sort();
    names
}

/// Why a file was refused.
fn reason(daemon: &TestDaemon, n: u64) -> Value {
    let path = daemon.file(".aiwg/spool/rejected");
    assert!(path.join(format!("{}.json", name(n))).symlink_metadata().is_ok(), "{n}");
    let text = fs::read_to_string(path.join(format!("{}.reason.json", name(n)))).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn they_are_taken_in_at_the_start_in_order_and_once() {
    let mut daemon = TestDaemon::stopped(json!({ "rules": [rule("r", "b", "do: exit 0")] }));
    for n in (0..300).rev() {
        put(&daemon, n, &event("a", json!(n), &format!("key {n}")));
    }
    put(&daemon, 300, &event("b", json!({}), "b"));
    daemon.start();
    let found = events(&daemon, "a");
    assert!(found.iter().map(|event| event["payload"].as_u64().unwrap()).eq(0..300));
    assert!(found.iter().all(|event| event["at"] == "2026-11-29T12:00:00.042Z"), "{}", found[0]);
    assert!(found.iter().all(|event| event["source"] == "client"));
    daemon.wait_for_task("task-0001", "completed");
    assert_eq!((left(&daemon), issue(&daemon)), (vec![], None));
    // The same call over the socket is none of its own, and neither is the same file once more.
    let sent = json!({ "topic": "a", "payload": 7, "idempotencyKey": "key 7" });
    assert_eq!(daemon.call("event.emit", sent)["seq"], found[7]["seq"]);
    put(&daemon, 7, &event("a", json!(7), "key 7"));
    assert_eq!(events(&daemon, "a").len(), 300);
    assert_eq!(left(&daemon), Vec::<String>::new());
}

#[test]
fn a_client_that_comes_later_finds_them_taken_in() {
    let daemon = TestDaemon::with(json!({}));
    for n in 0..20 {
        put(&daemon, n, &event("a", json!(n), &format!("{n}")));
        // A connection of its own.
        daemon.emit("a", json!(n + 100));
    }
    let order: Vec<u64> =
        events(&daemon, "a").iter().map(|event| event["payload"].as_u64().unwrap()).collect();
    assert!(order.into_iter().eq((0..20).flat_map(|n| [n, n + 100])));
}

/// However long that takes; those who look at the daemon or stop it meanwhile need not wait so long.
#[test]
fn a_client_waits_until_a_long_spool_is_taken_in() {
    let mut daemon = TestDaemon::stopped(json!({}));
    let files = 32;
    for n in 0..files {
        put(&daemon, n, &event("a", Value::from_iter(0..140_000), &format!("key {n}")));
    }
    daemon.start();
    let mut first = daemon.wire();
    for (id, method, params) in [(1, "event.emit", json!({ "topic": "b" })), (2, "ping", json!({}))] {
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        first.send(format!("{call}\n"));
    }
    let mut other = daemon.wire();
    other.call("daemon.status", json!({}));
    // Or all was quick, and in its order.
    let answers = [first.receive(), first.receive()];
    let emitted = answers.iter().find(|answer| answer["id"] == 1).unwrap();
    assert_eq!(emitted["result"]["seq"], files + 1, "{answers:?}");
    assert_eq!(left(&daemon), Vec::<String>::new());
}

#[test]
fn the_status_says_that_a_spool_is_taken_in_and_how_much_is_left() {
    let daemon = TestDaemon::with(json!({}));
    let mut early = daemon.wire();
    let mut spool = || early.call("daemon.status", json!({}))["subsystems"]["spool"].take();
    assert_eq!(spool(), Value::Null);
    let files = 12;
    for n in 0..files {
        put(&daemon, n, &event("a", Value::from_iter(0..140_000), &format!("key {n}")));
    }
    let mut late = daemon.wire();
    late.send(format!(
        "{}\n",
        json!({ "jsonrpc": "2.0", "id": 1, "method": "event.emit", "params": { "topic": "b" } })
    ));
    until("it is taken in", || spool()["left"].as_u64().is_some_and(|left| (1..=files).contains(&left)));
    assert_eq!(late.receive()["result"]["seq"], files + 1);
    assert_eq!(spool(), Value::Null);
}

/// To remove a file may take milliseconds: nobody waits for that, and what a killed daemon has left of it goes with the next one.
#[test]
fn files_of_events_that_are_taken_in_are_removed_beside() {
    let mut daemon = TestDaemon::stopped(json!({}));
    let taken = spool(&daemon).join(".taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join(format!("{}.json", name(1))), event("a", json!(1), "left")).unwrap();
    daemon.start();
    until("what was left is gone", || !taken.exists());
    put(&daemon, 2, &event("a", json!(2), "new"));
    assert_eq!(events(&daemon, "a").len(), 1);
    assert_eq!(left(&daemon), Vec::<String>::new(), "none waits there by now");
    until("the files are gone", || !taken.exists());
    // What stands in the place of the directory keeps no event from being taken in once.
    fs::write(&taken, "mine").unwrap();
    put(&daemon, 3, &event("a", json!(3), "newer"));
    assert_eq!(events(&daemon, "a").len(), 2);
    assert_eq!(left(&daemon), Vec::<String>::new());
    daemon.restart();
    assert_eq!((events(&daemon, "a").len(), fs::read_to_string(&taken).unwrap().as_str()), (2, "mine"));
}

#[test]
fn what_the_vectors_have_is_taken_in_or_refused() {
    let vectors = vectors();
    let mut daemon = TestDaemon::stopped(json!({}));
    let taken = vectors["taken"].as_array().unwrap();
    let refused = vectors["refused"].as_array().unwrap();
    let all = taken.iter().chain(refused);
    for (n, row) in (0..).zip(all) {
        put(&daemon, n, row["content"].as_str().unwrap());
    }
    daemon.start();
    let found = events(&daemon, "*");
    let found: Vec<&Value> = found.iter().filter(|event| event["source"] == "client").collect();
    assert_eq!(found.len(), taken.len());
    for (event, row) in found.into_iter().zip(taken) {
        assert!(fits(event, &row["event"]), "{}: {event}", row["name"]);
        assert!(event["at"].as_str() < Some("2900"), "{event}");
    }
    for (n, row) in (taken.len() as u64..).zip(refused) {
        let reason = reason(&daemon, n);
        assert_eq!(reason["kind"], row["kind"], "{}: {reason}", row["name"]);
        assert!(reason["message"].as_str().unwrap().len() > 10);
    }
    let told = issue(&daemon).unwrap();
    assert!(
        told.contains(&format!("{} of the events", refused.len())) && told.contains("rejected"),
        "{told}"
    );
    // What is mended and moved back is taken in, and the health is well once the others are gone.
    put(&daemon, 900, &event("mended", json!(1), "mended"));
    fs::remove_dir_all(daemon.file(".aiwg/spool/rejected")).unwrap();
    assert_eq!((issue(&daemon), events(&daemon, "mended").len()), (None, 1));
}

#[test]
fn nobody_else_can_put_something_there() {
    let mut daemon = TestDaemon::stopped(json!({}));
    let good = event("a", json!(1), "good");
    fs::write(daemon.file("elsewhere.json"), event("planted", json!(1), "link")).unwrap();
    let dir = spool(&daemon);
    let path = |n: u64| dir.join(format!("{}.json", name(n)));
    symlink(daemon.file("elsewhere.json"), path(0)).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path(1)).status().unwrap().success());
    fs::create_dir(path(2)).unwrap();
    fs::set_permissions(
        put(&daemon, 3, &event("planted", json!(1), "open")),
        fs::Permissions::from_mode(0o666),
    )
    .unwrap();
    fs::hard_link(put(&daemon, 4, &event("planted", json!(1), "twice")), daemon.file("other-name")).unwrap();
    put(&daemon, 5, &event("planted", json!("x".repeat(2 << 20)), "long"));
    symlink("/dev/zero", path(6)).unwrap();
    fs::write(dir.join("some name.json"), event("planted", json!(1), "name")).unwrap();
    fs::write(dir.join(".tmp-half"), &good[..20]).unwrap();
    put(&daemon, 7, &good);
    daemon.start();
    assert_eq!(events(&daemon, "a").len(), 1);
    assert_eq!(events(&daemon, "planted"), Vec::<Value>::new());
    for n in 0..7 {
        assert_eq!(reason(&daemon, n)["kind"], "file", "{n}");
    }
    assert_eq!(left(&daemon), [".tmp-half", "rejected"]);
    assert!(issue(&daemon).unwrap().starts_with("8 of the events"));
    // What is refused goes nowhere where others can take it away.
    let rejected = dir.join("rejected");
    fs::set_permissions(&rejected, fs::Permissions::from_mode(0o777)).unwrap();
    let long = dir.join("x".repeat(250) + ".json");
    fs::write(&long, "").unwrap();
    assert!(issue(&daemon).unwrap().contains("rejected is another user's, or others can write to it"));
    assert!(long.exists());
    fs::set_permissions(&rejected, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(issue(&daemon).unwrap().starts_with("9 of the events"));
    assert!(!long.exists() && rejected.join("x".repeat(243) + ".reason.json").exists());
    // A spool that others can write to is not read at all, and neither is a link.
    let waiting = put(&daemon, 8, &event("a", json!(2), "waiting"));
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(issue(&daemon).unwrap().contains("chmod 700"));
    assert_eq!(events(&daemon, "a").len(), 1);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(events(&daemon, "a").len(), 2);
    assert!(!waiting.exists());
    fs::rename(&dir, daemon.file("moved")).unwrap();
    symlink(daemon.file("moved"), &dir).unwrap();
    assert!(issue(&daemon).unwrap().contains("remove it"));
    fs::remove_file(&dir).unwrap();
    assert_eq!(issue(&daemon), None);
}

#[test]
fn what_the_queue_has_no_room_for_waits() {
    let config = json!({ "rules": [rule("r", "a", "do: sleep 600")],
        "daemon": { "max_queued": 1, "max_parallel_actions": 1 } });
    let mut daemon = TestDaemon::stopped(config);
    for n in 0..4 {
        put(&daemon, n, &event("a", json!(n), &format!("{n}")));
    }
    daemon.start();
    until("two tasks", || daemon.total() == 2);
    assert_eq!((events(&daemon, "a").len(), left(&daemon).len()), (2, 2));
    assert!(issue(&daemon).unwrap().contains("max_queued"));
    daemon.call("task.cancelMany", json!({ "state": "queued" }));
    // The next client brings the next one in.
    until("three events", || events(&daemon, "a").len() == 3);
    daemon.reload(json!({ "rules": [rule("r", "a", "do: sleep 600")] }));
    until("all events", || events(&daemon, "a").len() == 4 && left(&daemon).is_empty());
    assert_eq!(issue(&daemon), None);
    daemon.call("task.cancelMany", json!({ "state": "queued" }));
}
