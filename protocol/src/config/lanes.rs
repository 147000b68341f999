use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A lane: tasks that share a limit of their own. A lane that is full holds up no task of another lane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LaneConfig {
    /// Maximum number of its tasks that run at once, within `daemon.max_parallel_actions`. `null`: no limit of its own.
    #[schemars(range(min = 1, max = 1000))]
    pub max_parallel: Option<u32>,
    /// Added to the priority of its tasks. Default: 0.
    #[schemars(range(min = -1000, max = 1000))]
    pub priority: i32,
}
