//! The places of a schema that hold schemas.

use serde_json::{Map, Value};

use crate::error::Step;

/// Keywords whose value is a schema that looks at the same value.
const SAME_ONE: [&str; 4] = ["not", "if", "then", "else"];

/// Keywords whose value is a list of such schemas.
const SAME_LIST: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Keywords whose value is a map of such schemas.
const SAME_MAP: [&str; 1] = ["dependentSchemas"];

/// Keywords whose value is a schema that looks at a part of the value.
const PART_ONE: [&str; 7] = [
    "additionalProperties",
    "propertyNames",
    "items",
    "contains",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];

/// Keywords whose value is a list of such schemas.
const PART_LIST: [&str; 1] = ["prefixItems"];

/// Keywords whose value is a map of such schemas.
const PART_MAP: [&str; 2] = ["properties", "patternProperties"];

/// Keywords whose value is a map of schemas that others refer to.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

/// The relation of a schema to the one in which it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It looks at the same value.
    Same,
    /// It looks at a part of the value.
    Part,
    /// It is there to be referred to.
    Definition,
}

/// Where a keyword holds schemas.
enum Holds {
    One,
    List,
    Map,
}

fn holds(keyword: &str) -> Option<(Holds, Reach)> {
    let is_in = |list: &[&str]| list.contains(&keyword);
    Some(match () {
        () if is_in(&SAME_ONE) => (Holds::One, Reach::Same),
        () if is_in(&SAME_LIST) => (Holds::List, Reach::Same),
        () if is_in(&SAME_MAP) => (Holds::Map, Reach::Same),
        () if is_in(&PART_ONE) => (Holds::One, Reach::Part),
        () if is_in(&PART_LIST) => (Holds::List, Reach::Part),
        () if is_in(&PART_MAP) => (Holds::Map, Reach::Part),
        () if is_in(&DEFINITIONS) => (Holds::Map, Reach::Definition),
        () => return None,
    })
}

/// True if the value of a keyword holds schemas.
pub(crate) fn is_applicator(keyword: &str) -> bool {
    holds(keyword).is_some()
}

/// The schemas that stand in this one, each with the steps to it. What is no schema where one should stand is among them.
pub(crate) fn within(schema: &Map<String, Value>) -> Vec<(Vec<Step>, &Value, Reach)> {
    let mut found = Vec::new();
    for (keyword, value) in schema {
        let Some((holds, reach)) = holds(keyword) else { continue };
        let key = || Step::Key(keyword.clone());
        match (holds, value) {
            (Holds::One, value) => found.push((vec![key()], value, reach)),
            (Holds::List, Value::Array(list)) => found.extend(
                list.iter().enumerate().map(|(place, value)| (vec![key(), Step::Place(place)], value, reach)),
            ),
            (Holds::Map, Value::Object(map)) => found
                .extend(map.iter().map(|(name, value)| (vec![key(), Step::Key(name.clone())], value, reach))),
            _ => {}
        }
    }
    found
}
