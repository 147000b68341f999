//! `conversations.history` and `conversations.replies`.

use serde_json::{Value, json};

use super::channels::Channel;
use super::{error, ok};
use crate::answer::Answer;

/// Both return up to 1,000 messages, by default 100 and 1,000.
const MOST: u64 = 1_000;

fn number(ts: &str) -> f64 {
    ts.parse().unwrap_or(0.0)
}

/// True if a message is between `oldest` and `latest`, neither of them included unless `inclusive` says so.
fn is_between(message: &Value, params: &Value) -> bool {
    let ts = number(message["ts"].as_str().unwrap_or_default());
    let bound = |name: &str| params[name].as_str().map(number);
    let is_inclusive = params["inclusive"] == true;
    let is_after = bound("oldest").is_none_or(|oldest| ts > oldest || (is_inclusive && ts >= oldest));
    let is_before = bound("latest").is_none_or(|latest| ts < latest || (is_inclusive && ts <= latest));
    is_after && is_before
}

/// A message without what only `include_all_metadata` tells.
fn told(message: &Value, params: &Value) -> Value {
    let mut message = message.clone();
    if params["include_all_metadata"] != true {
        message.as_object_mut().expect("a message").remove("metadata");
    }
    message
}

fn page(found: Vec<Value>, params: &Value, default: u64) -> Answer {
    let skip =
        params["cursor"].as_str().and_then(|cursor| cursor.strip_prefix("next:")?.parse().ok()).unwrap_or(0);
    let limit =
        usize::try_from(params["limit"].as_u64().filter(|limit| *limit > 0).unwrap_or(default).min(MOST));
    let limit = limit.unwrap_or(1_000);
    let has_more = found.len() > skip + limit;
    let messages: Vec<Value> = found.into_iter().skip(skip).take(limit).collect();
    let cursor = if has_more { format!("next:{}", skip + limit) } else { String::new() };
    ok(json!({ "messages": messages, "has_more": has_more, "response_metadata": { "next_cursor": cursor } }))
}

/// The channel's own messages, the latest first.
pub(super) fn history(channel: &Channel, params: &Value) -> Answer {
    let is_reply = |message: &Value| message.get("thread_ts").is_some_and(|thread| *thread != message["ts"]);
    let found =
        channel.messages.iter().rev().filter(|message| !is_reply(message) && is_between(message, params));
    page(found.map(|message| told(message, params)).collect(), params, 100)
}

/// A thread, the parent first: it comes whatever the bounds are.
pub(super) fn replies(channel: &Channel, params: &Value) -> Answer {
    let ts = params["ts"].as_str().unwrap_or_default();
    let Some(message) = channel.message(ts) else { return error("thread_not_found") };
    let parent = message["thread_ts"].as_str().unwrap_or(ts);
    let is_in = |message: &&Value| {
        message["ts"] == parent || (message["thread_ts"] == parent && is_between(message, params))
    };
    page(channel.messages.iter().filter(is_in).map(|message| told(message, params)).collect(), params, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel() -> Channel {
        let mut channel = Channel::new("C1");
        channel.messages = vec![
            json!({ "ts": "1.000001", "text": "a" }),
            json!({ "ts": "2.000001", "text": "b", "thread_ts": "1.000001" }),
            json!({ "ts": "3.000001", "text": "c", "metadata": { "event_type": "x", "event_payload": {} } }),
        ];
        channel
    }

    fn texts(answer: &Answer) -> String {
        let text = format!("{answer:?}");
        ["a", "b", "c"]
            .into_iter()
            .filter(|one| text.contains(&format!("\\\"text\\\":\\\"{one}\\\"")))
            .collect()
    }

    #[test]
    fn history_leaves_replies_to_the_thread() {
        let channel = channel();
        assert_eq!(texts(&history(&channel, &json!({}))), "ac");
        assert_eq!(texts(&history(&channel, &json!({ "oldest": "1.000001" }))), "c");
        assert_eq!(texts(&history(&channel, &json!({ "oldest": "1.000001", "inclusive": true }))), "ac");
        assert_eq!(texts(&history(&channel, &json!({ "limit": 1 }))), "c");
        assert_eq!(texts(&history(&channel, &json!({ "limit": 1, "cursor": "next:1" }))), "a");
        assert_eq!(texts(&replies(&channel, &json!({ "ts": "1.000001" }))), "ab");
        assert!(format!("{:?}", replies(&channel, &json!({ "ts": "9.0" }))).contains("thread_not_found"));
    }

    #[test]
    fn metadata_comes_only_where_it_is_asked_for() {
        let channel = channel();
        assert!(!format!("{:?}", history(&channel, &json!({}))).contains("event_type"));
        assert!(
            format!("{:?}", history(&channel, &json!({ "include_all_metadata": true })))
                .contains("event_type")
        );
    }
}
