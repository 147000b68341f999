//! The daemon's own topics, each with a schema that stands by itself.

use serde_json::{Map, Value};

use super::types::types;
use crate::{
    topics::TOPICS,
    types::{Json, TopicInfo, TopicSource},
};

/// The beginning of a reference to a type of the definition.
const NAMED: &str = "#/components/schemas/";

/// The daemon's own topics, in the order of their definition. The schema of each payload refers to nothing outside itself.
pub fn own_topics() -> Vec<TopicInfo> {
    let types = types();
    let of = |name: &String| Json::from(self_contained(name, &types.named));
    TOPICS
        .iter()
        .zip(&types.topics)
        .map(|(topic, payload)| TopicInfo {
            name: topic.name.to_owned(),
            description: Some(topic.docs.to_owned()),
            payload: of(payload),
            source: TopicSource::Daemon,
        })
        .collect()
}

/// The schema of a type, with all to which it refers in its `$defs`.
fn self_contained(name: &str, named: &Map<String, Value>) -> Value {
    let mut schema = named.get(name).cloned().unwrap_or_default();
    let (mut defs, mut missing) = (Map::new(), Vec::new());
    point_within(&mut schema, &mut missing);
    while let Some(name) = missing.pop() {
        if !defs.contains_key(&name) {
            let mut of = named.get(&name).cloned().unwrap_or_default();
            point_within(&mut of, &mut missing);
            defs.insert(name, of);
        }
    }
    if let (Some(schema), false) = (schema.as_object_mut(), defs.is_empty()) {
        schema.insert("$defs".to_owned(), defs.into());
    }
    schema
}

/// Turns each reference into one to `$defs`, and notes the names to which they lead.
fn point_within(schema: &mut Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref")
                && let Some(name) = target.strip_prefix(NAMED)
            {
                names.push(name.to_owned());
                *target = format!("#/$defs/{name}");
            }
            members.values_mut().for_each(|value| point_within(value, names));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| point_within(value, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_schema_stands_by_itself() {
        for topic in own_topics() {
            let schema: Value = topic.payload.to().unwrap();
            assert!(schema["properties"].is_object(), "{}: {schema}", topic.name);
            let text = schema.to_string();
            assert!(!text.contains(NAMED), "{}", topic.name);
            for (at, _) in text.match_indices("\"$ref\":\"#") {
                let pointer = text[at + "\"$ref\":\"#".len()..].split('"').next().unwrap();
                assert!(schema.pointer(pointer).is_some(), "{}: {pointer}", topic.name);
            }
        }
    }
}
