//! Slack's stand-in as clients seldom see it: its errors, its limits, and the faults that tests put in.

use std::time::Duration;

use crate::support::{Came, Socket, reasons, send, slack, slack_address};
use aiwg_platforms_stand_in::{Fault, FaultKind, Platform, Settings, Speaker, Speech, StandIn};
use serde_json::{Value, json};

const CHANNEL: &str = "C0GENERAL1";

fn with_a_channel() -> StandIn {
    let stand_in = StandIn::start();
    stand_in.slack().add_channel(CHANNEL);
    stand_in
}

fn acknowledge(socket: &mut Socket, frame: &Value) {
    socket.send(&json!({ "envelope_id": frame["envelope_id"] }));
}

#[test]
fn errors_are_those_of_the_web_api() {
    let stand_in = with_a_channel();
    let error = |method: &str, params: Value| {
        slack(&stand_in, method, &params)["error"].as_str().unwrap_or("none").to_owned()
    };
    assert_eq!(
        error("chat.postMessage", json!({ "channel": "C0NOWHERE", "text": "x" })),
        "channel_not_found"
    );
    assert_eq!(error("chat.postMessage", json!({ "channel": CHANNEL })), "no_text");
    assert_eq!(
        error("chat.postMessage", json!({ "channel": CHANNEL, "text": "x".repeat(40_001) })),
        "msg_too_long"
    );
    let metadata = json!({ "channel": CHANNEL, "text": "x", "metadata": { "event_type": "x" } });
    assert_eq!(error("chat.postMessage", metadata), "invalid_metadata_format");
    let blocks = json!({ "channel": CHANNEL, "blocks": [{ "type": "header", "text": { "type": "plain_text", "text": "x".repeat(151) } }] });
    assert_eq!(error("chat.postMessage", blocks), "invalid_blocks");
    assert_eq!(
        error("chat.update", json!({ "channel": CHANNEL, "ts": "1.000001", "text": "x" })),
        "message_not_found"
    );
    assert_eq!(error("apps.connections.open", json!({})), "not_allowed_token_type");
    assert_eq!(error("chat.nothing", json!({})), "unknown_method");
    stand_in.slack().set_member(CHANNEL, false);
    assert_eq!(error("chat.postMessage", json!({ "channel": CHANNEL, "text": "x" })), "not_in_channel");
    let other = send(&stand_in, "POST", "/slack/api/auth.test", "Bearer xoxb-other", &json!({})).unwrap();
    assert_eq!(other.json(), json!({ "ok": false, "error": "invalid_auth" }));
    let reasons = reasons(&stand_in);
    assert!(
        reasons.contains("blocks/0/text: 151 long") && reasons.contains("chat.nothing is no method"),
        "{reasons}"
    );
}

#[test]
fn what_was_sent_is_found_by_its_metadata() {
    let stand_in = with_a_channel();
    let post = |thread: Option<&str>| {
        let mut params = json!({ "channel": CHANNEL, "text": "x", "metadata": { "event_type": "aiwg", "event_payload": { "row": 7 } } });
        if let Some(thread) = thread {
            params["thread_ts"] = thread.into();
        }
        slack(&stand_in, "chat.postMessage", &params)["ts"].as_str().unwrap().to_owned()
    };
    let parent = stand_in.slack().say(&Speech::new(CHANNEL, "U0PERSON01", "ask")).message;
    let (above, below) = (post(None), post(Some(&parent)));
    let ask = |method: &str, params: Value| {
        slack(&stand_in, method, &params)["messages"].as_array().unwrap().clone()
    };
    let history = ask("conversations.history", json!({ "channel": CHANNEL, "include_all_metadata": true }));
    assert_eq!(
        (&history[0]["ts"], &history[0]["metadata"]["event_payload"]["row"]),
        (&json!(above), &json!(7))
    );
    assert_eq!(history[1]["reply_count"], 1);
    let replies = ask(
        "conversations.replies",
        json!({ "channel": CHANNEL, "ts": parent, "include_all_metadata": true }),
    );
    assert_eq!(
        (&replies[1]["ts"], &replies[1]["metadata"]["event_payload"]["row"]),
        (&json!(below), &json!(7))
    );
    let plain = ask("conversations.history", json!({ "channel": CHANNEL, "oldest": parent }));
    assert_eq!((plain.len(), plain[0].get("metadata")), (1, None));
    assert_eq!(stand_in.violations(), []);
    post(Some(&below));
    assert!(reasons(&stand_in).contains("is a reply's, not the parent's"));
}

