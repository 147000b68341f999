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
    add(&TypeRef::of_result::<ApiError>());
    let mut named: Vec<_> = incoming.take_definitions(true).into_iter().collect();
    for (name, schema) in outgoing.take_definitions(true) {
        if !named.iter().any(|(known, _)| *known == name) {
            named.push((name, schema));
        }
    }
    named.sort_by(|a, b| a.0.cmp(&b.0));
    Types { named: named.into_iter().collect(), methods, notifications }
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
