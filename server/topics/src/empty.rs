//! Finds schemas that nothing fits, as far as that can be seen without solving them.

use serde_json::{Map, Value};

use crate::error::Step;

/// The number of schemas within each other that are looked at.
const DEEPEST: usize = 20;

/// The way to the place for which nothing fits this schema, if that can be seen.
pub(crate) fn accepts_nothing(root: &Value) -> Option<Vec<Step>> {
    nothing(root, root, DEEPEST)
}

fn nothing(root: &Value, schema: &Value, left: usize) -> Option<Vec<Step>> {
    let left = left.checked_sub(1)?;
    let members = match schema {
        Value::Bool(false) => return Some(Vec::new()),
        Value::Object(members) => members,
        _ => return None,
    };
    let key = |name: &str| vec![Step::Key(name.to_owned())];
    if members.get("not").is_some_and(accepts_all) {
        return Some(key("not"));
    }
    if members.get("enum").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        return Some(key("enum"));
    }
    if let Some(keyword) = no_value_of_the_type(members) {
        return Some(key(keyword));
    }
    let target =
        members.get("$ref").and_then(Value::as_str).and_then(|name| root.pointer(name.strip_prefix('#')?));
    if target.is_some_and(|target| nothing(root, target, left).is_some()) {
        return Some(key("$ref"));
    }
    let list = |name: &str| members.get(name).and_then(Value::as_array);
    if let Some((place, inner)) = list("allOf")
        .into_iter()
        .flatten()
        .enumerate()
        .find_map(|(place, inner)| Some((place, nothing(root, inner, left)?)))
    {
        return Some([key("allOf"), vec![Step::Place(place)], inner].concat());
    }
    for name in ["anyOf", "oneOf"] {
        if list(name).is_some_and(|list| list.iter().all(|inner| nothing(root, inner, left).is_some())) {
            return Some(key(name));
        }
    }
    if members.get("type").and_then(Value::as_str) == Some("object") {
        return no_object(root, members, left);
    }
    None
}

/// The way to a member that an object must have and cannot.
fn no_object(root: &Value, members: &Map<String, Value>, left: usize) -> Option<Vec<Step>> {
    let properties = members.get("properties").and_then(Value::as_object);
    let is_closed = members.get("additionalProperties") == Some(&Value::Bool(false))
        && !members.contains_key("patternProperties");
    let required = members.get("required").and_then(Value::as_array);
    required.into_iter().flatten().enumerate().find_map(|(place, name)| {
        match properties.and_then(|properties| properties.get(name.as_str()?)) {
            Some(property) => {
                let inner = nothing(root, property, left)?;
                let way = vec![Step::Key("properties".to_owned()), Step::Key(name.as_str()?.to_owned())];
                Some([way, inner].concat())
            }
            None => is_closed.then(|| vec![Step::Key("required".to_owned()), Step::Place(place)]),
        }
    })
}

/// The keyword that leaves no value of the one type that the schema has.
fn no_value_of_the_type(members: &Map<String, Value>) -> Option<&'static str> {
    let kind = members.get("type").and_then(Value::as_str)?;
    let number = |name: &str| members.get(name).and_then(Value::as_f64);
    let crossed = |least: &'static str, most: &str| (number(least)? > number(most)?).then_some(least);
    let bounds = match kind {
        "string" => crossed("minLength", "maxLength"),
        "array" => crossed("minItems", "maxItems"),
        "object" => crossed("minProperties", "maxProperties"),
        "number" | "integer" => crossed("minimum", "maximum"),
        _ => None,
    };
    let is_of = |value: &Value| match kind {
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => value.is_number(),
    };
    let words = members.get("enum").and_then(Value::as_array);
    bounds
        .or_else(|| words.filter(|words| !words.iter().any(is_of)).map(|_| "enum"))
        .or_else(|| members.get("const").filter(|value| !is_of(value)).map(|_| "const"))
}

fn accepts_all(schema: &Value) -> bool {
    *schema == Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}
