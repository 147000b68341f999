//! Pushed events, and outputs that are followed.

use std::time::Duration;

use aiwg_client::{
    ClientError, Pushed, Subscribe,
    types::{TaskOutputParams, TaskRetryParams, TaskState, TaskWaitParams},
};
use aiwg_testing::{TestDaemon, Wire, rule, until};
use futures::StreamExt;
use serde_json::{Value, json};

fn emit(wire: &mut Wire, topic: &str) -> u64 {
    wire.call("event.emit", json!({ "topic": topic }))["seq"].as_u64().unwrap()
}

/// The next pushed event's number.
fn pushed(wire: &mut Wire) -> u64 {
    let notification = wire.receive();
    assert_eq!(notification["method"], "event", "{notification}");
    notification["params"]["event"]["seq"].as_u64().unwrap()
}

#[test]
fn missed_events_come_first_then_live_ones_without_a_gap() {
    let daemon = TestDaemon::with(json!({}));
    let mut emitter = daemon.wire();
    for n in 0..1200 {
        emit(&mut emitter, if n % 2 == 0 { "even:x" } else { "odd:x" });
    }
    let mut wire = daemon.wire();
    wire.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"event.subscribe\",\"params\":{\"topics\":[\"odd:*\"],\"since\":100}}\n");
    // More while it catches up.
    for _ in 0..100 {
        emit(&mut emitter, "odd:x");
    }
    assert_eq!(wire.receive()["result"], json!({ "subscription": 1, "since": 100 }));
    let seqs: Vec<u64> = (0..650).map(|_| pushed(&mut wire)).collect();
    let expected: Vec<u64> = (101..=1200).filter(|seq| seq % 2 == 0).chain(1201..=1300).collect();
    assert_eq!(seqs, expected);
    emit(&mut emitter, "even:x");
    assert_eq!(emit(&mut emitter, "odd:x"), pushed(&mut wire));
}

#[test]
fn who_has_seen_another_log_learns_so_and_hears_of_this_one() {
    let daemon = TestDaemon::with(json!({}));
    let mut emitter = daemon.wire();
    let last = emit(&mut emitter, "a:b");
    let mut wire = daemon.wire();
    assert_eq!(
        wire.call("event.subscribe", json!({ "since": last + 500 })),
        json!({ "subscription": 1, "since": last })
    );
    assert_eq!(
        wire.receive(),
        json!({ "jsonrpc": "2.0", "method": "event.missed", "params": { "subscription": 1, "missed": last, "since": 0 } })
    );
    assert_eq!(emit(&mut emitter, "a:b"), pushed(&mut wire));
}

#[test]
fn an_event_is_in_the_log_for_its_emitter_at_once() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    for _ in 0..200 {
        let since = emit(&mut wire, "a:b");
        let answer = wire.call("event.subscribe", json!({ "topics": ["none"], "since": since }));
        assert_eq!(answer["since"], since);
        wire.call("event.unsubscribe", json!({ "subscription": answer["subscription"] }));
    }
}

#[test]
fn no_topics_are_all_topics() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    wire.call("event.subscribe", json!({ "topics": [] }));
    let seq = emit(&mut daemon.wire(), "a:b");
    assert_eq!(pushed(&mut wire), seq);
    assert_eq!(wire.call("event.list", json!({ "topics": [], "limit": 1 }))[0]["seq"], seq);
}

#[test]
fn a_subscription_can_be_ended() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    assert_eq!(wire.call("event.subscribe", json!({}))["subscription"], 1);
    assert_eq!(wire.call("event.subscribe", json!({ "topics": ["none"] }))["subscription"], 2);
    assert_eq!(wire.call("event.unsubscribe", json!({ "subscription": 1 }))["unsubscribed"], true);
    assert_eq!(wire.call("event.unsubscribe", json!({ "subscription": 1 }))["unsubscribed"], false);
    emit(&mut daemon.wire(), "a:b");
    wire.is_alive();
    for _ in 0..63 {
        wire.call("event.subscribe", json!({ "topics": ["none"] }));
    }
    assert_eq!(
        wire.try_call("event.subscribe", json!({}))["error"]["data"]["kind"],
        "too_many_subscriptions"
    );
}

