use serde_json::{Map, Value, json};

use crate::{NoMember, Part, PayloadSchema, SchemaError, Step};

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

/// Looks a path up, as `user.tags[].name`.
fn look_up(schema: &Value, path: &str) -> Result<(), NoMember> {
    let parts = path.split('.').flat_map(|name| {
        let plain = name.trim_end_matches("[]");
        let elements = (name.len() - plain.len()) / 2;
        std::iter::once(Part::Name(plain.to_owned())).chain(std::iter::repeat_n(Part::Element, elements))
    });
    crate::look_up(schema, &parts.collect::<Vec<_>>())
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
    let said = |schema: &PayloadSchema, payload: Value| {
        let found = misfits(schema, &payload).into_iter();
        found.map(|(place, message)| format!("{place}: {message}")).collect::<Vec<_>>()
    };
    assert_eq!(
        said(&schema, json!({ "a": 1 })),
        ["/a: 1 is less than the minimum of 3 (in the nearest case of \"oneOf\")"]
    );
    assert_eq!(schema.check(r#"{"a": 3}"#), Ok(()));
    let case = |kind: &str, member: &str| {
        json!({ "type": "object", "required": [member], "additionalProperties": false,
                "properties": { "kind": { "const": kind }, member: { "type": "integer" } } })
    };
    let union = good(&json!({ "anyOf": [case("a", "x"), case("b", "y")] }));
    assert_eq!(
        said(&union, json!({ "kind": "a", "x": "1" })),
        ["/x: \"1\" is not of type \"integer\" (in the nearest case of \"anyOf\")"]
    );
    let other = said(&union, json!({ "kind": "b", "x": 1 }));
    assert!(other.iter().any(|said| said.contains("\"y\" is a required property")), "{other:?}");
    let known = good(&json!({ "oneOf": [
        { "properties": { "kind": { "const": "a" } } }, { "properties": { "kind": { "const": "b" } } }
    ] }));
    assert_eq!(said(&known, json!({ "kind": "c" })), ["/kind: fits no case of \"oneOf\""]);
    assert_eq!(said(&known, json!({})), [": the object fits more than one case of \"oneOf\""]);
    let not = good(&json!({ "not": { "type": "string" } }));
    assert_eq!(said(&not, json!("x")), [": \"x\" does not fit what \"not\" of its schema says"]);
}

#[test]
fn misfits_are_bounded() {
    let schema = good(&json!({ "items": { "type": "string", "maxLength": 3 } }));
    assert_eq!(misfits(&schema, &json!(vec![1; 1000])).len(), 20);
    assert_eq!(misfits(&schema, &json!(vec![1; 100_000])).len(), 20);
    let (place, message) = &misfits(&schema, &json!(["ä".repeat(20_000)]))[0];
    assert!(place == "/0" && message.len() < 400 && message.ends_with("3 characters"), "{message}");
}

#[test]
fn the_places_of_a_large_payload_are_named() {
    let schema = good(&json!({
        "$id": "https://example.com/many",
        "properties": {
            "list": { "items": { "type": "integer" } },
            "rows": { "items": { "$ref": "#/$defs/row" } },
            "cells": { "type": "array", "items": { "type": "array", "items": { "type": "array", "items": { "maximum": 9 } } } },
            "cases": { "items": { "anyOf": [{ "$ref": "#/$defs/row" }, { "type": "string", "maxLength": 3 }] } },
            "tree": { "$ref": "#/properties/tree/$defs/node", "$defs": { "node": {
                "type": "array", "items": { "anyOf": [{ "$ref": "#/properties/tree/$defs/node" }, { "type": "null" }] }
            } } },
            "": { "additionalProperties": { "properties": { "a~/b c": { "type": "null" } } } }
        },
        "additionalProperties": { "type": "boolean" },
        "$defs": { "row": { "type": "object", "required": ["id"], "properties": { "id": { "$ref": "#/properties/list/items" } } } }
    }));
    let place = |payload: Value| {
        let found = misfits(&schema, &payload);
        assert_eq!(found.len(), 1, "{found:?}");
        format!("{}: {}", found[0].0, found[0].1)
    };
    let many = |one: Value, last: Value| Value::Array([vec![one; 20_000], vec![last]].concat());
    assert_eq!(
        place(json!({ "list": many(json!(1), json!("x")) })),
        r#"/list/20000: "x" is not of type "integer""#
    );
    let rows = many(json!({ "id": 1 }), json!({ "id": "1" }));
    assert_eq!(place(json!({ "rows": rows })), r#"/rows/20000/id: "1" is not of type "integer""#);
    let mut cells = vec![vec![vec![1; 25]; 25]; 40];
    cells[39][24][24] = 10;
    assert!(place(json!({ "cells": cells })).starts_with("/cells/39/24/24: 10 is greater"));
    let cases = many(json!("abc"), json!("abcd"));
    assert!(place(json!({ "cases": cases })).starts_with("/cases/20000: \"abcd\" is longer than 3"));
    let tree = many(json!([[null]]), json!([[1]]));
    assert!(place(json!({ "tree": tree })).starts_with("/tree/20000"));
    let mut members: Map<String, Value> = (0..20_000).map(|no| (format!("m{no}"), json!(true))).collect();
    members.insert("last".to_owned(), json!(1));
    assert_eq!(place(Value::Object(members)), r#"/last: 1 is not of type "boolean""#);
    let mut inner: Map<String, Value> = (0..20_000).map(|no| (format!("m{no}"), json!({}))).collect();
    inner.insert("z".to_owned(), json!({ "a~/b c": 1 }));
    assert_eq!(place(json!({ "": inner })), r#"//z/a~0~1b c: 1 is not of type "null""#);
}

/// The guide says so.
#[test]
fn integers_of_64_bits_are_compared_exactly_and_other_numbers_as_doubles() {
    let fits = |schema: Value, payload: &str| good(&schema).check(payload).is_ok();
    let (least, most) = (i64::MIN, u64::MAX);
    for (bound, out, within) in [
        (json!({ "maximum": most - 1 }), most.to_string(), (most - 1).to_string()),
        (json!({ "exclusiveMaximum": most }), most.to_string(), (most - 1).to_string()),
        (json!({ "minimum": least + 1 }), least.to_string(), (least + 1).to_string()),
        (json!({ "exclusiveMinimum": least }), least.to_string(), (least + 1).to_string()),
        (json!({ "const": most }), (most - 1).to_string(), most.to_string()),
        (json!({ "enum": [least, "x"] }), (least + 1).to_string(), least.to_string()),
        (json!({ "uniqueItems": true }), format!("[{most}, {most}]"), format!("[{most}, {}]", most - 1)),
        (json!({ "multipleOf": 3 }), ((1_u64 << 53) - 1).to_string(), ((1_u64 << 53) - 2).to_string()),
    ] {
        assert!(fits(bound.clone(), &within), "{bound} {within}");
        assert!(!fits(bound.clone(), &out), "{bound} {out}");
    }
    // Beyond, two numbers that the nearest double is the same of are one.
    assert!(fits(json!({ "const": 18_446_744_073_709_551_616.0 }), "18446744073709551617"));
    assert!(fits(json!({ "maximum": 18_446_744_073_709_551_616.0 }), "18446744073709551617"));
    assert!(fits(json!({ "multipleOf": 9_007_199_254_740_993_u64 }), "9007199254740992"));
    assert!(fits(json!({ "type": "integer" }), "1.00000000000000000001"));
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
        (json!({ "pattern": "(a{1000}){1000}" }), "/pattern", "too large"),
        (json!({ "$vocabulary": {} }), "/$vocabulary", "leave it out"),
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
        ("#/$defs/a b", "write \"#/$defs/a%20b\""),
        ("#/$defs/ä", "write \"#/$defs/%C3%A4\""),
        ("#/$defs/100%", "write \"#/$defs/100%25\""),
        ("#/$defs/a%20c", "did you mean \"#/$defs/a%20b\"?"),
    ] {
        let schema = json!({ "enum": [{}], "properties": { "a": { "$ref": reference } }, "$defs": { "version": {}, "a b": {} } });
        let (at, why) = wrong(&schema);
        assert!(at == "/properties/a/$ref" && why.contains(said), "{reference}: {at}: {why}");
    }
    for (name, reference) in [
        ("a b", "#/$defs/a%20b"),
        ("ä", "#/$defs/%C3%A4"),
        ("100%", "#/$defs/100%25"),
        ("%25", "#/$defs/%2525"),
        ("a/b~c", "#/$defs/a~1b~0c"),
        ("\"^|`", "#/$defs/%22%5E%7C%60"),
    ] {
        let schema = json!({ "properties": { "x": { "$ref": reference } }, "additionalProperties": false,
            "$defs": { name: { "type": "object", "properties": { "known": { "type": "integer" } } } } });
        let ready = good(&schema);
        assert_eq!(ready.check(r#"{"x": {"known": 1}}"#), Ok(()), "{name}");
        assert_eq!(misfits(&ready, &json!({ "x": { "known": "1" } }))[0].0, "/x/known", "{name}");
        assert_eq!(look_up(&schema, "x.unknown").unwrap_err().known, ["known"], "{name}");
        let empty = json!({ "$ref": reference, "$defs": { name: false } });
        assert!(wrong(&empty).1.contains("no payload fits"), "{name}");
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
        (json!({ "allOf": [{ "type": "string" }, { "type": "integer" }] }), "/allOf"),
        (
            json!({ "type": "string", "$ref": "#/$defs/n", "$defs": { "n": { "type": ["integer", "null"] } } }),
            "/$ref",
        ),
        (json!({ "type": "array", "items": false, "minItems": 1 }), "/items"),
        (
            json!({ "type": "array", "prefixItems": [{}], "items": { "enum": [] }, "minItems": 2 }),
            "/items/enum",
        ),
        (json!({ "type": "array", "contains": false }), "/contains"),
        (json!({ "const": "a", "pattern": "^b$" }), "/const"),
        (json!({ "enum": ["a", 3], "maxLength": 0, "maximum": 2 }), "/enum"),
        (
            json!({ "type": "object", "required": ["next"], "properties": { "next": { "$ref": "#" } } }),
            "/properties/next/$ref",
        ),
        (json!({ "type": "integer", "minimum": 2, "exclusiveMaximum": 2 }), "/minimum"),
    ] {
        let (at, why) = wrong(&schema);
        assert!(at == place && why.contains("no payload fits"), "{schema}: {at}: {why}");
    }
    for schema in [
        json!({ "properties": { "a": false }, "not": { "required": ["b"] } }),
        // What is no object, what ends, and what need not be there.
        json!({ "required": ["next"], "properties": { "next": { "$ref": "#" } } }),
        json!({ "type": "object", "required": ["next"], "properties": { "next": { "anyOf": [{ "$ref": "#" }, { "type": "null" }] } } }),
        json!({ "type": "object", "properties": { "next": { "$ref": "#" } } }),
        json!({ "type": "array", "items": false }),
        json!({ "type": "array", "prefixItems": [{}], "items": false, "minItems": 1 }),
        json!({ "type": "array", "contains": false, "minContains": 0 }),
        json!({ "allOf": [{ "type": ["string", "number"] }, { "type": "integer" }] }),
        json!({ "enum": ["a", 3], "pattern": "^b$", "maximum": 3 }),
        json!({ "type": "integer", "minimum": 2, "maximum": 2 }),
    ] {
        good(&schema);
    }
    // Each of them demands all others: a look ends all the same.
    let defs: serde_json::Map<String, Value> = (0..12)
        .map(|at| {
            let arms: Vec<Value> = (0..12).map(|to| json!({ "$ref": format!("#/$defs/t{to}") })).collect();
            let needs = json!({ "type": "object", "required": ["a", "b"], "properties": { "a": { "anyOf": arms }, "b": { "anyOf": arms } } });
            (format!("t{at}"), needs)
        })
        .collect();
    let _ = PayloadSchema::new(&json!({ "$ref": "#/$defs/t0", "$defs": defs }));
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
    let can = |path: &str| look_up(&schema, path);
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
    assert_eq!(look_up(&json!({ "$ref": "#/$defs/a", "$defs": { "a": { "properties": { "a": { "$ref": "#/$defs/a" } }, "additionalProperties": false } } }), "a.a.b").unwrap_err().place, 2);
    // Whatever is silent may have anything.
    assert_eq!(look_up(&json!({}), "a"), Ok(()));
    assert_eq!(look_up(&json!(true), "a"), Ok(()));
}

#[test]
fn a_member_that_no_payload_is_without_can_be_named() {
    let can = |schema: Value, path: &str| look_up(&schema, path).is_ok();
    assert!(can(json!({ "required": ["x"], "properties": { "k": {} } }), "x"));
    assert!(can(json!({ "allOf": [{ "required": ["x"] }], "properties": { "k": {} } }), "x"));
    assert!(can(json!({ "dependentRequired": { "k": ["x"] }, "properties": { "k": {} } }), "x"));
    assert!(can(json!({ "properties": { "k": {} }, "if": {}, "then": { "required": ["x"] } }), "x"));
    assert!(can(json!({ "properties": { "k": {} }, "unevaluatedProperties": true }), "x"));
    assert!(!can(json!({ "properties": { "k": {} }, "unevaluatedProperties": false }), "x"));
    assert!(!can(json!({ "properties": { "k": {} }, "required": ["k"] }), "x"));
}

#[test]
fn members_of_elements_are_looked_up() {
    let schema = json!({ "properties": {
        "list": { "type": "array", "items": { "$ref": "#/$defs/host" } },
        "pair": { "type": "array", "prefixItems": [{ "$ref": "#/$defs/host" }], "items": false },
        "open": { "type": "array", "prefixItems": [{ "$ref": "#/$defs/host" }] },
        "text": { "type": "string" }, "both": { "type": ["array", "object"], "items": { "$ref": "#/$defs/host" } },
        "any": {}
    }, "$defs": { "host": { "type": "object", "properties": { "address": {} } } } });
    for path in
        ["list[].address", "pair[].address", "open[].adress", "text[]", "both[].adress", "any[].x", "any[][]"]
    {
        assert_eq!(look_up(&schema, path), Ok(()), "{path}");
    }
    for path in ["list[].adress", "pair[].adress"] {
        let no = look_up(&schema, path).unwrap_err();
        assert!(no.place == 2 && no.known == ["address"], "{path}: {no:?}");
    }
}

#[test]
fn a_misspelt_keyword_is_noticed() {
    let schema = json!({ "type": "object", "requird": ["v"], "propertis": {}, "properties": {
        "requird": { "type": "string", "patern": "x", "x-unit": "m", "unit": "m", "example": 1, "nullable": true, "Type": "string" }
    }, "uniqueitems": true, "const": { "requird": 1 } });
    let found: Vec<(String, &str)> =
        crate::misspelt(&schema).into_iter().map(|found| (found.keyword, found.near)).collect();
    assert_eq!(
        found,
        [
            ("requird".to_owned(), "required"),
            ("propertis".to_owned(), "properties"),
            ("uniqueitems".to_owned(), "uniqueItems"),
            ("patern".to_owned(), "pattern"),
            ("Type".to_owned(), "type"),
        ]
    );
}
