//! Objects with known members.

use serde_json::Value;

use super::{
    super::{Field, Limits, Type, TypeKind},
    lower::{Lowering, Schema, description},
};

/// True if the schema names members of an object, or says that there are none.
pub(super) fn is_struct(schema: &Schema) -> bool {
    let of_another_type = schema.get("type").is_some_and(|ty| ty != "object");
    let has = |keyword: &str, is_empty: fn(&Value) -> bool| {
        schema.get(keyword).is_some_and(|value| !is_empty(value))
    };
    let has_members = has("properties", |value| value.as_object().is_none_or(serde_json::Map::is_empty))
        || has("required", |value| value.as_array().is_none_or(Vec::is_empty));
    let is_empty = schema.get("additionalProperties") == Some(&Value::Bool(false))
        && schema.contains_key("type")
        && !schema.contains_key("patternProperties");
    !of_another_type && (has_members || is_empty)
}

impl Lowering<'_> {
    /// The members, and the type of those beside them: none unless the schema says that there are others.
    pub(super) fn object(&mut self, name: &str, schema: &Schema) -> (TypeKind, Option<Type>) {
        let rest = match schema.get("additionalProperties") {
            None if schema.contains_key("patternProperties") => Some(Type::Json),
            None | Some(Value::Bool(false)) => None,
            Some(other) => {
                self.note_words(other);
                Some(self.inner(name, "Other", other))
            }
        };
        let is_required = |member: &str| {
            let all = schema.get("required").and_then(Value::as_array);
            all.is_some_and(|all| all.iter().any(|entry| entry == member))
        };
        let mut fields: Vec<Field> = Vec::new();
        for (member, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let required = is_required(member);
            fields.push(self.field(name, member, schema, required));
        }
        let demanded = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for member in demanded.filter_map(Value::as_str) {
            if fields.iter().all(|field| field.name != member) {
                let schema = schema.get("additionalProperties").filter(|schema| schema.is_object());
                fields.push(self.field(name, member, schema.unwrap_or(&Value::Bool(true)), true));
            }
        }
        (TypeKind::Struct(fields), rest)
    }

    fn field(&mut self, name: &str, member: &str, schema: &Value, required: bool) -> Field {
        let (before, empty) = (self.take_notes(), Schema::new());
        let ty = self.inner(name, member, schema);
        let schema = schema.as_object().unwrap_or(&empty);
        let docs = self.noted(&description(schema));
        self.restore_notes(before);
        let limits = Limits::of(schema);
        // In the definition it goes without saying of a number of things.
        let docs = match limits.phrase().as_str() {
            "at least 0" => format!("{docs} At least 0.").trim_start().to_owned(),
            _ => docs,
        };
        Field {
            name: member.to_owned(),
            docs,
            ty,
            required,
            default: schema.get("default").map(Value::to_string),
            limits,
        }
    }
}
