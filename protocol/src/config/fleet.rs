use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The hosts that share the project's store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FleetConfig {
    /// Time without a sign of life after which a host is given up, in seconds: what ran there is interrupted, and goes on elsewhere. Its agents end 30 seconds before. The same on all hosts.
    #[schemars(range(min = 60, max = 86_400))]
    pub lost_after_seconds: u32,
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self { lost_after_seconds: 600 }
    }
}

impl FleetConfig {
    /// Time without a sign of life after which a host is given up, in milliseconds.
    pub fn lost_after_ms(&self) -> u64 {
        u64::from(self.lost_after_seconds) * 1000
    }
}
