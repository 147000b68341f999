//! The schedules that a configuration asks for.

use aiwg_protocol::config::{Config, Trigger};
use aiwg_schedule::{Schedule, TextError, time_zone};
use jiff::tz::TimeZone;

use crate::rules::{BuiltIn, schedule_topic};

/// A job of `schedule.jobs`, or a rule whose trigger is a schedule.
#[derive(Debug, Clone)]
pub(crate) struct Scheduled {
    /// The job's name or the rule's id.
    pub(crate) name: String,
    /// The topic of its event.
    pub(crate) topic: String,
    /// Its times, as they were written.
    pub(crate) cron: String,
    /// Its times.
    pub(crate) schedule: Schedule,
    /// The action of a job.
    pub(crate) action: Option<String>,
    /// That action, if the daemon itself carries it out.
    pub(crate) built_in: Option<BuiltIn>,
    /// True if it catches up on the times that it missed.
    pub(crate) catch_up: bool,
    /// True if it fires by itself.
    pub(crate) is_on: bool,
}

/// All schedules: jobs first. One that cannot be read is left out: the check of the configuration has refused it.
pub(crate) fn scheduled(config: &Config) -> Vec<Scheduled> {
    let jobs = config.schedule.jobs.iter().filter_map(|job| {
        Some(Scheduled {
            name: job.name.clone(),
            topic: schedule_topic(&job.name),
            cron: job.cron.clone(),
            schedule: job.cron.parse().ok()?,
            action: Some(job.action.clone()),
            built_in: BuiltIn::of(&job.action, config),
            catch_up: job.catch_up,
            is_on: config.fires_jobs(),
        })
    });
    let rules = config.rules.iter().filter_map(|rule| {
        let Trigger::Schedule { cron } = &rule.trigger else { return None };
        Some(Scheduled {
            name: rule.id.clone(),
            topic: schedule_topic(&rule.id),
            cron: cron.clone(),
            schedule: cron.parse().ok()?,
            action: None,
            built_in: None,
            catch_up: false,
            is_on: config.fires_rules(),
        })
    });
    jobs.chain(rules).collect()
}

/// The time zone of all of them.
///
/// # Errors
/// There is none of this name.
pub(crate) fn zone(config: &Config) -> Result<TimeZone, TextError> {
    time_zone(config.schedule.timezone.as_deref())
}
