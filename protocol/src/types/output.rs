use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::by_name::by_name;

/// One of an agent's two streams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// Standard output.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
}

/// The encoding of an output's bytes in JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputEncoding {
    /// As text. Bytes that are no UTF-8 come as U+FFFD; a character is never cut in two.
    #[default]
    Utf8,
    /// As base64 (RFC 4648, with padding): every byte survives.
    Base64,
}

/// The params of `task.output`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskOutputParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// The stream.
    #[serde(default, deserialize_with = "by_name", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "stdout"))]
    pub stream: Option<OutputStream>,
    /// From which byte on: 0 is the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 0))]
    pub offset: Option<u64>,
    /// If there is nothing there yet: how long to wait for something, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 60_000), extend("default" = 0))]
    pub wait_ms: Option<u64>,
    /// The encoding of the bytes.
    #[serde(default, deserialize_with = "by_name", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "utf8"))]
    pub encoding: Option<OutputEncoding>,
}

/// The answer to `task.output`: a chunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskOutput {
    /// Up to 256 KiB of the output, encoded as asked for; empty when there is nothing there yet.
    pub data: String,
    /// The byte it begins at: the one asked for, or a later one where what is between is not kept.
    pub offset: u64,
    /// The byte to go on at.
    pub next_offset: u64,
    /// The attempt at the task that wrote it, from 1; 0 if there has been none. Each attempt's output begins at 0: a
    /// client that follows it goes back there when this has changed.
    #[serde(default)]
    pub attempt: u32,
    /// True if no more will follow: the task has ended, and the chunk reaches the end of its output.
    pub ended: bool,
}

/// The params of `task.retry`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskRetryParams {
    /// The id of the task whose order is to be carried out again.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// A name for this call, any text of the caller's own: another call with it, of the same caller within 24 hours, has no effect and gets the
    /// same answer. So a call whose answer was lost can be repeated. If its params or its method differ, it is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub idempotency_key: Option<String>,
}
