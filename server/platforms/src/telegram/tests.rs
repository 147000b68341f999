use aiwg_messaging::{part::Part, text::markdown, words::Button, words::Form};
use serde_json::json;

use super::*;
use crate::{Inbound, What};

fn bot() -> Bot {
    Bot::read(&json!({"id": 1, "is_bot": true, "username": "aiwg_bot"})).unwrap()
}

fn received(update: &Value) -> Inbound {
    let received = read::update(&bot(), 7, update, None);
    assert_eq!(received.key, "telegram:1:7");
    received.inbound
}

fn message(more: &Value) -> Value {
    let mut message = json!({
        "message_id": 5, "date": 1, "chat": {"id": -100, "type": "supergroup"},
        "from": {"id": 77, "is_bot": false, "first_name": "Ann", "username": "ann"}, "text": "/status",
    });
    for (key, value) in more.as_object().unwrap() {
        message[key] = value.clone();
    }
    json!({"update_id": 7, "message": message})
}

fn text_of(more: &Value) -> Option<String> {
    match received(&message(more)).what {
        What::Text { text, form: Form::Slash } => Some(text),
        _ => None,
    }
}

#[test]
fn what_is_for_the_bot_is_read_with_who_and_where() {
    let heard = received(&message(&json!({"message_thread_id": 3, "is_topic_message": true})));
    assert_eq!(heard.place.to_string(), "telegram:-100:3");
    assert_eq!(heard.person.unwrap().to_string(), "telegram:77");
    assert_eq!(
        (heard.name.as_deref(), heard.message.as_deref(), heard.is_direct),
        (Some("@ann"), Some("5"), false)
    );
    let reply = json!({"message_thread_id": 3});
    assert_eq!(received(&message(&reply)).place.to_string(), "telegram:-100");
    assert_eq!(text_of(&json!({"text": "@aiwg_Bot, why?"})).as_deref(), Some("why?"));
    assert_eq!(text_of(&json!({"text": "why, @aiwg_bot?"})).as_deref(), Some("why,"));
    assert_eq!(text_of(&json!({"text": "a @aiwg_bot b"})).as_deref(), Some("a  b"));
    assert_eq!(text_of(&json!({"text": "mail@aiwg_bot.com"})), None);
    assert_eq!(text_of(&json!({"text": "hello all"})), None);
    let answer = json!({"text": "go on", "reply_to_message": {"from": {"id": 1, "is_bot": true}}});
    assert_eq!(text_of(&answer).as_deref(), Some("go on"));
    let direct = json!({"text": "hello", "chat": {"id": 77, "type": "private"}});
    assert_eq!(text_of(&direct).as_deref(), Some("hello"));
    assert!(received(&message(&direct)).is_direct);
}

#[test]
fn bots_forwards_and_the_anonymous_are_not_obeyed() {
    for more in [
        json!({"from": {"id": 77, "is_bot": true}}),
        json!({"from": {"id": 77}}),
        json!({"sender_chat": {"id": -100, "type": "supergroup"}}),
        json!({"forward_origin": {"type": "user"}}),
        json!({"forward_date": 1}),
        json!({"via_bot": {"id": 9}}),
        json!({"is_automatic_forward": true}),
        json!({"text": null}),
        json!({"chat": {}}),
    ] {
        assert_eq!(text_of(&more), None, "{more}");
    }
    let edited = json!({"update_id": 7, "edited_message": message(&json!({}))["message"]});
    assert_eq!(received(&edited).what, What::Nothing);
    assert_eq!(received(&json!({"update_id": 7, "message": []})).what, What::Nothing);
    assert_eq!(received(&message(&json!({"migrate_to_chat_id": -200}))).what, What::Moved("-200".to_owned()));
}

#[test]
fn a_button_is_read_with_its_presser() {
    let update = json!({"update_id": 7, "callback_query": {
        "id": "c1", "from": {"id": 78, "is_bot": false, "first_name": "Bob"}, "data": "a:approval-0001",
        "message": {"message_id": 5, "chat": {"id": -100, "type": "group"}, "date": 0},
    }});
    let received = read::update(&bot(), 7, &update, None);
    assert_eq!(received.ack.as_deref(), Some("c1"));
    assert_eq!(received.inbound.what, What::Press("a:approval-0001".to_owned()));
    assert_eq!(received.inbound.person.unwrap().id, "78");
}

