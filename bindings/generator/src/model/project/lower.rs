//! From the schema of a payload to the model.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    super::{Limits, Tuple, Type, TypeDef, TypeKind, lower::text},
    merge::says_more,
    names::Names,
    object::is_struct,
    union::{arms, is_null, values, words},
};
use crate::text::{pascal_case, printable, sentence};

pub(super) type Schema = Map<String, Value>;

/// Keywords that no type says.
const UNSAID: &[&str] = &[
    "$dynamicRef",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "exclusiveMaximum",
    "if",
    "maxProperties",
    "minProperties",
    "multipleOf",
    "not",
    "patternProperties",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
];

/// Keywords that the documentation of a member or of a type with a name says in words, and that are noted where there is neither.
const IN_WORDS: &[&str] = &[
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "propertyNames",
];

/// The lowering of one payload.
pub(super) struct Lowering<'a> {
    /// The whole schema, within which references lead.
    document: &'a Value,
    /// The name of the payload's type.
    root: String,
    names: &'a mut Names,
    /// The types of the places to which references lead.
    places: HashMap<String, String>,
    /// Those that are still to be lowered, by name and place.
    waiting: Vec<(String, String)>,
    types: Vec<TypeDef>,
    /// The types of schemas that are put together of several, by their text.
    composed: HashMap<String, String>,
    /// The keywords, since the last type was finished, that it does not say.
    notes: Vec<String>,
    /// The number of types within each other that are being lowered.
    depth: usize,
}

/// The number of types within each other, beyond which they are any JSON: one that is put together of itself has no end.
const DEEPEST: usize = 60;

/// The number of types of one payload, beyond which they are any JSON.
const MOST_TYPES: usize = 2000;

impl<'a> Lowering<'a> {
    pub(super) fn new(document: &'a Value, root: &str, names: &'a mut Names) -> Self {
        Self {
            document,
            root: root.to_owned(),
            names,
            places: HashMap::from([(String::new(), root.to_owned())]),
            waiting: Vec::new(),
            types: Vec::new(),
            composed: HashMap::new(),
            notes: Vec::new(),
            depth: 0,
        }
    }

    /// The payload's type first, then those within it. `docs` documents the first, before what the schema says.
    pub(super) fn types(mut self, docs: &str) -> Vec<TypeDef> {
        let (document, root) = (self.document, self.root.clone());
        self.define(&root, document);
        if let Some(def) = self.types.iter_mut().find(|def| def.name == root) {
            def.docs = [docs, &def.docs].join("\n\n").trim().to_owned();
        }
        while let Some((name, place)) = self.waiting.pop() {
            if let Some(schema) = document.pointer(&place) {
                self.define(&name, schema);
            }
        }
        let at = self.types.iter().position(|def| def.name == root).unwrap_or_default();
        self.types.get_mut(..=at).unwrap_or_default().rotate_right(1);
        self.types
    }

    /// Lowers a schema to a type of this name.
    fn define(&mut self, name: &str, schema: &Value) {
        let before = self.take_notes();
        let (kind, rest) = match schema {
            Value::Object(schema) => {
                let (nullable, schema) = self.prepared(schema);
                if nullable {
                    let inner = self.of(name, "Value", &schema, None);
                    (TypeKind::Alias(Type::Nullable(Box::new(inner))), None)
                } else {
                    self.kind(name, &schema)
                }
            }
            other => (TypeKind::Alias(of_boolean(other)), None),
        };
        let empty = Schema::new();
        let schema = schema.as_object().unwrap_or(&empty);
        let mut docs = description(schema);
        if !matches!(kind, TypeKind::Struct(_)) {
            let limits = Limits::of(schema).phrase();
            if !limits.is_empty() {
                docs = format!("{docs} {}", sentence(&limits)).trim_start().to_owned();
            }
        }
        let docs = self.noted(&docs);
        self.restore_notes(before);
        let name = name.to_owned();
        self.types.push(TypeDef { name, docs, kind, rest, is_params: false, sent: true, received: true });
    }

