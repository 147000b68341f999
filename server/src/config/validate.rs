//! Validation of a text against the schema: its keys, types, words and ranges. All problems are reported at once, and the valid members can
//! still be checked for their meaning.

use std::collections::{HashMap, HashSet};

use aiwg_protocol::terms::Span;
use jsonc_parser::{ast, common::Ranged};
use serde_json::Value;

use super::{
    nearest, numbers,
    report::Report,
    schema::{Members, expected, kinds, names, over, takes, twice},
    words::{found, quoted, short},
};

/// Reports what the schema refuses, and returns the tree without it. None where nothing is left.
pub(super) fn validate<'t>(
    schema: &Value,
    tree: &ast::Value<'t>,
    report: &mut Report<'_>,
) -> Option<ast::Value<'t>> {
    SchemaValidator { root: schema, report }.value(tree, schema, tree.start())
}

/// The same of a value that is described by a part of the schema.
pub(super) fn validate_part<'t>(
    schema: &Value,
    part: &Value,
    tree: &ast::Value<'t>,
    report: &mut Report<'_>,
) -> Option<ast::Value<'t>> {
    SchemaValidator { root: schema, report }.value(tree, part, tree.start())
}

struct SchemaValidator<'s, 'r, 'a> {
    root: &'s Value,
    report: &'r mut Report<'a>,
}

impl<'s> SchemaValidator<'s, '_, '_> {
    /// A value, to which the byte `at` belongs: its key, where it has one.
    fn value<'t>(&mut self, node: &ast::Value<'t>, schema: &'s Value, at: usize) -> Option<ast::Value<'t>> {
        let arms = self.arms(schema);
        let Some(arm) = arms.iter().find(|arm| takes(arm, node)) else {
            self.wrong_type(node, schema, &arms, at);
            return None;
        };
        if kinds(arm).is_empty() {
            return self.any(node);
        }
        match node {
            ast::Value::Object(object) => self.object(object, arm, at).map(ast::Value::Object),
            ast::Value::Array(list) => self.list(list, arm, at).map(ast::Value::Array),
            ast::Value::StringLit(text) => self.text(&text.value, arm, at).then(|| node.clone()),
            ast::Value::NumberLit(number) => {
                let wrong = numbers::wrong(number.value, arm).map(|why| self.report.wrong(at, why));
                wrong.is_none().then(|| node.clone())
            }
            ast::Value::BooleanLit(_) | ast::Value::NullKeyword(_) => Some(node.clone()),
        }
    }

