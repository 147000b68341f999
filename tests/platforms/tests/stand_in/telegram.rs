//! Telegram's stand-in as clients seldom see it: its errors, its limits, and the faults that tests put in.

use crate::support::{count, reasons, telegram};
use aiwg_platforms_stand_in::{
    ChatKind, Fault, FaultKind, Platform, RateLimit, Settings, Speaker, Speech, StandIn,
};
use serde_json::{Value, json};

fn with_a_chat() -> StandIn {
    let stand_in = StandIn::start();
    stand_in.telegram().say(&Speech::new("77", "77", "hello"));
    stand_in
}

fn to(chat: i64, text: &str) -> Value {
    json!({ "chat_id": chat, "text": text })
}

/// The status and the description of an answer.
fn told(stand_in: &StandIn, method: &str, params: &Value) -> (u16, String) {
    let answer = telegram(stand_in, method, params).unwrap();
    (answer.status, answer.json()["description"].as_str().unwrap_or_default().to_owned())
}

fn updates(stand_in: &StandIn, offset: i64) -> Vec<Value> {
    let answer = telegram(stand_in, "getUpdates", &json!({ "offset": offset })).unwrap();
    answer.json()["result"].as_array().unwrap().clone()
}

#[test]
fn errors_are_those_of_its_server() {
    let stand_in = with_a_chat();
    let send = |params: &Value| told(&stand_in, "sendMessage", params);
    assert_eq!(send(&to(78, "x")), (400, "Bad Request: chat not found".to_owned()));
    assert_eq!(send(&to(77, " ")).1, "Bad Request: message text is empty");
    assert_eq!(send(&to(77, &"😀".repeat(2049))).1, "Bad Request: message is too long");
    assert_eq!(send(&to(77, &"😀".repeat(2048))).0, 200);
    let answer = json!({ "callback_query_id": "1" });
    assert!(told(&stand_in, "answerCallbackQuery", &answer).1.starts_with("Bad Request: query is too old"));
    let edit = json!({ "chat_id": 77, "message_id": 1, "text": "x" });
    assert_eq!(told(&stand_in, "editMessageText", &edit).1, "Bad Request: message can't be edited");
    let same = json!({ "chat_id": 77, "message_id": 2, "text": "😀".repeat(2048) });
    assert!(told(&stand_in, "editMessageText", &same).1.starts_with("Bad Request: message is not modified"));
    assert_eq!(told(&stand_in, "sendMesage", &to(77, "x")), (404, "Not Found: method not found".to_owned()));
    stand_in.telegram().set_token("1:other");
    assert_eq!(send(&to(77, "x")).0, 200);
    stand_in.telegram().forbid("77", Some("bot was blocked by the user"));
    assert_eq!(send(&to(77, "x")), (403, "Forbidden: bot was blocked by the user".to_owned()));
    let path = "/telegram/bot1:wrong/getMe";
    assert_eq!(crate::support::send(&stand_in, "GET", path, "", &Value::Null).unwrap().status, 401);
    let reasons = reasons(&stand_in);
    assert!(
        reasons.contains("4098 UTF-16 units") && reasons.contains("sendMesage is no method"),
        "{reasons}"
    );
}

#[test]
fn a_group_becomes_a_supergroup() {
    let stand_in = StandIn::start();
    stand_in.telegram().add_chat(-5, ChatKind::Group);
    stand_in.telegram().migrate(-5, -1_005);
    let answer = telegram(&stand_in, "sendMessage", &to(-5, "x")).unwrap();
    assert_eq!((answer.status, &answer.json()["parameters"]["migrate_to_chat_id"]), (400, &json!(-1_005)));
    assert_eq!(telegram(&stand_in, "sendMessage", &to(-1_005, "x")).unwrap().status, 200);
    let updates = updates(&stand_in, 0);
    assert_eq!(updates[0]["message"]["migrate_to_chat_id"], -1_005);
    assert_eq!(updates[1]["message"]["migrate_from_chat_id"], -5);
    assert_eq!(stand_in.violations(), []);
}

#[test]
fn a_fault_meets_a_request_before_or_after_its_effect() {
    let stand_in = with_a_chat();
    let meet = |kind| {
        stand_in.add_fault(Platform::Telegram, Fault::new(kind).of("sendMessage").times(1));
        let answer = telegram(&stand_in, "sendMessage", &to(77, "x"));
        (answer, stand_in.telegram().sent("77").len())
    };
    let (answer, sent) = meet(FaultKind::TooManyRequests { retry_after: 4.2 });
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.header("retry-after"), sent), (429, "5", 0));
    assert_eq!(answer.json()["parameters"]["retry_after"], 5);
    let (answer, _) = meet(FaultKind::Error("403 Forbidden: bot was kicked from the group chat".to_owned()));
    assert_eq!(answer.unwrap().json()["description"], "Forbidden: bot was kicked from the group chat");
    for (kind, status) in
        [(FaultKind::ServerError, 500), (FaultKind::Unauthorized, 401), (FaultKind::Html, 502)]
    {
        let (answer, sent) = meet(kind);
        assert_eq!((answer.unwrap().status, sent), (status, 0));
    }
    let (answer, sent) = meet(FaultKind::HtmlOk);
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.header("content-type"), sent), (200, "text/html", 0));
    let (answer, sent) = meet(FaultKind::CutBefore);
    assert!(answer.is_err() && sent == 0);
    let (answer, sent) = meet(FaultKind::CutAfter);
    assert!(answer.is_err() && sent == 1);
    let (answer, sent) = meet(FaultKind::Slow(1));
    assert!(answer.is_ok() && sent == 2);
    let statuses: Vec<_> = stand_in.requests(Platform::Telegram).iter().map(|one| one.status).collect();
    let (cut, ok) = (None, Some(200));
    assert_eq!(statuses, [Some(429), Some(403), Some(500), Some(401), Some(502), ok, cut, cut, ok]);
}

