//! The server's transport: whatever comes, each line of answers is JSON-RPC 2.0, what is no JSON gets an answer, and nothing gets
//! two.

use std::{collections::BTreeMap, future::poll_fn};

use aiwg_protocol::{
    ApiError, DaemonServiceResponse, ErrorKind,
    wire::{
        Budget,
        server::{Limits, Message, ServerTransport},
    },
};
use futures::FutureExt;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

/// Tries one input.
pub fn transport(bytes: &[u8]) {
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
        if line.starts_with(b"[") {
            let all: Vec<Members> = serde_json::from_slice(line).expect("answers are JSON");
            assert!(!all.is_empty());
            all.iter().for_each(check);
            answers += all.len();
        } else {
            check(&serde_json::from_slice(line).expect("an answer is JSON"));
            answers += 1;
        }
    }
    let (least, most) = bounds(bytes);
    assert!((least..=most).contains(&answers), "{answers} answers, not from {least} to {most}");
}

/// The least and the largest number of answers: one for each line that is no JSON, one at most for each message
/// otherwise. JSON is what its grammar allows, however deep it is, and whatever its numbers.
fn bounds(bytes: &[u8]) -> (usize, usize) {
    let (mut least, mut most) = (0, 0);
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        let text = std::str::from_utf8(line).unwrap_or_default();
        if let Ok(messages) = serde_json::from_str::<Vec<IgnoredAny>>(text) {
            most += messages.len().max(1);
        } else {
            most += 1;
            least += usize::from(serde_json::from_str::<IgnoredAny>(text).is_err());
        }
    }
    (least, most)
}

/// The members of an answer, as they are written: an id is echoed, though it may be a number that nothing else can hold.
type Members<'a> = BTreeMap<String, &'a RawValue>;

fn check(answer: &Members<'_>) {
    assert_eq!(answer["jsonrpc"].get(), "\"2.0\"");
    assert!(answer.get("id").is_some_and(|id| !id.get().starts_with(['t', 'f', '{', '['])));
    assert_ne!(answer.contains_key("result"), answer.contains_key("error"));
}
