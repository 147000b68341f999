//! The quick look at a payload: it goes through the text once, keeps nothing of it, and knows the keywords that most schemas are made of. What it
//! finds to fit does fit. Of everything else it knows nothing, and the checker decides.

use std::{collections::HashMap, fmt, ptr};

use aiwg_protocol::types::Readable;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::reference::resolve;

/// The number of members that a schema can require and name here: a bit is kept for each.
const MOST_MEMBERS: usize = 128;

/// The number of schemas within one.
const MOST_NODES: usize = 10_000;

/// Keywords that say nothing of what fits.
const NOTES: [&str; 13] = [
    "$schema",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
    "contentMediaType",
];

/// A schema made ready for the quick look.
#[derive(Debug)]
pub(crate) struct Quick {
    nodes: Vec<Node>,
    root: usize,
}

/// What is known of the values that fit a schema.
#[derive(Debug)]
enum Node {
    Anything,
    Nothing,
    Some(Box<Rules>),
}

#[derive(Debug)]
struct Rules {
    kinds: Kinds,
    /// The constants that fit; none if there are no such keywords.
    among: Option<Vec<Value>>,
    length: [usize; 2],
    range: [Option<i128>; 2],
    items: Option<usize>,
    count: [usize; 2],
    /// By their names.
    members: Vec<(String, usize)>,
    /// The place in `members` of each, as the schema names them: payloads are mostly written so.
    order: Vec<usize>,
    /// Of other members; none if they may be anything.
    others: Option<usize>,
    /// A bit for each member that there has to be.
    required: u128,
}

/// Types of JSON, as bits.
type Kinds = u8;

const NULL: Kinds = 1;
const BOOLEAN: Kinds = 2;
const INTEGER: Kinds = 4;
/// Numbers that are not written as integers.
const FRACTION: Kinds = 8;
const STRING: Kinds = 16;
const ARRAY: Kinds = 32;
const OBJECT: Kinds = 64;

impl Quick {
    /// Of a schema that was found to be right; none if it has a keyword that is not known here.
    pub(crate) fn new(schema: &Value) -> Option<Self> {
        let mut making = Making { root: schema, nodes: Vec::new(), known: HashMap::new() };
        let root = making.node(schema)?;
        Some(Self { nodes: making.nodes, root })
    }

    /// True only if the payload fits.
    pub(crate) fn fits(&self, payload: &str) -> bool {
        let mut reader = serde_json::Deserializer::from_str(payload);
        Looking { nodes: &self.nodes, node: self.root }.deserialize(&mut reader).is_ok()
            && reader.end().is_ok()
    }
}

struct Making<'s> {
    root: &'s Value,
    nodes: Vec<Node>,
    /// Those that are made, or being made.
    known: HashMap<*const Value, usize>,
}

impl<'s> Making<'s> {
    fn node(&mut self, schema: &'s Value) -> Option<usize> {
        if let Some(known) = self.known.get(&ptr::from_ref(schema)) {
            return Some(*known);
        }
        if let Some(target) = schema.get("$ref") {
            let members = schema.as_object()?;
            // Beside a reference, other keywords count as well.
            if members.keys().any(|keyword| keyword != "$ref" && !NOTES.contains(&keyword.as_str())) {
                return None;
            }
            return self.node(resolve(self.root, target.as_str()?)?);
        }
        if self.nodes.len() >= MOST_NODES {
            return None;
        }
        let at = self.nodes.len();
        self.nodes.push(Node::Nothing);
        self.known.insert(ptr::from_ref(schema), at);
        let made = match schema {
            Value::Bool(true) => Node::Anything,
            Value::Bool(false) => Node::Nothing,
            Value::Object(members) => Node::Some(Box::new(self.rules(members)?)),
            _ => return None,
        };
        if let Some(node) = self.nodes.get_mut(at) {
            *node = made;
        }
        Some(at)
    }

    fn rules(&mut self, schema: &'s Map<String, Value>) -> Option<Rules> {
        let mut rules = Rules {
            kinds: Kinds::MAX,
            among: None,
            length: [0, usize::MAX],
            range: [None, None],
            items: None,
            count: [0, usize::MAX],
            members: Vec::new(),
            order: Vec::new(),
            others: None,
            required: 0,
        };
        let mut required = Vec::new();
        for (keyword, value) in schema {
            match keyword.as_str() {
                "type" => rules.kinds = kinds(value)?,
                "const" => rules.among = Some(constants(std::slice::from_ref(value))?),
                "enum" if !schema.contains_key("const") => rules.among = Some(constants(value.as_array()?)?),
                "minLength" => rules.length[0] = whole(value)?,
                "maxLength" => rules.length[1] = whole(value)?,
                "minimum" => rules.range[0] = Some(integer(value)?),
                "maximum" => rules.range[1] = Some(integer(value)?),
                "minItems" => rules.count[0] = whole(value)?,
                "maxItems" => rules.count[1] = whole(value)?,
                "items" => rules.items = Some(self.node(value)?),
                "additionalProperties" => rules.others = Some(self.node(value)?),
                "properties" => {
                    for (name, member) in value.as_object()? {
                        rules.members.push((name.clone(), self.node(member)?));
                    }
                }
                "required" => {
                    for name in value.as_array()? {
                        required.push(name.as_str()?);
                    }
                }
                note if NOTES.contains(&note) => {}
                _ => return None,
            }
        }
        // A member that is required and not described is one of the others.
        for name in &required {
            if !rules.members.iter().any(|(known, _)| known == name) {
                let anything = rules.others.unwrap_or_else(|| self.anything());
                rules.members.push(((*name).to_owned(), anything));
            }
        }
        if rules.members.len() > MOST_MEMBERS {
            return None;
        }
        let names: Vec<String> = rules.members.iter().map(|(name, _)| name.clone()).collect();
        rules.members.sort_unstable();
        let place = |name: &str| rules.members.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok();
        rules.order = names.iter().filter_map(|name| place(name)).collect();
        rules.required =
            required.iter().filter_map(|name| place(name)).fold(0, |bits, place| bits | 1 << place);
        Some(rules)
    }