#[test]
fn an_answer_may_never_come() {
    let stand_in = with_a_chat();
    stand_in.add_fault(Platform::Telegram, Fault::new(FaultKind::Hang).of("sendMessage").times(1));
    stand_in.add_fault(Platform::Telegram, Fault::new(FaultKind::HangAfter).of("sendMessage").times(1));
    std::thread::scope(|scope| {
        let waiting = [1, 2].map(|_| scope.spawn(|| telegram(&stand_in, "sendMessage", &to(77, "x"))));
        stand_in.wait_for_request(Platform::Telegram, "sendMessage", 2);
        stand_in.telegram().wait_for("77", "the effect of the second", |one| one["from"]["is_bot"] == true);
        assert!(waiting.iter().all(|one| !one.is_finished()));
        // Others are answered meanwhile; an outage ends what hangs on a poll only, so the end of the server does it.
        assert_eq!(telegram(&stand_in, "getMe", &Value::Null).unwrap().status, 200);
        stand_in.stop();
        assert!(waiting.into_iter().all(|one| one.join().unwrap().is_err()));
    });
}

#[test]
fn an_outage_cuts_polls_and_every_request() {
    let stand_in = with_a_chat();
    let poll = || telegram(&stand_in, "getUpdates", &json!({ "offset": 999_999_999, "timeout": 50 }));
    telegram(&stand_in, "getUpdates", &json!({ "offset": 512_000_002 })).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(poll);
        stand_in.telegram().wait_for_poll();
        stand_in.set_outage(Platform::Telegram, true);
        assert!(waiting.join().unwrap().is_err());
    });
    assert!(telegram(&stand_in, "getMe", &Value::Null).is_err());
    stand_in.telegram().say(&Speech::new("77", "77", "meanwhile"));
    stand_in.set_outage(Platform::Telegram, false);
    assert_eq!(poll().unwrap().json()["result"][0]["message"]["text"], "meanwhile");
}

#[test]
fn one_poller_at_a_time_and_none_beside_a_webhook() {
    let stand_in = with_a_chat();
    let poll = || told(&stand_in, "getUpdates", &json!({ "offset": 512_000_002, "timeout": 50 }));
    std::thread::scope(|scope| {
        let first = scope.spawn(poll);
        stand_in.telegram().wait_for_poll();
        let second = scope.spawn(poll);
        let (status, why) = first.join().unwrap();
        assert_eq!(status, 409);
        assert!(why.starts_with("Conflict: terminated by other getUpdates request"));
        stand_in.telegram().say(&Speech::new("77", "77", "hello"));
        assert_eq!(second.join().unwrap().0, 200);
    });
    stand_in.telegram().set_webhook("https://example.com/hook");
    let (status, why) = poll();
    assert!(status == 409 && why.contains("webhook is active"), "{why}");
    let info = telegram(&stand_in, "getWebhookInfo", &Value::Null).unwrap().json();
    assert_eq!(info["result"]["url"], "https://example.com/hook");
}

#[test]
fn ids_begin_anew_after_a_week() {
    let stand_in = with_a_chat();
    let last = updates(&stand_in, 0)[0]["update_id"].as_i64().unwrap();
    assert!(updates(&stand_in, last + 1).is_empty());
    stand_in.telegram().restart_ids(31);
    stand_in.telegram().say(&Speech::new("77", "77", "back"));
    let found = updates(&stand_in, last + 1);
    assert_eq!((&found[0]["update_id"], &found[0]["message"]["text"]), (&json!(31), &json!("back")));
}

#[test]
fn those_who_speak_are_told_apart() {
    let stand_in = StandIn::start();
    let telegram = stand_in.telegram();
    telegram.add_chat(-1_009, ChatKind::Supergroup);
    let say = |speaker| telegram.say(&Speech::new(-1_009, 77, "run x").mention().by(speaker));
    let said = [Speaker::Person, Speaker::Bot, Speaker::Forwarder, Speaker::AnonymousAdmin].map(say);
    assert_eq!(said.map(|one| one.message), ["1", "2", "3", "4"]);
    let found: Vec<Value> =
        updates(&stand_in, 0).into_iter().map(|update| update["message"].clone()).collect();
    assert_eq!(found[0]["text"], "@aiwg_stand_in_bot run x");
    assert_eq!(found[0]["entities"], json!([{ "type": "mention", "offset": 0, "length": 18 }]));
    assert_eq!(found[1]["from"]["is_bot"], true);
    assert_eq!(found[2]["forward_origin"]["type"], "user");
    assert_eq!(found[3]["sender_chat"]["id"], -1_009);
    telegram.edit("-1009", "1", "run y");
    assert_eq!(updates(&stand_in, 0)[4]["edited_message"]["text"], "run y");
}

#[test]
fn a_limit_says_when_to_come_again() {
    let limit = RateLimit { requests: 1, window: std::time::Duration::from_secs(3_600) };
    let stand_in = StandIn::start_with(Settings { telegram_messages: Some(limit), ..Settings::default() });
    stand_in.telegram().say(&Speech::new("77", "77", "hello"));
    assert_eq!(telegram(&stand_in, "sendMessage", &to(77, "x")).unwrap().status, 200);
    let answer = telegram(&stand_in, "sendMessage", &to(77, "x")).unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (429, "3600"));
    assert_eq!(count(&stand_in, Platform::Telegram, "sendMessage"), 2);
}
