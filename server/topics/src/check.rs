//! The checks of a schema before anything compiles it: its size, what it may use, and where its references lead.

use std::{
    collections::{HashMap, HashSet},
    ptr,
};

use aiwg_model::text::nearest;
use serde_json::{Map, Value};

use crate::{
    empty::accepts_nothing,
    error::{SchemaError, Step, escaped, steps_of},
    keywords::{Reach, within},
    misfits::{PATTERN_BYTES, without_its_middle},
    reference::{is_written_well, pointer, resolve, to_pointer},
};

/// The largest schema, in bytes of JSON.
pub(crate) const LARGEST: usize = 256 * 1024;

/// The greatest depth of values within each other.
const DEEPEST: usize = 64;

/// The greatest number of schemas that look into each other, references followed.
const LONGEST_WAY: usize = 100;

/// The greatest number of schemas that one look at a value may take, references followed and every repetition counted.
const MOST_LOOKS: u64 = 20_000;

/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 1000;

/// The one dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The names of types.
const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// Keywords that name a place in another way than `$ref` does.
const NOT_SUPPORTED: [&str; 6] =
    ["$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary"];

type Id = *const Value;

/// Checks a schema.
///
/// # Errors
/// The first problem, and its place.
pub(crate) fn check(root: &Value) -> Result<(), SchemaError> {
    if depth(root) > DEEPEST {
        return Err(SchemaError::new(
            &[],
            format!("is nested more than {DEEPEST} levels deep, which is the limit"),
        ));
    }
    let bytes = root.to_string().len();
    if bytes > LARGEST {
        return Err(SchemaError::new(&[], format!("has {bytes} bytes; {LARGEST} is the limit")));
    }
    let mut check = Check { root, places: HashSet::new(), looks: HashMap::new() };
    check.places(root, &mut Vec::new())?;
    check.references(root, &mut Vec::new())?;
    check.circle(root)?;
    let looks = check.looks(root, 0)?;
    if looks > MOST_LOOKS {
        let message = format!(
            "its references repeat its parts {looks} times; {MOST_LOOKS} is the limit: refer to each part in fewer places"
        );
        return Err(SchemaError::new(&[], message));
    }
    if let Some(path) = accepts_nothing(root) {
        let message = "no payload fits this, so no such event could ever be emitted: leave the topic out instead, \
                       with \"strict_topics\"";
        return Err(SchemaError::new(&path, message));
    }
    Ok(())
}

/// The number of levels of a value. The parser has bounded it.
fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(list) => list.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => None,
    };
    1 + inner.unwrap_or(0)
}

struct Check<'s> {
    root: &'s Value,
    /// The places where schemas stand.
    places: HashSet<Id>,
    /// The number of schemas that a look at a value takes; none while that is being counted.
    looks: HashMap<Id, Option<u64>>,
}

impl<'s> Check<'s> {
    /// Notes all places where schemas stand.
    fn places(&mut self, schema: &'s Value, path: &mut Vec<Step>) -> Result<(), SchemaError> {
        self.places.insert(ptr::from_ref(schema));
        let Value::Object(members) = schema else {
            return match schema {
                Value::Bool(_) => Ok(()),
                // The name of a draft-07 tuple, which people still write.
                Value::Array(_) if path.last() == Some(&Step::Key("items".to_owned())) => {
                    Err(SchemaError::new(
                        path,
                        "must be a schema: a list of schemas is \"prefixItems\" in JSON Schema 2020-12",
                    ))
                }
                _ => Err(SchemaError::new(path, "must be a schema: an object, true or false")),
            };
        };
        keywords(members, path)?;
        for (steps, inner, _) in within(members) {
            let length = path.len();
            path.extend(steps);
            self.places(inner, path)?;
            path.truncate(length);
        }
        Ok(())
    }

    /// Checks that each reference leads to a schema.
    fn references(&self, schema: &'s Value, path: &mut Vec<Step>) -> Result<(), SchemaError> {
        let Value::Object(members) = schema else { return Ok(()) };
        if let Some(reference) = members.get("$ref") {
            path.push(Step::Key("$ref".to_owned()));
            self.target(reference).map_err(|why| SchemaError::new(path, why))?;
            path.pop();
        }
        for (steps, inner, _) in within(members) {
            let length = path.len();
            path.extend(steps);
            self.references(inner, path)?;
            path.truncate(length);
        }
        Ok(())
    }

