use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::{Expect, is_usual, most_failures};

/// Jobs and their times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleConfig {
    /// True: all schedules fire. False: none does. Null: those of rules fire, jobs do not.
    pub enabled: Option<bool>,
    /// The time zone of all schedules, by its IANA name: `Europe/Berlin`. The machine's own when null.
    #[schemars(length(max = 200))]
    pub timezone: Option<String>,
    /// The jobs.
    #[schemars(length(max = 1000))]
    pub jobs: Vec<Job>,
}

/// Something that is done at certain times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Its name; no two jobs have the same.
    #[serde(alias = "id")]
    #[schemars(length(min = 1, max = 200), extend("x-aliases" = ["id"]))]
    pub name: String,
    /// Times, as in crontab(5).
    #[schemars(length(max = 1000))]
    pub cron: String,
    /// The name of an entry in `actions`; or `health-check` or `report`, which are built in; or else what an agent is asked to do, by name.
    #[schemars(length(min = 1, max = 200))]
    pub action: String,
    /// True if the job fires once, as soon as it can, for all the times that it has missed, while no daemon ran or
    /// through a suspend. Default: false.
    #[serde(default)]
    pub catch_up: bool,
    /// Number of its tasks in a row that end for the same failure, after which it trips, as a rule does. `null`: it never does.
    /// Default: 3.
    #[serde(default = "most_failures", skip_serializing_if = "is_usual")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_failures: Option<u32>,
    /// The expectation of a success: without one in time the health is degraded. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}
