use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long things are kept. `null` stands for ever. What is queued or running always is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Finished tasks, in days since their end.
    #[schemars(range(min = 1))]
    pub task_days: Option<u32>,
    /// How many finished tasks are kept at the most: the latest.
    pub task_count: Option<u32>,
    /// Events, in days; their files in `events/` as well.
    #[schemars(range(min = 1))]
    pub event_days: Option<u32>,
    /// How many events are kept at the most: the latest.
    pub event_count: Option<u32>,
    /// How much the events have together at the most, in MiB: the latest are kept.
    #[schemars(range(min = 1))]
    pub event_mb: Option<u32>,
    /// What agents wrote, in `actions/`, in days since the task's end.
    #[schemars(range(min = 1))]
    pub output_days: Option<u32>,
    /// How much of it is kept at the most, in MiB: the latest, but none that is more by itself.
    pub output_mb: Option<u32>,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            task_days: Some(90),
            task_count: Some(100_000),
            event_days: Some(30),
            event_count: Some(1_000_000),
            event_mb: Some(1024),
            output_days: Some(30),
            output_mb: Some(2048),
        }
    }
}
