//! What an agent has written, asked of a host that has not run it.

use std::{fs, thread, time::Duration};

use aiwg_testing::{TestDaemon, until};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::hosts::{Fleet, own_id};

/// An agent that takes its prompt for a script, and says nothing else.
fn shell() -> Value {
    json!({ "command": ["sh"] })
}

/// One that is asked, and one with the label `b`, which runs all.
fn two(fleet: &Fleet, more: Value) -> (TestDaemon, TestDaemon) {
    let mut config = json!({ "host": { "labels": ["b"] }, "agent": shell() });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let b = fleet.host(config.clone());
    config["host"] = json!({ "labels": ["a"] });
    (fleet.host(config), b)
}

fn on_b(daemon: &TestDaemon, script: &str) -> String {
    daemon.submit_with(json!({ "prompt": script, "runsOn": ["b"] }))
}

/// A script that goes on once there is this file.
fn waits(file: &str) -> String {
    format!("until [ -e {file} ]; do sleep 0.02; done")
}

/// Follows an output from here on until `is_enough` of what has come of it, or its end. What has come, and the byte to go on at; none at the end.
fn follow(
    daemon: &TestDaemon,
    params: &Value,
    from: u64,
    is_enough: impl Fn(&str) -> bool,
) -> (String, Option<u64>) {
    let (mut all, mut offset) = (String::new(), from);
    let mut wire = daemon.wire();
    while !is_enough(&all) {
        let mut params = params.clone();
        params
            .as_object_mut()
            .unwrap()
            .extend([("offset".to_owned(), json!(offset)), ("waitMs".to_owned(), json!(20_000))]);
        let chunk = wire.call("task.output", params);
        assert_eq!(chunk["offset"], offset, "nothing is left out: {chunk}");
        all.push_str(chunk["data"].as_str().unwrap());
        offset = chunk["nextOffset"].as_u64().unwrap();
        if chunk["ended"] == true {
            return (all, None);
        }
    }
    (all, Some(offset))
}

/// All pieces of an output that there are, by their offsets, until its end.
fn pieces(daemon: &TestDaemon, id: &str, stream: &str) -> Vec<(usize, Vec<u8>)> {
    let (mut all, mut offset) = (Vec::new(), 0);
    let mut wire = daemon.wire();
    loop {
        let params = json!({ "taskId": id, "stream": stream, "encoding": "base64", "offset": offset, "waitMs": 20_000 });
        let chunk = wire.call("task.output", params);
        let bytes = BASE64_STANDARD.decode(chunk["data"].as_str().unwrap()).unwrap();
        let start = usize::try_from(chunk["offset"].as_u64().unwrap()).unwrap();
        assert_eq!(chunk["nextOffset"], start + bytes.len());
        offset = start + bytes.len();
        all.push((start, bytes));
        if chunk["ended"] == true {
            return all;
        }
    }
}

fn bytes_of(pieces: &[(usize, Vec<u8>)]) -> Vec<u8> {
    pieces.iter().flat_map(|(_, bytes)| bytes.clone()).collect()
}

fn rows(fleet: &Fleet, what: &str, condition: &str) -> String {
    fleet.cluster.psql(&format!("SELECT {what} FROM aiwg_fleet.output WHERE {condition}"))
}

