//! The JSON Schemas of every type that the definition names.

use schemars::{
    Schema, SchemaGenerator,
    generate::{Contract, SchemaSettings},
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value};

use crate::{
    definition::{Direction, TypeRef},
    error::ApiError,
    service::{METHODS, NOTIFICATIONS},
    topics::TOPICS,
};

/// The schemas of the definition, draft-07 (which OpenRPC prescribes), references as `#/components/schemas/NAME`.
#[derive(Debug)]
pub struct Types {
    /// The named types, in order of their names.
    pub named: Map<String, Value>,
    /// The schema of each method's params and result, by method, in the order of [`METHODS`].
    pub methods: Vec<MethodTypes>,
    /// The name of each notification's params struct, in the order of [`NOTIFICATIONS`].
    pub notifications: Vec<String>,
    /// The name of each topic's payload, in the order of [`TOPICS`].
    pub topics: Vec<String>,
    /// The types that travel both ways and are not the same both ways, such as one with a member that may be left out on the
    /// way in and always comes out. One schema cannot describe such a type: it has to be made two.
    pub ambiguous: Vec<String>,
}

/// The schemas of a method.
#[derive(Debug)]
pub struct MethodTypes {
    /// The name of the params struct; its schema is among the named ones.
    pub params: String,
    /// The result: a reference to a named type, an array of one, or a type without a name.
    pub result: Value,
}

/// Collects them.
pub fn types() -> Types {
    let mut incoming = generator(Contract::Deserialize);
    let mut outgoing = generator(Contract::Serialize);
    let mut add = |reference: &TypeRef| {
        let generator = match reference.direction {
            Direction::In => &mut incoming,
            Direction::Out => &mut outgoing,
        };
        (reference.schema)(generator).to_value()
    };
    let mut methods = Vec::new();
    for method in METHODS {
        let params = (method.params)();
        add(&params);
        methods.push(MethodTypes { params: params.name, result: add(&(method.result)()) });
    }
    let mut notifications = Vec::new();
    for notification in NOTIFICATIONS {
        let params = (notification.params)();
        add(&params);
        notifications.push(params.name);
    }
    let mut topics = Vec::new();
    for topic in TOPICS {
        let payload = (topic.payload)();
        add(&payload);
        topics.push(payload.name);
    }
    add(&TypeRef::of_result::<ApiError>());
    let (named, ambiguous) = merge(incoming.take_definitions(true), outgoing.take_definitions(true));
    Types { named, methods, notifications, topics, ambiguous }
}

/// The types of both ways by name, and the names of those that differ.
fn merge(incoming: Map<String, Value>, outgoing: Map<String, Value>) -> (Map<String, Value>, Vec<String>) {
    let mut named: Vec<_> = incoming.into_iter().collect();
    let mut ambiguous = Vec::new();
    for (name, schema) in outgoing {
        match named.iter().find(|(known, _)| *known == name) {
            Some((_, same)) if *same == schema => {}
            Some(_) => ambiguous.push(name),
            None => named.push((name, schema)),
        }
    }
    named.sort_by(|a, b| a.0.cmp(&b.0));
    (named.into_iter().collect(), ambiguous)
}

fn generator(contract: Contract) -> SchemaGenerator {
    SchemaSettings::draft07()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.contract = contract;
            settings.meta_schema = None;
        })
        .with_transform(AbsentIsNotNull)
        .with_transform(Paragraphs)
        .into_generator()
}

/// Rust's `Option` allows null. Where the member may be left out, leaving it out is what it means: null is taken from its
/// schema. Where it must be there, null stays.
#[derive(Debug, Clone)]
pub(super) struct AbsentIsNotNull;

impl Transform for AbsentIsNotNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let required: Vec<Value> =
            schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
        for (name, property) in properties {
            if !required.iter().any(|entry| entry == name.as_str())
                && let Some(property) = property.as_object_mut()
            {
                remove_null(property);
            }
        }
    }
}

fn remove_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(arms)) = schema.get_mut("anyOf") {
        arms.retain(|arm| arm.get("type").is_none_or(|name| name != "null"));
        if arms.len() == 1 {
            let arms = schema.remove("anyOf").unwrap_or_default();
            schema.insert("allOf".to_owned(), arms);
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

/// Doc comments are wrapped for the source; a description is not.
#[derive(Debug, Clone)]
pub(super) struct Paragraphs;

impl Transform for Paragraphs {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if let Some(Value::String(text)) = schema.get_mut("description") {
            let lines: Vec<&str> = text.lines().collect();
            *text = crate::definition::paragraphs(&lines).join("\n\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;

    /// `note` may be left out on the way in, and always comes out.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct TwoFaced {
        id: u32,
        #[serde(default)]
        note: String,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Same {
        id: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }

    fn definitions(contract: Contract) -> Map<String, Value> {
        let mut generator = generator(contract);
        generator.subschema_for::<TwoFaced>();
        generator.subschema_for::<Same>();
        generator.take_definitions(true)
    }

    #[test]
    fn a_type_that_differs_by_direction_is_found() {
        let (named, ambiguous) = merge(definitions(Contract::Deserialize), definitions(Contract::Serialize));
        assert_eq!(ambiguous, ["TwoFaced"]);
        assert_eq!(named.len(), 2);
    }

    #[test]
    fn the_definition_has_no_such_type() {
        assert_eq!(types().ambiguous, Vec::<String>::new());
    }

    /// A client of today must take tomorrow's words: whoever adds an enum to what the daemon sends declares it with `open_enum!`, or has it
    /// in an `Open`.
    /// The names that a schema refers to.
    fn referred(schema: &Value) -> Vec<String> {
        let text = schema.to_string();
        let names = text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        names.map(str::to_owned).collect()
    }

    /// The types that the daemon sends, and those in them.
    fn sent(types: &Types) -> BTreeSet<String> {
        let results = types.methods.iter().flat_map(|method| referred(&method.result));
        let mut open: Vec<String> =
            results.chain(types.notifications.clone()).chain(types.topics.clone()).collect();
        let mut sent = BTreeSet::new();
        while let Some(name) = open.pop() {
            if let Some(schema) = types.named.get(&name)
                && sent.insert(name)
            {
                open.extend(referred(schema));
            }
        }
        sent
    }

    #[test]
    fn every_enum_that_the_daemon_sends_is_open() {
        let types = types();
        let is_enum = |schema: &Value| {
            let arms = schema.get("oneOf").and_then(Value::as_array).map_or(1, Vec::len);
            let words = schema.to_string().matches("\"const\":\"").count();
            schema.get("enum").is_some() || (schema.get("properties").is_none() && words >= arms && words > 0)
        };
        let sent = sent(&types);
        let mut closed = Vec::new();
        for (name, schema) in types.named.iter().filter(|(name, _)| sent.contains(*name)) {
            for (member, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                let text = schema.to_string();
                let Some(target) =
                    text.split("#/components/schemas/").nth(1).and_then(|rest| rest.split('"').next())
                else {
                    continue;
                };
                // With a description of its own, a member has its type within.
                let is_open = |schema: &Value| schema.to_string().contains("\"x-open\":true");
                if is_enum(&types.named[target]) && !is_open(&types.named[target]) && !is_open(schema) {
                    closed.push(format!("{name}.{member}"));
                }
            }
        }
        assert_eq!(closed, Vec::<String>::new());
        assert!(is_enum(&types.named["TaskState"]) && is_enum(&types.named["OnBusy"]));
    }
}
