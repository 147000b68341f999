use serde_json::{Value, json};

use crate::{PayloadSchema, SchemaError, Step, look_up};

/// The problem of a schema: its place as a path, and the message.
fn wrong(schema: &Value) -> (String, String) {
    let SchemaError { path, message } = PayloadSchema::new(schema).unwrap_err();
    let step = |step: &Step| match step {
        Step::Key(key) => format!("/{key}"),
        Step::Place(place) => format!("/{place}"),
    };
    (path.iter().map(step).collect(), message)
}

fn good(schema: &Value) -> PayloadSchema {
    PayloadSchema::new(schema).unwrap_or_else(|error| panic!("{schema}: {error} at {:?}", error.path))
}

fn misfits(schema: &PayloadSchema, payload: &Value) -> Vec<(String, String)> {
    let misfits = schema.check(&payload.to_string()).unwrap_err();
    misfits.into_iter().map(|misfit| (misfit.path, misfit.message)).collect()
}

#[test]
fn a_payload_fits_or_its_places_are_named() {
    let schema = good(&json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/deployment",
        "type": "object", "required": ["version"], "additionalProperties": false,
        "properties": {
            "version": { "$ref": "#/$defs/version" }, "environment": { "enum": ["staging", "production"] },
            "hosts": { "type": "array", "items": { "type": "string" } }
        },
        "$defs": { "version": { "type": "string", "pattern": r"^\d+\.\d+$" } }
    }));
    assert_eq!(schema.check(r#"{"version": "1.2", "environment": "staging", "hosts": ["a"]}"#), Ok(()));
    let found = misfits(&schema, &json!({ "version": 1, "hosts": ["a", 2], "a/b": 1 }));
    let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert!(
        places.contains(&"/version") && places.contains(&"/hosts/1") && places.contains(&""),
        "{found:?}"
    );
    assert!(misfits(&schema, &json!({}))[0].1.contains("\"version\" is a required property"));
    assert_eq!(misfits(&schema, &json!("x"))[0].0, "");
}

#[test]
fn the_place_of_cases_is_named() {
    let schema =
        good(&json!({ "properties": { "a": { "oneOf": [{ "type": "string" }, { "minimum": 3 }] } } }));
    assert_eq!(
        misfits(&schema, &json!({ "a": 1 })),
        [("/a".to_owned(), "1 does not fit what \"oneOf\" of its schema says".to_owned())]
    );
    assert_eq!(schema.check(r#"{"a": 3}"#), Ok(()));
}

#[test]
fn misfits_are_bounded() {
    let schema = good(&json!({ "items": { "type": "string", "maxLength": 3 } }));
    assert_eq!(misfits(&schema, &json!(vec![1; 1000])).len(), 20);
    assert_eq!(misfits(&schema, &json!(vec![1; 100_000])).len(), 20);
    // The one that does not fit comes after more than is looked through.
    let late = json!([vec![json!("a"); 10_000], vec![json!(1)]].concat());
    assert_eq!(misfits(&schema, &late), [(String::new(), "does not fit the schema of its topic".to_owned())]);
    let (place, message) = &misfits(&schema, &json!(["ä".repeat(20_000)]))[0];
    assert!(place == "/0" && message.len() < 400 && message.ends_with("3 characters"), "{message}");
}

#[test]
fn what_is_no_schema_is_wrong_with_its_place() {
    for (schema, place, said) in [
        (json!(7), "", "must be a schema"),
        (json!({ "type": "strng" }), "/type", "did you mean \"string\"?"),
        (json!({ "properties": { "a": { "type": ["string", "nul"] } } }), "/properties/a/type", "\"null\""),
        (json!({ "properties": { "a": 1 } }), "/properties/a", "must be a schema"),
        (json!({ "items": [{}] }), "/items", "prefixItems"),
        (json!({ "required": "version" }), "/required", "no JSON Schema 2020-12"),
        (json!({ "minLength": -1 }), "/minLength", "no JSON Schema 2020-12"),
        (json!({ "allOf": [{}, { "pattern": "(" }] }), "/allOf/1/pattern", "regex"),
        (json!({ "pattern": "(?=x)" }), "/pattern", "linear time"),
        (json!({ "$schema": "http://json-schema.org/draft-07/schema#" }), "/$schema", "not supported"),
        (json!({ "properties": { "a": { "$id": "x" } } }), "/properties/a/$id", "only the schema as a whole"),
        (json!({ "$dynamicRef": "#x" }), "/$dynamicRef", "not supported"),
    ] {
        let (at, why) = wrong(&schema);
        assert!(at == place && why.contains(said), "{schema}: {at}: {why}");
    }
}

#[test]
fn references_stay_within_the_schema() {
    for (reference, said) in [
        ("https://example.com/x.json", "nothing is ever fetched"),
        ("other.json#/x", "nothing is ever fetched"),
        ("file:///etc/passwd", "nothing is ever fetched"),
        ("#version", "nothing is ever fetched"),
        ("#/$defs/versoin", "did you mean \"#/$defs/version\"?"),
        ("#/enum/0", "leads to no schema"),
    ] {
        let schema =
            json!({ "enum": [{}], "properties": { "a": { "$ref": reference } }, "$defs": { "version": {} } });
        let (at, why) = wrong(&schema);
        assert!(at == "/properties/a/$ref" && why.contains(said), "{reference}: {at}: {why}");
    }
    // Names and values that only look like references.
    good(
        &json!({ "properties": { "$ref": { "type": "string" } }, "const": { "$ref": "https://example.com" } }),
    );
}

#[test]
fn what_refers_to_itself_ends() {
    for (schema, place) in [
        (json!({ "$ref": "#" }), ""),
        (
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "allOf": [{ "$ref": "#/$defs/b" }] }, "b": { "$ref": "#/$defs/a" } } }),
            "/$defs/a",
        ),
        (json!({ "properties": { "a": { "not": { "$ref": "#/properties/a" } } } }), "/properties/a"),
    ] {
        let (at, why) = wrong(&schema);
        assert!(why.contains("refers to itself") && at.starts_with(place), "{at}: {why}");
    }
    let tree = good(&json!({ "$ref": "#/$defs/node", "$defs": { "node": {
        "type": "object", "properties": { "left": { "$ref": "#/$defs/node" }, "right": { "$ref": "#/$defs/node" } }, "additionalProperties": false
    } } }));
    let deep = (0..100).fold(json!({}), |inner, _| json!({ "left": inner, "right": {} }));
    assert_eq!(tree.check(&deep.to_string()), Ok(()));
    let wrong_within = (0..10).fold(json!({ "middle": 1 }), |inner, _| json!({ "left": inner }));
    assert_eq!(misfits(&tree, &wrong_within)[0].0, "/left".repeat(10));
}