#[test]
fn an_output_is_followed_from_another_host_to_its_end_and_is_there_after_that() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, mut b) = two(&fleet, json!({}));
    let script =
        format!("echo one; echo wrong >&2; {}; echo two; {}; printf three", waits("go1"), waits("go2"));
    let id = on_b(&a, &script);
    let params = json!({ "taskId": id });
    let (text, next) = follow(&a, &params, 0, |text| text.contains("one\n"));
    assert_eq!(text, "one\n");
    until("the same by task.get", || a.task(&id)["output"] == "one\n");
    b.write("go1", "");
    let (text, next) = follow(&a, &params, next.unwrap(), |text| text.contains("two\n"));
    assert_eq!(text, "two\n");
    b.write("go2", "");
    assert_eq!(follow(&a, &params, next.unwrap(), |_| false), ("three".to_owned(), None));
    let whole = |a: &TestDaemon| {
        assert_eq!(follow(a, &params, 0, |_| false), ("one\ntwo\nthree".to_owned(), None));
        let stderr = json!({ "taskId": id, "stream": "stderr" });
        assert_eq!(follow(a, &stderr, 0, |_| false), ("wrong\n".to_owned(), None));
        // At its end there is nothing to wait for.
        assert_eq!(follow(a, &params, 13, |_| false), (String::new(), None));
    };
    assert_eq!(a.ended(&id)["state"], "completed");
    whole(&a);
    whole(&b);
    b.stop();
    whole(&a);
    let task = a.task(&id);
    assert!(task["output"].as_str().is_some_and(|text| text.contains("three")), "{task}");
    // One that has written nothing has ended, too.
    b.start();
    let silent = on_b(&a, "true");
    assert_eq!(a.ended(&silent)["state"], "completed");
    assert_eq!(follow(&a, &json!({ "taskId": silent }), 0, |_| false), (String::new(), None));
}

/// No file here tells that it begins there.
#[test]
fn who_follows_a_queued_task_hears_it_where_it_begins_on_another_host() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, b) = two(&fleet, json!({}));
    let drain = |resume: bool| a.call("host.drain", json!({ "host": own_id(&b), "resume": resume }));
    drain(false);
    let id = on_b(&a, &format!("echo one; {}", waits("go")));
    let mut wire = a.wire();
    let asked = json!({ "taskId": id, "waitMs": 60_000 });
    wire.send(format!(
        "{}\n",
        json!({ "jsonrpc": "2.0", "id": 1, "method": "task.output", "params": asked })
    ));
    wire.send(format!("{}\n", json!({ "jsonrpc": "2.0", "id": 2, "method": "rpc.ping", "params": {} })));
    assert_eq!(wire.receive()["id"], 2, "the other one waits");
    drain(true);
    let heard = wire.receive();
    assert_eq!((&heard["id"], &heard["result"]["data"]), (&json!(1), &json!("one\n")), "{heard}");
    assert_eq!(a.task(&id)["state"], "running");
    b.write("go", "");
    a.ended(&id);
}

/// Whoever asks once when a task has ended has all of it.
#[test]
fn the_end_of_a_task_is_heard_after_its_output() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, _b) = two(&fleet, json!({}));
    for n in 0..10 {
        let id = on_b(&a, &format!("echo begins; sleep 0.0{n}; seq 1 20000; echo end-{n}"));
        a.ended(&id);
        let all = bytes_of(&pieces(&a, &id, "stdout"));
        let text = String::from_utf8(all).unwrap();
        assert!(text.starts_with("begins\n1\n") && text.ends_with(&format!("20000\nend-{n}\n")), "{n}");
    }
}

#[test]
fn an_output_is_there_after_its_host_was_lost_and_a_later_run_takes_its_place() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, mut b) = two(&fleet, json!({ "daemon": { "max_parallel_actions": 2, "max_attempts": 1 } }));
    let id = on_b(&a, &format!("echo begins; {}", waits("go")));
    let params = json!({ "taskId": id });
    let (_, next) = follow(&a, &params, 0, |text| text.contains("begins"));
    let host = own_id(&b);
    b.leave_agents();
    let followed = thread::scope(|scope| {
        let followed = scope.spawn(|| follow(&a, &params, next.unwrap(), |_| false));
        a.call("host.lost", json!({ "host": host }));
        followed.join().unwrap()
    });
    assert_eq!(followed, (String::new(), None));
    assert_eq!(a.task(&id)["state"], "failed");
    assert_eq!(follow(&a, &params, 0, |_| false), ("begins\n".to_owned(), None));
    b.start();
    assert_eq!(follow(&a, &params, 0, |_| false), ("begins\n".to_owned(), None));
}

