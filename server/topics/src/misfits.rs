//! Looks for the places of a payload that do not fit. It is asked only once it is known that there are some.
//!
//! The checker's own report of a schema with cases (`anyOf`) has the report of each case in it, and so on into the payload: it may
//! grow without bound. So the payload is gone through here, and the checker is asked of one schema at a time, without those in it.
//!
//! Of a large payload only those parts are gone into that a checker of their own finds not to fit ([`Parts`]).

use std::{collections::HashMap, mem, ptr};

use jsonschema::{Draft, PatternOptions, ValidationOptions, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value};

use crate::{error::escaped, keywords::is_applicator, parts::Parts, reference::resolve};

/// The number of misfits that are named.
pub const MOST_MISFITS: usize = 20;

/// The longest message of a misfit, in bytes.
const LONGEST_MESSAGE: usize = 300;

/// The number of values that are looked at, each as often as a schema looks at it.
const MOST_LOOKS: usize = 5_000;

/// The length of a payload from which on what fits is passed over, in bytes: no shorter one has too many values.
const LARGE: usize = 4_000;

/// The size to which a pattern may compile, in bytes.
pub(crate) const PATTERN_BYTES: usize = 1 << 20;

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

/// The places of a value of so many bytes that do not fit a schema: at most 20. Where the cases of a schema are what it does not fit, those of the nearest case of
/// the first one.
pub(crate) fn misfits(schema: &Value, value: &Value, bytes: usize) -> Vec<Misfit> {
    let mut search = Search {
        root: schema,
        left: MOST_LOOKS,
        found: Vec::new(),
        cases: Vec::new(),
        plain: HashMap::new(),
        parts: (bytes >= LARGE).then(|| Parts::of(schema)),
    };
    search.look(schema, value, &mut String::new());
    let Search { found, cases, .. } = search;
    let all = if found.is_empty() { cases } else { found };
    if all.is_empty() {
        return vec![Misfit::of_all("does not fit the schema of its topic")];
    }
    all.into_iter().map(|found| found.misfit).collect()
}

/// A misfit, as the search has found it.
#[derive(Clone, PartialEq)]
struct Found {
    misfit: Misfit,
    /// True if the value is another constant or of another type than is expected: by this the cases of a schema are told apart.
    is_other: bool,
}

struct Search<'s> {
    root: &'s Value,
    /// The number of looks that are left.
    left: usize,
    found: Vec<Found>,
    /// The misfits of the first place with cases.
    cases: Vec<Found>,
    /// The checkers of schemas without those in them; none for one without any other keyword.
    plain: HashMap<*const Value, Option<Validator>>,
    /// The checkers of schemas with those in them, for a large payload.
    parts: Option<Parts<'s>>,
}

