//! The parts of JSON Schema that the schemas of configurations use.

use jsonc_parser::ast;
use serde_json::Value;

use super::words::quoted;

/// The members that an object may have.
pub(super) struct Members<'s> {
    schema: &'s Value,
}

impl<'s> Members<'s> {
    pub(super) fn of(schema: &'s Value) -> Self {
        Self { schema }
    }

    pub(super) fn properties(&self) -> impl Iterator<Item = (&'s str, &'s Value)> + use<'s> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'s str> {
        self.properties().map(|(name, _)| name)
    }

    /// The member that is written so: its first name, and the schema of its value. No name where any key may stand.
    pub(super) fn get(&self, name: &str) -> Option<(Option<&'s str>, &'s Value)> {
        let named =
            self.properties().find(|(key, schema)| *key == name || aliases(schema).any(|also| also == name));
        let others = || self.schema.get("additionalProperties").filter(|schema| schema.is_object());
        named.map(|(key, schema)| (Some(key), schema)).or_else(|| others().map(|schema| (None, schema)))
    }

    pub(super) fn required(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        strings(self.schema, "required")
    }
}

/// The limit of this keyword, if so many are over it.
pub(super) fn over(schema: &Value, keyword: &str, many: usize) -> Option<u64> {
    schema.get(keyword)?.as_u64().filter(|most| many as u64 > *most)
}

pub(super) fn twice(first: &str, again: &str) -> String {
    if first == again {
        format!("the key {again:?} stands twice; only one of them can count")
    } else {
        format!("the keys {first:?} and {again:?} mean the same; only one of them can count")
    }
}

/// The words that a text may be, and other names of theirs. None where it may be any.
pub(super) fn names(schema: &Value) -> (Vec<&str>, Vec<&str>) {
    let variants = schema.get("oneOf").and_then(Value::as_array);
    let words = variants.map_or(std::slice::from_ref(schema), Vec::as_slice);
    let names = words.iter().filter_map(|word| word.get("const")?.as_str()).collect();
    (names, words.iter().flat_map(aliases).collect())
}

pub(super) fn aliases(schema: &Value) -> impl Iterator<Item = &str> {
    strings(schema, "x-aliases")
}

pub(super) fn strings<'s>(schema: &'s Value, keyword: &str) -> impl Iterator<Item = &'s str> + use<'s> {
    schema.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The types that a schema allows, as JSON Schema calls them. None for any.
pub(super) fn kinds(schema: &Value) -> Vec<&str> {
    if let Some(variants) = schema.get("oneOf").and_then(Value::as_array) {
        return variants.first().map(kinds).unwrap_or_default();
    }
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn takes(schema: &Value, node: &ast::Value<'_>) -> bool {
    let kinds = kinds(schema);
    kinds.is_empty()
        || kinds.iter().any(|kind| match node {
            ast::Value::Object(_) => *kind == "object",
            ast::Value::Array(_) => *kind == "array",
            ast::Value::StringLit(_) => *kind == "string",
            ast::Value::NumberLit(_) => matches!(*kind, "number" | "integer"),
            ast::Value::BooleanLit(_) => *kind == "boolean",
            ast::Value::NullKeyword(_) => *kind == "null",
        })
}

pub(super) fn expected(schema: &Value) -> Vec<String> {
    let (names, _) = names(schema);
    if kinds(schema) == ["string"] && !names.is_empty() {
        return vec![format!("one of {}", quoted(names))];
    }
    let word = |kind: &str| match kind {
        "object" => "an object",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        _ => "null",
    };
    kinds(schema).into_iter().map(|kind| word(kind).to_owned()).collect()
}
