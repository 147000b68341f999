//! The requests of a connection take effect in the order in which they were sent.

use std::{collections::HashMap, fmt::Write};

use aiwg_testing::{TestDaemon, Wire, rule, until};
use serde_json::{Value, json};

fn emit(topic: &str, payload: Value, id: Option<u64>) -> Value {
    let mut request = json!({
        "jsonrpc": "2.0", "method": "event.emit", "params": { "topic": topic, "payload": payload }
    });
    if let Some(id) = id {
        request["id"] = json!(id);
    }
    request
}

/// The payloads of all events of a topic, in the order of the log.
fn payloads(wire: &mut Wire, topic: &str) -> Vec<Value> {
    let (mut found, mut since) = (Vec::new(), 0);
    loop {
        let params = json!({ "topics": [topic], "since": since, "limit": 1000 });
        let page = wire.call("event.list", params);
        let Some(last) = page.as_array().unwrap().last() else { return found };
        since = last["seq"].as_u64().unwrap();
        found.extend(page.as_array().unwrap().iter().map(|event| event["payload"].clone()));
    }
}

/// Numbers that are as random as a test needs, and the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Emits `count` events as requests, notifications and batches of both, in any mixture.
fn mixture(topic: &str, count: u64, random: &mut Random) -> String {
    let (mut lines, mut sent) = (String::new(), 0);
    while sent < count {
        let mut next = |id: bool| {
            sent += 1;
            emit(topic, json!(sent - 1), id.then_some(sent))
        };
        let line = match random.below(3) {
            0 => next(true),
            1 => next(false),
            _ => (0..random.below(80) + 1).map(|_| next(random.below(2) == 0)).collect(),
        };
        writeln!(lines, "{line}").unwrap();
    }
    lines
}

#[test]
fn three_thousand_emits_in_one_packet_are_carried_out_in_order() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    let lines: String = (0..3000).map(|n| emit("a", json!(n), Some(n)).to_string() + "\n").collect();
    wire.send(lines);
    let answers = (0..3000).map(|_| wire.receive());
    let by_id: HashMap<u64, u64> = answers
        .map(|answer| (answer["id"].as_u64().unwrap(), answer["result"]["seq"].as_u64().unwrap()))
        .collect();
    let order: Vec<u64> = (0..3000).map(|id| by_id[&id]).collect();
    assert!(order.is_sorted());
    let expected: Vec<Value> = (0..3000).map(Value::from).collect();
    assert_eq!(payloads(&mut daemon.wire(), "a"), expected);
}

#[test]
fn ten_connections_in_any_mixture_keep_the_order_of_each() {
    let daemon = TestDaemon::with(json!({}));
    let mut random = Random(14);
    for round in 0..10 {
        let topics: Vec<String> = (0..10).map(|connection| format!("r{round}:c{connection}")).collect();
        // All at once, each with more than may be in flight.
        let senders: Vec<_> = topics
            .iter()
            .map(|topic| {
                let lines = mixture(topic, 200, &mut random);
                let mut wire = daemon.wire();
                std::thread::spawn(move || {
                    wire.send(lines);
                    drop(wire.rest());
                })
            })
            .collect();
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        for topic in &topics {
            let got = payloads(&mut daemon.wire(), topic);
            assert!(got.iter().map(|payload| payload.as_u64().unwrap()).eq(0..got.len() as u64), "{topic}");
            assert!(got.len() >= 200);
        }
    }
}

#[test]
fn a_thousand_interleavings_of_ten_connections_keep_the_order_of_each() {
    let daemon = TestDaemon::with(json!({}));
    let mut random = Random(1000);
    let mut wires: Vec<Wire> = (0..10).map(|_| daemon.wire()).collect();
    let mut sent = [0_u64; 10];
    for _ in 0..1000 {
        // Which connection sends next, and how, is random: some lines are in one packet, and none waits for an answer.
        for _ in 0..random.below(20) + 2 {
            let connection = random.below(10) as usize;
            let count = random.below(3) + 1;
            let lines: String = (0..count)
                .map(|more| {
                    let number = json!(sent[connection] + more);
                    emit(&format!("c:{connection}"), number, None).to_string() + "\n"
                })
                .collect();
            sent[connection] += count;
            wires[connection].send(lines);
        }
    }
    // Each is answered when what it has sent before is committed.
    wires.iter_mut().for_each(|wire| drop(wire.call("event.emit", json!({ "topic": "end" }))));
    let mut reader = daemon.wire();
    for (connection, count) in sent.into_iter().enumerate() {
        let got = payloads(&mut reader, &format!("c:{connection}"));
        assert!(got.iter().map(|payload| payload.as_u64().unwrap()).eq(0..count), "connection {connection}");
    }
}

