//! The AsyncAPI 3.0 document of a project's events: <https://www.asyncapi.com/docs/reference/specification/v3.0.0>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    embedded::{NO_KEYS, embedded},
    generators::{Titles, plain, title},
    types::{Types, types},
};
use crate::{
    PROTOCOL_VERSION, SOCKET_PATH,
    config::{Config, DeclaredTopic},
    definition::{Direction, Method, TypeRef, paragraphs},
    service::{METHODS, NOTIFICATIONS},
    topics::TOPICS,
};

/// The beginning of a reference to a schema of the document.
const NAMED: &str = "#/components/schemas/";

/// The methods by which events come and go.
const ABOUT_EVENTS: [&str; 4] = ["event.emit", "event.subscribe", "event.unsubscribe", "event.list"];

/// The beginning of the name of a declared topic's schema.
const TOPIC: &str = "topic.";

/// The end of the name of an answer.
const ANSWER: &str = ".answer";

/// The schema of the protocol's name, which all messages have.
const JSON_RPC: &str = "JsonRpcVersion";

/// The channel of the socket itself.
const SOCKET: &str = "socket";

/// The document of a project's events: its declared topics, the daemon's own, and the messages by which they come and go over the socket. It
/// describes the daemon, which receives what clients emit and sends what they subscribe to.
pub fn asyncapi(project: &str, config: &Config) -> Value {
    let mut document = Document::new();
    for topic in config.declared_topics() {
        document.declared(&topic);
    }
    document.own();
    document.socket();
    document.add_titles();
    let Document { channels, operations, messages, schemas, .. } = document;
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": format!("The events of {project}"),
            "version": PROTOCOL_VERSION,
            "description": "Events that the aiwg daemon of the project takes in and publishes. They travel over its Unix \
                stream socket, as JSON-RPC 2.0, one UTF-8 JSON message a line: the channel `socket`. A channel with a \
                topic as its address says what the payload of such an event is.",
        },
        "defaultContentType": "application/json",
        "servers": { "daemon": {
            "host": SOCKET_PATH,
            "protocol": "unix",
            "description": "The daemon's socket, relative to the project's directory.",
        } },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

struct Document {
    /// The types of the definition.
    types: Types,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
    schemas: BTreeMap<String, Value>,
}

impl Document {
    fn new() -> Self {
        let (channels, operations, messages) = (Map::new(), Map::new(), Map::new());
        let version = json!({ "type": "string", "enum": ["2.0"] });
        let schemas = BTreeMap::from([(JSON_RPC.to_owned(), version)]);
        Self { types: types(), channels, operations, messages, schemas }
    }

    fn declared(&mut self, topic: &DeclaredTopic<'_>) {
        let key = self.free_key(topic.name);
        let schema = format!("{TOPIC}{key}");
        // The schema of any payload is an object there.
        let payload = Some(topic.payload).filter(|payload| payload.is_object());
        let payload =
            payload.map_or_else(|| json!({}), |payload| embedded(payload, &format!("{NAMED}{schema}")));
        self.schemas.insert(schema.clone(), payload);
        self.topic(&key, topic.name, topic.description.unwrap_or_default(), &schema);
        self.operation(&format!("emit.{key}"), "receive", &key, "A client emits such an event.");
        self.operation(&format!("publish.{key}"), "send", &key, "Subscribers get such an event.");
    }

    fn own(&mut self) {
        for topic in TOPICS {
            let key = self.free_key(topic.name);
            let schema = self.named((topic.payload)());
            self.topic(&key, topic.name, topic.docs, &schema);
            self.operation(&format!("publish.{key}"), "send", &key, "Subscribers get such an event.");
        }
    }

    /// A channel for a topic, whose message is the payload.
    fn topic(&mut self, key: &str, name: &str, description: &str, schema: &str) {
        let mut channel = json!({
            "address": name,
            "description": description,
            "messages": { "event": { "$ref": format!("#/components/messages/{key}") } },
        });
        if let Some(address) = name.strip_suffix('*') {
            channel["address"] = format!("{address}{{name}}").into();
            channel["parameters"] = json!({ "name": { "description": "A name of the user's own." } });
        }
        self.channels.insert(key.to_owned(), channel);
        self.message(key, name, description, json!({ "$ref": format!("{NAMED}{schema}") }));
    }

    fn message(&mut self, key: &str, name: &str, description: &str, payload: Value) {
        let message = json!({ "name": name, "summary": description, "payload": payload });
        self.messages.insert(key.to_owned(), message);
    }

