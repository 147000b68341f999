use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The params of `daemon.logs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DaemonLogsParams {
    /// Number of last lines to give, if there is no `cursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10_000), extend("default" = 100))]
    pub lines: Option<u32>,
    /// The `cursor` of an earlier answer: what comes after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub cursor: Option<String>,
    /// With a `cursor`, if there is nothing yet: how long to wait for something, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 60_000), extend("default" = 0))]
    pub wait_ms: Option<u64>,
}

/// The answer to `daemon.logs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaemonLogs {
    /// Lines as they are in the file, without their ends; some of them, if there are very many.
    pub lines: Vec<String>,
    /// Position after these lines, to continue from. It stays valid for the next daemon and after a rotation.
    pub cursor: String,
    /// True if lines after `cursor` are gone because their file was rotated away.
    pub missed: bool,
}
