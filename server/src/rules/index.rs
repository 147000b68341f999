//! Finding the rules for a topic without looking at each.

use std::collections::HashMap;

use aiwg_protocol::{
    config::{Rule, Trigger},
    types::Event,
};
use globset::{Glob, GlobSet, GlobSetBuilder};

use super::{Match, unsupported};

/// The rules by what they wait for.
#[derive(Debug, Default)]
pub struct RuleIndex {
    rules: Vec<Rule>,
    /// Topics without a wildcard: most rules name one.
    exact: HashMap<String, Vec<usize>>,
    globs: GlobSet,
    /// The rule of each glob.
    by_glob: Vec<usize>,
}

/// A topic pattern that is no glob.
#[derive(Debug, thiserror::Error)]
#[error("rule {rule:?}: the topic {pattern:?} is no valid pattern: {source}")]
pub struct BadPattern {
    /// The rule.
    pub rule: String,
    pattern: String,
    source: globset::Error,
}

impl RuleIndex {
    /// Makes the index.
    ///
    /// # Errors
    /// A topic is no valid glob.
    pub fn new(rules: Vec<Rule>) -> Result<Self, BadPattern> {
        let mut index = Self::default();
        let mut globs = GlobSetBuilder::new();
        for (place, rule) in rules.iter().enumerate().filter(|(_, rule)| unsupported(rule).is_none()) {
            let Trigger::Event { topic } = &rule.trigger else { continue };
            if topic.contains(['*', '?', '[', ']', '{', '}', '!', '\\']) {
                let bad = |source| BadPattern { rule: rule.id.clone(), pattern: topic.clone(), source };
                globs.add(Glob::new(topic).map_err(bad)?);
                index.by_glob.push(place);
            } else {
                index.exact.entry(topic.clone()).or_default().push(place);
            }
        }
        let bad = |source| BadPattern { rule: String::new(), pattern: String::new(), source };
        index.globs = globs.build().map_err(bad)?;
        index.rules = rules;
        Ok(index)
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules that this event matches, in the order of the configuration.
    pub fn matching(&self, event: &Event) -> Vec<Match<'_>> {
        let mut places = self.exact.get(&event.topic).cloned().unwrap_or_default();
        if !self.globs.is_empty() {
            let hits = self.globs.matches(&event.topic);
            places.extend(hits.into_iter().filter_map(|hit| self.by_glob.get(hit)));
            places.sort_unstable();
        }
        places.into_iter().filter_map(|place| self.rules.get(place)).map(|rule| Match { rule }).collect()
    }
}
