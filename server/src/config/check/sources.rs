//! The sections `watch` and `schedule`.

use std::collections::HashMap;

use aiwg_protocol::config::{Config, Trigger, WatchPath, WatchPathOptions};
use aiwg_schedule::{Schedule, time_zone};
use aiwg_watch::WatchError;

use super::{Check, Step, vain};
use crate::{
    components::watcher,
    names::{NAME_RULE, is_name},
    rules::schedule_topic,
};

impl Check<'_, '_, '_> {
    /// Patterns, and paths within the project.
    pub(super) fn watch(&mut self, config: &Config) {
        for (place, pattern) in config.watch.ignore.iter().enumerate() {
            let at = [Step::Key("watch"), Step::Key("ignore"), Step::Place(place)];
            self.ignored(pattern, &at);
        }
        for (place, path) in config.watch.paths.iter().enumerate() {
            let text = match path {
                WatchPath::Plain(path) => path,
                WatchPath::Options(options) => &options.path,
            };
            let at = [Step::Key("watch"), Step::Key("paths"), Step::Place(place)];
            if text.is_empty() {
                self.wrong(&at, "must not be empty: \".\" is the project");
            } else if let Some(why) = vain::wrong_path(text) {
                self.wrong(&at, why);
            } else {
                let mut one = Config::default();
                one.watch.paths = vec![path.clone()];
                self.watch_options(&one, &at);
            }
            if let WatchPath::Options(options) = path {
                self.path_options(options, &at);
            }
        }
    }

    fn ignored(&mut self, pattern: &str, at: &[Step<'_>]) {
        if let Some(why) = vain::wrong_ignore(self.project, pattern) {
            return self.wrong(at, why);
        }
        let mut one = Config::default();
        one.watch.ignore = vec![pattern.to_owned()];
        self.watch_options(&one, at);
    }

    fn path_options(&mut self, options: &WatchPathOptions, at: &[Step<'_>]) {
        for (key, lines) in [("ignore", &options.ignore), ("extensions", &options.extensions)] {
            for (place, line) in lines.iter().flatten().enumerate() {
                let why = match key {
                    "ignore" => vain::wrong_ignore(self.project, line),
                    _ => vain::wrong_extension(line),
                };
                if let Some(why) = why {
                    self.wrong(&[at, &[Step::Key(key), Step::Place(place)]].concat(), why);
                }
            }
        }
    }

    fn watch_options(&mut self, config: &Config, at: &[Step<'_>]) {
        match watcher::options(self.project, config).check() {
            // That the project is not there is nothing that its configuration could mend.
            Ok(()) | Err(WatchError::Root { .. }) => {}
            Err(error) => self.wrong(at, error.to_string()),
        }
    }

    pub(super) fn schedule(&mut self, config: &Config) {
        let schedule = &config.schedule;
        // What the environment says is no fault of the file.
        if let Some(Err(error)) = schedule.timezone.as_deref().map(|name| time_zone(Some(name))) {
            self.wrong(&[Step::Key("schedule"), Step::Key("timezone")], error.to_string());
        }
        // The topic of each, and who has it: two with one topic could not be told apart.
        let mut topics: HashMap<String, String> = HashMap::new();
        for (place, job) in schedule.jobs.iter().enumerate() {
            let at = [Step::Key("schedule"), Step::Key("jobs"), Step::Place(place)];
            let member = |key| [at[0], at[1], at[2], Step::Key(key)];
            self.cron(&member("cron"), &job.cron);
            if !is_name(&job.name) {
                self.wrong(&member("name"), NAME_RULE);
            }
            self.scheduled(&member("name"), &job.name, "job", &mut topics);
            if !is_name(&job.action) {
                self.wrong(&member("action"), NAME_RULE);
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
            self.wrong(at, error.to_string());
        }
    }

    fn scheduled(&mut self, at: &[Step<'_>], name: &str, what: &str, topics: &mut HashMap<String, String>) {
        let topic = schedule_topic(name);
        if let Some(other) = topics.insert(topic.clone(), format!("the {what} {name:?}")) {
            self.wrong(
                at,
                format!("{other} has the topic {topic:?} already, which this one would have as well"),
            );
        }
    }
}