    fn anything(&mut self) -> usize {
        self.nodes.push(Node::Anything);
        self.nodes.len() - 1
    }
}

fn kinds(value: &Value) -> Option<Kinds> {
    let one = |name: &Value| {
        Some(match name.as_str()? {
            "null" => NULL,
            "boolean" => BOOLEAN,
            // 1.0 is one as well: the checker knows.
            "integer" => INTEGER,
            "number" => INTEGER | FRACTION,
            "string" => STRING,
            "array" => ARRAY,
            "object" => OBJECT,
            _ => return None,
        })
    };
    match value {
        Value::Array(all) => all.iter().try_fold(0, |kinds, name| Some(kinds | one(name)?)),
        name => one(name),
    }
}

/// Constants that are told apart by how they are written.
fn constants(all: &[Value]) -> Option<Vec<Value>> {
    let is_plain = |value: &Value| match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => !number.is_f64(),
        Value::Array(_) | Value::Object(_) => false,
    };
    all.iter().all(is_plain).then(|| all.to_vec())
}

fn whole(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|value| usize::try_from(value).ok())
}

fn integer(value: &Value) -> Option<i128> {
    value.as_u64().map(i128::from).or_else(|| value.as_i64().map(i128::from))
}

/// A look at one value.
#[derive(Clone, Copy)]
struct Looking<'q> {
    nodes: &'q [Node],
    node: usize,
}

impl<'q> Looking<'q> {
    /// The rules for a value of this kind; none if it may be anything.
    fn rules<E: Error>(self, kind: Kinds) -> Result<Option<&'q Rules>, E> {
        match self.nodes.get(self.node) {
            Some(Node::Anything) => Ok(None),
            Some(Node::Some(rules)) if rules.kinds & kind != 0 => Ok(Some(rules)),
            _ => Err(unsure()),
        }
    }

    /// The same for one that is no constant.
    fn rules_within<E: Error>(self, kind: Kinds) -> Result<Option<&'q Rules>, E> {
        let rules = self.rules(kind)?;
        if rules.is_some_and(|rules| rules.among.is_some()) { Err(unsure()) } else { Ok(rules) }
    }

    fn constant<E: Error>(self, kind: Kinds, is_it: impl Fn(&Value) -> bool) -> Result<Option<&'q Rules>, E> {
        let rules = self.rules(kind)?;
        match rules.and_then(|rules| rules.among.as_ref()) {
            Some(among) if !among.iter().any(is_it) => Err(unsure()),
            _ => Ok(rules),
        }
    }

    fn integer<E: Error>(self, value: i128) -> Result<(), E> {
        let Some(rules) = self.constant(INTEGER, |one| integer(one) == Some(value))? else { return Ok(()) };
        let [least, most] = rules.range;
        let is_within = least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most);
        if is_within { Ok(()) } else { Err(unsure()) }
    }
}

fn unsure<E: Error>() -> E {
    E::custom("")
}

impl<'de> DeserializeSeed<'de> for Looking<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Looking<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that fits")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.constant(NULL, Value::is_null).map(drop)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.constant(BOOLEAN, |one| one.as_bool() == Some(value)).map(drop)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.integer(value.into())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        // A bound may be written as an integer, and is compared in another way.
        match self.rules_within(FRACTION)? {
            Some(rules) if rules.range != [None, None] => Err(unsure()),
            _ => Ok(()),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let Some(rules) = self.constant(STRING, |one| one.as_str() == Some(text))? else { return Ok(()) };
        let [least, most] = rules.length;
        // A character has one to four bytes.
        let is_surely_within = text.len() <= most && text.len() / 4 >= least;
        if is_surely_within || (least..=most).contains(&text.chars().count()) {
            Ok(())
        } else {
            Err(unsure())
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let rules = self.rules_within(ARRAY)?;
        let mut count = 0;
        let items = rules.and_then(|rules| rules.items).map(|node| Self { node, ..self });
        while match items {
            Some(items) => entries.next_element_seed(items)?.is_some(),
            None => entries.next_element_seed(Readable::default())?.is_some(),
        } {
            count += 1;
        }
        match rules {
            Some(rules) if !(rules.count[0]..=rules.count[1]).contains(&count) => Err(unsure()),
            _ => Ok(()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Some(rules) = self.rules_within(OBJECT)? else {
            return Readable::default().visit_map(members);
        };
        let (mut seen, mut next) = (0u128, 0);
        while let Some(found) = members.next_key_seed(Name { rules, next })? {
            let node = match found {
                Some(place) => {
                    seen |= 1 << place;
                    next += 1;
                    rules.members.get(place).map(|(_, node)| *node)
                }
                None => rules.others,
            };
            match node {
                Some(node) => members.next_value_seed(Self { node, ..self })?,
                None => members.next_value_seed(Readable::default())?,
            }
        }
        // Of several of one name the last counts: here all have to fit.
        if seen & rules.required == rules.required { Ok(()) } else { Err(unsure()) }
    }
}

/// A member's name: its place among those of the rules.
struct Name<'q> {
    rules: &'q Rules,
    /// The number of those that were seen.
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        let Rules { members, order, .. } = self.rules;
        let likely = order.get(self.next).copied();
        if likely.and_then(|place| members.get(place)).is_some_and(|(known, _)| known == name) {
            return Ok(likely);
        }
        Ok(members.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok())
    }
}

#[cfg(test)]
mod tests;
