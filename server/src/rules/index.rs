//! Finding the rules for an event without looking at each.

use std::collections::HashMap;

use aiwg_patterns::{Pattern, PatternError, PatternSet, is_glob};
use aiwg_protocol::{
    config::{Rule, Trigger},
    types::Event,
};
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
    set: PatternSet,
    rules: Vec<usize>,
}

/// A pattern that is no glob, or more than one may be.
#[derive(Debug, thiserror::Error)]
#[error("rule {rule:?}: {why}", why = self.why())]
pub struct BadPattern {
    /// The rule.
    pub rule: String,
    source: PatternError,
}

impl BadPattern {
    /// What is wrong, where it is known of which rule.
    pub fn why(&self) -> String {
        match self.source.pattern() {
            "" => self.source.to_string(),
            pattern => format!("{pattern:?} is no valid pattern: {}", self.source),
        }
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
        let topics = Globs::new(&rules, &topics, Pattern::topic)?;
        let files = Globs::new(&rules, &files, Pattern::path)?;
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
        parse: impl Fn(&str) -> Result<Pattern, PatternError>,
    ) -> Result<Self, BadPattern> {
        let bad = |place: usize| {
            let rule = rules.get(place).map_or_else(String::new, |rule| rule.id.clone());
            move |source| BadPattern { rule, source }
        };
        let mut set = Vec::with_capacity(patterns.len());
        for (place, pattern) in patterns {
            set.push(parse(pattern).map_err(bad(*place))?);
        }
        let set = PatternSet::new(set).map_err(bad(patterns.last().map_or(0, |(place, _)| *place)))?;
        Ok(Self { set, rules: patterns.iter().map(|(place, _)| *place).collect() })
    }

    fn add_matching(&self, text: &str, places: &mut Vec<usize>) {
        if !self.rules.is_empty() {
            places.extend(self.set.matches(text).into_iter().filter_map(|hit| self.rules.get(hit)));
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn index(pattern: &str) -> Result<RuleIndex, BadPattern> {
        let rule = serde_json::json!({
            "id": "r",
            "trigger": { "type": "file_change", "pattern": pattern },
            "action": { "type": "submit_task", "prompt": "x" }
        });
        RuleIndex::new(vec![serde_json::from_value(rule).unwrap()])
    }

    #[test]
    fn an_empty_alternative_matches() {
        let index = index("src/app{,.test}.ts").unwrap();
        let matching = |path: &str| {
            let event = serde_json::json!({
                "seq": 1, "topic": "file:modified", "payload": { "path": path }, "source": "file_watcher", "at": "2026-11-23T14:33:23.042Z"
            });
            index.matching(&serde_json::from_value(event).unwrap()).len()
        };
        assert_eq!(
            (matching("src/app.ts"), matching("src/app.test.ts"), matching("src/app.x.ts")),
            (1, 1, 0)
        );
    }

    #[test]
    fn what_is_no_pattern_is_said_of_its_rule() {
        let error = index(&"{".repeat(50_000)).unwrap_err();
        assert!(error.to_string().starts_with("rule \"r\": ") && error.to_string().len() < 300, "{error}");
        assert!(index("src/[a").unwrap_err().why().contains("no valid pattern: a [ has no ]"));
    }
}
