//! The schemas of a tool: those of the definition, made self-contained, and such that what is sent tomorrow fits them.

use std::collections::BTreeSet;

use aiwg_protocol::{METHODS, schema::Types};
use serde_json::{Map, Value, json};

use crate::{
    bound::{ITEMS, LEFT_OUT},
    catalogue,
};

/// Where references of the definition lead to.
const COMPONENTS: &str = "#/components/schemas/";

/// The arguments of a tool: the params struct of this name.
pub(crate) fn input(types: &Types, params: &str) -> Map<String, Value> {
    let mut schema = types.named.get(params).and_then(Value::as_object).cloned().unwrap_or_default();
    // That these are the params of a method says nothing to a model.
    schema.remove("description");
    contained(types, schema, &Direction::In)
}

/// The result of a tool, which must be an object: a list is the member `items` of one.
pub(crate) fn output(types: &Types, result: &Value) -> Map<String, Value> {
    let named = result.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix(COMPONENTS));
    let of_name = named.and_then(|name| types.named.get(name)).and_then(Value::as_object);
    let mut schema = match of_name {
        Some(schema) if schema.get("type").is_some_and(|kind| kind == "object") => schema.clone(),
        _ => {
            let object = json!({ "type": "object", "properties": { ITEMS: result }, "required": [ITEMS] });
            object.as_object().cloned().unwrap_or_default()
        }
    };
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        let about = "What was left out, since the answer would have been too long, and how to get it.";
        let left_out = json!({ "type": "array", "items": { "type": "string" }, "description": about });
        properties.insert(LEFT_OUT.to_owned(), left_out);
    }
    contained(types, schema, &Direction::Out)
}

#[derive(PartialEq)]
enum Direction {
    In,
    Out,
}

/// The schema with all that it refers to in its own `$defs`.
fn contained(types: &Types, schema: Map<String, Value>, direction: &Direction) -> Map<String, Value> {
    let mut wanted = BTreeSet::new();
    let mut schema = members(&schema, direction, &mut wanted);
    let mut definitions = Map::new();
    while let Some(name) = wanted.iter().find(|name| !definitions.contains_key(name.as_str())).cloned() {
        let definition = types.named.get(&name).cloned().unwrap_or_default();
        definitions.insert(name, adapted(&definition, direction, &mut wanted));
    }
    if !definitions.is_empty() {
        definitions.sort_keys();
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    schema
}

fn adapted(schema: &Value, direction: &Direction, wanted: &mut BTreeSet<String>) -> Value {
    match schema {
        Value::Object(object) => Value::Object(members(object, direction, wanted)),
        Value::Array(list) => list.iter().map(|entry| adapted(entry, direction, wanted)).collect(),
        other => other.clone(),
    }
}

fn members(
    schema: &Map<String, Value>,
    direction: &Direction,
    wanted: &mut BTreeSet<String>,
) -> Map<String, Value> {
    let mut all = Map::new();
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            // What is only for those who generate code, and numbers' formats, of which validators warn.
            (own, _) if own.starts_with("x-") => {}
            ("format", Value::String(format)) if format != "date-time" => {}
            ("$ref", Value::String(target)) => {
                let name = target.strip_prefix(COMPONENTS).unwrap_or(target);
                wanted.insert(name.to_owned());
                all.insert("$ref".to_owned(), format!("#/$defs/{name}").into());
            }
            ("properties", Value::Object(properties)) => {
                let adapted =
                    |(name, schema): (&String, &Value)| (name.clone(), adapted(schema, direction, wanted));
                let properties: Map<_, _> = properties.iter().map(adapted).collect();
                all.insert(keyword.clone(), Value::Object(properties));
            }
            ("enum" | "const" | "default" | "examples", data) => {
                all.insert(keyword.clone(), data.clone());
            }
            ("additionalProperties", Value::Bool(false)) if *direction == Direction::Out => {}
            ("description", Value::String(text)) => {
                all.insert(keyword.clone(), in_tools_names(text).into());
            }
            (_, value) => {
                all.insert(keyword.clone(), adapted(value, direction, wanted));
            }
        }
    }
    let is_open = schema.get("x-open").is_some_and(|open| open == true);
    if *direction == Direction::Out && is_open { open(all) } else { all }
}

/// The same schema, which a newer daemon may send anything in the place of.
fn open(mut known: Map<String, Value>) -> Map<String, Value> {
    let description = known.shift_remove("description");
    let mut open = Map::from_iter([("anyOf".to_owned(), json!([known, {}]))]);
    open.extend(description.map(|text| ("description".to_owned(), text)));
    open
}

/// A text of the definition in which methods that have tools are called as those.
pub(crate) fn in_tools_names(text: &str) -> String {
    let tool = |name: &str| METHODS.iter().find(|method| method.name == name && catalogue::is_tool(method));
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(number, part)| match tool(part).filter(|_| number % 2 == 1) {
        Some(method) => catalogue::name(method),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_called_as_their_tools_and_other_names_stay() {
        let text = "until `task.release`, as often as `daemon.max_task_depth` allows; `rpc.cancel` ends it";
        let expected =
            "until `task_release`, as often as `daemon.max_task_depth` allows; `rpc.cancel` ends it";
        assert_eq!(in_tools_names(text), expected);
    }

    #[test]
    fn what_a_newer_daemon_sends_fits() {
        let types = aiwg_protocol::schema::types();
        let schema = output(&types, &json!({ "$ref": "#/components/schemas/TaskCancelled" }));
        let validator = jsonschema::validator_for(&json!(schema)).unwrap();
        assert!(validator.is_valid(&json!({ "cancelled": true, "state": "cancelled" })));
        assert!(
            validator
                .is_valid(&json!({ "cancelled": true, "state": "paused", "since": 1, "leftOut": ["x"] }))
        );
        assert!(!validator.is_valid(&json!({ "cancelled": true, "state": "cancelled", "leftOut": "x" })));
    }
}
