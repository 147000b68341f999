use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Json, open::open_enum};

/// A topic that events may have: one that the configuration declares, or one of the daemon's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopicInfo {
    /// Its name; a glob where a name of the user's own is part of it, as in `schedule:*`.
    pub name: String,
    /// The occasion on which it is emitted; null where nobody has said.
    pub description: Option<String>,
    /// The schema of the payload: JSON Schema 2020-12, with references within itself only.
    pub payload: Json,
    /// The definition's place.
    pub source: TopicSource,
}

open_enum! {
    /// The place where a topic is defined.
    pub enum TopicSource {
        /// The project's configuration: clients emit it.
        Project = "project",
        /// The daemon: only it publishes the topic.
        Daemon = "daemon",
    }
}

/// A place in an event's payload that does not fit the schema of its topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PayloadError {
    /// The place, as a JSON Pointer: `/version`; empty for the payload as a whole.
    pub path: String,
    /// The error there.
    pub message: String,
}
