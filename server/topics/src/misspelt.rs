//! Keywords that say nothing, and that most likely were meant to be others.

use serde_json::Value;

use crate::{error::Step, keywords::within};

/// All keywords of JSON Schema 2020-12.
const KEYWORDS: [&str; 57] = [
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$ref",
    "$schema",
    "$vocabulary",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "writeOnly",
];

/// Keywords of other dialects, which people write on purpose.
const OTHERS: [&str; 5] = ["additionalItems", "definitions", "dependencies", "example", "id"];

/// The greatest distance of a misspelt keyword from the one that was meant.
const NEAR: usize = 2;

/// The shortest keyword that is made out.
const SHORTEST: usize = 4;

/// A keyword that JSON Schema does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misspelt {
    /// The way from the schema to the one in which it stands.
    pub path: Vec<Step>,
    /// The keyword.
    pub keyword: String,
    /// The one that was most likely meant.
    pub near: &'static str,
}

/// The keywords of a schema, and of those within it, that are written nearly as ones of JSON Schema, in order. Any other name may be a note of the
/// author's own.
pub fn misspelt(schema: &Value) -> Vec<Misspelt> {
    let mut found = Vec::new();
    let mut left = vec![(Vec::new(), schema)];
    while let Some((path, schema)) = left.pop() {
        let Value::Object(members) = schema else { continue };
        for keyword in members.keys() {
            if let Some(near) = near(keyword) {
                found.push(Misspelt { path: path.clone(), keyword: keyword.clone(), near });
            }
        }
        let inner = within(members).into_iter();
        left.extend(inner.map(|(steps, inner, _)| ([path.as_slice(), &steps].concat(), inner)));
    }
    found
}

fn near(keyword: &str) -> Option<&'static str> {
    let is_known = KEYWORDS.contains(&keyword) || OTHERS.contains(&keyword) || keyword.starts_with("x-");
    // Of a longer name the work would grow.
    if is_known || !(SHORTEST..=30).contains(&keyword.len()) {
        return None;
    }
    let distance = |known: &str| strsim::damerau_levenshtein(keyword, known);
    let best = KEYWORDS.iter().map(|known| (distance(known), *known)).min()?;
    // A short one has few letters that could be wrong.
    (best.0 <= NEAR.min(best.1.len() / 4)).then_some(best.1)
}