#[test]
fn an_address_opens_one_socket() {
    let stand_in = with_a_channel();
    let url = slack_address(&stand_in);
    let mut first = Socket::open(&url).unwrap();
    assert_eq!(first.frame()["num_connections"], 1);
    assert_eq!(Socket::open(&url).err(), Some(403));
    stand_in.slack().set_other_sockets(1);
    let mut second = Socket::open_slack(&stand_in);
    assert_eq!(second.frame()["num_connections"], 3);
}

#[test]
fn an_event_that_nobody_acknowledges_comes_again() {
    let short = Duration::from_millis(1);
    let settings = Settings {
        slack_acknowledge_within: short,
        slack_retry_after: vec![short, short],
        ..Settings::default()
    };
    let stand_in = StandIn::start_with(settings);
    let mut socket = Socket::open_slack(&stand_in);
    socket.frame();
    let said = stand_in.slack().say(&Speech::new("D0PERSON01", "U0PERSON01", "hello & <goodbye>"));
    let frames = [socket.frame(), socket.frame(), socket.frame()];
    assert_eq!(frames[0]["payload"]["event"]["text"], "hello &amp; &lt;goodbye&gt;");
    assert_eq!(frames.each_ref().map(|frame| frame["retry_attempt"].as_u64().unwrap()), [0, 1, 2]);
    assert_eq!(frames[2]["envelope_id"], said.deliveries[0].as_str());
    acknowledge(&mut socket, &frames[2]);
    let envelope = stand_in.slack().wait_for_acknowledgement(&said.deliveries[0]);
    assert_eq!((envelope.attempts, envelope.response), (3, None));
    socket.send(&json!({ "envelope_id": "another" }));
    stand_in.wait_for_request(Platform::Slack, "socket acknowledge", 2);
    assert!(reasons(&stand_in).contains("there is no envelope another"));
}

#[test]
fn sockets_end_in_many_ways() {
    let stand_in = with_a_channel();
    let slack = stand_in.slack();
    let open = || {
        let mut socket = Socket::open_slack(&stand_in);
        assert_eq!(socket.frame()["type"], "hello");
        socket
    };
    let mut socket = open();
    slack.disconnect("link_disabled");
    assert_eq!(socket.frame()["reason"], "link_disabled");
    assert_eq!(socket.next(), Came::End(Some(1000)));
    drop(socket);
    slack.wait_for_sockets(0);

    // The new socket gets what comes; the old one stays until the client goes.
    let mut old = open();
    slack.disconnect("refresh_requested");
    assert_eq!(old.frame()["reason"], "refresh_requested");
    let mut new = open();
    slack.say(&Speech::new(CHANNEL, "U0PERSON01", "hello"));
    assert_eq!(new.frame()["payload"]["event"]["text"], "hello");
    assert!(!old.is_deaf());
    drop(old);

    slack.freeze_sockets();
    assert!(new.is_deaf());
    assert_eq!(slack.sockets(), 1);
    slack.cut_sockets();
    assert_eq!(new.next(), Came::End(None));
    stand_in.set_outage(Platform::Slack, true);
    assert!(send(&stand_in, "POST", "/slack/api/auth.test", "", &json!({})).is_err());
}

