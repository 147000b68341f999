use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done when something happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name; no two rules have the same.
    #[schemars(length(min = 1))]
    pub id: String,
    /// What it waits for.
    pub trigger: Trigger,
    /// When it proceeds; `always` when left out.
    #[serde(default)]
    pub condition: Condition,
    /// What it does.
    pub action: Action,
}

/// What a rule waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// A file is created, modified or deleted.
    #[schemars(title = "FileChangeTrigger")]
    FileChange {
        /// Which files, as a glob on the path relative to the project.
        pattern: String,
    },
    /// A schedule fires.
    #[schemars(title = "ScheduleTrigger")]
    Schedule {
        /// When, as in crontab(5).
        cron: String,
    },
    /// An event is published.
    #[schemars(title = "EventTrigger")]
    Event {
        /// Its topic, as a glob: `deployment:complete`, `deployment:*`.
        topic: String,
    },
}

/// When a rule proceeds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// At each match.
    #[default]
    #[schemars(title = "AlwaysCondition")]
    Always,
    /// Once the matches have settled.
    #[schemars(title = "DebounceCondition")]
    Debounce {
        /// How long after the last match, in milliseconds.
        interval_ms: u64,
    },
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Submits a task.
    #[schemars(title = "SubmitTaskAction")]
    SubmitTask {
        /// What the agent is asked to do.
        #[schemars(length(min = 1))]
        prompt: String,
        /// Higher ones start first; 0 unless given.
        #[serde(default)]
        #[schemars(range(min = -1000, max = 1000))]
        priority: i32,
        /// The agent that is to do it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// The time limit in minutes, at most a year; `daemon.action_timeout_minutes` unless given.
        #[serde(
            default,
            rename = "timeoutMinutes",
            alias = "timeout_minutes",
            skip_serializing_if = "Option::is_none"
        )]
        #[schemars(range(max = 525_600), extend("exclusiveMinimum" = 0))]
        timeout_minutes: Option<f64>,
        /// Added to the agent's environment. `${NAME}` in a value is resolved from the daemon's environment when the
        /// process starts, and is written nowhere.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: BTreeMap<String, String>,
    },
}
