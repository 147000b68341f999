//! Finds schemas that nothing fits, as far as that can be seen without solving them.
//!
//! Looked at are: `false`; `not` of what takes everything; an `enum` or a `const` of which no value fits the other keywords of
//! its schema; types that exclude each other; bounds that cross; members and elements that must be there and cannot, or that
//! would have to hold each other without end; and these behind `$ref`, in `allOf` and in each case of `anyOf` and `oneOf`.

use std::ptr;

use serde_json::{Map, Value};

use crate::{error::Step, keywords::is_applicator, misfits::options, reference::resolve};

/// The number of schemas within each other that are looked at.
const DEEPEST: usize = 20;

/// The number of schemas that are looked at in all, each as often as others demand it.
const MOST: usize = 5_000;

/// The number of values of an `enum` that are tried.
const MOST_VALUES: usize = 100;

/// The names of types, `integer` being among the numbers.
const TYPES: [&str; 6] = ["array", "boolean", "null", "number", "object", "string"];

/// The way to the place for which nothing fits this schema, if that can be seen.
pub(crate) fn accepts_nothing(root: &Value) -> Option<Vec<Step>> {
    Look { root, left: MOST, open: Vec::new() }.nothing(root)
}

struct Look<'s> {
    root: &'s Value,
    left: usize,
    /// The schemas that are being looked at: a value of theirs would have to hold a value of theirs, and so on.
    open: Vec<&'s Value>,
}

impl<'s> Look<'s> {
    fn nothing(&mut self, schema: &'s Value) -> Option<Vec<Step>> {
        if self.open.iter().any(|open| ptr::eq(*open, schema)) {
            return Some(Vec::new());
        }
        self.left = self.left.checked_sub(1).filter(|_| self.open.len() < DEEPEST)?;
        self.open.push(schema);
        let found = self.nothing_fits(schema);
        self.open.pop();
        found
    }

    fn nothing_fits(&mut self, schema: &'s Value) -> Option<Vec<Step>> {
        let members = match schema {
            Value::Bool(false) => return Some(Vec::new()),
            Value::Object(members) => members,
            _ => return None,
        };
        if members.get("not").is_some_and(accepts_all) {
            return Some(key("not"));
        }
        if let Some(keyword) = no_value(members).or_else(|| crossed_bounds(members)) {
            return Some(key(keyword));
        }
        if let Some(keyword) = no_value_is_listed(members) {
            return Some(key(keyword));
        }
        let target = members.get("$ref").and_then(Value::as_str);
        if let Some(target) = target.and_then(|name| resolve(self.root, name))
            && self.nothing(target).is_some()
        {
            return Some(key("$ref"));
        }
        let list = |name: &str| members.get(name).and_then(Value::as_array);
        for (place, inner) in list("allOf").into_iter().flatten().enumerate() {
            if let Some(inner) = self.nothing(inner) {
                return Some([key("allOf"), vec![Step::Place(place)], inner].concat());
            }
        }
        for name in ["anyOf", "oneOf"] {
            if list(name).is_some_and(|list| list.iter().all(|inner| self.nothing(inner).is_some())) {
                return Some(key(name));
            }
        }
        if types(self.root, schema, DEEPEST).is_empty() {
            return Some(key(if members.contains_key("allOf") { "allOf" } else { "$ref" }));
        }
        match members.get("type").and_then(Value::as_str) {
            Some("object") => self.no_object(members),
            Some("array") => self.no_list(members),
            _ => None,
        }
    }

    /// The way to a member that an object must have and cannot.
    fn no_object(&mut self, members: &'s Map<String, Value>) -> Option<Vec<Step>> {
        let properties = members.get("properties").and_then(Value::as_object);
        let is_closed = members.get("additionalProperties") == Some(&Value::Bool(false))
            && !members.contains_key("patternProperties");
        let required = members.get("required").and_then(Value::as_array);
        required.into_iter().flatten().enumerate().find_map(|(place, name)| {
            match properties.and_then(|properties| properties.get(name.as_str()?)) {
                Some(property) => {
                    let inner = self.nothing(property)?;
                    Some([key("properties"), key(name.as_str()?), inner].concat())
                }
                None => is_closed.then(|| vec![Step::Key("required".to_owned()), Step::Place(place)]),
            }
        })
    }

