//! Values that are one of several: words, constants, or values of several schemas.

use serde_json::Value;

use super::{
    super::{Type, TypeKind, Union, Variant},
    lower::{Lowering, Schema, description},
};
use crate::text::pascal_case;

/// The arms of a `oneOf` or `anyOf`.
pub(super) fn arms(schema: &Schema) -> Option<&Vec<Value>> {
    schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
}

/// The values of `enum` or `const`.
pub(super) fn values(schema: &Schema) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(Value::Array(values))) => Some(values.iter().collect()),
        _ => None,
    }
}

/// True if a schema is `null` and nothing else.
pub(super) fn is_null(schema: &Value) -> bool {
    let only =
        |schema: &Schema| values(schema).is_some_and(|values| values.iter().all(|value| value.is_null()));
    schema.as_object().is_some_and(|schema| schema.get("type").is_some_and(|ty| ty == "null") || only(schema))
}

/// The words of a schema that allows words only, each with its documentation.
pub(super) fn words(schema: &Schema) -> Option<Vec<Variant>> {
    let schemas: Vec<&Schema> = match arms(schema) {
        Some(arms) => arms.iter().map(Value::as_object).collect::<Option<_>>()?,
        None => vec![schema],
    };
    let mut variants: Vec<Variant> = Vec::new();
    for of in schemas {
        // What stands beside the arms documents the whole.
        let docs = if std::ptr::eq(of, schema) { String::new() } else { description(of) };
        for value in values(of)? {
            let value = value.as_str()?.to_owned();
            if variants.iter().all(|variant| variant.value != value) {
                variants.push(Variant { value, docs: docs.clone() });
            }
        }
    }
    (!variants.is_empty()).then_some(variants)
}

impl Lowering<'_> {
    /// The union of constants that are not all words.
    pub(super) fn constants(&mut self, values: &[&Value]) -> TypeKind {
        let mut arms: Vec<Type> = Vec::new();
        for value in values {
            let arm = match value {
                Value::Null => Type::Null,
                Value::String(text) => Type::Literal(text.clone()),
                Value::Bool(_) | Value::Number(_) => Type::Constant((*value).clone()),
                Value::Array(_) | Value::Object(_) => {
                    self.note("enum");
                    Type::Json
                }
            };
            if !arms.contains(&arm) {
                arms.push(arm);
            }
        }
        of_arms(arms)
    }

    /// The union of several schemas, each of which gets a name of its own if it needs one. `arms` are the same without what they share.
    pub(super) fn union(&mut self, name: &str, arms: &[Value], schemas: &[Value]) -> TypeKind {
        let tag = tag(arms);
        let mut arms: Vec<Type> = Vec::new();
        for (index, schema) in schemas.iter().enumerate() {
            let title = schema.get("title").and_then(Value::as_str).map(pascal_case);
            let tagged = tag.as_ref().and_then(|tag| tag.get(index)).map(|value| pascal_case(value));
            let part = title.or(tagged).filter(|part| !part.is_empty());
            self.note_words(schema);
            let arm = self.inner(name, &part.unwrap_or_else(|| format!("Variant{}", index + 1)), schema);
            if !arms.contains(&arm) {
                arms.push(arm);
            }
        }
        of_arms(arms)
    }
}

/// One arm is no union, and none of no values is nothing.
fn of_arms(mut arms: Vec<Type>) -> TypeKind {
    arms.retain(|arm| *arm != Type::Never);
    if arms.contains(&Type::Json) {
        return TypeKind::Alias(Type::Json);
    }
    match arms.len() {
        0 => TypeKind::Alias(Type::Never),
        1 => TypeKind::Alias(arms.remove(0)),
        _ => TypeKind::Union(Union { tag: None, arms }),
    }
}

/// The words of the member by which the arms are told apart, if there is one.
fn tag(arms: &[Value]) -> Option<Vec<String>> {
    let word = |arm: &Value, member: &str| {
        let of = arm.get("properties")?.get(member)?;
        Some(values(of.as_object()?)?.first()?.as_str()?.to_owned())
    };
    let first = arms.first()?.get("properties")?.as_object()?;
    first.keys().find_map(|member| {
        let words = arms.iter().map(|arm| word(arm, member)).collect::<Option<Vec<_>>>()?;
        let are_different =
            words.iter().enumerate().all(|(at, word)| !words.iter().take(at).any(|other| other == word));
        are_different.then_some(words)
    })
}