#[test]
fn a_response_url_works_five_times() {
    let stand_in = with_a_channel();
    let mut socket = Socket::open_slack(&stand_in);
    socket.frame();
    stand_in.slack().command(CHANNEL, "U0PERSON01", "/aiwg", "status");
    let frame = socket.frame();
    assert_eq!(
        (&frame["type"], &frame["accepts_response_payload"]),
        (&json!("slash_commands"), &json!(true))
    );
    let url = frame["payload"]["response_url"].as_str().unwrap();
    let path = &url[url.find("/slack").unwrap()..];
    let respond = |body: Value| send(&stand_in, "POST", path, "", &body).unwrap();
    assert_eq!(respond(json!({ "text": "for you" })).text, "ok");
    assert_eq!(stand_in.slack().ephemeral()[0]["text"], "for you");
    for _ in 0..4 {
        respond(json!({ "text": "for all", "response_type": "in_channel" }));
    }
    assert_eq!(stand_in.slack().messages(CHANNEL).len(), 4);
    assert_eq!(respond(json!({ "text": "x" })).json()["error"], "used_url");
    assert_eq!(stand_in.violations(), []);
    respond(json!({ "tekst": "x" }));
    assert!(reasons(&stand_in).contains("takes no tekst"));
}

#[test]
fn those_who_speak_are_told_apart() {
    let stand_in = with_a_channel();
    let slack = stand_in.slack();
    slack.add_external_channel("C0SHARED01");
    let mut socket = Socket::open_slack(&stand_in);
    socket.frame();
    let mut say = |speech: Speech| {
        slack.say(&speech);
        socket.frame()["payload"].clone()
    };
    let bot = say(Speech::new(CHANNEL, "U0OTHERBOT", "run x").by(Speaker::Bot));
    assert_eq!(bot["event"]["bot_id"], "B0OTHERBOT");
    let shared = say(Speech::new("C0SHARED01", "U0PERSON01", "run x").by(Speaker::External));
    assert_eq!(
        (&shared["is_ext_shared_channel"], &shared["event"]["user_team"]),
        (&json!(true), &json!("T0ELSEWHER"))
    );
    let forwarded = say(Speech::new(CHANNEL, "U0PERSON01", "run x").by(Speaker::Forwarder));
    assert_eq!(forwarded["event"]["attachments"][0]["is_share"], true);
    // The bot hears itself.
    crate::support::slack(&stand_in, "chat.postMessage", &json!({ "channel": CHANNEL, "text": "mine" }));
    assert_eq!(socket.frame()["payload"]["event"]["bot_id"], "B0AIWGBOT1");
}

#[test]
fn faults_have_slacks_form() {
    let stand_in = with_a_channel();
    let meet = |kind| {
        stand_in.add_fault(Platform::Slack, Fault::new(kind).times(1));
        let token = format!("Bearer {}", stand_in.slack().tokens().0);
        send(&stand_in, "POST", "/slack/api/auth.test", &token, &json!({})).unwrap()
    };
    let limited = meet(FaultKind::TooManyRequests { retry_after: 30.0 });
    assert_eq!((limited.status, limited.header("retry-after")), (429, "30"));
    let revoked = meet(FaultKind::Error("token_revoked".to_owned()));
    assert_eq!((revoked.status, revoked.json()["error"].as_str()), (200, Some("token_revoked")));
    assert_eq!(meet(FaultKind::ServerError).status, 500);
}

#[test]
fn envelopes_can_be_held_and_come_in_another_order() {
    let stand_in = with_a_channel();
    let slack = stand_in.slack();
    let mut socket = Socket::open_slack(&stand_in);
    socket.frame();
    slack.hold();
    let said = ["a", "b"].map(|text| slack.say(&Speech::new(CHANNEL, "U0PERSON01", text)));
    slack.release(true);
    let texts = [socket.frame(), socket.frame()].map(|frame| frame["payload"]["event"]["text"].clone());
    assert_eq!(texts, ["b", "a"]);
    slack.redeliver(&said[0].deliveries[0]);
    let again = socket.frame();
    assert_eq!((&again["retry_attempt"], &again["payload"]["event"]["text"]), (&json!(1), &json!("a")));
}
