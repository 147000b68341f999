use serde_json::{Value, json};

use super::{DISCORD, Part, SLACK, TELEGRAM, check_blocks};

const CREATE: &str = "POST /channels/{channel_id}/messages";

fn reasons(found: &[String]) -> String {
    found.join("\n")
}

#[test]
fn what_the_contract_sends_fits() {
    let telegram = json!({
        "chat_id": -100_123, "text": "Task **a** failed", "message_thread_id": 7,
        "entities": [{ "type": "bold", "offset": 5, "length": 5 }],
        "reply_parameters": { "message_id": 3, "allow_sending_without_reply": true },
        "reply_markup": { "inline_keyboard": [[{ "text": "Approve", "callback_data": "approve:1" }]] },
    });
    assert_eq!(TELEGRAM.check("sendMessage", Part::Body, &telegram), [""; 0]);
    let discord = json!({
        "content": "hello", "nonce": "row-1", "enforce_nonce": true, "allowed_mentions": { "parse": [] },
        "message_reference": { "message_id": "12", "fail_if_not_exists": false },
        "components": [{ "type": 1, "components": [{ "type": 2, "style": 3, "label": "Approve", "custom_id": "approve:1" }] }],
    });
    assert_eq!(DISCORD.check(CREATE, Part::Body, &discord), [""; 0]);
    let slack = json!({
        "channel": "C1", "text": "hello", "thread_ts": "1.2", "unfurl_links": false,
        "metadata": { "event_type": "aiwg", "event_payload": { "row": 1 } },
    });
    assert_eq!(SLACK.check("chat.postMessage", Part::Body, &slack), [""; 0]);
}

/// Each of these is one fault in what would fit without it.
#[test]
fn each_fault_is_named_with_its_place() {
    let telegram = |change: Value| {
        let mut params = json!({ "chat_id": 1, "text": "x" });
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        reasons(&TELEGRAM.check("sendMessage", Part::Body, &params))
    };
    assert!(telegram(json!({ "text": "a".repeat(4097) })).contains("4097 UTF-16 units"));
    assert!(telegram(json!({ "text": "😀".repeat(2049) })).contains("4098 UTF-16 units"));
    assert_eq!(telegram(json!({ "text": "😀".repeat(2048) })), "");
    assert!(telegram(json!({ "text": "" })).contains("body/text"));
    assert!(telegram(json!({ "chat_id": 1.5 })).contains("body/chat_id"));
    assert!(telegram(json!({ "parse_mod": "HTML" })).contains("parse_mod"));
    assert!(telegram(json!({ "parse_mode": "markdown" })).contains("body/parse_mode"));
    assert!(telegram(json!({ "entities": [{ "type": "bold", "offset": 0 }] })).contains("length"));
    let button = json!({ "inline_keyboard": [[{ "text": "x", "callback_data": "é".repeat(33) }]] });
    assert!(telegram(json!({ "reply_markup": button })).contains("body/reply_markup"));

    let discord = |change: Value| {
        let mut body = json!({ "content": "x" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        reasons(&DISCORD.check(CREATE, Part::Body, &body))
    };
    assert!(discord(json!({ "content": "a".repeat(4001) })).contains("body/content"));
    assert!(discord(json!({ "nonce": "a".repeat(26) })).contains("body/nonce"));
    assert!(discord(json!({ "allowed_mentions": { "parse": ["all"] } })).contains("body/allowed_mentions"));
    assert!(discord(json!({ "allow_mentions": {} })).contains("allow_mentions"));
    assert!(discord(json!({ "message_reference": { "message_id": 12 } })).contains("body/message_reference"));
    let query = json!({ "after": "-1", "limit": "50" });
    assert!(
        reasons(&DISCORD.check("GET /channels/{channel_id}/messages", Part::Query, &query))
            .contains("query/after")
    );

    let slack = |method: &str, body: Value| reasons(&SLACK.check(method, Part::Body, &body));
    assert!(slack("chat.postMessage", json!({ "text": "x" })).contains("channel"));
    assert!(slack("chat.postMessage", json!({ "channel": "C1", "thread": "1.2" })).contains("thread"));
    assert!(slack("chat.update", json!({ "channel": "C1", "ts": 1.2 })).contains("body/ts"));
}

#[test]
fn blocks_have_their_limits() {
    let button = |text: &str| {
        let text = json!({ "type": "plain_text", "text": text });
        json!({ "type": "actions", "elements": [{ "type": "button", "action_id": "approve", "value": "1", "text": text }] })
    };
    let section = |n| json!({ "type": "section", "text": { "type": "mrkdwn", "text": "a".repeat(n) } });
    assert_eq!(check_blocks(&json!([section(3000), button("Approve")])), [""; 0]);
    assert!(reasons(&check_blocks(&json!([section(3001)]))).contains("blocks/0/text: 3001 long"));
    assert!(
        reasons(&check_blocks(&json!([button(&"a".repeat(76))])))
            .contains("blocks/0/elements/0/text: 76 long")
    );
    assert!(reasons(&check_blocks(&json!([{ "type": "sektion" }]))).contains("no type"));
    assert!(
        reasons(&check_blocks(&json!([{ "type": "divider", "text": "x" }]))).contains("divider has no text")
    );
    assert!(reasons(&check_blocks(&json!(vec![json!({ "type": "divider" }); 51]))).contains("51 blocks"));
}

#[test]
fn a_form_is_read_as_what_it_means() {
    let pair = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let form = [pair("chat_id", "-5"), pair("text", "17"), pair("disable_notification", "True")];
    let read = TELEGRAM.read_form("sendMessage", &form.into_iter().collect());
    assert_eq!(read, json!({ "chat_id": -5, "text": "17", "disable_notification": true }));
    let form = [pair("channel", "C1"), pair("blocks", "[{\"type\":\"divider\"}]"), pair("thread_ts", "1.5")];
    let read = SLACK.read_form("chat.postMessage", &form.into_iter().collect());
    assert_eq!(read, json!({ "channel": "C1", "blocks": [{ "type": "divider" }], "thread_ts": "1.5" }));
}
