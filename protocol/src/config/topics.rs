use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Config;

/// The project's own topics: in the configuration itself, or in files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TopicsConfig {
    /// Files, by a glob relative to the project, such as `events/*.json`. Each holds topics by name, as they could
    /// stand here.
    #[schemars(title = "TopicFiles")]
    Files(#[schemars(length(min = 1, max = 1024))] String),
    /// Topics by name: up to 200 characters of `A-Z a-z 0-9 _ . : / -`.
    #[schemars(title = "TopicsByName")]
    ByName(
        #[schemars(extend("maxProperties" = 1000, "propertyNames" = { "maxLength": 200 }))]
        BTreeMap<String, TopicConfig>,
    ),
}

impl Default for TopicsConfig {
    fn default() -> Self {
        Self::ByName(BTreeMap::new())
    }
}

/// A topic of the project's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopicConfig {
    /// The occasion on which it is emitted, for people and in generated code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000))]
    pub description: Option<String>,
    /// The schema of the payload: JSON Schema 2020-12, in which a `$ref` leads to a place in the schema itself, such
    /// as `#/$defs/version`. Any payload unless given.
    #[serde(default = "any", skip_serializing_if = "is_any")]
    #[schemars(extend("type" = ["object", "boolean"], "additionalProperties" = true))]
    pub payload: Value,
}

/// The schema that any payload fits.
fn any() -> Value {
    Value::Bool(true)
}

fn is_any(schema: &Value) -> bool {
    *schema == Value::Bool(true)
}

/// A topic that a configuration declares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeclaredTopic<'a> {
    /// Its name: `deployment:complete`.
    pub name: &'a str,
    /// The occasion on which it is emitted.
    pub description: Option<&'a str>,
    /// The schema of its payload, JSON Schema 2020-12: an object or a boolean.
    pub payload: &'a Value,
}

impl Config {
    /// The topics that the configuration declares, by name in order. A configuration that was read from a file has
    /// those of its topics' files here as well.
    pub fn declared_topics(&self) -> impl Iterator<Item = DeclaredTopic<'_>> {
        let by_name = match &self.topics {
            TopicsConfig::Files(_) => None,
            TopicsConfig::ByName(topics) => Some(topics),
        };
        by_name.into_iter().flatten().map(|(name, topic)| DeclaredTopic {
            name,
            description: topic.description.as_deref(),
            payload: &topic.payload,
        })
    }
}