#[test]
fn of_20_mib_the_beginning_and_the_end_are_there_at_their_offsets() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, b) = two(&fleet, json!({}));
    let id = on_b(&a, "seq 1 3000000; seq 1 500000 >&2");
    assert_eq!(a.ended(&id)["state"], "completed");
    for (stream, most) in [("stdout", 6 << 20), ("stderr", 2 << 20)] {
        let whole = fs::read(b.file(&format!(".aiwg/daemon/actions/{id}/1/{stream}.log"))).unwrap();
        assert!(bytes_of(&pieces(&b, &id, stream)) == whole, "on its own host all of it is there");
        let pieces = pieces(&a, &id, stream);
        for (start, bytes) in &pieces {
            assert!(whole[*start..start + bytes.len()] == bytes[..], "{stream} at {start}");
        }
        let (first, last) = (&pieces[0], pieces.last().unwrap());
        assert_eq!((first.0, last.0 + last.1.len()), (0, whole.len()));
        let size: usize = pieces.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(size <= most && size > most - 64 * 1024, "{size} of {stream}");
        let gaps = pieces.windows(2).filter(|two| two[0].0 + two[0].1.len() != two[1].0).count();
        assert_eq!(gaps, 1, "{stream}");
    }
    let stored: usize = rows(&fleet, "sum(octet_length(bytes))", "true").parse().unwrap();
    assert!(stored <= 8 << 20, "{stored}");
    // As text, too, it comes to its end.
    let (mut offset, mut wire) = (0, a.wire());
    loop {
        let chunk = wire.call("task.output", json!({ "taskId": id, "offset": offset }));
        offset = chunk["nextOffset"].as_u64().unwrap();
        if chunk["ended"] == true {
            break;
        }
        assert!(!chunk["data"].as_str().unwrap().is_empty(), "at {offset}");
    }
}

#[test]
fn bytes_that_are_no_text_and_halves_of_characters_survive() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, b) = two(&fleet, json!({}));
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    b.write("bytes", &bytes);
    let text = "€ä😀".repeat(20_000);
    b.write("text", &text);
    let binary = on_b(&a, "cat bytes");
    a.ended(&binary);
    assert!(bytes_of(&pieces(&a, &binary, "stdout")) == bytes);

    // Blocks end within characters, and so does what is written at first.
    let half = on_b(&a, &format!("cat text; printf '\\342\\202'; {}; printf '\\254 end \\303'", waits("go")));
    let params = json!({ "taskId": half });
    let (first, next) = follow(&a, &params, 0, |all| all.len() >= text.len());
    assert!(first == text);
    until("half a character", || {
        rows(&fleet, "sum(octet_length(bytes))", "task = 2") == (text.len() + 2).to_string()
    });
    let chunk = a.call("task.output", json!({ "taskId": half, "offset": next, "waitMs": 1500 }));
    assert_eq!((&chunk["data"], &chunk["nextOffset"]), (&json!(""), &json!(next)), "{chunk}");
    b.write("go", "");
    assert_eq!(follow(&a, &params, next.unwrap(), |_| false), ("€ end \u{fffd}".to_owned(), None));
}

#[test]
fn a_database_that_is_away_loses_nothing() {
    let Some(mut fleet) = Fleet::start() else { return };
    let (a, b) = two(&fleet, json!({}));
    let script = format!(
        "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line-$i; sleep 0.01; done; {}; echo end",
        waits("go")
    );
    let id = on_b(&a, &script);
    let params = json!({ "taskId": id });
    let (mut all, next) = follow(&a, &params, 0, |text| text.contains("line-50\n"));
    fleet.cluster.stop("QUIT");
    until("its agent to go on", || {
        b.read(&format!(".aiwg/daemon/actions/{id}/1/stdout.log")).contains("line-400\n")
    });
    // Whoever waits goes on waiting. It ends while nobody can be told.
    let rest = thread::scope(|scope| {
        let follower = scope.spawn(|| follow(&a, &params, next.unwrap(), |_| false).0);
        b.write("go", "");
        thread::sleep(Duration::from_millis(1500));
        fleet.cluster.run();
        follower.join().unwrap()
    });
    let expected = (1..=400).map(|n| format!("line-{n}\n")).collect::<String>() + "end\n";
    all += &rest;
    assert_eq!(all, expected);
    assert_eq!(a.ended(&id)["state"], "completed");
    assert_eq!(follow(&a, &params, 0, |_| false), (expected, None));
}

