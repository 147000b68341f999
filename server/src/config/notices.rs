//! What a configuration says that is not acted upon.

use std::path::Path;

use aiwg_patterns::alternatives;
use aiwg_protocol::config::{Config, Rule, Trigger};

use super::links::behind_links;
use crate::{components::scheduler::scheduled, names::is_unseen, rules::HEALTH_CHECK};

/// How many are told.
const MOST: usize = 100;

/// All of it, for people.
pub(super) fn notices(project: &Path, config: &Config) -> Vec<String> {
    let webhook =
        config.webhook.as_ref().map(|_| "the section \"webhook\" is accepted but not used".to_owned());
    let of_file = in_vain(config).into_iter().chain(not_meant(config));
    enough(webhook.into_iter().chain(of_file).chain(behind_links(project, config)).collect())
}

fn enough(mut notices: Vec<String>) -> Vec<String> {
    let more = notices.len().saturating_sub(MOST);
    notices.truncate(MOST);
    notices.extend((more > 0).then(|| format!("and {more} more of the kind")));
    notices
}

/// What is asked for but does not happen, until someone changes the file. A section that is left over from the Node daemon is none of it.
pub(crate) fn asked_in_vain(config: &Config) -> Vec<String> {
    enough(in_vain(config))
}

fn in_vain(config: &Config) -> Vec<String> {
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
    let notices = |rule: &Rule| -> Vec<String> {
        let Trigger::Event { topic } = &rule.trigger else { return Vec::new() };
        let in_vain = topic.matching().filter_map(|topic| Some((topic, missing(topic)?)));
        in_vain
            .map(|(topic, why)| format!("the rule {:?} waits in vain for {topic:?}: {why}", rule.id))
            .collect()
    };
    config.rules.iter().flat_map(notices).collect()
}

/// Patterns that say something else than what they look like.
fn not_meant(config: &Config) -> Vec<String> {
    let patterns = config.rules.iter().filter_map(|rule| match &rule.trigger {
        Trigger::FileChange { pattern } => Some(pattern.entries().map(|entry| (&rule.id, entry.text))),
        _ => None,
    });
    let mut notices: Vec<String> = patterns
        .flatten()
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
    if pattern.contains(is_unseen) {
        Some("has a character in it that is not seen, or that turns the direction of what follows")
    } else if pattern.trim() != pattern {
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
    let never = scheduled(config).into_iter().filter(|job| !job.schedule.comes_round());
    never.map(|job| {
        format!("the schedule of {:?} never fires: there is no such day as in {:?}", job.name, job.cron)
    })
}
