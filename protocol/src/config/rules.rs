use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Patterns;
use crate::terms::{ApprovalTerms, RetryPolicy, Span, Verify, Workspace};

/// A rule: what to do when something happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name; no two rules have the same.
    #[schemars(length(min = 1, max = 200))]
    pub id: String,
    /// The occasion it waits for.
    pub trigger: Trigger,
    /// The condition under which it proceeds. Default: `always`.
    #[serde(default)]
    pub condition: Condition,
    /// The action it takes.
    pub action: Action,
    /// True if the rule is in force. `aiwg automation enable` and `disable` override it. Default: true.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Effect of a match while a task of this rule is queued or running. Default: `coalesce` for `file_change`, `skip`
    /// for `schedule`, `queue` for `event`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_busy: Option<OnBusy>,
    /// True if the rule ignores file changes that are made while one of its own tasks runs, or while the check of any task runs and no agent.
    /// Default: true.
    #[serde(default = "yes")]
    pub ignore_own_changes: bool,
    /// Maximum number of firings within 10 minutes. Beyond it, the rule trips, and is out of force until it is enabled
    /// again. Default: 20, where events that people and scripts emit do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_firings: Option<u32>,
    /// Number of tasks in a row that end for the same failure (their `reason`), after which the rule trips as with
    /// `max_firings`. `null`: it never does. Default: 3.
    #[serde(default = "most_failures", skip_serializing_if = "is_usual")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_failures: Option<u32>,
    /// The expectation of a success: without one in time the health is degraded. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// The rule fires only where fewer tasks than this lie between the event and what came from outside: with 1 it
    /// ignores everything that a task has caused, with 2 what tasks from outside have caused, but nothing of what
    /// came of that.
    #[serde(default = "default_depth")]
    #[schemars(range(min = 1, max = 100))]
    pub max_depth: u32,
}

impl Rule {
    /// Effect of a match while a task of this rule is queued or running.
    pub fn on_busy(&self) -> OnBusy {
        self.on_busy.unwrap_or(match self.trigger {
            Trigger::FileChange { .. } => OnBusy::Coalesce,
            Trigger::Schedule { .. } => OnBusy::Skip,
            // An acknowledged emit is a promise.
            Trigger::Event { .. } => OnBusy::Queue,
        })
    }
}

/// The expectation that tasks succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Time in which one of its tasks completes, from the last that did, or from when that is first expected: `26h`. If none does, the
    /// health is degraded and `health:degraded` is published, once until the next success.
    pub within: Span,
}

/// Default of `max_failures`.
pub(super) fn most_failures() -> Option<u32> {
    Some(3)
}

/// True for the default of `max_failures`.
pub(super) fn is_usual(most: &Option<u32>) -> bool {
    *most == most_failures()
}

fn yes() -> bool {
    true
}

/// Default of `max_depth`: the number of tasks between a new one and what came from outside.
pub(super) fn default_depth() -> u32 {
    8
}

/// Effect of a match while a task of its rule is queued or running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBusy {
    /// The match waits; all that wait make one task when the rule is no longer busy.
    Coalesce,
    /// The match is refused.
    Skip,
    /// The match makes a task of its own.
    Queue,
}

/// The occasion that a rule waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// A file is created, modified or deleted.
    #[schemars(title = "FileChangeTrigger")]
    FileChange {
        /// The files, as a glob on the path relative to the project; or a list of globs, of which one that begins
        /// with `!` takes out of what those before it match.
        pattern: Patterns,
    },
    /// A schedule fires.
    #[schemars(title = "ScheduleTrigger")]
    Schedule {
        /// Times, as in crontab(5), in `schedule.timezone`.
        #[schemars(length(max = 1000))]
        cron: String,
    },
    /// An event is published.
    #[schemars(title = "EventTrigger")]
    Event {
        /// Its topic, as a glob: `deployment:complete`, `deployment:*`; or a list of globs, of which one that begins with `!` takes
        /// out of what those before it match.
        topic: Patterns,
    },
}

/// The condition under which a rule proceeds.
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
        /// Time without a further match before the rule fires, in milliseconds. At most a year.
        #[schemars(range(max = 31_536_000_000_u64))]
        interval_ms: u64,
        /// Time after the first match at which the rule fires at the latest, in milliseconds, however many matches
        /// follow. Default: 10 times `interval_ms`. At most a year.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 31_536_000_000_u64))]
        max_wait_ms: Option<u64>,
    },
}

/// Members of actions for all rules and jobs, where these do not say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ActionDefaults {
    /// The check by which their tasks count as done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
}

/// The action that a rule takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Submits a task.
    #[schemars(title = "SubmitTaskAction")]
    SubmitTask {
        /// The agent's prompt: a template, in which `{{ event.payload.version }}`, `{{ event.topic }}`, `{{ files }}`,
        /// `{{ events }}`, `{{ matches }}` (the number of events) and `{{ rule }}` stand for what has happened. Data of
        /// events is inserted as quoted data.
        #[schemars(length(min = 1, max = 1_048_576))]
        prompt: String,
        /// Higher ones start first; 0 unless given.
        #[serde(default)]
        #[schemars(range(min = -1000, max = 1000))]
        priority: i32,
        /// The agent that is to do it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(max = 200))]
        agent: Option<String>,
        /// The time limit in minutes, at most a year; `daemon.action_timeout_minutes` unless given.
        #[serde(
            default,
            rename = "timeoutMinutes",
            alias = "timeout_minutes",
            skip_serializing_if = "Option::is_none"
        )]
        #[schemars(
            range(max = 525_600),
            extend("exclusiveMinimum" = 0, "x-aliases" = ["timeout_minutes"])
        )]
        timeout_minutes: Option<f64>,
        /// Added to the agent's environment. `${NAME}` in a value is resolved from the daemon's environment when the
        /// process starts, and is written nowhere.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[schemars(extend("maxProperties" = 1000, "propertyNames" = { "maxLength": 1000 }))]
        env: BTreeMap<String, String>,
        /// The lane in which it runs, one of `lanes`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 100))]
        lane: Option<String>,
        /// The labels that its host must have, where several share the project's store: `host.labels` of that one's configuration.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(
            length(max = 50),
            inner(length(min = 1, max = 100), regex(pattern = r"^[A-Za-z0-9_.-]{1,100}$"))
        )]
        runs_on: Vec<String>,
        /// Time after the match before which it does not start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delay: Option<Span>,
        /// Time after the match after which it is no longer wanted, if it has not been started by then: it is cancelled, with the
        /// reason `expired`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Span>,
        /// The policy by which it is carried out again by itself before it counts as failed. Default: not at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry: Option<RetryPolicy>,
        /// The check by which it counts as done. Default: that of `defaults.verify`, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verify: Option<Verify>,
        /// A person must approve each of its tasks before it starts: `true`, or how long that may take. Default: nobody is asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<ApprovalTerms>,
        /// The place in which its agent works: `shared`, `worktree`, or a work tree with its base and its way back. Default: `workspace` of the
        /// configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workspace: Option<Workspace>,
    },
}
