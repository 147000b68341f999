//! Discord's stand-in as clients seldom see it: its errors, its limits, and the faults that tests put in.

use crate::support::{Came, Socket, discord, reasons};
use aiwg_platforms_stand_in::{Fault, FaultKind, Platform, RateLimit, Settings, Speaker, Speech, StandIn};
use serde_json::{Value, json};

const CHANNEL: &str = "1300000000000000001";
const PERSON: &str = "1000000000000000042";
const INTENTS: u64 = 4_608;

fn with_a_channel() -> StandIn {
    let stand_in = StandIn::start();
    stand_in.discord().add_channel(CHANNEL);
    stand_in
}

fn create(stand_in: &StandIn, body: &Value) -> crate::support::Answer {
    discord(stand_in, "POST", &format!("/channels/{CHANNEL}/messages"), body)
}

fn identify(token: &str, intents: u64) -> Value {
    let properties = json!({ "os": "linux", "browser": "aiwg", "device": "aiwg" });
    json!({ "op": 2, "d": { "token": token, "intents": intents, "properties": properties } })
}

/// A socket that is identified, with the data of its READY.
fn ready(stand_in: &StandIn, intents: u64) -> (Socket, Value) {
    let mut socket = Socket::open_discord(stand_in, "");
    socket.send(&identify(&stand_in.discord().token(), intents));
    let ready = socket.frame();
    assert_eq!((&ready["t"], &ready["s"]), (&json!("READY"), &json!(1)));
    (socket, ready["d"].clone())
}

fn resume(stand_in: &StandIn, session: &Value, seq: u64) -> Socket {
    let mut socket = Socket::open_discord(stand_in, "resume/");
    let token = stand_in.discord().token();
    socket.send(&json!({ "op": 6, "d": { "token": token, "session_id": session, "seq": seq } }));
    socket
}

#[test]
fn errors_are_those_of_the_api() {
    let stand_in = with_a_channel();
    let told = |body: Value| {
        let answer = create(&stand_in, &body);
        (answer.status, answer.json()["code"].as_u64().unwrap_or(0))
    };
    assert_eq!(told(json!({ "content": "" })), (400, 50_006));
    assert_eq!(told(json!({ "content": "x".repeat(2_001) })), (400, 50_035));
    assert_eq!(told(json!({ "content": "x", "message_reference": { "message_id": "1" } })), (400, 50_035));
    let softly =
        json!({ "content": "x", "message_reference": { "message_id": "1", "fail_if_not_exists": false } });
    assert_eq!(told(softly).0, 200);
    assert_eq!(discord(&stand_in, "GET", "/channels/5", &Value::Null).json()["code"], 10_003);
    stand_in.discord().set_access(CHANNEL, false);
    assert_eq!(told(json!({ "content": "x" })), (403, 50_001));
    let path = "/discord/api/v10/users/@me";
    let answer = crate::support::send(&stand_in, "GET", path, "Bot other", &Value::Null).unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (401, "application/json"));
    assert_eq!(stand_in.violations(), []);
    discord(&stand_in, "GET", "/channels/5/messages?afther=1", &Value::Null);
    assert!(reasons(&stand_in).contains("afther"));
}

#[test]
fn a_nonce_makes_one_message() {
    let stand_in = with_a_channel();
    let body = json!({ "content": "x", "nonce": "row-1", "enforce_nonce": true, "allowed_mentions": { "parse": [] } });
    let first = create(&stand_in, &body).json();
    assert_eq!(create(&stand_in, &body).json()["id"], first["id"]);
    assert_ne!(create(&stand_in, &json!({ "content": "x", "nonce": "row-1" })).json()["id"], first["id"]);
    let after = discord(
        &stand_in,
        "GET",
        &format!("/channels/{CHANNEL}/messages?after={}", first["id"].as_str().unwrap()),
        &Value::Null,
    );
    assert_eq!(after.json().as_array().unwrap().len(), 1);
    assert_eq!(stand_in.discord().sent(CHANNEL)[0]["nonce"], "row-1");
}

#[test]
fn who_pings_everyone_is_seen() {
    let stand_in = with_a_channel();
    let pings = |body: Value| create(&stand_in, &body).json()["mention_everyone"] == true;
    assert!(pings(json!({ "content": "@everyone" })));
    assert!(!pings(json!({ "content": "@everyone", "allowed_mentions": { "parse": [] } })));
    assert!(pings(json!({ "content": "@here", "allowed_mentions": { "parse": ["everyone"] } })));
}

