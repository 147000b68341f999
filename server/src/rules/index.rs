//! Finding the rules for an event without looking at each.

use std::collections::HashMap;

use aiwg_protocol::{
    config::{Rule, Trigger},
    types::Event,
};
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use super::compile::schedule_topic;

/// The rules by what they wait for.
#[derive(Debug, Default)]
pub struct RuleIndex {
    rules: Vec<Rule>,
    places: HashMap<String, usize>,
    /// Topics without a wildcard: most rules name one.
    exact: HashMap<String, Vec<usize>>,
    topics: Globs,
    /// Patterns on the paths of files.
    files: Globs,
}

/// Globs, and the rule of each.
#[derive(Debug, Default)]
struct Globs {
    set: GlobSet,
    rules: Vec<usize>,
}

/// A pattern that is no glob.
#[derive(Debug, thiserror::Error)]
#[error("rule {rule:?}: {pattern:?} is no valid pattern: {source}")]
pub struct BadPattern {
    /// The rule.
    pub rule: String,
    pattern: String,
    source: globset::Error,
}

impl BadPattern {
    /// What is wrong, where it is known of which rule.
    pub fn why(&self) -> String {
        format!("{:?} is no valid pattern: {}", self.pattern, self.source.kind())
    }
}

impl RuleIndex {
    /// Makes the index.
    ///
    /// # Errors
    /// A topic or a path is no valid glob.
    pub fn new(rules: Vec<Rule>) -> Result<Self, BadPattern> {
        let mut exact: HashMap<String, Vec<usize>> = HashMap::new();
        let (mut topics, mut files) = (Vec::new(), Vec::new());
        for (place, rule) in rules.iter().enumerate() {
            match &rule.trigger {
                Trigger::Event { topic } if is_glob(topic) => topics.push((place, topic)),
                Trigger::Event { topic } => exact.entry(topic.clone()).or_default().push(place),
                Trigger::FileChange { pattern } => files.push((place, pattern)),
                Trigger::Schedule { .. } => {
                    exact.entry(schedule_topic(&rule.id)).or_default().push(place);
                }
            }
        }
        let topics = Globs::new(&rules, &topics, Glob::new)?;
        let files = Globs::new(&rules, &files, path_glob)?;
        let places = rules.iter().enumerate().map(|(place, rule)| (rule.id.clone(), place)).collect();
        Ok(Self { rules, places, exact, topics, files })
    }

    /// All of them, in the order of the configuration.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of this id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.get(*self.places.get(id)?)
    }

    /// The rules that this event matches, in the order of the configuration.
    pub fn matching(&self, event: &Event) -> Vec<&Rule> {
        let mut places = self.exact.get(&event.topic).cloned().unwrap_or_default();
        self.topics.add_matching(&event.topic, &mut places);
        if !self.files.rules.is_empty() && event.topic.starts_with("file:") {
            for path in paths(event) {
                self.files.add_matching(&path, &mut places);
            }
        }
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.rules.get(place)).collect()
    }
}

impl Globs {
    fn new(
        rules: &[Rule],
        patterns: &[(usize, &String)],
        parse: impl Fn(&str) -> Result<Glob, globset::Error>,
    ) -> Result<Self, BadPattern> {
        let bad = |place: usize, pattern: &str| {
            let rule = rules.get(place).map_or_else(String::new, |rule| rule.id.clone());
            let pattern = pattern.to_owned();
            move |source| BadPattern { rule, pattern, source }
        };
        let mut set = GlobSetBuilder::new();
        for (place, pattern) in patterns {
            set.add(parse(pattern).map_err(bad(*place, pattern))?);
        }
        let set = set.build().map_err(bad(usize::MAX, ""))?;
        Ok(Self { set, rules: patterns.iter().map(|(place, _)| *place).collect() })
    }

    fn add_matching(&self, text: &str, places: &mut Vec<usize>) {
        if !self.rules.is_empty() {
            places.extend(self.set.matches(text).into_iter().filter_map(|hit| self.rules.get(hit)));
        }
    }
}

/// Whether a topic has anything in it that stands for something else.
pub fn is_glob(topic: &str) -> bool {
    topic.contains(['*', '?', '[', ']', '{', '}', '!', '\\'])
}

/// As in a shell: `*` stays within a directory, `**` does not.
fn path_glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern.strip_prefix("./").unwrap_or(pattern)).literal_separator(true).build()
}

/// The paths that a file event is about: a renamed file has two.
fn paths(event: &Event) -> impl Iterator<Item = String> {
    #[derive(Deserialize)]
    struct Paths {
        path: Option<String>,
        from: Option<String>,
    }
    let paths: Option<Paths> = serde_json::from_str(event.payload.as_str()).ok();
    paths.into_iter().flat_map(|paths| [paths.path, paths.from]).flatten()
}
