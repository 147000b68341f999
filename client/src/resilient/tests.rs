use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use aiwg_protocol::types::Json;
use futures::future::join_all;
use serde::Deserialize;

use crate::{ClientError, DaemonClient, Options};

#[derive(Deserialize)]
struct Emit {
    id: u64,
    params: Params,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params {
    payload: Json,
    idempotency_key: String,
}

/// The numbers that have taken effect, in their order, and the answers by their keys.
#[derive(Default)]
struct Log {
    numbers: Vec<u64>,
    answers: HashMap<String, usize>,
}

/// Takes calls as a daemon does, and closes each connection after a while: what it has taken by then is not all answered, and what it has
/// not taken is lost.
fn unsteady(listener: &UnixListener, log: &Mutex<Log>) {
    for (n, stream) in (0_usize..).zip(listener.incoming()) {
        let mut stream = stream.unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        let most = 300 + 37 * (n % 11);
        for (line, count) in reader.lines().map_while(Result::ok).zip(1..) {
            let Emit { id, params } = serde_json::from_str(&line).unwrap();
            let is_refused = n % 3 == 2 && count > most;
            let mut log = log.lock().unwrap();
            let next = log.numbers.len() + 1;
            let known = log.answers.get(&params.idempotency_key).copied();
            let seq = known.unwrap_or(next);
            if !is_refused && known.is_none() {
                log.answers.insert(params.idempotency_key, seq);
                log.numbers.push(params.payload.to().unwrap());
            }
            drop(log);
            let answer = match (n % 3, count % 5) {
                // One that stops refuses what comes last.
                _ if is_refused => {
                    r#""error":{"code":-32000,"message":"stops","data":{"kind":"shutting_down"}}"#.to_owned()
                }
                (1, 0) if count > most / 2 => continue,
                _ => format!(r#""result":{{"seq":{seq},"rules":[]}}"#),
            };
            let answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},{answer}}}\n");
            if (n % 3 != 2 && count > most) || stream.write_all(answer.as_bytes()).is_err() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn calls_over_many_lost_connections_take_effect_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    let log = Arc::new(Mutex::new(Log::default()));
    let served = Arc::clone(&log);
    std::thread::spawn(move || unsteady(&listener, &served));
    let client = DaemonClient::connect_to(&socket).await.unwrap();
    let numbers: Vec<u64> = (0..10_000).collect();
    let answers = join_all(numbers.iter().map(|number| client.emit("n", number))).await;
    let seqs: Vec<u64> = answers.into_iter().map(|answer| answer.unwrap().seq).collect();
    assert!(log.lock().unwrap().numbers.iter().eq(&numbers), "in their order, and each once");
    assert!(seqs.into_iter().eq(1..=10_000));
}

#[tokio::test]
async fn a_time_out_ends_the_repeating() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let client = DaemonClient::connect_to(&socket).await.unwrap();
    let hasty = client.with_timeout(Duration::from_millis(100));
    assert!(matches!(hasty.emit("n", &1).await, Err(ClientError::Timeout { .. })));
}

/// A daemon from before some members: it refuses the calls that have them. It closes the connection instead of answering the request of a number,
/// if one is given.
fn old(listener: &UnixListener, members: &[&str], closes_at: usize, effects: &Mutex<Vec<u64>>) {
    let mut seen = 0;
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok) {
            seen += 1;
            if seen == closes_at {
                break;
            }
            let request: serde_json::Value = serde_json::from_str(&line).unwrap();
            let params = &request["params"];
            let answer = match members.iter().find(|member| params.get(**member).is_some()) {
                Some(member) => format!(
                    r#""error":{{"code":-32602,"message":"no","data":{{"kind":"invalid_params","member":"{member}"}}}}"#
                ),
                None => {
                    let mut effects = effects.lock().unwrap();
                    effects.push(params["payload"].as_u64().unwrap());
                    format!(r#""result":{{"seq":{},"rules":[]}}"#, effects.len())
                }
            };
            let answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":{},{answer}}}\n", request["id"]);
            if stream.write_all(answer.as_bytes()).is_err() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn at_a_daemon_older_than_keys_or_traces_calls_keep_their_order() {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let both: &[&str] = &["traceparent", "idempotencyKey"];
    for (members, closes_at, every, retry) in [
        (&both[..1], 0, 1, true),
        (&both[..1], 0, 1, false),
        (&both[1..], 0, 1, true),
        (both, 0, 1, true),
        (&both[..1], 40, 1, true),
        (both, 100, 1, true),
        // Not all of them have a trace.
        (&both[..1], 0, 3, true),
        (both, 0, 3, true),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let effects = Arc::new(Mutex::new(Vec::new()));
        let (served, unknown) = (Arc::clone(&effects), members.to_vec());
        std::thread::spawn(move || old(&listener, &unknown, closes_at, &served));
        let options = Options { socket: Some(socket), retry, ..Options::default() };
        let client = DaemonClient::connect_with(options).await.unwrap();
        let traced = client.clone().with_traceparent(trace);
        let mut calls = Vec::new();
        for number in 0..600_u64 {
            let client = if number % every == 0 { traced.clone() } else { client.clone() };
            calls.push(tokio::spawn(async move { client.emit("n", &number).await }));
            if number >= 300 && number % 5 == 0 {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        }
        let answers = join_all(calls).await;
        assert!(
            answers.iter().all(|answer| matches!(answer, Ok(Ok(_)))),
            "{members:?} {closes_at}: {answers:?}"
        );
        assert!(effects.lock().unwrap().iter().copied().eq(0..600), "{members:?} {closes_at} {every}");
    }
}
