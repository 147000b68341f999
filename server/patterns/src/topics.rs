use std::collections::HashSet;

use regex::bytes::{RegexSet, RegexSetBuilder};

use crate::{
    error::{Limit, PatternError},
    limits::MOST_TOPICS,
    pattern::{Pattern, is_glob},
};

/// The most memory that the patterns of one filter compile to, and again the most that matching them takes, in bytes. Clients
/// may have many filters, so it is less than what globset would allow itself for each.
const MEMORY: usize = 1 << 20;

/// Topics, some of them patterns, as a client gives them.
#[derive(Debug, Clone)]
pub struct TopicFilter {
    exact: HashSet<String>,
    globs: RegexSet,
}

impl TopicFilter {
    /// Compiles them.
    ///
    /// # Errors
    /// One is no glob, or more than one may be; there are too many, or together they take too much memory.
    pub fn new<S: AsRef<str>>(topics: &[S]) -> Result<Self, PatternError> {
        if topics.len() > MOST_TOPICS {
            return Err(PatternError::over("", Limit::Count { patterns: topics.len() }));
        }
        let mut exact = HashSet::new();
        let mut globs = Vec::new();
        for topic in topics.iter().map(AsRef::as_ref) {
            let pattern = Pattern::topic(topic)?;
            if is_glob(topic) {
                globs.push(pattern.glob().regex().to_owned());
            } else {
                exact.insert(topic.to_owned());
            }
        }
        let globs = RegexSetBuilder::new(globs)
            .unicode(false)
            .dot_matches_new_line(true)
            .size_limit(MEMORY)
            .dfa_size_limit(MEMORY)
            .build()
            .map_err(|_| PatternError::over("", Limit::Compiled))?;
        Ok(Self { exact, globs })
    }

    /// Whether one of them matches.
    pub fn is_match(&self, topic: &str) -> bool {
        self.exact.contains(topic) || (!self.globs.is_empty() && self.globs.is_match(topic.as_bytes()))
    }
}
