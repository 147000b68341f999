use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Health, Timestamp};

/// What the built-in action `health-check` found. It is also the payload of the events `health:ok` and `health:degraded`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheck {
    /// When it was made.
    pub at: Timestamp,
    /// `healthy` if every check is.
    pub health: Health,
    /// Each check.
    pub checks: Vec<HealthCheckItem>,
}

/// One of the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheckItem {
    /// A stable name: `store`, `disk`, `socket`, `files`, `agent`, `queue`, `rules`.
    pub name: String,
    /// Whether it is well.
    pub ok: bool,
    /// What was found; if it is not well, what to do about it.
    pub message: String,
}