    /// The schema to which a reference leads.
    fn target(&self, reference: &Value) -> Result<&'s Value, String> {
        let Some(reference) = reference.as_str() else { return Err("must be a text".to_owned()) };
        let is_within =
            reference.strip_prefix('#').is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if !is_within {
            return Err(format!(
                "{reference:?} leads out of the schema: a reference is to a place in it, as \"#/$defs/version\"; nothing is ever fetched"
            ));
        }
        if !is_written_well(reference) {
            let as_it_is = || reference.strip_prefix('#').unwrap_or_default().to_owned();
            let written = to_pointer(&pointer(reference).unwrap_or_else(as_it_is));
            return Err(format!(
                "{reference:?} is no reference: write {written:?}, with what a URI cannot have as the figures of its bytes"
            ));
        }
        let found = resolve(self.root, reference);
        found.filter(|found| self.places.contains(&ptr::from_ref(*found))).ok_or_else(|| {
            let defs = |key: &str| self.root.get(key).and_then(Value::as_object);
            let known: Vec<String> = ["$defs", "definitions"]
                .into_iter()
                .flat_map(|key| {
                    let names = defs(key).into_iter().flatten().map(|(name, _)| escaped(name));
                    names.map(move |name| to_pointer(&format!("/{key}/{name}")))
                })
                .collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let near = nearest(reference, &known)
                .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            format!("{reference:?} leads to no schema{near}")
        })
    }

    /// The schemas that look at the same value, or at parts of it, as this one does.
    fn next(&self, schema: &'s Value) -> Vec<(&'s Value, Reach)> {
        let Value::Object(members) = schema else { return Vec::new() };
        let target = members.get("$ref").and_then(|reference| self.target(reference).ok());
        let inner = within(members).into_iter().filter(|(_, _, reach)| *reach != Reach::Definition);
        target
            .map(|target| (target, Reach::Same))
            .into_iter()
            .chain(inner.map(|(_, inner, reach)| (inner, reach)))
            .collect()
    }

    /// Refuses a schema that comes back to itself without going into the value.
    fn circle(&self, root: &'s Value) -> Result<(), SchemaError> {
        let mut open: HashMap<Id, bool> = HashMap::new();
        // An explicit stack: the way may be as long as the schema has parts.
        for start in every_schema(root) {
            let mut stack = vec![(start, false)];
            while let Some((schema, is_done)) = stack.pop() {
                let id = ptr::from_ref(schema);
                if is_done {
                    open.insert(id, false);
                    continue;
                }
                if open.contains_key(&id) {
                    continue;
                }
                open.insert(id, true);
                stack.push((schema, true));
                for (next, _) in self.next(schema).into_iter().filter(|(_, reach)| *reach == Reach::Same) {
                    match open.get(&ptr::from_ref(next)) {
                        Some(true) => {
                            let path = path_to(root, next).unwrap_or_default();
                            let message = "refers to itself and to nothing else, which would never end: a schema may come back only for a \
                                           part of the value, as in \"properties\" or \"items\"";
                            return Err(SchemaError::new(&path, message));
                        }
                        Some(false) => {}
                        None => stack.push((next, false)),
                    }
                }
            }
        }
        Ok(())
    }

    /// The number of schemas that a look at a value takes.
    fn looks(&mut self, schema: &'s Value, way: usize) -> Result<u64, SchemaError> {
        if way > LONGEST_WAY {
            let message = format!(
                "refers on and on: more than {LONGEST_WAY} schemas look into each other, which is the limit"
            );
            return Err(SchemaError::new(&path_to(self.root, schema).unwrap_or_default(), message));
        }
        let id = ptr::from_ref(schema);
        match self.looks.get(&id) {
            Some(Some(known)) => return Ok(*known),
            // It comes back to itself for a part of the value.
            Some(None) => return Ok(1),
            None => {}
        }
        self.looks.insert(id, None);
        let mut looks: u64 = 1;
        for (next, _) in self.next(schema) {
            looks = looks.saturating_add(self.looks(next, way + 1)?);
        }
        self.looks.insert(id, Some(looks));
        Ok(looks)
    }
}

