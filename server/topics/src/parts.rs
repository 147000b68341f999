//! The checkers of the schemas that stand in a schema, each of which decides a part of a payload as a whole.

use std::{collections::HashMap, ptr};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::{
    error::escaped,
    keywords::{is_applicator, within},
    misfits::options,
    reference::to_pointer,
};

/// The number of schemas with others in them for which a checker is made: each takes the time of the schema as a whole.
const MOST_MADE: usize = 30;

/// The name of the schema as a whole, to which its references are relative.
const ROOT: &str = "urn:aiwg:schema";

/// The checkers of schemas within a schema, made when they are asked for.
pub(crate) struct Parts<'s> {
    root: &'s Value,
    made: usize,
    /// None for a schema that none can be made for.
    checkers: HashMap<*const Value, Option<Validator>>,
}

impl<'s> Parts<'s> {
    pub(crate) fn of(root: &'s Value) -> Self {
        Self { root, made: 0, checkers: HashMap::new() }
    }

    /// True if a value is known to fit one of the schemas within the schema.
    pub(crate) fn surely_fits(&mut self, schema: &'s Value, value: &Value) -> bool {
        let Self { root, made, checkers } = self;
        let checker = checkers.entry(ptr::from_ref(schema)).or_insert_with(|| {
            let is_alone = |(keyword, _): (&String, &Value)| keyword != "$ref" && !is_applicator(keyword);
            if schema.as_object().is_some_and(|members| members.iter().all(is_alone)) {
                return options().build(schema).ok();
            }
            *made += 1;
            if *made > MOST_MADE { None } else { checker(root, schema) }
        });
        checker.as_ref().is_some_and(|checker| checker.is_valid(value))
    }
}

/// The checker of a schema within another, to whose parts it may refer.
fn checker(root: &Value, schema: &Value) -> Option<Validator> {
    let place = to_pointer(&place_of(root, schema)?);
    let mut whole = root.clone();
    whole.as_object_mut()?.insert("$id".to_owned(), ROOT.into());
    options().build(&json!({ "$ref": format!("{ROOT}{place}"), "$defs": { "whole": whole } })).ok()
}

/// The place of a schema within another, as a JSON Pointer.
fn place_of(root: &Value, schema: &Value) -> Option<String> {
    if ptr::eq(root, schema) {
        return Some(String::new());
    }
    within(root.as_object()?).into_iter().find_map(|(steps, inner, _)| {
        let rest = place_of(inner, schema)?;
        let steps: String = steps.iter().map(|step| format!("/{}", escaped(&step.to_string()))).collect();
        Some(steps + &rest)
    })
}
