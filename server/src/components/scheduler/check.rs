//! The checks of the section `schedule`, and of the rules that wait for a time.

use std::collections::HashMap;

use aiwg_model::names::{NAME_RULE, is_name};
use aiwg_protocol::config::{Config, Trigger};
use aiwg_schedule::{Schedule, time_zone};

use super::scheduled;
use crate::{
    config::{Check, SectionCheck, Step},
    rules::{BuiltIn, expects_nothing, schedule_topic},
};

/// The scheduler's checks of the configuration.
pub(crate) struct ScheduleCheck;

impl SectionCheck for ScheduleCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        check.schedule(config);
    }

    fn in_vain(&self, config: &Config) -> Vec<String> {
        let mut notices = Vec::new();
        let waiting = config.rules.iter().filter(|rule| matches!(rule.trigger, Trigger::Schedule { .. }));
        let rules: Vec<String> = waiting.map(|rule| format!("{:?}", rule.id)).collect();
        if !config.fires_rules() && !rules.is_empty() {
            notices.push(format!(
                "schedule.enabled is false, so the schedules of these rules do not fire: {}",
                rules.join(", ")
            ));
        }
        if config.schedule.enabled.is_none() && !config.schedule.jobs.is_empty() {
            notices.push("schedule.enabled is not true, so the jobs of schedule.jobs do not fire".to_owned());
        }
        notices.extend(never(config));
        notices
    }
}

impl Check<'_, '_, '_> {
    fn schedule(&mut self, config: &Config) {
        let schedule = &config.schedule;
        // A wrong variable of the environment is no fault of the file.
        if let Some(Err(error)) = schedule.timezone.as_deref().map(|name| time_zone(Some(name))) {
            self.wrong(&[Step::Key("schedule"), Step::Key("timezone")], error.to_string());
        }
        // The topic of each, and the job that has it: two with one topic could not be distinguished.
        let mut topics: HashMap<String, String> = HashMap::new();
        for (place, job) in schedule.jobs.iter().enumerate() {
            let at = [Step::Key("schedule"), Step::Key("jobs"), Step::Place(place)];
            let member = |key| [at[0], at[1], at[2], Step::Key(key)];
            self.cron(&member("cron"), &job.cron);
            if !is_name(&job.name) {
                self.wrong(&member("name"), NAME_RULE);
            }
            self.topic_of_its_own(&member("name"), &job.name, "job", &mut topics);
            if let Some(built_in) = BuiltIn::of(&job.action, config).filter(|_| job.expect.is_some()) {
                let what = built_in.what();
                let why = format!("{what} makes no task that could succeed: take \"expect\" out");
                self.wrong(&member("expect"), why);
            }
            if let Some(why) = job.expect.and_then(|expect| expects_nothing(&expect)) {
                self.wrong(&[&member("expect")[..], &[Step::Key("within")]].concat(), why);
            }
            if !is_name(&job.action) {
                self.wrong(&member("action"), NAME_RULE);
            }
        }
        for (place, rule) in config.rules.iter().enumerate() {
            let Trigger::Schedule { cron } = &rule.trigger else { continue };
            let at = [Step::Key("rules"), Step::Place(place)];
            self.cron(&[at[0], at[1], Step::Key("trigger"), Step::Key("cron")], cron);
            self.topic_of_its_own(&[at[0], at[1], Step::Key("id")], &rule.id, "rule", &mut topics);
        }
    }

    fn cron(&mut self, at: &[Step<'_>], cron: &str) {
        if let Err(error) = cron.parse::<Schedule>() {
            self.wrong(at, error.to_string());
        }
    }

    fn topic_of_its_own(
        &mut self,
        at: &[Step<'_>],
        name: &str,
        what: &str,
        topics: &mut HashMap<String, String>,
    ) {
        let topic = schedule_topic(name);
        if let Some(other) = topics.insert(topic.clone(), format!("the {what} {name:?}")) {
            self.wrong(
                at,
                format!("{other} has the topic {topic:?} already, which this one would have as well"),
            );
        }
    }
}

/// Schedules whose time never comes.
fn never(config: &Config) -> impl Iterator<Item = String> {
    let never = scheduled(config).into_iter().filter(|job| !job.schedule.comes_round());
    never.map(|job| {
        format!("the schedule of {:?} never fires: there is no such day as in {:?}", job.name, job.cron)
    })
}
