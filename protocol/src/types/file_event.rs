use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The payload of `file:created`, `file:modified`, `file:deleted` and `file:renamed`. Paths are relative to the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileEvent {
    /// The file. What is not UTF-8 in its name is replaced by U+FFFD.
    pub path: String,
    /// With `file:renamed`: what it was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The size of the file before, in bytes; absent if it was not there or is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_before: Option<u64>,
    /// The size of the file now, in bytes; absent if it is gone or is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The bytes of `path` in base64, where they are not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// The bytes of `from` in base64, where they are not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_base64: Option<String>,
}