    /// The way to what keeps a list from having the elements that it must have.
    fn no_list(&mut self, members: &'s Map<String, Value>) -> Option<Vec<Step>> {
        let number = |name: &str| members.get(name).and_then(Value::as_u64);
        let least = usize::try_from(number("minItems").unwrap_or(0)).unwrap_or(usize::MAX);
        let first = members.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (place, schema) in first.iter().take(least).enumerate() {
            if let Some(inner) = self.nothing(schema) {
                return Some([key("prefixItems"), vec![Step::Place(place)], inner].concat());
            }
        }
        let elsewhere = members.get("items").filter(|_| least > first.len());
        if let Some(inner) = elsewhere.and_then(|schema| self.nothing(schema)) {
            return Some([key("items"), inner].concat());
        }
        let contained = members.get("contains").filter(|_| number("minContains") != Some(0))?;
        Some([key("contains"), self.nothing(contained)?].concat())
    }
}

fn key(name: &str) -> Vec<Step> {
    vec![Step::Key(name.to_owned())]
}

/// The types that a value may have by what the schema, its `allOf` and its `$ref` say of types.
fn types<'n>(root: &'n Value, schema: &'n Value, left: usize) -> Vec<&'n str> {
    let all = || TYPES.to_vec();
    let (Some(left), Value::Object(members)) = (left.checked_sub(1), schema) else { return all() };
    let plain = |name: &'n str| if name == "integer" { "number" } else { name };
    let mut found = match members.get("type") {
        Some(Value::String(name)) => vec![plain(name)],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(plain).collect(),
        _ => all(),
    };
    let target = members.get("$ref").and_then(Value::as_str).and_then(|name| resolve(root, name));
    let parts = members.get("allOf").and_then(Value::as_array).into_iter().flatten();
    for part in target.into_iter().chain(parts) {
        let others = types(root, part, left);
        found.retain(|name| others.contains(name));
    }
    found
}

/// The keyword whose list of values is empty or has none of the one type of the schema.
fn no_value(members: &Map<String, Value>) -> Option<&'static str> {
    let words = members.get("enum").and_then(Value::as_array);
    if words.is_some_and(Vec::is_empty) {
        return Some("enum");
    }
    let kind = members.get("type").and_then(Value::as_str)?;
    let is_of = |value: &Value| match kind {
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => value.is_number(),
    };
    let of_words = words.filter(|words| !words.iter().any(is_of)).map(|_| "enum");
    of_words.or_else(|| members.get("const").filter(|value| !is_of(value)).map(|_| "const"))
}

/// The keyword that lists values none of which fits what else the schema itself says, parts of it that are schemas left out.
fn no_value_is_listed(members: &Map<String, Value>) -> Option<&'static str> {
    let (keyword, values) = match (members.get("const"), members.get("enum").and_then(Value::as_array)) {
        (Some(value), _) => ("const", std::slice::from_ref(value)),
        (None, Some(values)) => ("enum", values.as_slice()),
        (None, None) => return None,
    };
    let own: Map<String, Value> = members
        .iter()
        .filter(|(name, _)| *name != keyword && !name.starts_with('$') && !is_applicator(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if own.is_empty() || values.len() > MOST_VALUES {
        return None;
    }
    let validator = options().build(&Value::Object(own)).ok()?;
    (!values.iter().any(|value| validator.is_valid(value))).then_some(keyword)
}

/// The keyword of the lower one of two bounds that leave no value of the one type that the schema has.
fn crossed_bounds(members: &Map<String, Value>) -> Option<&'static str> {
    let kind = members.get("type").and_then(Value::as_str)?;
    let number = |name: &str| members.get(name).and_then(Value::as_f64);
    let above = |least: &'static str, most: &str| (number(least)? > number(most)?).then_some(least);
    let reaches = |least: &'static str, most: &str| (number(least)? >= number(most)?).then_some(least);
    match kind {
        "string" => above("minLength", "maxLength"),
        "array" => above("minItems", "maxItems"),
        "object" => above("minProperties", "maxProperties"),
        "number" | "integer" => above("minimum", "maximum")
            .or_else(|| reaches("exclusiveMinimum", "maximum"))
            .or_else(|| reaches("minimum", "exclusiveMaximum"))
            .or_else(|| reaches("exclusiveMinimum", "exclusiveMaximum")),
        _ => None,
    }
}

fn accepts_all(schema: &Value) -> bool {
    *schema == Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}
