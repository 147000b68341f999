use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Prefix of a pattern in a list that excludes: it removes from what the patterns before it match.
const NOT: char = '!';

/// A pattern, or a list of them.
///
/// In a list, one that begins with `!` takes out of what those before it match; one after it may bring some of that back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Patterns {
    /// One.
    #[schemars(title = "OnePattern")]
    One(#[schemars(length(max = 1024))] String),
    /// As many as are needed.
    #[schemars(title = "ListOfPatterns")]
    Several(#[schemars(length(min = 1, max = 100), inner(length(max = 1024)))] Vec<String>),
}

/// One of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatternEntry<'a> {
    /// The pattern, without what says that it takes out.
    pub text: &'a str,
    /// True if the pattern excludes what it matches.
    pub takes_out: bool,
}

impl Patterns {
    /// Each, as it was written.
    pub fn written(&self) -> &[String] {
        match self {
            Self::One(pattern) => std::slice::from_ref(pattern),
            Self::Several(patterns) => patterns,
        }
    }

    /// Each, and what it does. Whether something matches is said by the last one that matches it.
    pub fn entries(&self) -> impl Iterator<Item = PatternEntry<'_>> {
        let in_list = matches!(self, Self::Several(_));
        self.written().iter().map(move |written| match written.strip_prefix(NOT) {
            Some(text) if in_list => PatternEntry { text, takes_out: true },
            _ => PatternEntry { text: written, takes_out: false },
        })
    }

    /// The patterns that do not exclude.
    pub fn matching(&self) -> impl Iterator<Item = &str> {
        self.entries().filter(|entry| !entry.takes_out).map(|entry| entry.text)
    }
}

impl From<&str> for Patterns {
    fn from(pattern: &str) -> Self {
        Self::One(pattern.to_owned())
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written().join(", "))
    }
}
