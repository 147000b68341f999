//! Values that a member may have, and values that it may not.

use regex::Regex;
use serde_json::{Number, Value, json};

use crate::{
    GenerateError,
    model::{Field, Model, Type, TypeKind},
};

/// Longer strings are not written out: the file is to be read by people, too.
const LONGEST: usize = 1000;

/// A value that does not fit.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The path of what does not.
    pub(super) member: String,
    /// The value of the member of `params` that it stands in.
    pub(super) value: Value,
}

impl Wrong {
    pub(super) fn value_in_words(&self) -> String {
        match self.value.as_str() {
            Some(text) if text.len() > 40 => format!("{} characters", text.chars().count()),
            _ => self.value.to_string(),
        }
    }
}

/// One value of each type that JSON has, and a number that is none of the integers. The string looks like a number: it is not one.
fn samples() -> [Value; 7] {
    [Value::Null, json!(true), json!(7), json!(1.5), json!("7"), json!([]), json!({})]
}

/// Values of types that the member has not, at `path`; within lists and maps, too.
pub(super) fn of_another_type(model: &Model, ty: &Type, path: &str) -> Vec<Wrong> {
    let samples = samples().into_iter().filter(|sample| !is_of(model, ty, sample));
    let mut all: Vec<Wrong> = samples.map(|value| Wrong { member: path.to_owned(), value }).collect();
    match ty {
        Type::Array(inner) => {
            let within = of_another_type(model, inner, &format!("{path}[0]"));
            all.extend(within.into_iter().map(|wrong| Wrong { value: json!([wrong.value]), ..wrong }));
        }
        Type::Map(inner) => {
            let within = of_another_type(model, inner, &format!("{path}.NAME"));
            all.extend(
                within.into_iter().map(|wrong| Wrong { value: json!({ "NAME": wrong.value }), ..wrong }),
            );
        }
        Type::Nullable(inner) => {
            let within = of_another_type(model, inner, path);
            all.extend(within.into_iter().filter(|wrong| wrong.member != path));
        }
        Type::Ref(name) => all.extend(not_in_enum(model, name, path)),
        _ => {}
    }
    all
}

/// True if JSON's type of the sample is the member's. No sample is a value of an enum.
fn is_of(model: &Model, ty: &Type, sample: &Value) -> bool {
    match ty {
        Type::Json => true,
        Type::Never => false,
        Type::Null => sample.is_null(),
        Type::String => sample.is_string(),
        Type::Integer => sample.is_i64(),
        Type::Number => sample.is_number(),
        Type::Boolean => sample.is_boolean(),
        Type::Array(_) | Type::Tuple(_) => sample.is_array(),
        Type::Constant(value) => sample == value,
        Type::Map(_) => sample.is_object(),
        Type::Literal(text) => sample == text.as_str(),
        Type::Nullable(inner) => sample.is_null() || is_of(model, inner, sample),
        Type::Ref(name) => match model.find(name).map(|def| &def.kind) {
            Some(TypeKind::Alias(ty)) => is_of(model, ty, sample),
            Some(TypeKind::Union(union)) => union.arms.iter().any(|arm| is_of(model, arm, sample)),
            Some(TypeKind::Struct(_)) => sample.is_object(),
            Some(TypeKind::Enum(_)) | None => false,
        },
    }
}

/// Almost values of an enum. The object is what some readers take for one: Rust's serde writes variants with content so.
fn not_in_enum(model: &Model, name: &str, path: &str) -> Vec<Wrong> {
    let Some(first) = enum_values(model, name).next() else { return Vec::new() };
    let upper = first.to_uppercase();
    [json!(""), json!(upper), json!({ first: null }), json!([first])]
        .into_iter()
        .map(|value| Wrong { member: path.to_owned(), value })
        .collect()
}

fn enum_values<'a>(model: &'a Model, name: &str) -> impl Iterator<Item = &'a str> {
    let variants = match model.find(name).map(|def| &def.kind) {
        Some(TypeKind::Enum(variants)) => variants.as_slice(),
        _ => &[],
    };
    variants.iter().map(|variant| variant.value.as_str())
}

/// All values of an enum, and numbers at the member's limits.
pub(super) fn allowed(model: &Model, field: &Field) -> Vec<Value> {
    if let Type::Ref(name) = &field.ty {
        return enum_values(model, name).map(Value::from).collect();
    }
    let limits = [&field.limits.minimum, &field.limits.maximum];
    limits.into_iter().flatten().filter_map(|limit| number(limit, 0)).collect()
}

/// Values of the right type that are beyond the member's limits.
pub(super) fn beyond_limits(field: &Field) -> Result<Vec<Value>, GenerateError> {
    let limits = &field.limits;
    let beyond = |limit: &Option<String>, by: i64| limit.as_deref().and_then(|limit| number(limit, by));
    let mut values: Vec<Value> = [
        beyond(&limits.minimum, -1),
        beyond(&limits.exclusive_minimum, 0),
        beyond(&limits.exclusive_minimum, -1),
        beyond(&limits.maximum, 1),
    ]
    .into_iter()
    .flatten()
    .collect();
    match (&field.ty, &limits.names) {
        (Type::String, _) => values.extend(texts(field)?.into_iter().map(Value::from)),
        (Type::Map(_), Some(pattern)) => {
            let names = of_another_pattern(&field.name, pattern)?;
            values.extend(names.into_iter().map(|name| json!({ name: "x" })));
        }
        _ => {}
    }
    Ok(values)
}

/// A limit, and how far beyond it.
fn number(limit: &str, by: i64) -> Option<Value> {
    match limit.parse::<i64>() {
        Ok(limit) => Some(limit.checked_add(by)?.into()),
        Err(_) => Some(Number::from_f64(limit.parse::<f64>().ok()? + by as f64)?.into()),
    }
}

/// Strings that are too short, too long, or of another pattern.
fn texts(field: &Field) -> Result<Vec<String>, GenerateError> {
    let length = |limit: &Option<String>| limit.as_deref().and_then(|limit| limit.parse::<usize>().ok());
    let mut texts: Vec<String> = Vec::new();
    texts.extend(
        length(&field.limits.min_length).filter(|least| *least > 0).map(|least| "x".repeat(least - 1)),
    );
    texts.extend(
        length(&field.limits.max_length).filter(|most| *most < LONGEST).map(|most| "x".repeat(most + 1)),
    );
    if let Some(pattern) = &field.limits.pattern {
        texts.extend(of_another_pattern(&field.name, pattern)?);
    }
    texts.dedup();
    Ok(texts)
}

fn of_another_pattern(member: &str, pattern: &str) -> Result<Vec<String>, GenerateError> {
    let pattern = Regex::new(pattern)
        .map_err(|error| GenerateError::Pattern { member: member.to_owned(), error: Box::new(error) })?;
    Ok(unusual_texts().into_iter().filter(|text| !pattern.is_match(text)).collect())
}

/// Strings that one or another pattern is made against.
fn unusual_texts() -> [String; 11] {
    let long = "x".repeat(201);
    ["", " ", "\t\n", "-", "--option", "two words", "line\n", "ä", "A=B", "null\0", &long].map(str::to_owned)
}
