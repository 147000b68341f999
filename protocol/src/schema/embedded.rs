//! A topic's schema as a part of an AsyncAPI document.

use serde_json::{Map, Value};

/// Names that no object of the document has as a key: `@asyncapi/parser`, and much else in JavaScript, fails at them.
pub(super) const NO_KEYS: [&str; 2] = ["__proto__", "hasOwnProperty"];

/// Keywords that JSON Schema 2020-12 does not have, and that mean something to AsyncAPI.
const FOREIGN: [&str; 3] = ["additionalItems", "discriminator", "externalDocs"];

/// Keywords whose value is data, in which nothing refers to anything.
const DATA: [&str; 4] = ["const", "enum", "default", "examples"];

/// Keywords whose value is a map of schemas by names of the user's own.
const MAPS: [&str; 6] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

/// The schema by its place in the document, which its references name then. Its tuples are written as AsyncAPI's own dialect has them. Keys that
/// no object of the document may have are left out, which the description says.
pub(super) fn embedded(schema: &Value, place: &str) -> Value {
    match schema {
        Value::Object(members) => Value::Object(of_members(members, place)),
        Value::Array(list) => list.iter().map(|value| embedded(value, place)).collect(),
        other => other.clone(),
    }
}

fn of_members(members: &Map<String, Value>, place: &str) -> Map<String, Value> {
    let (mut all, mut left_out) = (Map::new(), Vec::new());
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("$schema" | "$id", _) => {}
            (keyword, _) if FOREIGN.contains(&keyword) => {}
            (keyword, _) if NO_KEYS.contains(&keyword) => left_out.push(keyword),
            ("$ref", Value::String(target)) => {
                let target = target.strip_prefix('#').unwrap_or(target);
                match target.split('/').find(|part| NO_KEYS.contains(part)) {
                    Some(_) => left_out.push("$ref"),
                    None => {
                        all.insert(keyword.clone(), format!("{place}{target}").into());
                    }
                }
            }
            (data, value) if DATA.contains(&data) => {
                if has_no_key(value) {
                    left_out.push(data);
                } else {
                    all.insert(keyword.clone(), value.clone());
                }
            }
            (map, Value::Object(schemas)) if MAPS.contains(&map) => {
                let (bad, good): (Vec<_>, Vec<_>) =
                    schemas.iter().partition(|(name, _)| NO_KEYS.contains(&name.as_str()));
                left_out.extend(bad.into_iter().map(|(name, _)| name.as_str()));
                let good = good.into_iter().map(|(name, schema)| (name.clone(), embedded(schema, place)));
                all.insert(keyword.clone(), Value::Object(good.collect()));
            }
            ("prefixItems", Value::Array(_)) => {
                all.insert("items".to_owned(), embedded(value, place));
            }
            ("items", value) if members.get("prefixItems").is_some_and(Value::is_array) => {
                all.insert("additionalItems".to_owned(), embedded(value, place));
            }
            (_, value) => {
                all.insert(keyword.clone(), embedded(value, place));
            }
        }
    }
    if !left_out.is_empty() {
        let names: Vec<String> = left_out.iter().map(|name| format!("`{name}`")).collect();
        let note =
            format!("Left out here, since tools in JavaScript fail at such a key: {}.", names.join(", "));
        let before = all.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = format!("{before} {note}").trim_start().to_owned();
        all.insert("description".to_owned(), description.into());
    }
    all
}

/// True if an object of this data has a key that none may have.
fn has_no_key(data: &Value) -> bool {
    match data {
        Value::Object(members) => {
            members.iter().any(|(name, value)| NO_KEYS.contains(&name.as_str()) || has_no_key(value))
        }
        Value::Array(list) => list.iter().any(has_no_key),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_object_has_a_key_at_which_readers_fail() {
        let schema: Value = serde_json::from_str(
            r##"{ "description": "It.", "required": ["__proto__"], "properties": {
                "__proto__": { "type": "string" }, "hasOwnProperty": {}, "constructor": { "type": "string" },
                "a": { "const": { "x": [{ "__proto__": 1 }] } }, "b": { "$ref": "#/$defs/hasOwnProperty" } },
                "$defs": { "hasOwnProperty": {} } }"##,
        )
        .unwrap();
        let left_out = "Left out here, since tools in JavaScript fail at such a key:";
        assert_eq!(
            embedded(&schema, "#/x"),
            json!({
                "description": format!("It. {left_out} `__proto__`, `hasOwnProperty`, `hasOwnProperty`."),
                "required": ["__proto__"],
                "properties": {
                    "constructor": { "type": "string" },
                    "a": { "description": format!("{left_out} `const`.") },
                    "b": { "description": format!("{left_out} `$ref`.") },
                },
                "$defs": {},
            })
        );
    }

    #[test]
    fn members_may_be_called_as_keywords_are() {
        let schema = json!({ "externalDocs": "x", "discriminator": 1, "properties": {
            "const": { "$ref": "#/$defs/n" }, "$id": {}, "externalDocs": {}, "$ref": { "$ref": "#" }, "prefixItems": {}
        } });
        assert_eq!(
            embedded(&schema, "#/x"),
            json!({ "properties": {
                "const": { "$ref": "#/x/$defs/n" }, "$id": {}, "externalDocs": {}, "$ref": { "$ref": "#/x" }, "prefixItems": {}
            } })
        );
    }
}