#[test]
fn what_was_sent_is_carried_out_though_the_client_is_gone_and_has_read_nothing() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    // Requests only at the end: a client that leaves more than a few answers unread is not read from either.
    let id = |n: u64| (n >= 9_500).then_some(n);
    let lines: String = (0..10_000).map(|n| emit("a", json!(n), id(n)).to_string() + "\n").collect();
    std::thread::spawn(move || wire.send(lines)).join().unwrap();
    let mut other = daemon.wire();
    until("the last of them", || {
        let last = other.call("event.list", json!({ "topics": ["a"], "limit": 1 }));
        last[0]["payload"] == 9_999
    });
    assert!(payloads(&mut other, "a").iter().map(|n| n.as_u64().unwrap()).eq(0..10_000));
}

#[test]
fn a_read_sees_what_the_connection_has_written_before_it() {
    let daemon = TestDaemon::with(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let mut wire = daemon.wire();
    wire.call("task.submit", json!({ "prompt": "do: sleep 60" }));
    for no in 2..50 {
        let request = |id: u64, method: &str, params: Value| {
            json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string() + "\n"
        };
        let id = format!("task-{no:04}");
        wire.send(
            request(1, "task.submit", json!({ "prompt": "do: true" }))
                + &request(2, "task.get", json!({ "taskId": id }))
                + &request(3, "task.retry", json!({ "taskId": "task-0001" }))
                + &request(4, "task.cancel", json!({ "taskId": id }))
                + &request(5, "task.wait", json!({ "taskId": id }))
                + &request(6, "event.emit", json!({ "topic": "a", "payload": no }))
                + &request(7, "event.list", json!({ "topics": ["a"], "limit": 1 })),
        );
        let mut answers: Vec<Value> = (0..7).map(|_| wire.receive()).collect();
        answers.sort_by_key(|answer| answer["id"].as_u64());
        let result = |id: usize| answers[id - 1]["result"].clone();
        if no == 2 {
            assert_eq!((&result(1)["taskId"], &result(2)["id"]), (&json!(id), &json!(id)));
            assert_eq!(result(3)["taskId"], "task-0003");
            assert_eq!(result(5)["state"], "cancelled");
        }
        assert_eq!(result(7)[0]["payload"], no);
    }
    wire.call("task.cancel", json!({ "taskId": "task-0001" }));
}

#[test]
fn a_subscription_begins_between_the_emits_before_it_and_those_after_it() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    for round in 0..20 {
        let subscribe = json!({
            "jsonrpc": "2.0", "id": "s", "method": "event.subscribe", "params": { "topics": ["a"] }
        });
        let before = emit("a", json!([round, "before"]), None);
        let after = emit("a", json!([round, "after"]), None);
        wire.send(format!("{before}\n{before}\n{subscribe}\n{after}\n"));
        let opened = wire.receive();
        assert_eq!(opened["id"], "s");
        let event = wire.receive();
        assert_eq!(event["params"]["event"]["payload"], json!([round, "after"]));
        let subscription = &opened["result"]["subscription"];
        let ended = wire.call("event.unsubscribe", json!({ "subscription": subscription }));
        assert_eq!(ended["unsubscribed"], true);
    }
}

#[test]
fn nothing_overtakes_a_reload() {
    let with_topic = |topic: &str| json!({ "rules": [rule("r", topic, "do: true")] });
    let daemon = TestDaemon::with(with_topic("a"));
    let mut wire = daemon.wire();
    for round in 0..10 {
        let topic = if round % 2 == 0 { "b" } else { "a" };
        daemon.configure(with_topic(topic));
        let reload = json!({ "jsonrpc": "2.0", "id": 1, "method": "daemon.reload" });
        wire.send(format!("{reload}\n{}\n", emit(topic, json!(round), Some(2))));
        let mut answers = [wire.receive(), wire.receive()];
        answers.sort_by_key(|answer| answer["id"].as_u64());
        assert_eq!(answers[0]["result"]["reloaded"], true);
        let taken = &answers[1]["result"];
        assert!(taken["rules"] == json!(["r"]) || taken["refused"][0]["rule"] == "r", "{taken}");
    }
}

#[test]
fn what_waits_holds_up_nothing_after_it() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("sleep 60");
    let mut wire = daemon.wire();
    let wait =
        |id: u64| json!({ "jsonrpc": "2.0", "id": id, "method": "task.wait", "params": { "taskId": task } });
    let waits: String = (0..500).map(|id| wait(id).to_string() + "\n").collect();
    wire.send(waits);
    wire.is_alive();
    // In a batch the answers come together, but its other requests take effect.
    wire.send(format!("{}\n", json!([wait(1000), emit("a", json!(1), Some(1001))])));
    let mut other = daemon.wire();
    until("the batch's event", || payloads(&mut other, "a") == [json!(1)]);
    let cancel =
        |method: &str, id: u64| json!({ "jsonrpc": "2.0", "method": method, "params": { "id": id } });
    wire.send(format!("{}\n{}\n", cancel("$/cancelRequest", 3), cancel("rpc.cancel", 1000)));
    let answer = wire.receive();
    assert_eq!((&answer["id"], &answer["error"]["data"]["kind"]), (&json!(3), &json!("cancelled")));
    let batch = wire.receive();
    assert_eq!(batch.as_array().unwrap().len(), 2);
    other.call("task.cancel", json!({ "taskId": task }));
}
