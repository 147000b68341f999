//! Rust's typed events: what `aiwg generate rust` writes compiles, and reads and writes the payloads that the schemas mean.

use aiwg_client::{Topic, serde_json, types::Event};
use serde_json::{Value, json};

#[rustfmt::skip]
#[path = "events/plain/aiwg_events.rs"]
mod plain;

#[rustfmt::skip]
#[path = "events/nasty/aiwg_events.rs"]
mod nasty;

type Outcome = Result<(), serde_json::Error>;

fn event(topic: &str, payload: Value) -> Result<Event, serde_json::Error> {
    serde_json::from_value(json!({
        "seq": 1, "topic": topic, "payload": payload, "source": "client", "at": "2026-11-23T14:33:23.042Z",
    }))
}

/// Reads a payload, and sees that it is written as it was.
fn round_trip<T: Topic>(payload: Value) -> Result<T, serde_json::Error> {
    let another = || serde::de::Error::custom("an event of another topic");
    let read = T::read(&event(T::NAME, payload.clone())?).transpose()?.ok_or_else(another)?;
    assert_eq!(serde_json::to_value(&read)?, payload, "{}", T::NAME);
    Ok(read)
}

#[test]
fn a_payload_is_read_by_its_topic() -> Outcome {
    use plain::{DeploymentComplete, DeploymentCompleteEnvironment};

    let read: DeploymentComplete =
        round_trip(json!({ "version": "1", "environment": "staging", "hosts": [{ "name": "a" }] }))?;
    assert_eq!(read.environment, Some(DeploymentCompleteEnvironment::Staging));
    let written = DeploymentComplete { version: "2".to_owned(), ..DeploymentComplete::default() };
    assert_eq!(serde_json::to_value(written)?, json!({ "version": "2" }));
    assert!(DeploymentComplete::read(&event("other", json!({}))?).is_none());
    assert!(
        DeploymentComplete::read(&event(DeploymentComplete::NAME, json!({ "version": 1 }))?)
            .expect("its topic")
            .is_err()
    );
    Ok(())
}

#[test]
fn names_that_collide_or_are_words_of_the_language_are_kept_on_the_wire() -> Outcome {
    let names = json!({
        "from": "1", "class": "2", "type": "3", "self": "4", "Self": "5", "super": "6", "crate": "7", "fn": "8", "async": "9",
        "fooBar": "10", "foo_bar": "11", "FooBar": "12", "foo-bar": "13", "": "14", " ": "15", "1": "16", "größe": "17",
        "日本": "18", "a\nb": "19", "a\"b": "20", "__proto__": "21", "list": [], "int": 1, "not declared": null, "_": "22", "*/": "23",
    });
    let read: nasty::MemberNames = round_trip(names)?;
    assert_eq!((read.r#type.as_str(), read.foo_bar.as_deref()), ("3", Some("11")));
    round_trip::<nasty::SelfPayload>(json!("Self"))?;
    round_trip::<nasty::SelfPayload>(json!("\n"))?;
    assert_eq!(nasty::AB::NAME, "a:b", "written as usual, it keeps its name");
    Ok(())
}

#[test]
fn unions_trees_and_tuples_are_told_apart() -> Outcome {
    use nasty::{Json, Tree, UnionShared, UnionTagged};

    let square: UnionTagged = round_trip(json!({ "kind": "square", "side": 1.5 }))?;
    assert!(matches!(square, UnionTagged::Square(ref square) if square.side == 1.5), "{square:?}");
    let number: UnionShared = round_trip(json!({ "id": 1, "number": 2.5 }))?;
    assert!(!matches!(number, UnionShared::Variant1(_)), "{number:?}");
    round_trip::<Tree>(
        json!({ "value": "a", "left": { "value": "b" }, "pair": [{ "value": "c" }, "d"], "children": [] }),
    )?;
    round_trip::<Json>(json!({ "a": [1.5, "x", null, { "b": true }] }))?;
    round_trip::<nasty::Open>(json!({ "a": "x", "more": 3 }))?;
    round_trip::<nasty::Tuples>(json!({ "exact": [1.5, "x"], "one": [2.5], "nullable": ["a", null] }))?;
    round_trip::<nasty::UnionTypes>(json!(["a"]))?;
    Ok(())
}
