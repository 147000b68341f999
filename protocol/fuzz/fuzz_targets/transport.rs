//! The server's transport: whatever comes, each line of answers is JSON-RPC 2.0, what is no JSON gets an answer, and nothing gets
//! two.

#![no_main]

use std::future::poll_fn;

use aiwg_protocol::{
    ApiError, DaemonServiceResponse, ErrorKind,
    wire::{
        Budget,
        server::{Limits, Message, ServerTransport},
    },
};
use futures::FutureExt;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;

fuzz_target!(|bytes: &[u8]| {
    let mut out = Vec::new();
    let (_pushes, pushed) = mpsc::channel(1);
    let (lines, answers) = (Budget::new(1 << 20), Budget::new(1 << 20));
    let limits = Limits { line: 4096, lines, answers, gathered: 1 << 20 };
    let mut transport = ServerTransport::new(bytes, &mut out, limits, pushed);
    // In memory nothing ever waits, but for the limits, which these inputs are too short to reach.
    while let Some(Ok(Some(message))) = poll_fn(|cx| transport.poll_next(cx)).now_or_never() {
        if let Message::Call(call, _) = message {
            let error = ApiError::new(ErrorKind::InternalError, "fuzzed");
            transport.answer(call, &Ok(DaemonServiceResponse::Ping(Err(error))), None);
        }
    }
    poll_fn(|cx| transport.poll_flush(cx)).now_or_never().unwrap();
    drop(transport);
    let mut answers = 0;
    for line in out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line).expect("an answer is JSON") {
            Value::Array(all) => {
                assert!(!all.is_empty());
                all.iter().for_each(check);
                answers += all.len();
            }
            answer => {
                check(&answer);
                answers += 1;
            }
        }
    }
    let (least, most) = bounds(bytes);
    assert!((least..=most).contains(&answers), "{answers} answers, not from {least} to {most}");
});

/// The least and the largest number of answers: one for each line that is no JSON, one at most for each message
/// otherwise.
fn bounds(bytes: &[u8]) -> (usize, usize) {
    let (mut least, mut most) = (0, 0);
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        let mut json = serde_json::Deserializer::from_slice(line);
        json.disable_recursion_limit();
        let parsed = Value::deserialize(&mut json).and_then(|value| json.end().map(|()| value));
        most += match parsed {
            Ok(Value::Array(messages)) => messages.len().max(1),
            Ok(_) => 1,
            Err(_) => {
                least += 1;
                1
            }
        };
    }
    (least, most)
}

fn check(answer: &Value) {
    assert_eq!(answer["jsonrpc"], "2.0");
    assert!(answer.get("id").is_some_and(|id| !id.is_boolean() && !id.is_object() && !id.is_array()));
    assert_ne!(answer.get("result").is_some(), answer.get("error").is_some());
}