#[test]
fn what_would_multiply_is_bounded() {
    // Each level looks at the next one twice: 2^40 looks.
    let defs: serde_json::Map<String, Value> = (0..40)
        .map(|level| {
            let next = json!({ "$ref": format!("#/$defs/l{}", level + 1) });
            (format!("l{level}"), json!({ "allOf": [next, next] }))
        })
        .chain([("l40".to_owned(), json!({}))])
        .collect();
    assert!(wrong(&json!({ "$ref": "#/$defs/l0", "$defs": defs })).1.contains("20000 is the limit"));
    // It follows itself in two ways at each level of the payload.
    let twice = good(&json!({ "$ref": "#/$defs/n", "$defs": { "n": { "type": "array", "anyOf": [
        { "items": { "$ref": "#/$defs/n" } }, { "items": { "$ref": "#/$defs/n" } }
    ] } } }));
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(misfits(&twice, &deep).len(), 1);
    assert_eq!(twice.check(&deep.to_string().replace('1', "[]")), Ok(()));
    assert_eq!(misfits(&twice, &json!([[1], [[]]])).len(), 1);
    let chain: serde_json::Map<String, Value> = (0..1000)
        .map(|at| (format!("l{at}"), json!({ "$ref": format!("#/$defs/l{}", at + 1) })))
        .chain([("l1000".to_owned(), json!({}))])
        .collect();
    assert!(wrong(&json!({ "$ref": "#/$defs/l0", "$defs": chain })).1.contains("on and on"));
    let nested = (0..70).fold(json!({}), |inner, _| json!({ "items": inner }));
    assert!(wrong(&nested).1.contains("levels deep"));
    assert!(wrong(&json!({ "enum": ["x".repeat(300_000)] })).1.contains("262144 is the limit"));
    assert!(wrong(&json!({ "pattern": "x".repeat(1001) })).1.contains("1000 is the limit"));
    assert!(wrong(&json!({ "pattern": "((a{1000}){1000}){1000}" })).0.ends_with("pattern"));
}

