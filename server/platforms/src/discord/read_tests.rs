use serde_json::json;

use super::*;

fn bot() -> Bot {
    Bot { id: "1".to_owned(), name: "aiwg".to_owned(), application: "1".to_owned() }
}

fn read(kind: &str, data: Value) -> Option<Heard> {
    event(&bot(), &Event { kind: kind.to_owned(), seq: 1, data })
}

fn with(mut value: Value, more: &Value) -> Value {
    for (key, one) in more.as_object().unwrap() {
        value[key] = one.clone();
    }
    value
}

fn message(more: &Value) -> Value {
    let message = json!({
        "id": "500", "channel_id": "12", "guild_id": "9", "type": 0, "content": "<@1> status", "edited_timestamp": null,
        "author": {"id": "77", "username": "ann", "global_name": "Ann"}, "mentions": [{"id": "1", "bot": true}],
    });
    with(message, more)
}

fn text_of(more: &Value) -> Option<String> {
    match read("MESSAGE_CREATE", message(more))?.what {
        What::Text { text, form: Form::Bare } => Some(text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_for_the_bot_is_read_with_who_and_where() {
    let heard = read("MESSAGE_CREATE", message(&json!({}))).unwrap();
    assert_eq!(
        (heard.id, heard.person.to_string(), heard.name.as_deref()),
        (500, "discord:77".to_owned(), Some("Ann"))
    );
    assert_eq!(heard.channel, Channel { id: "12".to_owned(), is_direct: false, parent: None });
    assert_eq!((heard.message.as_deref(), &heard.ack), (Some("500"), &None));
    for (content, said) in [
        ("<@1> status", "status"),
        ("<@!1>, why?", "why?"),
        (" <@1>: why <@1>?", "why <@1>?"),
        ("why, <@1>?", "why, ?"),
        ("what says <@5>", "what says <@5>"),
        ("<@1>", ""),
    ] {
        assert_eq!(text_of(&json!({"content": content})).as_deref(), Some(said), "{content}");
    }
    let direct = message(&json!({"guild_id": null, "mentions": [], "content": "hello"}));
    let direct = read("MESSAGE_CREATE", direct).unwrap();
    assert!(direct.channel.is_direct && direct.channel.parent == Some(None));
    assert_eq!(text_of(&json!({"type": 19, "message_reference": {"type": 0}})).as_deref(), Some("status"));
}

#[test]
fn bots_own_messages_edits_and_forwards_are_not_obeyed() {
    for more in [
        json!({"mentions": []}),
        json!({"mentions": [{"id": "2"}]}),
        json!({"author": {"id": "77", "bot": true}}),
        json!({"author": {"id": "77", "system": true}}),
        json!({"author": {"id": "1"}}),
        json!({"author": {}}),
        json!({"webhook_id": "3"}),
        json!({"application_id": "3"}),
        json!({"interaction_metadata": {}}),
        json!({"edited_timestamp": "2026-01-01T00:00:00Z"}),
        json!({"message_reference": {"type": 1}}),
        json!({"message_snapshots": [{}]}),
        json!({"type": 7}),
        json!({"type": 20}),
        json!({"type": 21}),
        json!({"type": null}),
        json!({"id": "x"}),
        json!({"content": null}),
    ] {
        assert_eq!(text_of(&more), None, "{more}");
    }
    assert_eq!(read("MESSAGE_UPDATE", message(&json!({}))), None);
    assert_eq!(read("MESSAGE_DELETE", message(&json!({}))), None);
}

fn interaction(more: &Value) -> Value {
    let interaction = json!({
        "id": "600", "application_id": "1", "type": 2, "token": "secret", "channel_id": "12", "guild_id": "9", "context": 0,
        "channel": {"id": "12", "type": 0}, "data": {"type": 1, "name": "task", "options": [{"name": "id", "value": "7"}]},
        "member": {"user": {"id": "77", "username": "ann", "global_name": null}},
    });
    with(interaction, more)
}

#[test]
fn a_command_is_read_with_what_answers_it() {
    let heard = read("INTERACTION_CREATE", interaction(&json!({}))).unwrap();
    assert_eq!(heard.what, What::Text { text: "/task 7".to_owned(), form: Form::Slash });
    assert_eq!((heard.person.id.as_str(), heard.name.as_deref()), ("77", Some("ann")));
    assert_eq!(heard.message.as_deref().and_then(interactions::id_of), Some("600"));
    assert_eq!(heard.ack, Some(Ack { id: "600".to_owned(), token: "secret".to_owned(), is_press: false }));
    assert_eq!(heard.channel, Channel { id: "12".to_owned(), is_direct: false, parent: Some(None) });
    let thread = json!({"channel": {"id": "13", "type": 11, "parent_id": "12"}});
    let heard = read("INTERACTION_CREATE", interaction(&thread)).unwrap();
    assert_eq!(heard.channel.parent, Some(Some("12".to_owned())));
}

#[test]
fn only_direct_messages_with_the_bot_are_direct() {
    let is_direct = |more: &Value| {
        let alone = json!({
            "guild_id": null, "member": null, "user": {"id": "77"}, "channel": {"id": "14", "type": 1}, "context": 1,
        });
        read("INTERACTION_CREATE", interaction(&with(alone, more))).unwrap().channel.is_direct
    };
    assert!(is_direct(&json!({})) && is_direct(&json!({"context": null})));
    assert!(!is_direct(&json!({"context": 2})), "of two other people");
    assert!(!is_direct(&json!({"guild_id": "9"})));
    assert!(!is_direct(&json!({"channel": {"id": "14", "type": 3}})), "of a group");
    assert!(!is_direct(&json!({"channel": null})));
}

#[test]
fn a_button_is_read_with_its_presser() {
    let press = json!({"type": 3, "data": {"custom_id": "a:approval-0001"}, "message": {"id": "5"}});
    let heard = read("INTERACTION_CREATE", interaction(&press)).unwrap();
    assert_eq!(heard.what, What::Press("a:approval-0001".to_owned()));
    assert_eq!((heard.message.as_deref(), heard.ack.unwrap().is_press), (Some("5"), true));
    for odd in [
        json!({"type": 4}),
        json!({"type": 5}),
        json!({"token": null}),
        json!({"token": "a/../b"}),
        json!({"id": "1/2"}),
        json!({"data": null}),
        json!({"member": {}}),
    ] {
        assert_eq!(read("INTERACTION_CREATE", interaction(&odd)), None, "{odd}");
    }
}

#[test]
fn channels_are_told_apart() {
    let of = |value: Value| channel(&value).map(|channel| (channel.is_direct, channel.parent.flatten()));
    assert_eq!(
        channel(&json!({"id": "1", "type": 11})).unwrap().parent,
        None,
        "of which thread is to be asked"
    );
    assert_eq!(thread(&json!({"id": "7", "thread": {"id": "8"}})), Some("8"));
    assert_eq!(thread(&json!({"type": 18, "message_reference": {"channel_id": "9"}})), Some("9"));
    assert_eq!(thread(&json!({"type": 19, "message_reference": {"channel_id": "9"}})), None);
    assert_eq!(
        of(json!({"id": "1", "type": 0, "parent_id": "5"})),
        Some((false, None)),
        "a category is no parent"
    );
    assert_eq!(of(json!({"id": "1", "type": 12, "parent_id": "5"})), Some((false, Some("5".to_owned()))));
    assert_eq!(of(json!({"id": "1", "type": 1})), Some((true, None)));
    assert_eq!((of(json!({"id": "1"})), of(json!({"type": 1})), of(json!(null))), (None, None, None));
}

/// Takes each part of a value away, or puts another in its place, and shows what is left.
fn broken(value: &Value, show: &mut dyn FnMut(&Value)) {
    let others =
        [json!(null), json!(-1), json!("x"), json!([]), json!({}), json!(true), json!([{}]), json!(1e300)];
    let pointers = pointers(value, String::new());
    for pointer in pointers {
        for other in &others {
            let mut copy = value.clone();
            *copy.pointer_mut(&pointer).unwrap() = other.clone();
            show(&copy);
        }
    }
}

fn pointers(value: &Value, at: String) -> Vec<String> {
    let mut all = vec![at.clone()];
    match value {
        Value::Object(map) => {
            all.extend(map.iter().flat_map(|(key, one)| pointers(one, format!("{at}/{key}"))))
        }
        Value::Array(list) => {
            all.extend(list.iter().enumerate().flat_map(|(n, one)| pointers(one, format!("{at}/{n}"))))
        }
        _ => {}
    }
    all
}

#[test]
fn nothing_that_comes_is_too_odd() {
    let mut count = 0;
    let press = json!({"type": 3, "data": {"custom_id": "x"}, "message": {"id": "5"}});
    for (kind, whole) in [
        ("MESSAGE_CREATE", message(&json!({"message_reference": {"type": 0}, "message_snapshots": []}))),
        ("INTERACTION_CREATE", interaction(&json!({}))),
        ("INTERACTION_CREATE", interaction(&press)),
    ] {
        broken(&whole, &mut |data| {
            let event = Event { kind: kind.to_owned(), seq: 1, data: data.clone() };
            // Nobody is heard without an id.
            if let Some(heard) = super::event(&bot(), &event) {
                assert!(!heard.person.id.is_empty() && heard.id > 0, "{data}");
            }
            message_id(&event);
            channel(data);
            thread(data);
            count += 1;
        });
    }
    assert!(count > 300);
}
