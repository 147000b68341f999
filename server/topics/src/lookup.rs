//! The members that a payload can have, by its schema.

use serde_json::{Map, Value};

use crate::reference::resolve;

/// The number of schemas that one question may look at.
const MOST: usize = 10_000;

/// A step of the way to a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// To the member of this name.
    Name(String),
    /// To any element of a list.
    Element,
}

/// A payload can never have the member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoMember {
    /// The place in the path of the member that cannot be.
    pub place: usize,
    /// The members that can be there.
    pub known: Vec<String>,
}

/// Looks whether a payload of this schema can have the member at this path. A schema that names its members and does not say that
/// there may be others has no others.
///
/// # Errors
/// It can never have it.
pub fn look_up(schema: &Value, path: &[Part]) -> Result<(), NoMember> {
    let mut look = Look { root: schema, left: MOST };
    let mut here = vec![schema];
    for (place, part) in path.iter().enumerate() {
        // Each of them may be the one that the payload fits.
        match any(here.iter().map(|schema| look.part(schema, part)).collect()) {
            Found::Listed(schemas) => here = schemas,
            Found::Anything | Found::Silent => return Ok(()),
            Found::Unlisted(known) | Found::Never(known) => return Err(NoMember { place, known }),
        }
    }
    Ok(())
}

/// A schema's answer about a member.
enum Found<'s> {
    /// It is one of these.
    Listed(Vec<&'s Value>),
    /// It may be anything.
    Anything,
    /// The schema does not say.
    Silent,
    /// The schema lists others.
    Unlisted(Vec<String>),
    /// The schema forbids it.
    Never(Vec<String>),
}

struct Look<'s> {
    root: &'s Value,
    left: usize,
}

impl<'s> Look<'s> {
    fn part(&mut self, schema: &'s Value, part: &Part) -> Found<'s> {
        let Some(left) = self.left.checked_sub(1) else { return Found::Anything };
        self.left = left;
        let members = match schema {
            Value::Bool(false) => return Found::Never(Vec::new()),
            Value::Object(members) => members,
            _ => return Found::Anything,
        };
        let list = |key: &str| members.get(key).and_then(Value::as_array).into_iter().flatten();
        let mut every = vec![of_keywords(members, part)];
        let target = members.get("$ref").and_then(Value::as_str);
        if let Some(target) = target.and_then(|target| resolve(self.root, target)) {
            every.push(self.part(target, part));
        }
        for inner in list("allOf") {
            every.push(self.part(inner, part));
        }
        for key in ["anyOf", "oneOf"] {
            let arms: Vec<_> = list(key).map(|inner| self.part(inner, part)).collect();
            if !arms.is_empty() {
                every.push(any(arms));
            }
        }
        // These hold for some payloads only: they may name a member, and forbid none.
        let conditional = ["if", "then", "else"].into_iter().filter_map(|key| members.get(key));
        let dependent = members.get("dependentSchemas").and_then(Value::as_object);
        for inner in conditional.chain(dependent.into_iter().flatten().map(|(_, inner)| inner)) {
            match self.part(inner, part) {
                listed @ Found::Listed(_) => every.push(listed),
                _ if inner.as_object().is_some_and(|inner| demands(inner, part)) => {
                    every.push(Found::Anything)
                }
                _ => {}
            }
        }
        all(every)
    }
}

/// The answer of a schema's own keywords.
fn of_keywords<'s>(members: &'s Map<String, Value>, part: &Part) -> Found<'s> {
    match part {
        Part::Name(name) => of_object(members, name, part),
        Part::Element => of_list(members),
    }
}

/// True if values may be of this type; true also if the schema does not say of which they are.
fn may_be(members: &Map<String, Value>, kind: &str) -> bool {
    match members.get("type") {
        None => true,
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        Some(one) => one == kind,
    }
}

