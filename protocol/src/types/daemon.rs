use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The answer to `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pong {
    /// Always true.
    pub pong: bool,
    /// The daemon's clock.
    pub timestamp: Timestamp,
}

/// The answer to `daemon.stop`, sent before the daemon stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StopAcknowledged {
    /// Always true.
    pub stopping: bool,
    /// The daemon's process id: it has stopped when this process has ended.
    pub pid: u32,
    /// How many tasks are running; they get SIGTERM, 15 seconds, then SIGKILL.
    pub running: u32,
}
