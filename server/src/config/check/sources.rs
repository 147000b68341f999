//! The sections `watch` and `schedule`.

use std::{collections::HashMap, path::Path};

use aiwg_protocol::config::{Config, Trigger, WatchPath};
use aiwg_schedule::{Schedule, time_zone};

use super::{Check, Step};
use crate::{rules::schedule_topic, watcher};

impl Check<'_> {
    /// Patterns, and paths within the project. That an absolute one is within it is seen only when it is known where that is.
    pub(super) fn watch(&mut self, config: &Config) {
        let none = Config::default();
        for (place, pattern) in config.watch.ignore.iter().enumerate() {
            let mut one = none.clone();
            one.watch.ignore = vec![pattern.clone()];
            self.watch_options(&one, &[Step::Key("watch"), Step::Key("ignore"), Step::Place(place)]);
        }
        for (place, path) in config.watch.paths.iter().enumerate() {
            let text = match path {
                WatchPath::Plain(path) => path,
                WatchPath::Options(options) => &options.path,
            };
            let at = [Step::Key("watch"), Step::Key("paths"), Step::Place(place)];
            if text.is_empty() {
                self.report(&at, "a path must not be empty: \".\" is the project");
            } else if Path::new(text).is_relative() {
                let mut one = none.clone();
                one.watch.paths = vec![path.clone()];
                self.watch_options(&one, &at);
            }
        }
        if config.watch.poll_interval_ms < 10 {
            self.report(&[Step::Key("watch"), Step::Key("poll_interval_ms")], "must be at least 10");
        }
    }

    fn watch_options(&mut self, config: &Config, at: &[Step<'_>]) {
        // Any directory: what is relative leads out of each in the same way.
        if let Err(error) = watcher::options(&std::env::temp_dir(), config).check() {
            self.report(at, error.to_string());
        }
    }

    pub(super) fn schedule(&mut self, config: &Config) {
        let schedule = &config.schedule;
        // What the environment says is no fault of the file.
        if let Some(Err(error)) = schedule.timezone.as_deref().map(|name| time_zone(Some(name))) {
            self.report(&[Step::Key("schedule"), Step::Key("timezone")], error.to_string());
        }
        // The topic of each, and who has it: two with one topic could not be told apart.
        let mut topics: HashMap<String, String> = HashMap::new();
        for (place, job) in schedule.jobs.iter().enumerate() {
            let at = [Step::Key("schedule"), Step::Key("jobs"), Step::Place(place)];
            let member = |key| [at[0], at[1], at[2], Step::Key(key)];
            self.cron(&member("cron"), &job.cron);
            self.scheduled(&member("name"), &job.name, "job", &mut topics);
            if job.action.trim().is_empty() {
                self.report(&member("action"), "an action must not be empty");
            }
        }
        for (place, rule) in config.rules.iter().enumerate() {
            let Trigger::Schedule { cron } = &rule.trigger else { continue };
            let at = [Step::Key("rules"), Step::Place(place)];
            self.cron(&[at[0], at[1], Step::Key("trigger"), Step::Key("cron")], cron);
            self.scheduled(&[at[0], at[1], Step::Key("id")], &rule.id, "rule", &mut topics);
        }
    }

    fn cron(&mut self, at: &[Step<'_>], cron: &str) {
        if let Err(error) = cron.parse::<Schedule>() {
            self.report(at, error.to_string());
        }
    }

    fn scheduled(&mut self, at: &[Step<'_>], name: &str, what: &str, topics: &mut HashMap<String, String>) {
        if name.is_empty() {
            self.report(at, format!("a {what}'s name must not be empty"));
        }
        let topic = schedule_topic(name);
        if let Some(other) = topics.insert(topic.clone(), format!("the {what} {name:?}")) {
            self.report(
                at,
                format!("{other} has the topic {topic:?} already, which this one would have as well"),
            );
        }
    }
}
