//! What a configuration says that is not acted upon.

use aiwg_protocol::config::{Config, Trigger};
use jiff::{Timestamp, tz::TimeZone};

use crate::scheduler::{scheduled, zone};

/// All of it, for people.
pub(super) fn notices(config: &Config) -> Vec<String> {
    let webhook =
        config.webhook.as_ref().map(|_| "the section \"webhook\" is accepted but not used".to_owned());
    webhook.into_iter().chain(asked_in_vain(config)).collect()
}

/// What is asked for but does not happen, until someone changes the file. A section that is left over from the Node daemon is none of it.
pub(crate) fn asked_in_vain(config: &Config) -> Vec<String> {
    let mut notices = Vec::new();
    let rules = |waits: fn(&Trigger) -> bool| {
        let waiting =
            config.rules.iter().filter(|rule| waits(&rule.trigger)).map(|rule| format!("{:?}", rule.id));
        waiting.collect::<Vec<_>>().join(", ")
    };
    let (files, schedules) = (
        rules(|trigger| matches!(trigger, Trigger::FileChange { .. })),
        rules(|trigger| matches!(trigger, Trigger::Schedule { .. })),
    );
    if !config.watches_files() && !files.is_empty() {
        notices.push(format!(
            "watch.enabled is false, so these rules wait in vain for files to change: {files}"
        ));
    }
    if !config.fires_rules() && !schedules.is_empty() {
        notices.push(format!(
            "schedule.enabled is false, so the schedules of these rules do not fire: {schedules}"
        ));
    }
    if config.schedule.enabled.is_none() && !config.schedule.jobs.is_empty() {
        notices.push("schedule.enabled is not true, so the jobs of schedule.jobs do not fire".to_owned());
    }
    notices.extend(never(config));
    notices
}

/// Schedules whose time never comes.
fn never(config: &Config) -> impl Iterator<Item = String> {
    let (now, zone) = (Timestamp::now(), zone(config).unwrap_or(TimeZone::UTC));
    let never =
        scheduled(config).into_iter().filter(move |job| job.schedule.next_after(now, &zone).is_none());
    never.map(|job| {
        format!("the schedule of {:?} never fires: there is no such day as in {:?}", job.name, job.cron)
    })
}