#[test]
fn a_pattern_takes_linear_time() {
    let schema = good(&json!({ "pattern": "^(a+)+$" }));
    assert_eq!(misfits(&schema, &json!(format!("{}b", "a".repeat(50_000)))).len(), 1);
}

#[test]
fn a_schema_that_nothing_fits_is_wrong() {
    for (schema, place) in [
        (json!(false), ""),
        (json!({ "not": {} }), "/not"),
        (json!({ "enum": [] }), "/enum"),
        (json!({ "type": "object", "required": ["a"], "properties": { "a": false } }), "/properties/a"),
        (
            json!({ "type": "object", "required": ["b"], "properties": { "a": {} }, "additionalProperties": false }),
            "/required/0",
        ),
        (json!({ "allOf": [true, { "anyOf": [false, { "not": true }] }] }), "/allOf/1/anyOf"),
        (json!({ "type": "string", "minLength": 3, "maxLength": 2 }), "/minLength"),
        (json!({ "type": "string", "enum": [1, 2] }), "/enum"),
        (json!({ "$ref": "#/$defs/a", "$defs": { "a": false } }), "/$ref"),
    ] {
        let (at, why) = wrong(&schema);
        assert!(at == place && why.contains("no payload fits"), "{schema}: {at}: {why}");
    }
    good(&json!({ "properties": { "a": false }, "not": { "required": ["b"] } }));
}

#[test]
fn members_are_looked_up_through_references_and_cases() {
    let schema = json!({
        "type": "object",
        "properties": {
            "version": { "type": "string" },
            "user": { "$ref": "#/$defs/user" },
            "tags": { "type": "array", "items": {} },
            "open": { "properties": { "a": {} }, "additionalProperties": true },
            "any": {}
        },
        "oneOf": [{ "properties": { "ok": { "const": true } } }, { "properties": { "error": { "type": "string" } } }],
        "$defs": { "user": { "allOf": [{ "properties": { "name": {} } }, { "properties": { "mail": {} } }], "additionalProperties": { "type": "object", "properties": { "x": {} } } } }
    });
    let can = |path: &str| look_up(&schema, &path.split('.').collect::<Vec<_>>());
    for path in [
        "version",
        "user.name",
        "user.mail",
        "user.other.x",
        "tags.0",
        "tags.first",
        "open.b.c",
        "any.x.y",
        "ok",
        "error",
    ] {
        assert_eq!(can(path), Ok(()), "{path}");
    }
    let no = can("versoin").unwrap_err();
    assert!(
        no.place == 0 && no.known.contains(&"version".to_owned()) && no.known.contains(&"error".to_owned()),
        "{no:?}"
    );
    assert_eq!(can("version.major").unwrap_err().place, 1);
    assert_eq!(can("user.other.y").unwrap_err().known, ["x"]);
    assert_eq!(look_up(&json!({ "$ref": "#/$defs/a", "$defs": { "a": { "properties": { "a": { "$ref": "#/$defs/a" } }, "additionalProperties": false } } }), &["a", "a", "b"]).unwrap_err().place, 2);
    // Whatever is silent may have anything.
    assert_eq!(look_up(&json!({}), &["a"]), Ok(()));
    assert_eq!(look_up(&json!(true), &["a"]), Ok(()));
}