#[test]
fn who_does_not_read_learns_what_it_missed_and_delays_nobody() {
    let daemon = TestDaemon::with(json!({}));
    let mut lazy = daemon.wire();
    lazy.call("event.subscribe", json!({}));
    let mut emitter = daemon.wire();
    let payload = "x".repeat(1000);
    let line = json!({ "jsonrpc": "2.0", "id": 1, "method": "event.emit", "params": { "topic": "a:b", "payload": payload } });
    let lines = format!("{line}\n").repeat(100);
    let total = 20_000;
    for _ in 0..total / 100 {
        emitter.send(&lines);
        for _ in 0..100 {
            emitter.line();
        }
    }
    let (mut last, mut missed) = (0, 0);
    while last < total {
        let notification = lazy.receive();
        let params = &notification["params"];
        if notification["method"] == "event.missed" {
            assert_eq!(params["since"], last);
            missed += params["missed"].as_u64().unwrap();
            last += params["missed"].as_u64().unwrap();
        } else {
            last += 1;
            assert_eq!(params["event"]["seq"], last);
        }
    }
    assert!(missed > 5000, "{missed}");
}

async fn next(stream: &mut (impl StreamExt<Item = Result<Pushed, ClientError>> + Unpin)) -> u64 {
    match stream.next().await.unwrap().unwrap() {
        Pushed::Event(event) => event.seq,
        missed => panic!("{missed:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_stream_goes_on_after_a_restart() {
    let mut daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await;
    let topics = vec!["a:*".to_owned()];
    let mut steady = client
        .subscribe(Subscribe { topics: topics.clone(), reconnect: true, ..Subscribe::default() })
        .await
        .unwrap();
    let mut plain = client.subscribe(Subscribe { topics, ..Subscribe::default() }).await.unwrap();
    let first = emit(&mut daemon.wire(), "a:1");
    assert_eq!((next(&mut steady).await, next(&mut plain).await), (first, first));
    daemon.restart();
    let missed: Vec<u64> = (0..3).map(|_| emit(&mut daemon.wire(), "a:2")).collect();
    for seq in missed {
        assert_eq!(next(&mut steady).await, seq);
    }
    assert!(matches!(plain.next().await, Some(Err(ClientError::Disconnected(_)))));
    assert!(plain.next().await.is_none());
}

#[test]
fn an_output_is_followed_to_its_end() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("printf 'ä'; sleep 0.2; printf 'b\\377'; echo oops >&2");
    let mut wire = daemon.wire();
    let (mut text, mut offset) = (String::new(), 0);
    loop {
        let chunk = wire.call("task.output", json!({ "taskId": task, "offset": offset, "waitMs": 10_000 }));
        assert_eq!(chunk["offset"], offset);
        text.push_str(chunk["data"].as_str().unwrap());
        offset = chunk["nextOffset"].as_u64().unwrap();
        if chunk["ended"] == true {
            break;
        }
        assert_ne!(chunk["data"], "");
    }
    assert!(text.ends_with("äb\u{fffd}"), "{text:?}");
    let errors = wire.call("task.output", json!({ "taskId": task, "stream": "stderr" }));
    assert_eq!(
        errors,
        json!({ "data": "oops\n", "offset": 0, "nextOffset": 5, "attempt": 1, "ended": true })
    );
    let raw = wire.call("task.output", json!({ "taskId": task, "offset": offset - 2, "encoding": "base64" }));
    assert_eq!(raw["data"], "Yv8=");
}

#[test]
fn a_wait_for_output_has_its_time() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("sleep 1000");
    until("the first line", || {
        daemon.task(&task)["output"] != Value::Null && daemon.task(&task)["output"] != ""
    });
    let size = daemon.read(&format!(".aiwg/daemon/actions/{task}/1/stdout.log")).len();
    let chunk = daemon.call("task.output", json!({ "taskId": task, "offset": size, "waitMs": 20 }));
    assert_eq!((&chunk["data"], &chunk["ended"]), (&json!(""), &json!(false)));
    let wrong = daemon.wire().try_call("task.output", json!({ "taskId": task, "waitMs": 60_001 }));
    assert_eq!(wrong["error"]["data"]["member"], "waitMs");
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_outlive_ten_seconds_and_end_with_their_future() {
    let daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await;
    let task_id = daemon.submit("while [ ! -e go ]; do sleep 0.05; done");
    let wait = |task_id: String| {
        let client = client.clone();
        async move { client.task_wait(TaskWaitParams { task_id, timeout_ms: None }).await }
    };
    // Dropped: the daemon knows, the task goes on.
    assert!(tokio::time::timeout(Duration::from_millis(50), wait(task_id.clone())).await.is_err());
    // tarpc's own deadline would have dropped this one after 10 seconds without an answer.
    let file = daemon.file("go");
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(10_500));
        std::fs::write(file, "").unwrap();
    });
    assert_eq!(wait(task_id.clone()).await.unwrap().state, TaskState::Completed);
    let again =
        client.task_retry(TaskRetryParams { task_id: task_id.clone(), ..Default::default() }).await.unwrap();
    assert_ne!(again.task_id, task_id);
    assert_eq!(wait(again.task_id.clone()).await.unwrap().state, TaskState::Completed);
    let output =
        client.task_output(TaskOutputParams { task_id: again.task_id, ..Default::default() }).await.unwrap();
    assert!(output.data.contains("stand-in agent") && output.ended);
}

