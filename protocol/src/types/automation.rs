use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Json, Open, Timestamp, open::open_enum};
use crate::config::{self, Condition, OnBusy, Patterns};

/// The answer to `automation.status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutomationStatus {
    /// True if automation as a whole is switched on.
    pub enabled: bool,
    /// Number of rules in the configuration, without those of schedule jobs.
    pub rule_count: u32,
    /// Each of them, in the order of the configuration; those of schedule jobs come last.
    pub rules: Vec<RuleStatus>,
    /// The mark of a git operation under way that holds all file changes back. Null if nothing does.
    pub held_by: Option<String>,
    /// Since when they wait for it. Null when for nothing.
    #[serde(default)]
    pub held_since: Option<Timestamp>,
    /// The tasks that rules have made lately, the newest first; 50 at the most.
    pub recent_executions: Vec<RuleExecution>,
}

/// A rule and how it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleStatus {
    /// Its name.
    pub id: String,
    /// The occasion it waits for.
    pub trigger: Open<Trigger>,
    /// The condition under which it proceeds.
    pub condition: Open<Condition>,
    /// The action it takes.
    pub action: RuleAction,
    /// True if it is switched on.
    pub enabled: bool,
    /// True if a match makes a task now. If false, `reason` says why.
    pub active: bool,
    /// Reason for which a match makes no task; null where it does.
    pub reason: Option<String>,
    /// Effect of a match while it is busy.
    pub on_busy: Open<OnBusy>,
    /// Time at which it tripped because it fired too often, or its tasks failed again and again. Null if it has not.
    pub tripped_at: Option<Timestamp>,
    /// Number of its tasks that are queued or running.
    pub busy: u32,
    /// Matches that have not come to a task yet; null if there are none.
    pub pending: Option<PendingMatches>,
    /// The last match that came to nothing since the daemon was started and the rule was enabled; null if none has.
    pub last_refusal: Option<RuleRefusal>,
}

/// The occasion that a rule waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Trigger {
    /// A file is created, modified or deleted.
    #[schemars(title = "FileChangeTrigger")]
    FileChange {
        /// The files, as a glob on the path relative to the project: the first one where there are several.
        pattern: String,
        /// All of them where there are several; one that begins with `!` takes out of what those before it match.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        patterns: Vec<String>,
    },
    /// A schedule fires.
    #[schemars(title = "ScheduleTrigger")]
    Schedule {
        /// Times, as in crontab(5), in `schedule.timezone`.
        cron: String,
    },
    /// An event is published.
    #[schemars(title = "EventTrigger")]
    Event {
        /// Its topic, as a glob: the first one where there are several.
        topic: String,
        /// All of them where there are several; one that begins with `!` takes out of what those before it match.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        topics: Vec<String>,
    },
}

impl From<config::Trigger> for Trigger {
    fn from(trigger: config::Trigger) -> Self {
        let apart = |patterns: Patterns| match patterns {
            Patterns::One(pattern) => (pattern, Vec::new()),
            Patterns::Several(all) => (all.first().cloned().unwrap_or_default(), all),
        };
        match trigger {
            config::Trigger::FileChange { pattern } => {
                let (pattern, patterns) = apart(pattern);
                Self::FileChange { pattern, patterns }
            }
            config::Trigger::Schedule { cron } => Self::Schedule { cron },
            config::Trigger::Event { topic } => {
                let (topic, topics) = apart(topic);
                Self::Event { topic, topics }
            }
        }
    }
}

/// A match that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleRefusal {
    /// Time of the match.
    pub at: Timestamp,
    /// The number of the event.
    pub event: u64,
    /// The reason.
    pub reason: String,
}

/// The action of a rule. The environment that it gives to its tasks is not shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuleAction {
    /// Always `submit_task`.
    #[serde(rename = "type")]
    pub kind: RuleActionKind,
    /// The prompt, as a template.
    pub prompt: String,
    /// The priority of its tasks.
    pub priority: i32,
    /// The agent; the default one when null.
    pub agent: Option<String>,
}

open_enum! {
    /// The kinds of actions.
    pub enum RuleActionKind {
        /// The action submits a task.
        SubmitTask = "submit_task",
    }
}

/// Matches of a rule that have not come to a task yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingMatches {
    /// Number of matches.
    pub matches: u64,
    /// Time at which they become a task, if no more come. Null if they wait for the rule's task to end.
    pub due_at: Option<Timestamp>,
}

/// A task that a rule made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleExecution {
    /// The rule's id.
    pub rule: String,
    /// Time at which the task was made.
    pub at: Timestamp,
    /// The number of the last event that led to it.
    pub event: u64,
    /// Number of matches that it stands for.
    pub matches: u64,
    /// The task's id.
    pub task: String,
}

/// The params of `automation.enable` and `automation.disable`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutomationSwitchParams {
    /// The rule; all of automation when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub rule_id: Option<String>,
}

/// The answer to `automation.enable` and `automation.disable`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AutomationSwitched {
    /// Without a rule: whether automation is switched on now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// With a rule: always true; what could not be done is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
}

/// The params of `automation.test`: one of `topic`, `file` and `schedule`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutomationTestParams {
    /// As if an event of this topic were emitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub topic: Option<String>,
    /// The event's payload; `null` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Json>,
    /// As if this file were modified: its path relative to the project, or absolute and within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub file: Option<String>,
    /// As if this schedule job fired, or the rule of this id whose trigger is a schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub schedule: Option<String>,
}

/// The answer to `automation.test`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AutomationTested {
    /// The topic of the event as it was tried.
    pub topic: String,
    /// The file, relative to the project; absent where none was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A note for people: the file is not watched, so that there would be no event at all, or the daemon itself does
    /// something for a job. Absent if there is nothing to note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Each rule that matches it, and what would come of it now.
    pub rules: Vec<RuleTested>,
}

/// The expected result of a match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuleTested {
    /// The rule's id.
    pub rule: String,
    /// The expected result.
    pub outcome: MatchOutcome,
    /// Reason for which the match would make no task, or its task would fail; null otherwise.
    pub reason: Option<String>,
    /// The prompt of the task; null where it cannot be made of this event.
    pub prompt: Option<String>,
}

open_enum! {
    /// The result of a match.
    pub enum MatchOutcome {
        /// A task, at once.
        Fire = "fire",
        /// A task once the matches have settled.
        Debounce = "debounce",
        /// A task when the rule is no longer busy.
        Coalesce = "coalesce",
        /// No task.
        Refuse = "refuse",
        /// No task, and the rule trips.
        Trip = "trip",
        /// A task that fails at once, since its prompt cannot be made of this event.
        Fail = "fail",
    }
}

/// The payload of the events of automation itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AutomationEvent {
    /// The rule's id; null for all of automation.
    pub rule: Option<String>,
    /// With `automation:tripped`: how often it had fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firings: Option<u32>,
    /// With `automation:tripped`: within how many minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// With `automation:tripped`: the number of its tasks in a row that ended for the same failure, if that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
    /// With `failures`: the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// With `automation:tripped`: the number of the event that would have made it fire once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
}