#[test]
fn a_message_needs_no_escapes() {
    let place = Place { platform: Platform::Telegram, chat: "-100".to_owned(), thread: Some("3".to_owned()) };
    let part = Part {
        buttons: vec![Button::approve("approval-0001")],
        reply_to: Some("9".to_owned()),
        ..Part::of(markdown("**a** <b>"))
    };
    let mut message = Outbound { no: 1, place, part, created_ms: 0, is_repeat: false, asking: Vec::new() };
    let (method, params) = request(&message);
    assert_eq!(method, "sendMessage");
    assert_eq!((&params["chat_id"], &params["message_thread_id"]), (&json!(-100), &json!(3)));
    assert_eq!((&params["text"], params["parse_mode"].is_null()), (&json!("a <b>"), true));
    assert_eq!(params["entities"], json!([{"type": "bold", "offset": 0, "length": 1}]));
    assert_eq!(params["reply_parameters"]["message_id"], 9);
    assert_eq!(params["reply_markup"]["inline_keyboard"][0][0]["callback_data"], "a:approval-0001");
    message.is_repeat = true;
    assert!(request(&message).1["text"].as_str().unwrap().starts_with(PERHAPS_AGAIN));
    message.part = Part { edits: Some("5".to_owned()), ..Part::of(Styled::plain("")) };
    let (method, params) = request(&message);
    assert_eq!(
        (method, &params["message_id"], &params["text"]),
        ("editMessageText", &json!(5), &json!("(nothing)"))
    );
    assert_eq!(params["reply_markup"], json!({"inline_keyboard": []}));
    message.part = Part::of(Styled::plain(&"x".repeat(4096)));
    assert!(request(&message).1["text"].as_str().unwrap().chars().count() <= 4096);
}

#[test]
fn after_a_week_ids_may_start_anew() {
    let position = Position { next: 9, at: 1_000 };
    assert_eq!(position.offset(1_000 + IDS_LAST_MS - 1), Some(9));
    assert_eq!(position.offset(1_000 + IDS_LAST_MS), None);
    assert_eq!(position.offset(0), Some(9), "a clock that was set back");
}

fn outcome(status: u16, body: Value) -> Outcome {
    let status = reqwest::StatusCode::from_u16(status).unwrap();
    let body = Some(body).filter(|body| !body.is_null());
    Outcome::of(crate::http::Answer { status, headers: HeaderMap::new(), body })
}

#[test]
fn what_became_of_a_message_is_told_apart() {
    let place = Place { platform: Platform::Telegram, chat: "-100".to_owned(), thread: None };
    let sent = |status, body, is_edit| outcome(status, body).sent(&place, is_edit);
    let error = |code: u16, description: &str, parameters: Value| json!({"ok": false, "error_code": code, "description": description, "parameters": parameters});
    assert_eq!(
        sent(200, json!({"ok": true, "result": {"message_id": 5}}), false),
        Ok(Sent { id: Some("5".to_owned()) })
    );
    let seconds = |n| Err(SendFailure::RetryAfter(Duration::from_secs(n)));
    assert_eq!(sent(429, error(429, "Too Many Requests", json!({"retry_after": 7})), false), seconds(7));
    let moved = error(400, "group chat was upgraded", json!({"migrate_to_chat_id": -200}));
    assert_eq!(sent(400, moved, false), Err(SendFailure::Moved("-200".to_owned())));
    assert!(matches!(sent(401, error(401, "Unauthorized", json!({})), false), Err(SendFailure::Stop(_))));
    let closed = |code, what| match sent(code, error(code, what, json!({})), false) {
        Err(SendFailure::Closed(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(closed(400, "Bad Request: chat not found").contains("/whoami"));
    let too_long = error(400, "Bad Request: message is too long", json!({}));
    assert!(matches!(sent(400, too_long, false), Err(SendFailure::Refused(_))));
    assert!(closed(403, "Forbidden: bot was kicked").contains("add it again"));
    assert!(matches!(sent(502, Value::Null, false), Err(SendFailure::Unknown(_))));
    assert!(matches!(sent(200, Value::Null, false), Err(SendFailure::Unknown(_))));
    let same = error(400, "Bad Request: message is not modified", json!({}));
    assert_eq!(sent(400, same, true), Ok(Sent::default()));
    let trouble = |status, body| outcome(status, body).result().unwrap_err();
    assert!(matches!(trouble(404, error(404, "Not Found", json!({}))), Trouble::Stop(_)));
    assert!(matches!(trouble(404, Value::Null), Trouble::Later { .. }));
    assert!(matches!(trouble(409, error(409, "Conflict", json!({}))), Trouble::Taken(_)));
    assert!(matches!(trouble(500, Value::Null), Trouble::Later { after: None, .. }));
}
