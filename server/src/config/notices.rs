//! What a configuration says that is not acted upon.

use std::path::Path;

use aiwg_patterns::alternatives;
use aiwg_protocol::config::{Config, Rule, Trigger};
use jiff::{Timestamp, tz::TimeZone};

use super::links::behind_links;
use crate::{
    rules::HEALTH_CHECK,
    scheduler::{scheduled, zone},
};

/// All of it, for people.
pub(super) fn notices(project: &Path, config: &Config) -> Vec<String> {
    let webhook =
        config.webhook.as_ref().map(|_| "the section \"webhook\" is accepted but not used".to_owned());
    let of_file = asked_in_vain(config).into_iter().chain(not_meant(config));
    webhook.into_iter().chain(of_file).chain(behind_links(project, config)).collect()
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
    notices.extend(events_in_vain(config));
    notices
}

/// Rules on events of the daemon that it does not publish unless something else is asked for.
fn events_in_vain(config: &Config) -> Vec<String> {
    let checks_health = config.schedule.jobs.iter().any(|job| job.action == HEALTH_CHECK);
    let missing = |topic: &str| match topic {
        topic if topic.starts_with("file:") && !config.watches_files() => {
            Some("files are not watched: \"watch\": {\"enabled\": true} watches them")
        }
        topic if topic.starts_with("health:") && !checks_health => {
            Some("no job has the action \"health-check\"")
        }
        "task:stalled" if config.daemon.stall_minutes.is_none() => {
            Some("\"daemon.stall_minutes\" is not set")
        }
        _ => None,
    };
    let notice = |rule: &Rule| {
        let Trigger::Event { topic } = &rule.trigger else { return None };
        missing(topic).map(|why| format!("the rule {:?} waits in vain for {topic:?}: {why}", rule.id))
    };
    config.rules.iter().filter_map(notice).collect()
}

/// Patterns that say something else than what they look like.
fn not_meant(config: &Config) -> Vec<String> {
    let patterns = config.rules.iter().filter_map(|rule| match &rule.trigger {
        Trigger::FileChange { pattern } => Some((&rule.id, pattern)),
        _ => None,
    });
    let mut notices: Vec<String> = patterns
        .filter_map(|(id, pattern)| {
            Some(format!("the pattern {pattern:?} of the rule {id:?} {}", looks_like(pattern)?))
        })
        .collect();
    let comments = config.watch.ignore.iter().filter(|line| line.starts_with('#'));
    notices.extend(
        comments.map(|line| format!("watch.ignore: {line:?} is a comment; \\# stands for the character")),
    );
    notices
}

/// What a pattern looks like and is not.
fn looks_like(pattern: &str) -> Option<&'static str> {
    let in_braces = |from: &str| {
        from.split_once('}').is_some_and(|(inner, _)| inner.contains("..") && !inner.contains(','))
    };
    let is_escaped = pattern.split('\\').skip(1).any(|after| after.starts_with(char::is_alphanumeric));
    let without_braces: String = alternatives(pattern, 1).concat();
    if pattern.trim() != pattern {
        Some("begins or ends with a space, which is part of the name")
    } else if pattern.contains("!(")
        || pattern.contains("@(")
        || pattern.contains("+(")
        || pattern.contains("?(")
        || pattern.contains("*(")
    {
        Some("has parentheses, which stand for themselves: {a,b} stands for either")
    } else if pattern.contains("[:") {
        Some("has a [: in it: there are no classes of this kind, only characters and ranges, such as [A-Z]")
    } else if pattern.split('{').skip(1).any(in_braces) {
        Some("has a range in braces: there are none, only {1,2,3} and [1-3]")
    } else if without_braces.contains(", ") {
        Some("has a comma outside of braces, which is part of the name: {a,b} stands for either")
    } else if is_escaped {
        Some("has a \\ before a character that needs none; directories are separated by /")
    } else if pattern.starts_with("~/") || pattern.starts_with('$') {
        Some("is relative to the project: ~ and variables stand for themselves")
    } else {
        None
    }
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