#[test]
fn a_limit_says_when_to_come_again() {
    let window = std::time::Duration::from_secs(3_600);
    let stand_in = StandIn::start_with(Settings {
        discord_messages: RateLimit { requests: 1, window },
        ..Settings::default()
    });
    stand_in.discord().add_channel(CHANNEL);
    let answer = create(&stand_in, &json!({ "content": "x" }));
    assert_eq!(
        (answer.status, answer.header("x-ratelimit-remaining"), answer.header("x-ratelimit-limit")),
        (200, "0", "1")
    );
    assert!(answer.header("x-ratelimit-reset-after").parse::<f64>().unwrap() > 3_000.0);
    let answer = create(&stand_in, &json!({ "content": "x" }));
    assert_eq!(
        (answer.status, answer.header("x-ratelimit-scope"), answer.header("retry-after")),
        (429, "user", "3600")
    );
    assert!(answer.json()["retry_after"].as_f64().unwrap() > 3_000.0);
    stand_in.add_fault(
        Platform::Discord,
        Fault::new(FaultKind::Error("50013 Missing Permissions".to_owned())).times(1),
    );
    assert_eq!(create(&stand_in, &json!({ "content": "x" })).status, 403);
}

#[test]
fn a_session_is_resumed_where_it_was() {
    let stand_in = with_a_channel();
    let (mut socket, data) = ready(&stand_in, INTENTS);
    let say = |text| stand_in.discord().say(&Speech::new(CHANNEL, PERSON, text).mention());
    say("a");
    assert_eq!(socket.frame()["s"], 2);
    stand_in.discord().cut_sockets();
    assert_eq!(socket.next(), Came::End(None));
    say("b");
    // The last one that was seen is the first event: the second comes again.
    let mut socket = resume(&stand_in, &data["session_id"], 1);
    let events = [socket.frame(), socket.frame(), socket.frame()];
    assert_eq!(events.each_ref().map(|event| event["s"].as_u64().unwrap()), [2, 3, 4]);
    assert_eq!(events[2]["t"], "RESUMED");
    // Op 9 with true: the session is still there. With another number it is not (4007).
    stand_in.discord().invalidate(true);
    assert_eq!(socket.frame(), json!({ "op": 9, "d": true }));
    assert_eq!(resume(&stand_in, &data["session_id"], 99).next(), Came::End(Some(4007)));
    let mut socket = resume(&stand_in, &data["session_id"], 4);
    assert_eq!(socket.frame()["t"], "RESUMED");
    // 1000 ends it.
    socket.close(1000);
    stand_in.discord().wait_for_sockets(0);
    assert_eq!(resume(&stand_in, &data["session_id"], 4).frame(), json!({ "op": 9, "d": false }));
    assert_eq!(stand_in.discord().identifies_left(), 999);
    assert!(reasons(&stand_in).contains("99 is later than the latest event"));
}

#[test]
fn a_session_outlives_every_other_end() {
    let stand_in = with_a_channel();
    let (socket, data) = ready(&stand_in, INTENTS);
    socket.close(4000);
    stand_in.discord().wait_for_sockets(0);
    assert_eq!(stand_in.discord().sessions(), 1);
    assert_eq!(resume(&stand_in, &data["session_id"], 1).frame()["t"], "RESUMED");
    stand_in.discord().forget_sessions();
    assert_eq!(resume(&stand_in, &data["session_id"], 1).frame(), json!({ "op": 9, "d": false }));
    assert_eq!(stand_in.violations(), []);
}

#[test]
fn the_gateway_refuses_what_it_must() {
    let stand_in = with_a_channel();
    let token = stand_in.discord().token();
    let ends = |frame: Value| {
        let mut socket = Socket::open_discord(&stand_in, "");
        socket.send(&frame);
        socket.next()
    };
    assert_eq!(ends(identify("other", INTENTS)), Came::End(Some(4004)));
    assert_eq!(ends(identify(&token, 1 << 40)), Came::End(Some(4013)));
    assert_eq!(ends(json!({ "op": 77 })), Came::End(Some(4001)));
    assert_eq!(ends(json!({ "op": 1, "d": "x".repeat(5_000) })), Came::End(Some(4002)));
    stand_in.discord().disallow_intents(1 << 15);
    assert_eq!(ends(identify(&token, INTENTS | 1 << 15)), Came::End(Some(4014)));
    let mut old =
        Socket::open(&format!("ws://{}/discord/gateway/?v=9&encoding=json", stand_in.address())).unwrap();
    assert_eq!(old.next(), Came::End(Some(4012)));
    let (mut socket, _) = ready(&stand_in, INTENTS);
    socket.send(&identify(&token, INTENTS));
    assert_eq!(socket.next(), Came::End(Some(4005)));
}

#[test]
fn heartbeats_are_answered_until_the_socket_is_half_open() {
    let stand_in = with_a_channel();
    let (mut socket, _) = ready(&stand_in, INTENTS);
    socket.send(&json!({ "op": 1, "d": 1 }));
    assert_eq!(socket.frame(), json!({ "op": 11 }));
    assert_eq!(stand_in.violations(), []);
    socket.send(&json!({ "op": 1, "d": 7 }));
    assert_eq!(socket.frame(), json!({ "op": 11 }));
    assert!(reasons(&stand_in).contains("7 is no number up to 1"));
    stand_in.discord().freeze_sockets();
    assert!(socket.is_deaf());
    assert_eq!(stand_in.discord().sessions(), 1);
}

