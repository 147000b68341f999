//! The checks of the section `watch`, and of the rules that wait for changes of files.

use std::cell::OnceCell;

use aiwg_protocol::config::{Config, Patterns, Trigger, WatchPath, WatchPathOptions};
use aiwg_watch::WatchError;

use super::{
    in_vain::{self, Watched},
    links::behind_links,
    notices_in_config::not_meant,
    options,
};
use crate::{
    config::{Check, SectionCheck, Step},
    rules::wrong_pattern,
};

/// The watcher's checks of the configuration.
pub(crate) struct WatchCheck;

impl SectionCheck for WatchCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        check.watch(config);
        check.file_triggers(config);
    }

    fn in_vain(&self, config: &Config) -> Vec<String> {
        if config.watches_files() {
            return Vec::new();
        }
        let waiting = config.rules.iter().filter(|rule| matches!(rule.trigger, Trigger::FileChange { .. }));
        let rules: Vec<String> = waiting.map(|rule| format!("{:?}", rule.id)).collect();
        if rules.is_empty() {
            return Vec::new();
        }
        vec![format!(
            "watch.enabled is false, so these rules wait in vain for files to change: {}",
            rules.join(", ")
        )]
    }

    fn not_meant(&self, project: &std::path::Path, config: &Config) -> Vec<String> {
        not_meant(config).into_iter().chain(behind_links(project, config)).collect()
    }
}

impl Check<'_, '_, '_> {
    /// Patterns of rules that match no file that is watched.
    fn file_triggers(&mut self, config: &Config) {
        let watched = OnceCell::new();
        for (place, rule) in config.rules.iter().enumerate() {
            let Trigger::FileChange { pattern } = &rule.trigger else { continue };
            let at = [Step::Key("rules"), Step::Place(place), Step::Key("trigger"), Step::Key("pattern")];
            for (place, entry) in pattern.entries().enumerate() {
                if entry.takes_out || wrong_pattern(&rule.trigger, entry.text).is_some() {
                    continue;
                }
                let watched = watched.get_or_init(|| Watched::by(self.project(), config));
                if let Some(why) = watched.in_vain(entry.text) {
                    match pattern {
                        Patterns::One(_) => self.wrong(&at, why),
                        Patterns::Several(_) => self.wrong(&[&at[..], &[Step::Place(place)]].concat(), why),
                    }
                }
            }
        }
    }

    /// Patterns, and paths within the project.
    fn watch(&mut self, config: &Config) {
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
            } else if let Some(why) = in_vain::wrong_path(text) {
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
        if let Some(why) = in_vain::wrong_ignore(self.project(), pattern) {
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
                    "ignore" => in_vain::wrong_ignore(self.project(), line),
                    _ => in_vain::wrong_extension(line),
                };
                if let Some(why) = why {
                    self.wrong(&[at, &[Step::Key(key), Step::Place(place)]].concat(), why);
                }
            }
        }
    }

    fn watch_options(&mut self, config: &Config, at: &[Step<'_>]) {
        match options(self.project(), config).check() {
            // A change of its configuration could not mend a missing project.
            Ok(()) | Err(WatchError::Root { .. }) => {}
            Err(error) => self.wrong(at, error.to_string()),
        }
    }
}