    fn operation(&mut self, key: &str, action: &str, channel: &str, summary: &str) {
        let operation = json!({
            "action": action,
            "channel": { "$ref": format!("#/channels/{channel}") },
            "summary": summary,
            "messages": [{ "$ref": format!("#/channels/{channel}/messages/event") }],
        });
        self.operations.insert(key.to_owned(), operation);
    }

    /// The channel over which all of it goes.
    fn socket(&mut self) {
        let mut messages = Map::new();
        for method in METHODS.iter().filter(|method| ABOUT_EVENTS.contains(&method.name)) {
            self.method(method, &mut messages);
        }
        for notification in NOTIFICATIONS {
            let params = (notification.params)();
            let action = if params.direction == Direction::In { "receive" } else { "send" };
            let schema = self.named(params);
            let docs = paragraphs(notification.docs).join("\n\n");
            self.message(
                notification.name,
                notification.name,
                &docs,
                request(notification.name, &schema, false),
            );
            messages.insert(notification.name.to_owned(), reference(notification.name));
            let operation = json!({
                "action": action,
                "channel": { "$ref": format!("#/channels/{SOCKET}") },
                "summary": docs,
                "messages": [in_socket(notification.name)],
            });
            self.operations.insert(notification.name.to_owned(), operation);
        }
        let channel = json!({
            "address": SOCKET_PATH,
            "description": "The daemon's socket: JSON-RPC 2.0, one message a line.",
            "servers": [{ "$ref": "#/servers/daemon" }],
            "messages": messages,
        });
        self.channels.insert(SOCKET.to_owned(), channel);
    }

    /// A method: its request, and the answer.
    fn method(&mut self, method: &Method, messages: &mut Map<String, Value>) {
        let (params, answer) = (self.named((method.params)()), format!("{}{ANSWER}", method.name));
        self.message(method.name, method.name, &method.summary(), request(method.name, &params, true));
        let result = self.result(method);
        let error = self.named(TypeRef::of_result::<crate::ApiError>());
        let envelope = json!({
            "type": "object",
            "required": ["jsonrpc", "id"],
            "properties": {
                "jsonrpc": { "$ref": format!("{NAMED}{JSON_RPC}") },
                "id": { "type": ["integer", "string", "null"] },
                "result": result,
                "error": { "$ref": format!("{NAMED}{error}") },
            },
        });
        self.message(&answer, &answer, "The answer: a result or an error.", envelope);
        for name in [method.name, &answer] {
            messages.insert(name.to_owned(), reference(name));
        }
        let operation = json!({
            "action": "receive",
            "channel": { "$ref": format!("#/channels/{SOCKET}") },
            "summary": method.summary(),
            "messages": [in_socket(method.name)],
            "reply": { "channel": { "$ref": format!("#/channels/{SOCKET}") }, "messages": [in_socket(&answer)] },
        });
        self.operations.insert(method.name.to_owned(), operation);
    }

    /// The schema of a method's result, with all to which it refers among those of the document.
    fn result(&mut self, method: &Method) -> Value {
        let mut all = METHODS.iter().zip(&self.types.methods);
        let schema = all.find(|(one, _)| one.name == method.name).map(|(_, found)| found.result.clone());
        let schema = plain(&schema.unwrap_or_default());
        self.add_all(&schema);
        schema
    }

    /// The name of a type of the definition, which is now among the schemas.
    fn named(&mut self, reference: TypeRef) -> String {
        self.add_all(&json!({ "$ref": format!("{NAMED}{}", reference.name) }));
        reference.name
    }

    /// Adds the types to which a schema refers, and those to which they refer.
    fn add_all(&mut self, schema: &Value) {
        let all = &self.types.named;
        let mut left = vec![schema.clone()];
        while let Some(schema) = left.pop() {
            for name in names_in(&schema) {
                if let Some(found) = all.get(&name).filter(|_| !self.schemas.contains_key(&name)) {
                    self.schemas.insert(name, plain(found));
                    left.push(found.clone());
                }
            }
        }
    }