#[test]
fn whoever_sends_no_heartbeat_is_left() {
    let discord_heartbeat = std::time::Duration::from_millis(20);
    let stand_in = StandIn::start_with(Settings { discord_heartbeat, ..Settings::default() });
    let (mut socket, _) = ready(&stand_in, INTENTS);
    assert_eq!(socket.next(), Came::End(Some(4000)));
    assert!(reasons(&stand_in).contains("no heartbeat within the interval"));
    assert_eq!(stand_in.discord().sessions(), 1);
}

#[test]
fn intents_say_who_hears_what() {
    let stand_in = with_a_channel();
    let discord = stand_in.discord();
    let (mut socket, _) = ready(&stand_in, INTENTS);
    let direct = discord.direct_channel(PERSON);
    let mut content = |speech: Speech| {
        discord.say(&speech);
        socket.frame()["d"]["content"].clone()
    };
    assert_eq!(content(Speech::new(CHANNEL, PERSON, "secret")), "");
    assert_eq!(content(Speech::new(&direct, PERSON, "to you")), "to you");
    assert_eq!(
        content(Speech::new(CHANNEL, PERSON, "x").mention()),
        format!("<@{}> x", discord.application())
    );
    discord.say(&Speech::new(CHANNEL, PERSON, "run x").mention().by(Speaker::Bot));
    assert_eq!(socket.frame()["d"]["author"]["bot"], true);
    discord.say(&Speech::new(CHANNEL, PERSON, "run x").mention().by(Speaker::Forwarder));
    assert_eq!(socket.frame()["d"]["message_reference"]["type"], 1);
    let (mut other, _) = ready(&stand_in, 1 << 12);
    discord.say(&Speech::new(CHANNEL, PERSON, "not for it").mention());
    discord.say(&Speech::new(&direct, PERSON, "for it"));
    assert_eq!(other.frame()["d"]["content"], "for it");
}

#[test]
fn an_interaction_is_answered_once() {
    let stand_in = with_a_channel();
    let (mut socket, _) = ready(&stand_in, INTENTS);
    let command = stand_in.discord().command(CHANNEL, PERSON, "run", &[("prompt", "x")]);
    let event = socket.frame()["d"].clone();
    assert_eq!((&event["data"]["options"][0]["value"], &event["id"]), (&json!("x"), &json!(command.message)));
    let token = event["token"].as_str().unwrap();
    let callback = format!("/interactions/{}/{token}/callback", command.message);
    let answer = |body: Value| discord(&stand_in, "POST", &callback, &body);
    assert_eq!(answer(json!({ "type": 4, "data": { "content": "task-0001" } })).status, 204);
    assert_eq!(answer(json!({ "type": 5 })).json()["code"], 40_060);
    let original = format!("/webhooks/{}/{token}/messages/@original", stand_in.discord().application());
    let edited = discord(&stand_in, "PATCH", &original, &json!({ "content": "done" })).json();
    assert_eq!((&edited["content"], stand_in.discord().sent(CHANNEL).len()), (&json!("done"), 1));
    let unknown = discord(&stand_in, "POST", "/interactions/5/other/callback", &json!({ "type": 5 }));
    assert_eq!(unknown.json()["code"], 10_062);
    assert_eq!(stand_in.discord().answer_to(&command.message).unwrap().0["type"], 4);
    assert_eq!(stand_in.violations(), []);
}

#[test]
fn an_interaction_is_answered_in_time() {
    let discord_answer_within = std::time::Duration::ZERO;
    let stand_in = StandIn::start_with(Settings { discord_answer_within, ..Settings::default() });
    stand_in.discord().add_channel(CHANNEL);
    let (mut socket, _) = ready(&stand_in, INTENTS);
    let command = stand_in.discord().command(CHANNEL, PERSON, "status", &[]);
    let token = socket.frame()["d"]["token"].as_str().unwrap().to_owned();
    let callback = format!("/interactions/{}/{token}/callback", command.message);
    assert_eq!(discord(&stand_in, "POST", &callback, &json!({ "type": 5 })).json()["code"], 10_062);
    assert_eq!(stand_in.discord().answer_to(&command.message), None);
}

#[test]
fn events_can_be_held_and_come_twice() {
    let stand_in = with_a_channel();
    let discord = stand_in.discord();
    let (mut socket, _) = ready(&stand_in, INTENTS);
    discord.hold();
    let said = ["a", "b"].map(|text| discord.say(&Speech::new(CHANNEL, PERSON, text).mention()));
    discord.release(true);
    let mut id = || socket.frame()["d"]["id"].clone();
    assert_eq!([id(), id()], [said[1].message.as_str(), said[0].message.as_str()]);
    discord.repeat(CHANNEL, &said[0].message);
    assert_eq!(id(), said[0].message.as_str());
}
