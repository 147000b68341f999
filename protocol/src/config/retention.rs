use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits for what is kept. `null`: no limit. Queued and running tasks are always kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Finished tasks, in days since their end.
    #[schemars(range(min = 1))]
    pub task_days: Option<u32>,
    /// Maximum number of finished tasks; the latest are kept.
    pub task_count: Option<u32>,
    /// Events, in days; their files in `events/` as well.
    #[schemars(range(min = 1))]
    pub event_days: Option<u32>,
    /// Maximum number of events; the latest are kept.
    pub event_count: Option<u32>,
    /// Maximum size of all events together, in MiB; the latest are kept.
    #[schemars(range(min = 1))]
    pub event_mb: Option<u32>,
    /// Age of agents' output in `actions/` at which it is deleted, in days since the task's end.
    #[schemars(range(min = 1))]
    pub output_days: Option<u32>,
    /// Maximum size of agents' output in `actions/`, in MiB. The latest is kept, except a single one that exceeds the
    /// limit.
    pub output_mb: Option<u32>,
    /// Results of work trees (`refs/aiwg/tasks/`), in days since their task's end. Those that have come back as a branch stay there.
    #[schemars(range(min = 1))]
    pub result_days: Option<u32>,
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
            result_days: Some(30),
        }
    }
}
