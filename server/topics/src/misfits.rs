//! Looks for the places of a payload that do not fit. It is asked only once it is known that there are some.
//!
//! The checker's own report of a schema with cases (`anyOf`) has the report of each case in it, and so on into the payload: it may
//! grow without bound. So the payload is gone through here, and the checker is asked of one schema at a time, without those in it.

use std::{collections::HashMap, ptr};

use jsonschema::{Draft, PatternOptions, ValidationOptions, Validator};
use serde_json::{Map, Value};

use crate::keywords::is_applicator;

/// The number of misfits that are named.
const NAMED: usize = 20;

/// The longest message of a misfit, in bytes.
const LONGEST_MESSAGE: usize = 300;

/// The number of values that are looked at, each as often as a schema looks at it.
const MOST_LOOKS: usize = 5_000;

/// The size to which a pattern may compile, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// Keywords that hold schemas and that are not gone into: they tell cases apart.
const CASES: [&str; 10] = [
    "anyOf",
    "oneOf",
    "not",
    "if",
    "dependentSchemas",
    "contains",
    "propertyNames",
    "patternProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
];

/// A place where a payload does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The place, as a JSON Pointer; empty for the payload as a whole.
    pub path: String,
    /// The error there, for people.
    pub message: String,
}

impl Misfit {
    pub(crate) fn of_all(message: &str) -> Self {
        Self { path: String::new(), message: message.to_owned() }
    }
}

/// The options of all checkers.
pub(crate) fn options() -> ValidationOptions<'static> {
    let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(false)
        .offline()
        .with_pattern_options(patterns)
}

/// The places of a value that do not fit a schema: at most 20. Where the cases of a schema are what it does not fit, the place of the first one.
pub(crate) fn misfits(schema: &Value, value: &Value) -> Vec<Misfit> {
    let mut search =
        Search { root: schema, left: MOST_LOOKS, found: Vec::new(), case: None, plain: HashMap::new() };
    search.look(schema, value, &mut String::new());
    if search.found.is_empty() {
        search.found.extend(search.case.take());
    }
    if search.found.is_empty() {
        search.found.push(Misfit::of_all("does not fit the schema of its topic"));
    }
    search.found
}

struct Search<'s> {
    root: &'s Value,
    /// The number of looks that are left.
    left: usize,
    found: Vec<Misfit>,
    /// The first place with cases.
    case: Option<Misfit>,
    /// The checkers of schemas without those in them; none for one without any other keyword.
    plain: HashMap<*const Value, Option<Validator>>,
}

impl<'s> Search<'s> {
    fn look(&mut self, schema: &'s Value, value: &Value, path: &mut String) {
        let Some(left) = self.left.checked_sub(1).filter(|_| self.found.len() < NAMED) else { return };
        self.left = left;
        let members = match schema {
            Value::Bool(false) => return self.misfit(path, "nothing may be here".to_owned()),
            Value::Object(members) => members,
            _ => return,
        };
        self.look_plainly(schema, members, value, path);
        let target = members.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        if let Some(target) = target.and_then(|pointer| self.root.pointer(pointer)) {
            self.look(target, value, path);
        }
        for inner in members.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.look(inner, value, path);
        }
        match value {
            Value::Object(object) => self.look_into_object(members, object, path),
            Value::Array(list) => self.look_into_list(members, list, path),
            _ => {}
        }
        if let Some(keyword) = CASES.into_iter().find(|keyword| members.contains_key(*keyword)) {
            let message = format!("{} does not fit what {keyword:?} of its schema says", short(value));
            self.case.get_or_insert_with(|| Misfit { path: path.clone(), message });
        }
    }

    /// Asks the checker of all keywords that hold no schemas.
    fn look_plainly(&mut self, schema: &Value, members: &Map<String, Value>, value: &Value, path: &str) {
        let plain = self.plain.entry(ptr::from_ref(schema)).or_insert_with(|| {
            let own: Map<String, Value> = members
                .iter()
                .filter(|(keyword, _)| !keyword.starts_with('$') && !is_applicator(keyword))
                .map(|(keyword, value)| (keyword.clone(), value.clone()))
                .collect();
            (!own.is_empty()).then(|| options().build(&Value::Object(own)).ok()).flatten()
        });
        let Some(plain) = plain else { return };
        let errors = plain.iter_errors(value).take(NAMED).map(|error| error.to_string());
        let found: Vec<String> = errors.collect();
        found.into_iter().for_each(|message| self.misfit(path, message));
    }

    fn look_into_object(
        &mut self,
        members: &'s Map<String, Value>,
        object: &Map<String, Value>,
        path: &mut String,
    ) {
        let properties = members.get("properties").and_then(Value::as_object);
        let others =
            members.get("additionalProperties").filter(|_| !members.contains_key("patternProperties"));
        for (name, value) in object {
            match (properties.and_then(|properties| properties.get(name)), others) {
                (Some(property), _) => self.look_at(property, value, name, path),
                (None, Some(Value::Bool(false))) => {
                    let mut name = name.clone();
                    name.truncate(name.floor_char_boundary(100));
                    let message = format!("Additional properties are not allowed ('{name}' was unexpected)");
                    self.misfit(path, message);
                }
                (None, Some(other)) => self.look_at(other, value, name, path),
                (None, None) => {}
            }
        }
    }

    fn look_into_list(&mut self, members: &'s Map<String, Value>, list: &[Value], path: &mut String) {
        let first =
            members.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (place, value) in list.iter().enumerate() {
            if let Some(schema) = first.get(place).or_else(|| members.get("items")) {
                self.look_at(schema, value, &place.to_string(), path);
            }
        }
    }

    fn look_at(&mut self, schema: &'s Value, value: &Value, name: &str, path: &mut String) {
        let length = path.len();
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        self.look(schema, value, path);
        path.truncate(length);
    }

    fn misfit(&mut self, path: &str, mut message: String) {
        if message.len() > LONGEST_MESSAGE {
            // It begins with the value, which may be long; the rule that it breaks comes last.
            let (head, tail) = (
                message.floor_char_boundary(LONGEST_MESSAGE / 2),
                message.ceil_char_boundary(message.len() - LONGEST_MESSAGE / 2),
            );
            message = format!("{}…{}", &message[..head], &message[tail..]);
        }
        let misfit = Misfit { path: path.to_owned(), message };
        // Two ways through a schema may lead to one place.
        if self.found.len() < NAMED && !self.found.contains(&misfit) {
            self.found.push(misfit);
        }
    }
}

/// A value as a message shows it.
fn short(value: &Value) -> String {
    match value {
        Value::Object(_) => "the object".to_owned(),
        Value::Array(_) => "the list".to_owned(),
        Value::String(text) if text.len() > 100 => "the text".to_owned(),
        other => other.to_string(),
    }
}