    /// The type of a value within the type `parent`, as `part` of it.
    pub(super) fn inner(&mut self, parent: &str, part: &str, schema: &Value) -> Type {
        let Value::Object(written) = schema else { return of_boolean(schema) };
        if self.depth > DEEPEST || self.types.len() > MOST_TYPES {
            self.note("properties");
            return Type::Json;
        }
        let (nullable, schema) = self.prepared(written);
        // One that refers to itself while it is put together would have no end.
        let text = is_composed(written).then(|| Value::Object(written.clone()).to_string());
        let known = text.as_ref().and_then(|text| self.composed.get(text)).cloned();
        let ty = match known {
            Some(name) => Type::Ref(name),
            None => self.of(parent, part, &schema, text),
        };
        match ty {
            ty if nullable && !matches!(ty, Type::Nullable(_) | Type::Json | Type::Null) => {
                Type::Nullable(Box::new(ty))
            }
            ty => ty,
        }
    }

    /// The same of a schema that is prepared: with a name, if its kind needs one.
    fn of(&mut self, parent: &str, part: &str, schema: &Schema, written: Option<String>) -> Type {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            return self.reference(target);
        }
        if !needs_name(schema) {
            return self.plain(parent, part, schema);
        }
        let name = self.names.take(&format!("{parent}{}", pascal_case(part)), &format!("{parent}/{part}"));
        self.composed.extend(written.map(|text| (text, name.clone())));
        self.depth += 1;
        self.define(&name, &Value::Object(schema.clone()));
        self.depth -= 1;
        Type::Ref(name)
    }

    /// The schema with those that it is made of, and true if its value may be null as well: then it does not say so itself.
    fn prepared(&mut self, schema: &Schema) -> (bool, Schema) {
        let mut schema = self.merged(schema);
        let mut nullable = false;
        for keyword in ["oneOf", "anyOf"] {
            let Some(Value::Array(arms)) = schema.get_mut(keyword) else { continue };
            let before = arms.len();
            arms.retain(|arm| !is_null(arm));
            nullable |= arms.len() < before && !arms.is_empty();
            if let ([arm], true) = (arms.as_slice(), arms.len() < before || before == 1) {
                // The only one that is left is what the schema says.
                let arm = arm.clone();
                schema.remove(keyword);
                let all = serde_json::json!([arm]);
                schema.insert("allOf".to_owned(), all);
                let (inner, whole) = self.prepared_sole(&schema);
                return (nullable || inner, whole);
            }
        }
        if values(&schema).is_some() {
            let is_const = schema.contains_key("const");
            if let (Some(Value::Array(all)), false) = (schema.get_mut("enum"), is_const)
                && all.len() > 1
                && all.iter().any(Value::is_null)
            {
                all.retain(|value| !value.is_null());
                nullable = true;
            }
            return (nullable, schema);
        }
        if let Some(Value::Array(names)) = schema.get_mut("type") {
            let before = names.len();
            names.retain(|name| before == 1 || name != "null");
            nullable |= names.len() < before;
            if let [name] = names.as_slice() {
                let name = name.clone();
                schema.insert("type".to_owned(), name);
            }
        }
        (nullable, schema)
    }

    /// A schema that has one `allOf` in place of its only arm: a sole reference in there stays one.
    fn prepared_sole(&mut self, schema: &Schema) -> (bool, Schema) {
        if self.depth > DEEPEST {
            self.note("anyOf");
            return (false, Schema::new());
        }
        self.depth += 1;
        let arm = schema.get("allOf").and_then(|all| all.get(0));
        let prepared = match arm {
            Some(Value::Object(arm)) if !says_more(schema) => self.prepared(&arm.clone()),
            Some(Value::Bool(true)) if !says_more(schema) => (false, Schema::new()),
            _ => self.prepared(schema),
        };
        self.depth -= 1;
        prepared
    }

    fn kind(&mut self, name: &str, schema: &Schema) -> (TypeKind, Option<Type>) {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            return (TypeKind::Alias(self.reference(target)), None);
        }
        self.note_unsaid(schema);
        if let Some(variants) = words(schema) {
            return (TypeKind::Enum(variants), None);
        }
        if let Some(values) = values(schema) {
            return (self.constants(&values), None);
        }
        if let Some(arms) = arms(schema).filter(|_| is_union(schema)) {
            let mut common = schema.clone();
            ["oneOf", "anyOf", "description", "title", "$defs"].into_iter().for_each(|word| {
                common.remove(word);
            });
            let with_common = |arm: &Value| match says_more(&common) {
                true => {
                    serde_json::json!({ "title": arm.get("title").unwrap_or(&Value::Null), "allOf": [arm, common] })
                }
                false => arm.clone(),
            };
            return (self.union(name, arms, &arms.iter().map(with_common).collect::<Vec<_>>()), None);
        }
        if is_struct(schema) {
            return self.object(name, schema);
        }
        if let Some(Value::Array(names)) = schema.get("type") {
            let each = |name: &Value| {
                let mut schema = schema.clone();
                schema.insert("type".to_owned(), name.clone());
                Value::Object(schema)
            };
            let arms: Vec<Value> = names.iter().map(each).collect();
            return (self.union(name, &arms, &arms), None);
        }
        (TypeKind::Alias(self.plain(name, "", schema)), None)
    }

    /// A type that needs no name.
    fn plain(&mut self, parent: &str, part: &str, schema: &Schema) -> Type {
        self.note_unsaid(schema);
        if schema.get("not").is_some_and(|not| *not == Value::Bool(true) || *not == serde_json::json!({})) {
            return Type::Never;
        }
        let ty = match schema.get("type").and_then(Value::as_str) {
            Some(name) => name,
            None if ["prefixItems", "items"].iter().any(|word| schema.contains_key(*word)) => "array",
            None if ["additionalProperties", "patternProperties"]
                .iter()
                .any(|word| schema.contains_key(*word)) =>
            {
                "object"
            }
            None => "",
        };
        match ty {
            "string" => Type::String,
            "integer" => Type::Integer,
            "number" => Type::Number,
            "boolean" => Type::Boolean,
            "null" => Type::Null,
            "array" => self.list(parent, part, schema),
            "object" => {
                let other = schema.get("additionalProperties").cloned().unwrap_or(Value::Bool(true));
                let patterns = schema.get("patternProperties").and_then(Value::as_object);
                let of = match patterns {
                    Some(patterns) if other == Value::Bool(false) && patterns.len() == 1 => {
                        patterns.values().next().cloned().unwrap_or(Value::Bool(true))
                    }
                    Some(_) => Value::Bool(true),
                    None => other,
                };
                self.note_words(&of);
                Type::Map(Box::new(self.inner(parent, &format!("{part} Member"), &of)))
            }
            _ => Type::Json,
        }
    }

    fn list(&mut self, parent: &str, part: &str, schema: &Schema) -> Type {
        let Some(Value::Array(first)) =
            schema.get("prefixItems").filter(|first| **first != Value::Array(Vec::new()))
        else {
            let item = schema.get("items").cloned().unwrap_or(Value::Bool(true));
            self.note_words(&item);
            return Type::Array(Box::new(self.inner(parent, &format!("{part} Item"), &item)));
        };
        first.iter().chain(schema.get("items")).for_each(|item| self.note_words(item));
        let of = |(at, item): (usize, &Value)| self.inner(parent, &format!("{part} Item {}", at + 1), item);
        let first: Vec<Type> = first.iter().enumerate().map(of).collect();
        let rest = match schema.get("items").unwrap_or(&Value::Bool(true)) {
            Value::Bool(false) => None,
            other => Some(self.inner(parent, &format!("{part} Item"), other)),
        };
        let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
        let rest = rest.filter(|_| most > first.len() as u64);
        let least =
            schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(first.len() as u64) as usize;
        Type::Tuple(Box::new(Tuple { first, least, rest }))
    }

    /// The type of the place to which a reference leads.
    fn reference(&mut self, reference: &str) -> Type {
        let Some(place) = pointer(reference).filter(|place| self.document.pointer(place).is_some()) else {
            self.note("$ref");
            return Type::Json;
        };
        if let Some(name) = self.places.get(&place) {
            return Type::Ref(name.clone());
        }
        let steps: Vec<&str> = place.split('/').skip(1).collect();
        let steps = match steps.as_slice() {
            ["$defs" | "definitions", name] => &[*name][..],
            all => all,
        };
        let base: String = steps.iter().map(|step| pascal_case(step)).collect();
        let name = self.names.take(&format!("{}{base}", self.root), &format!("{}#{place}", self.root));
        self.places.insert(place.clone(), name.clone());
        self.waiting.push((name.clone(), place));
        Type::Ref(name)
    }

    /// The schema to which a reference leads.
    pub(super) fn target(&self, reference: &str) -> Option<&'a Value> {
        self.document.pointer(&pointer(reference)?)
    }

    fn note_unsaid(&mut self, schema: &Schema) {
        UNSAID.iter().filter(|keyword| schema.contains_key(**keyword)).for_each(|keyword| self.note(keyword));
        if !is_union(schema) && words(schema).is_none() {
            ["oneOf", "anyOf"]
                .iter()
                .filter(|keyword| schema.contains_key(**keyword))
                .for_each(|keyword| self.note(keyword));
        }
    }

    /// Notes what would be said in words of a type that has no place of its own for them, as that of an element.
    pub(super) fn note_words(&mut self, schema: &Value) {
        let Some(schema) = schema.as_object().filter(|schema| !needs_name(schema)) else { return };
        IN_WORDS
            .iter()
            .filter(|keyword| schema.contains_key(**keyword))
            .for_each(|keyword| self.note(keyword));
    }

    /// Notes that a type does not say what a keyword does.
    pub(super) fn note(&mut self, keyword: &str) {
        if self.notes.iter().all(|note| note != keyword) {
            self.notes.push(keyword.to_owned());
        }
    }

    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    pub(super) fn restore_notes(&mut self, notes: Vec<String>) {
        self.notes = notes;
    }

    /// The documentation, and what the type does not say.
    pub(super) fn noted(&mut self, docs: &str) -> String {
        let notes: Vec<String> = self.take_notes().iter().map(|note| format!("`{note}`")).collect();
        if notes.is_empty() {
            return docs.to_owned();
        }
        format!("{docs} The schema demands more than the type says: {}.", notes.join(", "))
            .trim_start()
            .to_owned()
    }
}

