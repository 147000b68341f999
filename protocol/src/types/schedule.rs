//! Schedules: the jobs, and what their events say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A job of `schedule.jobs`, or a rule whose trigger is a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledJob {
    /// Its name; of a rule, its id.
    pub name: String,
    /// The topic of its event.
    pub topic: String,
    /// Times, as in crontab(5).
    pub cron: String,
    /// The time zone of that, by its IANA name; null where the machine's own has none.
    pub timezone: Option<String>,
    /// The action of the job; null for a rule, whose action is its own.
    pub action: Option<String>,
    /// True if it fires once for all the times that passed while no daemon ran.
    pub catch_up: bool,
    /// The time for which it fired last; null before the first.
    pub last_at: Option<Timestamp>,
    /// The time for which it fires next; null if it never does, or schedules are switched off.
    pub next_at: Option<Timestamp>,
}

/// The params of `schedule.run`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleRunParams {
    /// The job's name, or the id of a rule whose trigger is a schedule.
    #[schemars(length(max = 200))]
    pub job: String,
}

/// The answer to `schedule.run`: the job has fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleRun {
    /// The number of its event.
    pub seq: u64,
    /// The ids of the rules that took it up. A job with an action is one itself: `schedule:<job>`.
    pub rules: Vec<String>,
}

/// The payload of a schedule's event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleEvent {
    /// The job's name, or the id of the rule.
    pub job: String,
    /// The time for which it fires: its own, or with `schedule.run` the moment of the call.
    pub at: Timestamp,
    /// True if that time was missed, and `catch_up` makes up for it.
    pub caught_up: bool,
    /// True if somebody ran it by hand.
    pub manual: bool,
}