#[test]
fn a_task_that_fails_at_once_tears_no_gap() {
    let daemon = TestDaemon::with(json!({ "rules": [rule("r", "a:b", "{{ event.payload.version }}")] }));
    let mut live = daemon.wire();
    live.call("event.subscribe", json!({ "topics": ["*"] }));
    daemon.emit("a:b", json!({}));
    let topics: Vec<String> =
        (0..3).map(|_| live.receive()["params"]["event"]["topic"].as_str().unwrap().to_owned()).collect();
    assert_eq!(topics, ["a:b", "task:queued", "task:failed"]);
    let log = || {
        let files = std::fs::read_dir(daemon.file(".aiwg/daemon/events")).unwrap();
        files
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap().lines().count())
            .sum::<usize>()
    };
    until("the log", || log() == 3);
}

#[test]
fn a_list_ends_where_it_gets_too_long_and_goes_on_from_there() {
    let daemon = TestDaemon::with(json!({}));
    let mut wire = daemon.wire();
    for n in 0..12 {
        let payload = json!({ "n": n, "text": "x".repeat(1024 * 1024 - 30) });
        wire.call("event.emit", json!({ "topic": "a:b", "payload": payload }));
    }
    let mut list = |since: u64| -> Vec<u64> {
        let events = wire.call("event.list", json!({ "since": since, "limit": 1000 }));
        events.as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect()
    };
    let first = list(0);
    assert_eq!(first, (1..=9).collect::<Vec<_>>());
    assert_eq!(list(9), (10..=12).collect::<Vec<_>>());
    assert_eq!(list(12), Vec::<u64>::new());
}

#[test]
fn a_change_of_a_file_says_what_changed() {
    let mut daemon = TestDaemon::stopped(json!({ "watch": { "enabled": true, "debounce_ms": 10 } }));
    daemon.write("changed", "12345");
    daemon.start();
    daemon.write("changed", "123");
    until("the change with its sizes", || {
        let events = daemon.call("event.list", json!({ "topics": ["file:modified"], "since": 0 }));
        let changed = json!({ "path": "changed", "sizeBefore": 5, "size": 3 });
        events.as_array().unwrap().iter().any(|event| event["payload"] == changed)
    });
}
