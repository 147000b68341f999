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

/// Memory of compiled patterns in bytes, as measured: for all of them together, and for each byte of theirs.
const COMPILED: usize = 6 * 1024 + 256;
const COMPILED_BYTE: usize = 130;

/// Memory of a topic beside its text, in bytes.
const LISTED: usize = 160;

/// Topics, some of them patterns, as a client gives them.
#[derive(Debug, Clone)]
pub struct TopicFilter {
    exact: HashSet<String>,
    globs: Option<RegexSet>,
    /// True for all topics.
    is_all: bool,
    /// The beginning of topics that it does not match, whatever else it says.
    hidden: Option<&'static str>,
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
                globs.extend(pattern.globs().iter().map(|glob| glob.regex().to_owned()));
            } else {
                exact.insert(topic.to_owned());
            }
        }
        let compile = || {
            RegexSetBuilder::new(&globs)
                .unicode(false)
                .dot_matches_new_line(true)
                .size_limit(MEMORY)
                .dfa_size_limit(compiled(topics))
                .build()
                .map_err(|_| PatternError::over("", Limit::Compiled))
        };
        let globs = if globs.is_empty() { None } else { Some(compile()?) };
        Ok(Self { exact, globs, is_all: false, hidden: None })
    }

    /// One that matches every topic.
    pub fn all() -> Self {
        Self { exact: HashSet::new(), globs: None, is_all: true, hidden: None }
    }

    /// The same without the topics that begin so.
    #[must_use]
    pub fn without(self, hidden: &'static str) -> Self {
        Self { hidden: Some(hidden), ..self }
    }

    /// About how much memory these take at the most, in bytes, compiled and with what matching them needs.
    pub fn memory<S: AsRef<str>>(topics: &[S]) -> usize {
        let text: usize = topics.iter().map(|topic| topic.as_ref().len() + LISTED).sum();
        // Compiled, and twice as much again for the states that matching goes through.
        let compiled = compiled(topics);
        text + compiled + 2 * compiled.saturating_sub(COMPILED)
    }

    /// True if one of them matches.
    pub fn is_match(&self, topic: &str) -> bool {
        if self.hidden.is_some_and(|hidden| topic.starts_with(hidden)) {
            return false;
        }
        self.is_all
            || self.exact.contains(topic)
            || self.globs.as_ref().is_some_and(|globs| globs.is_match(topic.as_bytes()))
    }
}

/// Upper bound of the memory that the patterns among these compile to, in bytes.
fn compiled<S: AsRef<str>>(topics: &[S]) -> usize {
    let globs = topics.iter().map(AsRef::as_ref).filter(|topic| is_glob(topic));
    let bytes: usize = globs.map(|glob| glob.len() + 1).sum();
    if bytes == 0 { 0 } else { (COMPILED + bytes * COMPILED_BYTE).min(MEMORY) }
}