/// Checks the keywords of a schema that say something of its place or dialect, and those that people get wrong.
fn keywords(members: &Map<String, Value>, path: &[Step]) -> Result<(), SchemaError> {
    let at = |keyword: &str, message: String| {
        Err(SchemaError::new(&[path, &[Step::Key(keyword.to_owned())]].concat(), message))
    };
    for keyword in NOT_SUPPORTED {
        if members.contains_key(keyword) {
            if keyword == "$vocabulary" {
                return at(keyword, format!("{keyword:?} is not supported: leave it out"));
            }
            return at(
                keyword,
                format!("{keyword:?} is not supported: refer to a place as \"$ref\": \"#/$defs/version\""),
            );
        }
    }
    if members.contains_key("$id") && !path.is_empty() {
        return at(
            "$id",
            "only the schema as a whole may have an \"$id\": references are to places in it".to_owned(),
        );
    }
    let dialect = members
        .get("$schema")
        .filter(|dialect| dialect.as_str().is_none_or(|dialect| dialect.trim_end_matches('#') != DIALECT));
    if let Some(dialect) = dialect {
        return at(
            "$schema",
            format!("the dialect {dialect} is not supported: it is {DIALECT:?}, or leave it out"),
        );
    }
    let types = members.get("type");
    let names = types
        .into_iter()
        .flat_map(|types| types.as_array().map_or(std::slice::from_ref(types), Vec::as_slice));
    for name in names {
        if name.as_str().is_none_or(|name| !TYPES.contains(&name)) {
            let near = name.as_str().and_then(|name| nearest(name, &TYPES));
            let hint = near.map_or_else(
                || format!("; there are {}", TYPES.join(", ")),
                |near| format!("; did you mean {near:?}?"),
            );
            return at("type", format!("there is no type {name}{hint}"));
        }
    }
    let patterns = members.get("patternProperties").and_then(Value::as_object);
    let patterns = patterns.into_iter().flatten().map(|(pattern, _)| ("patternProperties", pattern.as_str()));
    let pattern = members.get("pattern").and_then(Value::as_str).map(|pattern| ("pattern", pattern));
    for (keyword, pattern) in patterns.chain(pattern) {
        if pattern.len() > LONGEST_PATTERN {
            return at(
                keyword,
                format!("has a pattern of {} bytes; {LONGEST_PATTERN} is the limit", pattern.len()),
            );
        }
    }
    Ok(())
}

/// All schemas that stand in this one, and this one.
fn every_schema(root: &Value) -> Vec<&Value> {
    let (mut all, mut left) = (Vec::new(), vec![root]);
    while let Some(schema) = left.pop() {
        all.push(schema);
        if let Value::Object(members) = schema {
            left.extend(within(members).into_iter().map(|(_, inner, _)| inner));
        }
    }
    all
}

/// The way from the root to a schema that stands in it.
fn path_to(root: &Value, wanted: &Value) -> Option<Vec<Step>> {
    let mut left = vec![(root, Vec::new())];
    while let Some((schema, path)) = left.pop() {
        if ptr::eq(schema, wanted) {
            return Some(path);
        }
        if let Value::Object(members) = schema {
            left.extend(
                within(members)
                    .into_iter()
                    .map(|(steps, inner, _)| (inner, [path.as_slice(), &steps].concat())),
            );
        }
    }
    None
}

/// The problem that the compiler of schemas has found, in its own words.
pub(crate) fn refused(root: &Value, error: &jsonschema::ValidationError<'_>) -> SchemaError {
    const SHOWN: usize = 300;
    let mut message = error.to_string();
    if message.len() > SHOWN {
        message.truncate(message.floor_char_boundary(SHOWN));
        message.push('…');
    }
    let pointer = error.instance_path().as_str();
    let is_pattern = steps_of(root, pointer)
        .iter()
        .any(|step| matches!(step, Step::Key(key) if key == "pattern" || key == "patternProperties"));
    if is_pattern && let Some(pattern) = too_large(root, pointer) {
        let pattern = without_its_middle(pattern, 100);
        return SchemaError::at(
            root,
            pointer,
            format!("the pattern {pattern:?} is too large when it is compiled: repeat less in it"),
        );
    }
    let hint = if is_pattern || message.contains("regex") {
        "; patterns are those of Rust's regex, without references back and without looking around, so that they take linear time"
    } else {
        ""
    };
    SchemaError::at(root, pointer, format!("this is no JSON Schema 2020-12: {message}{hint}"))
}

/// The pattern at this place, if it can be read and takes more memory than one may.
fn too_large(root: &Value, pointer: &str) -> Option<String> {
    let at = root.pointer(pointer)?;
    let all: Vec<&str> = match at {
        Value::String(pattern) => vec![pattern],
        Value::Object(by_pattern) => by_pattern.keys().map(String::as_str).collect(),
        _ => return None,
    };
    let is_too_large = |pattern: &&str| {
        matches!(
            regex::RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build(),
            Err(regex::Error::CompiledTooBig(_))
        )
    };
    all.into_iter().find(is_too_large).map(str::to_owned)
}
