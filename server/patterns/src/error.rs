use std::fmt;

use crate::limits::{DEEPEST, MOST_ALTERNATIVES, MOST_TOPICS};

/// The most characters of a pattern that an error repeats.
const SHOWN: usize = 60;

/// The error in a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The pattern exceeds a limit.
    #[error("{limit}")]
    Limit {
        /// Its beginning, shortened.
        pattern: String,
        /// The limit.
        limit: Limit,
    },
    /// The pattern is no glob.
    #[error("{why}")]
    Syntax {
        /// Its beginning, shortened.
        pattern: String,
        /// The error, in words.
        why: String,
    },
}

/// A limit that a pattern is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The pattern is too long.
    Length {
        /// Its length, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        most: usize,
    },
    /// Braces stand too deep in braces.
    Depth,
    /// Its braces have too many alternatives.
    Alternatives,
    /// The pattern, or a set of patterns, takes too much memory when it is compiled.
    Compiled,
    /// A list has too many patterns.
    Count {
        /// Number of patterns in the list.
        patterns: usize,
    },
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { bytes, most } => write!(f, "the pattern has {bytes} bytes; {most} is the limit"),
            Self::Depth => write!(f, "its braces are nested more than {DEEPEST} deep, which is the limit"),
            Self::Alternatives => {
                write!(f, "its braces have more than {MOST_ALTERNATIVES} alternatives, which is the limit")
            }
            Self::Compiled => {
                write!(f, "it takes more memory than a pattern may: make it, or the list, shorter")
            }
            Self::Count { patterns } => {
                write!(f, "there are {patterns} patterns; {MOST_TOPICS} is the limit")
            }
        }
    }
}

impl PatternError {
    /// The beginning of the pattern: all of it, unless it is long. Empty where the error is about a list.
    pub fn pattern(&self) -> &str {
        match self {
            Self::Limit { pattern, .. } | Self::Syntax { pattern, .. } => pattern,
        }
    }

    pub(crate) fn over(pattern: &str, limit: Limit) -> Self {
        Self::Limit { pattern: shown(pattern), limit }
    }

    pub(crate) fn syntax(pattern: &str, error: &globset::Error) -> Self {
        let why = match error.kind() {
            globset::ErrorKind::Regex(_) => return Self::over(pattern, Limit::Compiled),
            globset::ErrorKind::UnclosedClass => {
                "a [ has no ] after it; \\[ stands for the character".to_owned()
            }
            globset::ErrorKind::UnclosedAlternates => {
                "a { has no } after it; \\{ stands for the character".to_owned()
            }
            globset::ErrorKind::UnopenedAlternates => {
                "a } has no { before it; \\} stands for the character".to_owned()
            }
            globset::ErrorKind::DanglingEscape => "it ends in a \\; \\\\ stands for the character".to_owned(),
            other => other.to_string(),
        };
        Self::Syntax { pattern: shown(pattern), why }
    }
}

fn shown(pattern: &str) -> String {
    match pattern.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", pattern.get(..end).unwrap_or_default()),
        None => pattern.to_owned(),
    }
}
