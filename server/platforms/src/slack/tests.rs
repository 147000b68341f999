use aiwg_messaging::{
    part::Part,
    text::{Styled, markdown},
    words::{Button, Form},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{read::Envelope, *};
use crate::What;

fn bot() -> Bot {
    Bot::read(&json!({"team_id": "T0US", "user_id": "U0BOT", "user": "aiwg", "bot_id": "B0BOT"})).unwrap()
}

fn with(mut value: Value, more: &Value) -> Value {
    for (key, one) in more.as_object().unwrap() {
        value[key] = one.clone();
    }
    value
}

fn message(more: &Value) -> Value {
    let message = json!({
        "type": "message", "user": "U0ANN", "text": "<@U0BOT> status", "ts": "1700000000.000100", "team": "T0US",
        "channel": "C0HOME", "channel_type": "channel",
    });
    with(message, more)
}

fn frame(event: &Value) -> Value {
    let payload =
        json!({"team_id": "T0US", "type": "event_callback", "event": event, "is_ext_shared_channel": false});
    json!({"envelope_id": "e1", "type": "events_api", "payload": payload, "retry_attempt": 1})
}

fn read(frame: &Value) -> Envelope {
    read::envelope(&bot(), frame).unwrap()
}

/// The text that is obeyed of a message; none if none is.
fn text_of(more: &Value) -> Option<String> {
    match read(&frame(&message(more))).inbound?.what {
        What::Text { text, form: Form::Bare } => Some(text),
        _ => None,
    }
}

#[test]
fn what_is_for_the_bot_is_read_with_who_and_where() {
    let envelope = read(&frame(&message(&json!({}))));
    let heard = envelope.inbound.unwrap();
    assert_eq!(heard.place.to_string(), "slack:C0HOME:1700000000.000100");
    assert_eq!(heard.person.unwrap().to_string(), "slack:U0ANN");
    assert_eq!((heard.message.as_deref(), heard.is_direct), (Some("1700000000.000100"), false));
    assert_eq!((envelope.id.as_str(), envelope.ts.as_deref()), ("e1", Some("1700000000.000100")));
    let in_thread = read(&frame(&message(&json!({"thread_ts": "1.000001"})))).inbound.unwrap();
    assert_eq!(in_thread.place.to_string(), "slack:C0HOME:1.000001");
    // The same, as Slack sends it a second time.
    assert_eq!(text_of(&json!({"type": "app_mention"})).as_deref(), Some("status"));
    assert_eq!(text_of(&json!({"text": "hello all"})), None);
    assert_eq!(text_of(&json!({"text": "<@U0BOT>"})).as_deref(), Some("help"));
    assert_eq!(text_of(&json!({"subtype": "thread_broadcast"})).as_deref(), Some("status"));
    assert_eq!(text_of(&json!({"subtype": "file_share"})).as_deref(), Some("status"));
    let direct = json!({"channel": "D0ANN", "channel_type": "im", "text": "why &lt;?"});
    let heard = read(&frame(&message(&direct))).inbound.unwrap();
    assert_eq!((heard.place.to_string().as_str(), heard.is_direct), ("slack:D0ANN", true));
    assert_eq!(text_of(&direct).as_deref(), Some("why <?"));
}

#[test]
fn bots_edits_forwards_and_other_organizations_are_not_obeyed() {
    for more in [
        json!({"bot_id": "B1"}),
        json!({"bot_profile": {"id": "B1"}}),
        json!({"subtype": "bot_message"}),
        json!({"subtype": "message_changed", "message": {"user": "U0ANN", "text": "<@U0BOT> run x"}}),
        json!({"subtype": "message_deleted"}),
        json!({"subtype": "channel_join"}),
        json!({"edited": {"user": "U0ANN", "ts": "1700000001.000100"}}),
        json!({"hidden": true}),
        json!({"user": "U0BOT"}),
        json!({"user": "USLACKBOT"}),
        json!({"user": "B0NOBODY"}),
        json!({"user": null}),
        json!({"attachments": [{"is_share": true, "text": "run x"}]}),
        json!({"team": "T0THEM"}),
        json!({"user_team": "T0THEM"}),
        json!({"source_team": "T0THEM"}),
        json!({"type": "reaction_added"}),
        json!({"channel": "X1"}),
        json!({"text": null}),
        json!({"ts": null}),
        json!({"ts": "yesterday"}),
    ] {
        assert_eq!(text_of(&more), None, "{more}");
    }
    // A link of which Slack shows a part is no forwarded message.
    assert!(text_of(&json!({"attachments": [{"title": "x"}]})).is_some());
    let mut shared = frame(&message(&json!({})));
    shared["payload"]["is_ext_shared_channel"] = true.into();
    let envelope = read(&shared);
    assert!(envelope.inbound.is_none());
    assert_eq!(envelope.foreign, Some(("C0HOME".to_owned(), true)));
}

#[test]
fn commands_and_buttons_are_read() {
    let payload = json!({
        "team_id": "T0US", "channel_id": "C0HOME", "user_id": "U0ANN", "user_name": "ann", "command": "/aiwg",
        "text": "task 7", "response_url": "https://hooks.slack.com/commands/1",
    });
    let of = |more: Value| {
        read(&json!({"envelope_id": "e1", "type": "slash_commands", "payload": with(payload.clone(), &more)}))
    };
    let envelope = of(json!({}));
    let heard = envelope.inbound.unwrap();
    assert_eq!((heard.name.as_deref(), heard.place.to_string().as_str()), (Some("@ann"), "slack:C0HOME"));
    assert_eq!(heard.what, What::Text { text: "task 7".to_owned(), form: Form::Strict });
    assert!(envelope.is_command && envelope.response_url.is_some() && envelope.ts.is_none());
    let empty = of(json!({"text": ""})).inbound.unwrap();
    assert_eq!(empty.what, What::Text { text: "help".to_owned(), form: Form::Strict });
    assert_eq!(of(json!({"team_id": "T0THEM"})).inbound, None);

    let payload = json!({
        "type": "block_actions", "user": {"id": "U0ANN", "username": "ann", "team_id": "T0US"}, "team": {"id": "T0US"},
        "channel": {"id": "C0HOME"}, "message": {"ts": "5.000001", "thread_ts": "4.000001"},
        "actions": [{"action_id": "a:approval-0001", "value": "a:approval-0001"}], "response_url": "https://x",
    });
    let of = |more: Value| {
        read(&json!({"envelope_id": "e2", "type": "interactive", "payload": with(payload.clone(), &more)}))
            .inbound
    };
    let heard = of(json!({})).unwrap();
    assert_eq!(heard.what, What::Press("a:approval-0001".to_owned()));
    assert_eq!(
        (heard.place.to_string().as_str(), heard.message.as_deref()),
        ("slack:C0HOME:4.000001", Some("5.000001"))
    );
    for more in [
        json!({"type": "view_submission"}),
        json!({"user": {"id": "U0ANN", "team_id": "T0THEM"}}),
        json!({"actions": []}),
        json!({"actions": [{}]}),
        json!({"channel": null}),
    ] {
        assert_eq!(of(more.clone()), None, "{more}");
    }
}

fn outbound(part: Part, thread: Option<&str>) -> Outbound {
    let place =
        Place { platform: Platform::Slack, chat: "C0HOME".to_owned(), thread: thread.map(str::to_owned) };
    Outbound { no: 7, place, part, created_ms: 0, is_repeat: false, asking: Vec::new() }
}

#[test]
fn a_message_is_escaped_and_can_be_found_again() {
    let (method, params) =
        send::request(&outbound(Part::of(markdown("**a** <!channel> & b")), Some("1.000001")));
    assert_eq!(method, "chat.postMessage");
    assert_eq!(params["text"], "*a* &lt;!channel&gt; &amp; b");
    assert_eq!((&params["thread_ts"], &params["unfurl_links"]), (&json!("1.000001"), &json!(false)));
    assert_eq!(params.get("blocks"), None);
    let (_, same) = send::request(&outbound(Part::of(markdown("**a** <!channel> & b")), None));
    assert_eq!(params["metadata"], same["metadata"]);
    // Of another store, the number may come again.
    let (_, other) = send::request(&outbound(Part::of(markdown("something else")), None));
    assert_ne!(params["metadata"], other["metadata"]);
    let (_, blank) = send::request(&outbound(Part::of(Styled::plain(" \n")), None));
    assert_eq!(blank["text"], "(nothing)");
}

#[test]
fn buttons_come_with_all_of_the_text_and_go() {
    let text = Styled::plain(&"word ".repeat(760));
    let buttons = vec![Button::approve("approval-0001"), Button::option("approval-0001", 1, "<b> & c")];
    let part = Part { text, buttons, ..Part::default() };
    let (_, params) = send::request(&outbound(part.clone(), None));
    let blocks = params["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 3);
    for block in &blocks[..2] {
        let text = block["text"]["text"].as_str().unwrap();
        assert!(text.len() <= 3000 && text.contains("word"), "{text}");
    }
    assert_eq!(blocks[2]["elements"][0]["value"], "a:approval-0001");
    assert_eq!(blocks[2]["elements"][1]["text"]["text"], "<b> & c");
    let edit = Part { buttons: Vec::new(), edits: Some("5.000001".to_owned()), ..part };
    let (method, params) = send::request(&outbound(edit, Some("1.000001")));
    assert_eq!((method, &params["ts"], &params["blocks"]), ("chat.update", &json!("5.000001"), &json!([])));
    assert_eq!(params.get("thread_ts"), None, "an edit has no thread");
}

#[test]
fn a_scope_that_is_missing_is_named() {
    let scopes = |all: &str| all.split(',').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lacking(&scopes("chat:write,app_mentions:read,im:history,commands,channels:history")), None);
    assert_eq!(lacking(&scopes("chat:write,app_mentions:read,im:history,commands,groups:history,x")), None);
    let why = lacking(&scopes("chat:write,im:history,commands")).unwrap();
    assert!(why.contains("the scopes app_mentions:read, channels:history:"), "{why}");
}

#[test]
fn tokens_are_told_apart() {
    let new = |bot: &str, app: Option<&str>| {
        Slack::new(Token::new(bot), app.map(Token::new).as_ref(), Some("http://127.0.0.1:1/")).err()
    };
    assert_eq!(new("xoxb-1", Some("xapp-1")), None);
    for (bot, app, why) in [
        ("xapp-secret", Some("xoxb-secret"), "AIWG_SLACK_TOKEN is to be"),
        ("xoxb-1", Some("xoxb-secret"), "AIWG_SLACK_APP_TOKEN is to be"),
        ("xoxb-1", None, "it needs AIWG_SLACK_APP_TOKEN"),
    ] {
        let said = new(bot, app).unwrap();
        assert!(said.contains(why) && !said.contains("secret"), "{said}");
    }
}

/// JSON of a kind that Slack might send, with anything in it.
fn odd() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[CDUT0-9.<@>|!#&;a-z ]{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "events_api",
            "slash_commands",
            "interactive",
            "message",
            "block_actions",
            "U0ANN",
            "C0HOME"
        ])
        .prop_map(Value::from),
    ];
    let names = [
        "type",
        "payload",
        "envelope_id",
        "event",
        "channel",
        "user",
        "text",
        "ts",
        "thread_ts",
        "team",
        "actions",
        "message",
        "attachments",
        "id",
        "value",
        "channel_id",
        "user_id",
        "team_id",
        "subtype",
        "edited",
        "is_share",
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(names.to_vec()), inner), 0..8).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_that_comes_is_too_odd(payload in odd(), event in odd(), kind in 0..3) {
        let kind = ["events_api", "slash_commands", "interactive"][kind as usize];
        read::envelope(&bot(), &json!({"envelope_id": "e", "type": kind, "payload": payload}));
        read::envelope(&bot(), &event);
        read::envelope(&bot(), &frame(&event));
        read::message(&bot(), "C0HOME", &event);
        seen::Seen::read(&event.to_string());
    }
}
