//! Events that the log holds no more when a subscriber comes to them.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{Project, Wire, postgres::is_about_sqlite, until};

fn emit(wire: &mut Wire) -> u64 {
    wire.call("event.emit", json!({ "topic": "a:b" }))["seq"].as_u64().unwrap()
}

/// Reads on from `last` up to event `newest`. Nothing may be missing that is not reported so. Returns the number of those that are.
fn read_on(wire: &mut Wire, mut last: u64, newest: u64) -> u64 {
    let mut missed = 0;
    while last < newest {
        let notification = wire.receive();
        let params = &notification["params"];
        if notification["method"] == "event.missed" {
            assert_eq!(params["since"], last, "{notification}");
            let count = params["missed"].as_u64().unwrap();
            assert!(count > 0, "{notification}");
            (missed, last) = (missed + count, last + count);
        } else {
            last += 1;
            assert_eq!(params["event"]["seq"], last, "{notification}");
        }
    }
    assert_eq!(last, newest);
    missed
}

fn kept(wire: &mut Wire) -> Vec<Value> {
    wire.call("event.list", json!({ "limit": 1000 })).as_array().unwrap().clone()
}

#[test]
fn what_retention_has_deleted_is_reported_as_missed() {
    let project = Project::started(json!({}));
    let mut emitter = project.wire();
    (0..100).for_each(|_| {
        emit(&mut emitter);
    });
    project.configure(&Project::config(json!({ "retention": { "event_count": 11 } })).to_string());
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    // The last one makes another too many.
    let newest = emit(&mut emitter);
    until("old events to be gone", || kept(&mut emitter).len() <= 11);
    let first = kept(&mut emitter)[0]["seq"].as_u64().unwrap();
    // With topics that none of them matches it is reported as well: nobody knows what they were.
    for (topics, since) in [(json!([]), 20), (json!(["none:*"]), 0), (json!([]), first - 1)] {
        let mut wire = project.wire();
        wire.call("event.subscribe", json!({ "topics": topics, "since": since }));
        if topics == json!([]) {
            assert_eq!(read_on(&mut wire, since, newest), first - 1 - since);
        } else {
            let params = json!({ "subscription": 1, "missed": first - 1, "since": since });
            assert_eq!(wire.receive()["params"], params);
        }
    }
}

#[test]
fn a_log_that_is_deleted_and_goes_on_at_a_higher_number_is_reported_to_have_a_gap() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::started(json!({}));
    (0..50).for_each(|_| {
        emit(&mut project.wire());
    });
    project.stop();
    for file in std::fs::read_dir(project.file(".aiwg/daemon")).unwrap().map(Result::unwrap) {
        if file.file_name().to_str().unwrap().starts_with("daemon.db") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    project.start();
    let mut emitter = project.wire();
    let newest = emit(&mut emitter);
    let first = kept(&mut emitter)[0]["seq"].as_u64().unwrap();
    assert!(first > 50, "{first}");
    let mut wire = project.wire();
    wire.call("event.subscribe", json!({ "since": 3 }));
    assert_eq!(read_on(&mut wire, 3, newest), first - 4);
}

#[test]
fn events_that_cannot_be_read_for_a_while_come_when_they_can() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = Project::started(json!({}));
    let mut emitter = project.wire();
    let since = emit(&mut emitter);
    let newest = (0..10).map(|_| emit(&mut emitter)).last().unwrap();
    let database = Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
    database.execute_batch("ALTER TABLE event RENAME TO event_elsewhere").unwrap();
    let mut wire = project.wire();
    wire.call("event.subscribe", json!({ "since": since }));
    let refused = emitter.try_call("event.list", json!({}));
    assert_eq!(refused["error"]["data"]["kind"], "storage_unavailable", "{refused}");
    database.execute_batch("ALTER TABLE event_elsewhere RENAME TO event").unwrap();
    // They come by themselves: nothing else happens that would bring them.
    assert_eq!(read_on(&mut wire, since, newest), 0);
}