    /// Gives each schema a title of its own, which generators name their types after: those of the definition their names, those of topics and what is
    /// in them the words of these, and the frames of messages the messages'.
    fn add_titles(&mut self) {
        let own = self.schemas.keys().filter(|name| !name.starts_with(TOPIC));
        let mut titles = Titles(own.cloned().collect());
        for (name, schema) in &mut self.schemas {
            match name.strip_prefix(TOPIC) {
                Some(topic) => titles.add(schema, &title(topic)),
                None => schema["title"] = name.clone().into(),
            }
        }
        for (name, message) in &mut self.messages {
            let Some(payload) = message.get_mut("payload").filter(|payload| payload.get("$ref").is_none())
            else {
                continue;
            };
            let end = if name.ends_with(ANSWER) { "" } else { "Message" };
            payload["title"] = titles.free(title(name) + end).into();
            if let Some(method) = payload.pointer_mut("/properties/method") {
                method["title"] = titles.free(title(name) + "Method").into();
            }
        }
    }

    /// A key for a topic, of letters that a key may have; no other topic has it.
    fn free_key(&self, topic: &str) -> String {
        let plain: String = topic
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '_' })
            .collect();
        let is_free = |key: &String| {
            !self.channels.contains_key(key) && key != SOCKET && !NO_KEYS.contains(&key.as_str())
        };
        let others = (2..).map(|number: u32| format!("{plain}_{number}"));
        std::iter::once(plain.clone()).chain(others).find(is_free).unwrap_or(plain)
    }
}

/// A message of the socket, by where its definition is.
fn reference(message: &str) -> Value {
    json!({ "$ref": format!("#/components/messages/{message}") })
}

/// A message of the socket's channel.
fn in_socket(message: &str) -> Value {
    json!({ "$ref": format!("#/channels/{SOCKET}/messages/{message}") })
}

/// The frame of a request or, without an id, of a notification.
fn request(method: &str, params: &str, has_id: bool) -> Value {
    let mut frame = json!({
        "type": "object",
        "required": ["jsonrpc", "method", "params"],
        "properties": {
            "jsonrpc": { "$ref": format!("{NAMED}{JSON_RPC}") },
            "method": { "type": "string", "enum": [method] },
            "params": { "$ref": format!("{NAMED}{params}") },
        },
    });
    if has_id {
        frame["required"] = json!(["jsonrpc", "id", "method"]);
        frame["properties"]["id"] = json!({ "type": ["integer", "string"] });
    }
    frame
}

/// The types of the definition to which a schema refers.
fn names_in(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => {
            let name =
                members.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix(NAMED));
            name.map(str::to_owned).into_iter().chain(members.values().flat_map(names_in)).collect()
        }
        Value::Array(list) => list.iter().flat_map(names_in).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reference_leads_somewhere_and_keys_are_apart() {
        let config: Config = serde_json::from_value(json!({ "topics": {
            "a:b": { "payload": { "$schema": "x", "properties": { "n": { "$ref": "#/$defs/n" }, "all": { "$ref": "#" } },
                "$defs": { "n": { "prefixItems": [{ "const": { "$ref": "#/x" } }], "items": false } } } },
            "a/b": { "description": "Another." },
            "socket": {}, "__proto__": {}, "hasOwnProperty": {}
        } }))
        .unwrap();
        let document = asyncapi("shop", &config);
        let channels = document["channels"].as_object().unwrap();
        assert_eq!(channels["a_b"]["address"], "a/b");
        assert_eq!(channels["a_b_2"]["address"], "a:b");
        assert_eq!(
            (&channels["socket"]["address"], &channels["socket_2"]["address"]),
            (&json!(SOCKET_PATH), &json!("socket"))
        );
        assert_eq!(
            (&channels["__proto___2"]["address"], &channels["hasOwnProperty_2"]["address"]),
            (&json!("__proto__"), &json!("hasOwnProperty"))
        );
        let schema = &document["components"]["schemas"]["topic.a_b_2"];
        assert_eq!(schema["properties"]["all"]["$ref"], "#/components/schemas/topic.a_b_2");
        assert_eq!(
            schema["$defs"]["n"],
            json!({ "items": [{ "const": { "$ref": "#/x" } }], "additionalItems": false })
        );
        let mut left = vec![&document];
        while let Some(value) = left.pop() {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(target)) =
                        members.get("$ref").filter(|target| **target != "#/x")
                    {
                        assert!(document.pointer(target.strip_prefix('#').unwrap()).is_some(), "{target}");
                    }
                    left.extend(members.values());
                }
                Value::Array(list) => left.extend(list),
                _ => {}
            }
        }
        for topic in TOPICS {
            assert!(channels.values().any(|channel| channel["description"] == topic.docs), "{}", topic.name);
        }
    }
}