#[test]
fn the_next_daemon_goes_on_where_the_one_before_was() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, mut b) = two(&fleet, json!({}));
    let script = format!("seq 1 30; {}; seq 31 300; sleep 0.3; seq 301 20000", waits("go"));
    let id = on_b(&a, &script);
    let params = json!({ "taskId": id });
    let (mut all, next) = follow(&a, &params, 0, |text| text.ends_with("\n30\n"));
    b.restart();
    b.write("go", "");
    all += &follow(&a, &params, next.unwrap(), |_| false).0;
    assert!(all == (1..=20_000).map(|n| format!("{n}\n")).collect::<String>(), "{all}");
    assert_eq!(a.task(&id)["attempts"], 1);
    // What was not carried to its end by one that was killed just then is carried by the next.
    b.leave_agents();
    fleet.cluster.psql("DELETE FROM aiwg_fleet.output WHERE start > 0 OR stream = 1");
    b.start();
    assert_eq!(follow(&a, &params, 0, |_| false).0, all);
}

/// A host that is given up while its agent writes adds nothing to what the successor has written.
#[test]
fn a_stale_block_meets_a_running_successor() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, b) = (fleet.host(json!({ "agent": shell() })), fleet.host(json!({ "agent": shell() })));
    let script = "echo host-$PWD; while [ ! -e go ]; do echo more-$PWD; sleep 0.01; done";
    let id = a.submit_with(json!({ "prompt": script }));
    let began = |daemon: &TestDaemon| daemon.file(&format!(".aiwg/daemon/actions/{id}")).exists();
    until("an agent on one", || began(&a) || began(&b));
    let (other, one) = if began(&a) { (&b, &a) } else { (&a, &b) };
    let params = json!({ "taskId": id });
    follow(other, &params, 0, |text| text.contains("more-"));
    other.call("host.lost", json!({ "host": own_id(one) }));
    until("an agent on the other one", || began(other));
    let its = other.path().display().to_string();
    let (text, next) = follow(one, &params, 0, |text| text.matches("more-").count() > 50);
    assert!(text.lines().all(|line| line.contains(&its)), "{text}");
    until("nothing of the first run", || rows(&fleet, "count(*)", "n = 1") == "0");
    other.write("go", "");
    let rest = follow(one, &params, next.unwrap(), |_| false).0;
    assert!(rest.lines().all(|line| line.contains(&its)), "{rest}");
    assert_eq!(rows(&fleet, "count(*)", "n = 1"), "0");
    // The same on the host that has run it last, by its file.
    assert_eq!(follow(other, &params, 0, |_| false).0, text + &rest);
}

#[test]
fn an_output_goes_with_its_task_and_with_its_files() {
    let Some(fleet) = Fleet::start() else { return };
    let (a, b) = two(&fleet, json!({}));
    let ids = [on_b(&a, "seq 1 20000"), on_b(&a, "echo two")];
    for id in &ids {
        a.ended(id);
    }
    assert_ne!(rows(&fleet, "count(*)", "task = 1"), "0");
    // Whose output goes on the host that has run it.
    b.reload(
        fleet.config(
            &json!({ "host": { "labels": ["b"] }, "agent": shell(), "retention": { "output_mb": 0 } }),
        ),
    );
    until("the output of both to go", || rows(&fleet, "count(*)", "true") == "0");
    let id = on_b(&a, "echo three");
    a.ended(&id);
    a.reload(
        fleet.config(
            &json!({ "host": { "labels": ["a"] }, "agent": shell(), "retention": { "task_count": 0 } }),
        ),
    );
    until("the tasks to go", || a.call("task.stats", json!({}))["total"] == 0);
    assert_eq!(rows(&fleet, "count(*)", "true"), "0");
}