    /// A value of which the schema says nothing more, as the schema of a payload. A key that stands twice in it is wrong all the same.
    fn any<'t>(&mut self, node: &ast::Value<'t>) -> Option<ast::Value<'t>> {
        let (mut left, mut is_good) = (vec![node], true);
        while let Some(node) = left.pop() {
            match node {
                ast::Value::Object(object) => {
                    let mut seen = HashSet::new();
                    for property in &object.properties {
                        let name = property.name.as_str();
                        if !seen.insert(name) {
                            self.report.wrong(property.start(), twice(name, name));
                            is_good = false;
                        }
                        left.push(&property.value);
                    }
                }
                ast::Value::Array(list) => left.extend(&list.elements),
                _ => {}
            }
        }
        is_good.then(|| node.clone())
    }

    fn wrong_type(&mut self, node: &ast::Value<'_>, schema: &Value, arms: &[&Value], at: usize) {
        let mut expected: Vec<String> = arms.iter().flat_map(|arm| expected(arm)).collect();
        let is_null = matches!(node, ast::Value::NullKeyword(_));
        if !is_null {
            expected.retain(|kind| kind != "null");
        }
        let hint = if is_null && schema.get("default").is_some() {
            "; leave the key out for its default"
        } else {
            ""
        };
        self.report.wrong(at, format!("must be {}; it is {}{hint}", expected.join(" or "), found(node)));
    }

    fn object<'t>(
        &mut self,
        object: &ast::Object<'t>,
        schema: &'s Value,
        at: usize,
    ) -> Option<ast::Object<'t>> {
        if schema.get("additionalProperties") == Some(&Value::Bool(true)) {
            // Anything may stand there.
            return self.any(&ast::Value::Object(object.clone())).map(|_| object.clone());
        }
        let Some(variants) = schema.get("oneOf").and_then(Value::as_array) else {
            return self.members(object, schema, at);
        };
        let variant = self.variant(object, variants, at)?;
        self.members(object, variant, at)
    }

    /// The one of several schemas that a word in the object names.
    fn variant(&mut self, object: &ast::Object<'_>, variants: &'s [Value], at: usize) -> Option<&'s Value> {
        let tag = variants.iter().find_map(|variant| {
            let mut properties = variant.get("properties")?.as_object()?.iter();
            properties.find(|(_, property)| property.get("const").is_some()).map(|(name, _)| name.as_str())
        })?;
        let names: Vec<&str> =
            variants.iter().filter_map(|variant| variant["properties"][tag]["const"].as_str()).collect();
        let Some(property) = object.properties.iter().find(|property| property.name.as_str() == tag) else {
            self.report.wrong(at, format!("the key {tag:?} is missing: one of {}", quoted(names)));
            return None;
        };
        let ast::Value::StringLit(text) = &property.value else {
            let it_is = found(&property.value);
            self.report.wrong(property.start(), format!("must be one of {}; it is {it_is}", quoted(names)));
            return None;
        };
        let named =
            variants.iter().find(|variant| variant["properties"][tag]["const"] == text.value.as_ref());
        if named.is_none() {
            self.unknown_word(&text.value, &names, &names, property.start());
        }
        named
    }

    fn members<'t>(
        &mut self,
        object: &ast::Object<'t>,
        schema: &'s Value,
        at: usize,
    ) -> Option<ast::Object<'t>> {
        let known = Members::of(schema);
        if let Some(most) = over(schema, "maxProperties", object.properties.len()) {
            let entries = object.properties.len();
            self.report.wrong(at, format!("has {entries} entries; {most} is the limit"));
            return None;
        }
        let mut seen: HashMap<&str, &str> = HashMap::new();
        let mut kept = ast::Object { range: object.range, properties: Vec::new() };
        let mut usable = Vec::new();
        for property in &object.properties {
            let name = property.name.as_str();
            let Some((key, member)) = known.get(name) else {
                self.unknown_key(name, &known, property.start(), object.start());
                continue;
            };
            if let (None, Some(names)) = (key, schema.get("propertyNames"))
                && !self.is_short(name, names, property.start())
            {
                continue;
            }
            let key = key.unwrap_or(name);
            if let Some(first) = seen.insert(key, name) {
                self.report.wrong(property.start(), twice(first, name));
                continue;
            }
            if let Some(value) = self.value(&property.value, member, property.start()) {
                usable.push(key);
                kept.properties.push(ast::ObjectProp { value, ..property.clone() });
            }
        }
        for key in known.required() {
            if !seen.contains_key(key) {
                self.report.wrong(at, format!("the key {key:?} is missing"));
            }
        }
        known.required().all(|key| usable.contains(&key)).then_some(kept)
    }

    fn unknown_key(&mut self, name: &str, known: &Members<'_>, at: usize, parent: usize) {
        if self.report.is_full() {
            return;
        }
        let path = self.report.path(parent);
        let place = if path.is_empty() { path } else { format!(" in {path}") };
        let keys: Vec<&str> = known.keys().collect();
        let hint = match (nearest(name, &keys), keys.as_slice()) {
            (Some(near), _) => format!("did you mean {near:?}?"),
            (None, [only]) => format!("expected only {only:?}"),
            (None, keys) => format!("expected one of {}", keys.join(", ")),
        };
        self.report.as_it_is(at, format!("unknown key {:?}{place}; {hint}", short(name)));
    }

    fn list<'t>(&mut self, list: &ast::Array<'t>, schema: &'s Value, at: usize) -> Option<ast::Array<'t>> {
        if list.elements.is_empty() && schema["minItems"].as_u64().is_some_and(|least| least > 0) {
            self.report.wrong(at, "must not be empty");
            return None;
        }
        if let Some(most) = over(schema, "maxItems", list.elements.len()) {
            let entries = list.elements.len();
            self.report.wrong(at, format!("has {entries} entries; {most} is the limit"));
            return None;
        }
        let elements = list.elements.iter().filter_map(|element| match schema.get("items") {
            Some(items) => self.value(element, items, element.start()),
            None => Some(element.clone()),
        });
        Some(ast::Array { elements: elements.collect(), range: list.range })
    }

    fn text(&mut self, text: &str, schema: &Value, at: usize) -> bool {
        // Commands, environments and paths end at one, and nothing else has any use for it.
        if text.contains('\0') {
            self.report.wrong(at, "must not have a null character");
            return false;
        }
        let (names, aliases) = names(schema);
        if !names.is_empty() && !names.contains(&text) && !aliases.contains(&text) {
            self.unknown_word(text, &names, &[names.as_slice(), &aliases].concat(), at);
            return false;
        }
        if text.is_empty() && schema["minLength"].as_u64().is_some_and(|least| least > 0) {
            self.report.wrong(at, "must not be empty");
            return false;
        }
        // Its type would refuse it too, and could not say where it stands.
        if schema["pattern"] == Span::PATTERN && text.parse::<Span>().is_err() {
            self.report.wrong(at, format!("must be {}; it is {:?}", Span::FORM, short(text)));
            return false;
        }
        self.is_short(text, schema, at)
    }

    fn is_short(&mut self, text: &str, schema: &Value, at: usize) -> bool {
        // Bytes first: of nearly all texts the characters need not be counted.
        let most = over(schema, "maxLength", text.len());
        let Some(most) = most.filter(|most| text.chars().count() as u64 > *most) else { return true };
        let characters = text.chars().count();
        self.report.wrong(at, format!("has {characters} characters; {most} is the limit"));
        false
    }

    fn unknown_word(&mut self, text: &str, names: &[&str], understood: &[&str], at: usize) {
        let near = nearest(text, understood);
        let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
        let names = quoted(names.iter().copied());
        self.report.wrong(at, format!("must be one of {names}; it is {:?}{hint}", short(text)));
    }

    /// The schemas of which one must accept the value, without those that only wrap them.
    fn arms(&self, schema: &'s Value) -> Vec<&'s Value> {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map(|target| self.arms(target)).unwrap_or_default();
        }
        for wrapper in ["anyOf", "allOf"] {
            if let Some(arms) = schema.get(wrapper).and_then(Value::as_array) {
                return arms.iter().flat_map(|arm| self.arms(arm)).collect();
            }
        }
        vec![schema]
    }
}
