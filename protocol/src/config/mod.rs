//! The types of `.aiwg/daemon.json`. The server reads the file and reports its errors.
//!
//! Keys are `snake_case`, apart from those that the Node daemon already wrote otherwise.

mod accounts;
mod agent;
mod budget;
mod daemon;
mod fleet;
mod gateway;
mod host;
mod lanes;
mod messaging;
mod patterns;
mod profile;
mod retention;
mod rules;
mod schedule;
mod telemetry;
mod topics;
mod watch;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::terms::WorkspaceDefault;

pub use accounts::{AccountsConfig, ResumeBy};
pub use agent::{AgentConfig, AgentEnv, PromptBy, RefusedTasks};
pub use budget::{BudgetConfig, ModelPrices, RuleBudget};
pub use daemon::{DaemonConfig, InterruptedTasks, LogConfig, LogFormat, LogLevel, StalledTasks};
pub use fleet::FleetConfig;
pub use gateway::{GatewayConfig, WebhookKind, WebhookSource, WebhooksConfig};
pub use host::HostConfig;
pub use lanes::LaneConfig;
pub use messaging::{
    DigestConfig, DiscordConfig, MessagingChatConfig, MessagingConfig, MessagingUsers, NoticeSeverity,
    NotifyConfig, OutboxConfig, PlatformName, QuietConfig, SlackConfig, TelegramConfig,
};
pub use patterns::{PatternEntry, Patterns};
pub use profile::{AgentProfile, ProgramName};
pub use retention::RetentionConfig;
pub use rules::{Action, ActionDefaults, Condition, Expect, OnBusy, Rule, Trigger};
pub use schedule::{Job, ScheduleConfig};
pub use telemetry::TelemetryConfig;
pub use topics::{DeclaredTopic, TopicConfig, TopicsConfig};
pub use watch::{FileChangeKind, WatchConfig, WatchPath, WatchPathOptions};

/// The whole file. Every key may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "aiwg daemon configuration")]
pub struct Config {
    /// Path or URL of this file's schema, for editors only.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Where tasks and events are kept: a PostgreSQL, as "postgres://USER@HOST/DATABASE?project=NAME"; the project's own directory unless set. `AIWG_STORE` in the daemon's environment comes before it. The password is that of `PGPASSFILE`, `~/.pgpass` or `PGPASSWORD`, and never stands here. A change needs a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2000))]
    pub store: Option<String>,
    /// This host, where several share the project's store.
    pub host: HostConfig,
    /// The hosts that share the project's store.
    pub fleet: FleetConfig,
    /// The daemon itself.
    pub daemon: DaemonConfig,
    /// The command that runs agents.
    pub agent: AgentConfig,
    /// The accounts that agents work with.
    pub accounts: AccountsConfig,
    /// Profiles by name: further ways to run agents. Tasks and rules name one as their `agent`.
    #[schemars(extend("maxProperties" = 1000, "propertyNames" = { "pattern": r"^[A-Za-z0-9_.-]{1,100}$" }))]
    pub agents: BTreeMap<String, AgentProfile>,
    /// Lanes by name: tasks and rules name the one in which they run.
    #[schemars(extend("maxProperties" = 1000, "propertyNames" = { "pattern": r"^[A-Za-z0-9_.-]{1,100}$" }))]
    pub lanes: BTreeMap<String, LaneConfig>,
    /// Bounds for what agents cost.
    pub budget: BudgetConfig,
    /// Members of actions for all rules and jobs, where these do not say otherwise.
    pub defaults: ActionDefaults,
    /// The place in which agents work: `shared`, `worktree`, or work trees with more to say of them.
    pub workspace: WorkspaceDefault,
    /// Limits for what is kept.
    pub retention: RetentionConfig,
    /// The watched files.
    pub watch: WatchConfig,
    /// Jobs and their times.
    pub schedule: ScheduleConfig,
    /// Messaging platforms.
    pub messaging: MessagingConfig,
    /// Further ways into the daemon.
    pub gateway: GatewayConfig,
    /// Metrics and traces for programs that collect them.
    pub telemetry: TelemetryConfig,
    /// The project's own topics: what events say, as schemas. An event of one whose payload does not fit is refused.
    pub topics: TopicsConfig,
    /// True if clients may emit declared topics only.
    pub strict_topics: bool,
    /// Rules: what to do when something happens.
    #[schemars(length(max = 10_000))]
    pub rules: Vec<Rule>,
    /// Actions by name, for schedule jobs to refer to.
    #[schemars(extend("maxProperties" = 1000, "propertyNames" = { "maxLength": 200 }))]
    pub actions: BTreeMap<String, Action>,
    /// Accepted for files that the Node daemon wrote; not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Value>,
}

impl Config {
    /// True if files are watched.
    pub fn watches_files(&self) -> bool {
        let waits = |rule: &Rule| matches!(rule.trigger, Trigger::FileChange { .. });
        self.watch.enabled.unwrap_or_else(|| self.rules.iter().any(waits))
    }

    /// True if the schedules of rules fire.
    pub fn fires_rules(&self) -> bool {
        self.schedule.enabled.unwrap_or(true)
    }

    /// True if the jobs of `schedule.jobs` fire.
    pub fn fires_jobs(&self) -> bool {
        self.schedule.enabled.unwrap_or(false)
    }
}
