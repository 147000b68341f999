//! Finding the rules for an event without looking at each.

use std::collections::HashMap;

use aiwg_patterns::{Pattern, PatternError, PatternSet, is_glob};
use aiwg_protocol::{
    config::{Patterns, Rule, Trigger},
    types::Event,
};
use serde::Deserialize;

use super::compile::schedule_topic;

/// The rules by their triggers.
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

/// Globs, and the rule of each. Those of a rule stand together, in the order in which it has them.
#[derive(Debug, Default)]
struct Globs {
    set: PatternSet,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    rule: usize,
    takes_out: bool,
}

/// A pattern that is no glob, or more patterns than a list may have.
#[derive(Debug, thiserror::Error)]
#[error("rule {rule:?}: {why}", why = self.why())]
pub struct BadPattern {
    /// The rule.
    pub rule: String,
    source: PatternError,
}

impl BadPattern {
    /// The problem, where it is known of which rule.
    pub fn why(&self) -> String {
        why(&self.source)
    }
}

/// The problem with a pattern, or with a list of them.
pub(crate) fn why(error: &PatternError) -> String {
    match error.pattern() {
        "" => error.to_string(),
        pattern => format!("{pattern:?} is no valid pattern: {error}"),
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
                Trigger::Event { topic } if topic.written().iter().any(|topic| is_glob(topic)) => {
                    topics.push((place, topic));
                }
                Trigger::Event { topic } => topic
                    .written()
                    .iter()
                    .for_each(|topic| exact.entry(topic.clone()).or_default().push(place)),
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
        if !self.files.entries.is_empty() && event.topic.starts_with("file:") {
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
        patterns: &[(usize, &Patterns)],
        parse: impl Fn(&str) -> Result<Pattern, PatternError>,
    ) -> Result<Self, BadPattern> {
        let bad = |place: usize| {
            let rule = rules.get(place).map_or_else(String::new, |rule| rule.id.clone());
            move |source| BadPattern { rule, source }
        };
        let (mut set, mut entries) = (Vec::with_capacity(patterns.len()), Vec::with_capacity(patterns.len()));
        for (rule, pattern) in patterns {
            for entry in pattern.entries() {
                set.push(parse(entry.text).map_err(bad(*rule))?);
                entries.push(Entry { rule: *rule, takes_out: entry.takes_out });
            }
        }
        let set = PatternSet::new(set).map_err(bad(patterns.last().map_or(0, |(rule, _)| *rule)))?;
        Ok(Self { set, entries })
    }

    fn add_matching(&self, text: &str, places: &mut Vec<usize>) {
        if self.entries.is_empty() {
            return;
        }
        let mut matching: Vec<usize> = Vec::new();
        // In order, so that the last one of a rule that matches says whether it does.
        for Entry { rule, takes_out } in
            self.set.matches(text).into_iter().filter_map(|hit| self.entries.get(hit))
        {
            let is_in = matching.last() == Some(rule);
            match (is_in, takes_out) {
                (true, true) => drop(matching.pop()),
                (false, false) => matching.push(*rule),
                _ => {}
            }
        }
        places.append(&mut matching);
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

    fn index(pattern: impl serde::Serialize) -> Result<RuleIndex, BadPattern> {
        let rule = serde_json::json!({
            "id": "r",
            "trigger": { "type": "file_change", "pattern": pattern },
            "action": { "type": "submit_task", "prompt": "x" }
        });
        RuleIndex::new(vec![serde_json::from_value(rule).unwrap()])
    }

    fn event(topic: &str, payload: serde_json::Value) -> Event {
        let event = serde_json::json!({
            "seq": 1, "topic": topic, "payload": payload, "source": "file_watcher", "at": "2026-11-23T14:33:23.042Z"
        });
        serde_json::from_value(event).unwrap()
    }

    fn matching(index: &RuleIndex, path: &str) -> usize {
        index.matching(&event("file:modified", serde_json::json!({ "path": path }))).len()
    }

    #[test]
    fn an_empty_alternative_matches() {
        let index = index("src/app{,.test}.ts").unwrap();
        let matching = |path: &str| matching(&index, path);
        assert_eq!(
            (matching("src/app.ts"), matching("src/app.test.ts"), matching("src/app.x.ts")),
            (1, 1, 0)
        );
    }

    #[test]
    fn in_a_list_the_last_pattern_that_matches_decides() {
        let index = index(["src/**", "lib/*.ts", "!src/gen/**", "src/gen/keep.ts"]).unwrap();
        for (path, is_matched) in [
            ("src/a", 1),
            ("lib/a.ts", 1),
            ("src/gen/a.ts", 0),
            ("src/gen/keep.ts", 1),
            ("lib/a.js", 0),
            ("a", 0),
        ] {
            assert_eq!(matching(&index, path), is_matched, "{path}");
        }
        // One name of a file that was moved is enough.
        let moved = |from: &str, path: &str| {
            index.matching(&event("file:renamed", serde_json::json!({ "from": from, "path": path }))).len()
        };
        assert_eq!(
            (moved("src/a", "src/gen/a"), moved("src/gen/a", "src/a"), moved("src/gen/a", "src/gen/b")),
            (1, 1, 0)
        );
    }

    #[test]
    fn topics_may_be_lists_as_well() {
        let rules = |topics: &[&[&str]]| {
            let rule = |(place, topics): (usize, &&[&str])| {
                serde_json::json!({
                    "id": place.to_string(), "trigger": { "type": "event", "topic": topics },
                    "action": { "type": "submit_task", "prompt": "x" }
                })
            };
            let rules: Vec<_> = topics.iter().enumerate().map(rule).collect();
            RuleIndex::new(serde_json::from_value(rules.into()).unwrap()).unwrap()
        };
        let index = rules(&[&["a", "b"], &["task:*", "!task:{queued,started}"], &["*"], &["b", "b:*", "!b"]]);
        let ids = |topic: &str| {
            let matching = index.matching(&event(topic, serde_json::Value::Null));
            matching.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((ids("a"), ids("b"), ids("b:c")), ("0 2".to_owned(), "0 2".to_owned(), "2 3".to_owned()));
        assert_eq!((ids("task:queued"), ids("task:failed")), ("2".to_owned(), "1 2".to_owned()));
    }

    #[test]
    fn what_is_no_pattern_is_said_of_its_rule() {
        let error = index("{".repeat(50_000)).unwrap_err();
        assert!(error.to_string().starts_with("rule \"r\": ") && error.to_string().len() < 300, "{error}");
        assert!(index("src/[a").unwrap_err().why().contains("no valid pattern: a [ has no ]"));
    }
}
