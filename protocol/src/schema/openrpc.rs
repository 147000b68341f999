//! The OpenRPC document: <https://spec.open-rpc.org>.

use serde_json::{Map, Value, json};

use super::{
    generators::title,
    types::{MethodTypes, Types, types},
};
use crate::{
    PROTOCOL_VERSION,
    definition::{Direction, Example, Method, Notification, paragraphs},
    error::ErrorKind,
    service::{METHODS, NOTIFICATIONS},
    topics::{TOPICS, Topic},
};

/// The document, members in the order in which a person would read them.
pub fn openrpc() -> Value {
    let types = types();
    let methods: Vec<Value> = METHODS
        .iter()
        .zip(&types.methods)
        .map(|(method, schemas)| describe(method, schemas, &types))
        .collect();
    let errors: Map<String, Value> =
        ErrorKind::ALL.iter().map(|kind| (kind.name().to_owned(), error(*kind))).collect();
    json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "aiwg",
            "version": PROTOCOL_VERSION,
            "description": "The API of the aiwg daemon: JSON-RPC 2.0 over a Unix stream socket, one UTF-8 JSON message a \
                line, in both directions. Params are by name.",
            "license": { "name": "MIT" },
        },
        "methods": methods,
        "x-notifications": notifications(&types),
        "x-topics": topics(&types),
        "components": { "schemas": titled(&types), "errors": errors },
    })
}

/// The types, each with its name as its title, which generators name their types after. Methods are types to them, too: so a type that is called
/// as one is has another title.
fn titled(types: &Types) -> Map<String, Value> {
    let is_method = |name: &str| METHODS.iter().any(|method| title(method.name) == name);
    let with_title = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        if let Value::Object(members) = &mut schema {
            let title = if is_method(name) { format!("{name}Type") } else { name.clone() };
            members.insert("title".to_owned(), title.into());
        }
        (name.clone(), schema)
    };
    types.named.iter().map(with_title).collect()
}

fn describe(method: &Method, schemas: &MethodTypes, types: &Types) -> Value {
    let mut row = Map::new();
    let mut put = |key: &str, value: Value| row.insert(key.to_owned(), value);
    put("name", method.name.into());
    put("summary", method.summary().into());
    if !method.description().is_empty() {
        put("description", method.description().into());
    }
    if let Some(why) = method.deprecated {
        put("deprecated", true.into());
        put("x-deprecated", why.into());
    }
    put("paramStructure", "by-name".into());
    put("params", params(schemas, types).into());
    let mut result = schemas.result.clone();
    if let Some(members) = result.as_object_mut().filter(|members| !members.contains_key("$ref")) {
        members.insert("title".to_owned(), format!("{}Result", title(method.name)).into());
    }
    put("result", json!({ "name": "result", "schema": result }));
    let reference = |kind: &ErrorKind| json!({ "$ref": format!("#/components/errors/{}", kind.name()) });
    put("errors", ErrorKind::COMMON.iter().chain(method.errors).map(reference).collect());
    put("examples", method.examples.iter().map(example).collect());
    put("x-params", json!({ "$ref": format!("#/components/schemas/{}", schemas.params) }));
    put("x-agents", method.agents.name().into());
    put("x-repeat", method.repeat.name().into());
    put("x-read-only", method.is_read_only().into());
    put("x-destructive", method.is_destructive().into());
    put("x-idempotent", method.idempotent.into());
    put("x-since", method.since.into());
    row.into()
}

/// A content descriptor for each member of the params struct; those that must be there come first, as OpenRPC prescribes.
fn params(schemas: &MethodTypes, types: &Types) -> Vec<Value> {
    let empty = Map::new();
    let schema = types.named.get(&schemas.params);
    let properties =
        schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object).unwrap_or(&empty);
    let required = schema.and_then(|schema| schema.get("required")).and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|entry| entry == name));
    let mut descriptors: Vec<(bool, Value)> = properties
        .iter()
        .map(|(name, schema)| {
            let description = schema.get("description").cloned().unwrap_or_default();
            let required = is_required(name);
            (
                required,
                json!({ "name": name, "description": description, "required": required, "schema": schema }),
            )
        })
        .collect();
    descriptors.sort_by_key(|(required, _)| !required);
    descriptors.into_iter().map(|(_, descriptor)| descriptor).collect()
}

fn example(example: &Example) -> Value {
    // The texts are checked by a test: what is not JSON would show there, not here.
    let params: Map<String, Value> = serde_json::from_str(example.params).unwrap_or_default();
    let result: Value = serde_json::from_str(example.result).unwrap_or_default();
    let params: Vec<Value> =
        params.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "name": example.name, "params": params, "result": { "name": "result", "value": result } })
}

/// OpenRPC knows no notifications: an extension names them, and who sends them.
fn notifications(types: &Types) -> Vec<Value> {
    let row = |(notification, params): (&Notification, &String)| {
        let docs = paragraphs(notification.docs);
        json!({
            "name": notification.name,
            "summary": docs.first(),
            "description": docs.get(1..).unwrap_or_default().join("\n\n"),
            "sender": match (notification.params)().direction { Direction::In => "client", Direction::Out => "daemon" },
            "params": { "$ref": format!("#/components/schemas/{params}") },
        })
    };
    NOTIFICATIONS.iter().zip(&types.notifications).map(row).collect()
}

/// The events that the daemon itself publishes: an extension, too.
fn topics(types: &Types) -> Vec<Value> {
    let row = |(topic, payload): (&Topic, &String)| {
        json!({
            "name": topic.name,
            "summary": topic.docs,
            "payload": { "$ref": format!("#/components/schemas/{payload}") },
        })
    };
    TOPICS.iter().zip(&types.topics).map(row).collect()
}

fn error(kind: ErrorKind) -> Value {
    json!({
        "code": kind.code(),
        "message": paragraphs(kind.docs()).join("\n\n"),
        "data": { "kind": kind.name(), "retryable": kind.retryable() },
    })
}