impl<'s> Search<'s> {
    fn look(&mut self, schema: &'s Value, value: &Value, path: &mut String) {
        let Some(left) = self.left.checked_sub(1).filter(|_| self.found.len() < MOST_MISFITS) else { return };
        self.left = left;
        let members = match schema {
            Value::Bool(false) => return self.misfit(path, "nothing may be here".to_owned()),
            Value::Object(members) => members,
            _ => return,
        };
        self.look_plainly(schema, members, value, path);
        let target = members.get("$ref").and_then(Value::as_str);
        if let Some(target) = target.and_then(|target| resolve(self.root, target)) {
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
        for keyword in CASES.into_iter().filter(|keyword| members.contains_key(*keyword)) {
            if self.cases.is_empty() && self.found.is_empty() {
                self.cases = self.look_at_cases(members, keyword, value, path);
            }
        }
    }

    /// The misfits of cases, where the value may be what fits none of them.
    fn look_at_cases(
        &mut self,
        members: &'s Map<String, Value>,
        keyword: &str,
        value: &Value,
        path: &mut String,
    ) -> Vec<Found> {
        let of = |path: &str, message: String| {
            let misfit = Misfit { path: path.to_owned(), message };
            vec![Found { misfit, is_other: false }]
        };
        let message = format!("{} does not fit what {keyword:?} of its schema says", short(value));
        let in_general = of(path, message);
        let arms = members.get(keyword).and_then(Value::as_array).filter(|_| keyword.ends_with("Of"));
        let Some(arms) = arms else { return in_general };
        let all: Vec<Vec<Found>> = arms.iter().map(|arm| self.look_apart(arm, value, path)).collect();
        if self.left == 0 {
            return in_general;
        }
        if all.iter().any(Vec::is_empty) {
            // Where one may fit, this is not what is wrong; of `oneOf` two may.
            let fitting = all.iter().filter(|found| found.is_empty()).count();
            let message = format!("{} fits more than one case of {keyword:?}", short(value));
            return if keyword == "oneOf" && fitting > 1 { of(path, message) } else { Vec::new() };
        }
        let rank = |found: &Vec<Found>| (found.iter().filter(|one| one.is_other).count(), found.len());
        let Some(best) = all.iter().map(rank).min() else { return in_general };
        let nearest: Vec<&Vec<Found>> = all.iter().filter(|found| rank(found) == best).collect();
        match nearest.as_slice() {
            [one] => {
                let mut one = (*one).clone();
                one.iter_mut().for_each(|found| {
                    found.misfit.message.push_str(&format!(" (in the nearest case of {keyword:?})"));
                });
                one
            }
            several => {
                let places: Vec<&str> = several
                    .iter()
                    .flat_map(|found| found.iter())
                    .map(|one| one.misfit.path.as_str())
                    .collect();
                match places.first() {
                    Some(place) if *place != path.as_str() && places.iter().all(|other| other == place) => {
                        of(place, format!("fits no case of {keyword:?}"))
                    }
                    _ => in_general,
                }
            }
        }
    }

    /// The misfits of one case; none if it fits, as far as can be seen.
    fn look_apart(&mut self, arm: &'s Value, value: &Value, path: &mut String) -> Vec<Found> {
        let (found, cases) = (mem::take(&mut self.found), mem::take(&mut self.cases));
        self.look(arm, value, path);
        let (of_arm, of_cases) = (mem::replace(&mut self.found, found), mem::replace(&mut self.cases, cases));
        if of_arm.is_empty() { of_cases } else { of_arm }
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
        let is_other = |kind: &ValidationErrorKind| {
            use ValidationErrorKind::{Constant, Enum, Type};
            matches!(kind, Constant { .. } | Enum { .. } | Type { .. })
        };
        let errors = plain.iter_errors(value).take(MOST_MISFITS);
        let found: Vec<_> = errors.map(|error| (error.to_string(), is_other(error.kind()))).collect();
        found.into_iter().for_each(|(message, is_other)| self.note(path, message, is_other));
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
            let Some(schema) = first.get(place).or_else(|| members.get("items")) else { return };
            self.look_at(schema, value, &place.to_string(), path);
        }
    }

    fn look_at(&mut self, schema: &'s Value, value: &Value, name: &str, path: &mut String) {
        if self.parts.as_mut().is_some_and(|parts| parts.surely_fits(schema, value)) {
            return;
        }
        let length = path.len();
        path.push('/');
        path.push_str(&escaped(name));
        self.look(schema, value, path);
        path.truncate(length);
    }

    fn misfit(&mut self, path: &str, message: String) {
        self.note(path, message, false);
    }

    fn note(&mut self, path: &str, message: String, is_other: bool) {
        // It begins with the value, which may be long; the rule that it breaks comes last.
        let message = without_its_middle(message, LONGEST_MESSAGE);
        let found = Found { misfit: Misfit { path: path.to_owned(), message }, is_other };
        // Two ways through a schema may lead to one place.
        if self.found.len() < MOST_MISFITS && !self.found.contains(&found) {
            self.found.push(found);
        }
    }
}

/// A text of about so many bytes at the most: of a longer one, how it begins and how it ends.
pub fn without_its_middle(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let (head, tail) = (text.floor_char_boundary(most / 2), text.ceil_char_boundary(text.len() - most / 2));
    format!("{}…{}", &text[..head], &text[tail..])
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