/// The JSON Pointer of a reference within the document.
fn pointer(reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    let place = percent_decoded(fragment)?;
    (place.is_empty() || place.starts_with('/')).then_some(place)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// True if its values need a type with a name of its own.
fn needs_name(schema: &Schema) -> bool {
    let has_types = schema.get("type").is_some_and(Value::is_array);
    words(schema).is_some() || values(schema).is_some() || is_struct(schema) || is_union(schema) || has_types
}

/// True if its values are those of one of its arms. Arms that name neither a type nor members only demand more of what stands beside
/// them.
fn is_union(schema: &Schema) -> bool {
    let says_what = |arm: &Value| {
        ["$ref", "allOf", "const", "enum", "items", "oneOf", "anyOf", "properties", "type"]
            .iter()
            .any(|word| arm.get(word).is_some())
    };
    let has_type = is_struct(schema) || schema.contains_key("type");
    arms(schema).is_some_and(|arms| !has_type || arms.iter().any(says_what))
}

/// True if a schema is put together of several.
fn is_composed(schema: &Schema) -> bool {
    let has_arms = ["allOf", "oneOf", "anyOf"].iter().any(|word| schema.contains_key(*word));
    has_arms || (schema.contains_key("$ref") && says_more(schema))
}

fn of_boolean(schema: &Value) -> Type {
    if *schema == Value::Bool(false) { Type::Never } else { Type::Json }
}

/// The description of a schema, else its title.
pub(super) fn description(schema: &Schema) -> String {
    let words = ["description", "title"].map(|keyword| printable(&text(schema, keyword)));
    words.into_iter().find(|words| !words.is_empty()).unwrap_or_default()
}