fn of_list(members: &Map<String, Value>) -> Found<'_> {
    if members.contains_key("type") && (may_be(members, "object") || may_be(members, "string")) {
        // A member may have a number as its name, and a text has characters.
        return Found::Anything;
    }
    if !may_be(members, "array") {
        return Found::Never(Vec::new());
    }
    let first = members.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
    let all: Vec<&Value> = first.chain(members.get("items")).collect();
    match members.get("items") {
        Some(_) => Found::Listed(all),
        None if all.is_empty() => Found::Silent,
        None => Found::Anything,
    }
}

fn of_object<'s>(members: &'s Map<String, Value>, name: &str, part: &Part) -> Found<'s> {
    if may_be(members, "array") && members.contains_key("type") {
        return Found::Anything;
    }
    if !may_be(members, "object") {
        return Found::Never(Vec::new());
    }
    let properties = members.get("properties").and_then(Value::as_object);
    if let Some(property) = properties.and_then(|properties| properties.get(name)) {
        return Found::Listed(vec![property]);
    }
    let known = || properties.into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let has_patterns = members
        .get("patternProperties")
        .and_then(Value::as_object)
        .is_some_and(|patterns| !patterns.is_empty());
    match (members.get("additionalProperties"), members.get("unevaluatedProperties")) {
        _ if has_patterns => Found::Anything,
        (Some(Value::Bool(false)), _) => Found::Never(known()),
        (Some(other), _) => Found::Listed(vec![other]),
        (None, Some(other)) if *other != Value::Bool(false) => Found::Listed(vec![other]),
        // No payload is without it.
        (None, _) if demands(members, part) => Found::Anything,
        _ if properties.is_some_and(|properties| !properties.is_empty()) => Found::Unlisted(known()),
        _ => Found::Silent,
    }
}

/// True if a schema demands a member, always or beside another one.
fn demands(members: &Map<String, Value>, part: &Part) -> bool {
    let Part::Name(name) = part else { return false };
    let names = |list: &Value| list.as_array().is_some_and(|list| list.iter().any(|one| one == name));
    let beside = members.get("dependentRequired").and_then(Value::as_object);
    members.get("required").is_some_and(names) || beside.is_some_and(|beside| beside.values().any(names))
}

/// The answer where all of these hold.
fn all(answers: Vec<Found<'_>>) -> Found<'_> {
    let (mut listed, mut unlisted, mut never) = (Vec::new(), Vec::new(), Vec::new());
    let (mut is_listed, mut is_any, mut is_unlisted, mut is_never) = (false, false, false, false);
    for answer in answers {
        match answer {
            Found::Listed(schemas) => {
                is_listed = true;
                listed.extend(schemas);
            }
            Found::Anything => is_any = true,
            Found::Silent => {}
            Found::Unlisted(known) => {
                is_unlisted = true;
                unlisted.extend(known);
            }
            Found::Never(known) => {
                is_never = true;
                never.extend(known);
            }
        }
    }
    match () {
        () if is_never => Found::Never(never),
        () if is_listed => Found::Listed(listed),
        () if is_any => Found::Anything,
        () if is_unlisted => Found::Unlisted(unlisted),
        () => Found::Silent,
    }
}

/// The answer where one of these holds.
fn any(answers: Vec<Found<'_>>) -> Found<'_> {
    let (mut listed, mut known) = (Vec::new(), Vec::new());
    let (mut is_any, mut is_unlisted) = (false, false);
    for answer in answers {
        match answer {
            Found::Listed(schemas) => listed.extend(schemas),
            Found::Anything | Found::Silent => is_any = true,
            Found::Unlisted(names) => {
                is_unlisted = true;
                known.extend(names);
            }
            Found::Never(names) => known.extend(names),
        }
    }
    match () {
        () if is_any => Found::Anything,
        () if !listed.is_empty() => Found::Listed(listed),
        () if is_unlisted => Found::Unlisted(known),
        () => Found::Never(known),
    }
}
