use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Health, Timestamp};

/// The findings of the built-in action `health-check`. It is also the payload of the events `health:ok` and
/// `health:degraded`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheck {
    /// Time of the check.
    pub at: Timestamp,
    /// `healthy` if every check is.
    pub health: Health,
    /// Each check.
    pub checks: Vec<HealthCheckItem>,
}

/// One of the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheckItem {
    /// A stable name: `store`, `disk`, `socket`, `files`, `agent`, `queue`, `rules`, `expect`.
    pub name: String,
    /// True if it is well.
    pub ok: bool,
    /// The finding and, if it is not well, the remedy.
    pub message: String,
}
