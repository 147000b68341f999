//! A schema that is made of several: `allOf`, and what stands beside a `$ref`.

use serde_json::{Map, Value};

use super::lower::{Lowering, Schema};

/// The number of schemas within each other that are put together.
const DEEPEST: usize = 16;

/// The keywords that say nothing of values.
const NOTES: &[&str] = &[
    "$ref",
    "allOf",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "$anchor",
    "default",
    "definitions",
    "deprecated",
    "description",
    "examples",
    "format",
    "readOnly",
    "title",
    "writeOnly",
];

/// True if a keyword of the schema says something of values beside `$ref` and `allOf`.
pub(super) fn says_more(schema: &Schema) -> bool {
    schema.keys().any(|keyword| !NOTES.contains(&keyword.as_str()))
}

impl Lowering<'_> {
    /// The schema with those that it is made of in it. A sole reference stays one: it has a name.
    pub(super) fn merged(&mut self, schema: &Schema) -> Schema {
        // Before 2019-09 nothing could stand beside a reference, so it was wrapped to be documented.
        let schema = match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            Some([Value::Object(only)]) if !says_more(schema) && !schema.contains_key("$ref") => only,
            _ => schema,
        };
        let (mut whole, mut seen) = (Schema::new(), Vec::new());
        self.merge(&mut whole, schema, &mut seen, 0);
        whole
    }

    /// `seen` are the references that are in it already.
    fn merge(&mut self, whole: &mut Schema, schema: &Schema, seen: &mut Vec<String>, depth: usize) {
        if depth > DEEPEST {
            return self.note("allOf");
        }
        let arms = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_sole = !says_more(schema) && arms.is_empty() && depth == 0;
        for (keyword, value) in schema {
            match keyword.as_str() {
                "allOf" => {}
                "$ref" if !is_sole => {}
                _ => self.put(whole, keyword, value),
            }
        }
        if let (Some(target), false) = (schema.get("$ref").and_then(Value::as_str), is_sole) {
            match self.target(target).cloned() {
                _ if seen.iter().any(|other| other == target) => {}
                Some(schema) => {
                    seen.push(target.to_owned());
                    self.merge_any(whole, &schema, seen, depth);
                }
                None => self.note("$ref"),
            }
        }
        for arm in arms {
            self.merge_any(whole, arm, seen, depth);
        }
    }

    fn merge_any(&mut self, whole: &mut Schema, schema: &Value, seen: &mut Vec<String>, depth: usize) {
        match schema {
            Value::Object(schema) => self.merge(whole, schema, seen, depth + 1),
            Value::Bool(true) => {}
            _ => {
                whole.insert("not".to_owned(), Value::Object(Map::new()));
            }
        }
    }

    /// Adds what a keyword demands to what is demanded already.
    fn put(&mut self, whole: &mut Schema, keyword: &str, value: &Value) {
        let Some(before) = whole.get_mut(keyword) else {
            whole.insert(keyword.to_owned(), value.clone());
            return;
        };
        match (keyword, before, value) {
            ("properties" | "$defs", Value::Object(before), Value::Object(more)) => {
                for (member, schema) in more {
                    match before.get_mut(member) {
                        None => {
                            before.insert(member.clone(), schema.clone());
                        }
                        Some(before) if before != schema => {
                            *before = serde_json::json!({ "allOf": [before.take(), schema] });
                        }
                        Some(_) => {}
                    }
                }
            }
            ("required", Value::Array(before), Value::Array(more)) => {
                before.extend(more.iter().cloned());
            }
            (_, before, value) if before == value || NOTES.contains(&keyword) => {}
            // A number that has to be whole is one.
            ("type", before, Value::String(name)) if *before == "number" && name == "integer" => {
                *before = value.clone();
            }
            ("type", Value::String(name), value) if name == "integer" && *value == "number" => {}
            // An object that may have no other members has those of all its parts.
            ("additionalProperties", before, Value::Bool(_)) if before.is_boolean() => {
                *before = Value::Bool(false);
            }
            _ => self.note(keyword),
        }
    }
}
