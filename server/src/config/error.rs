use std::{fmt, path::PathBuf};

use crate::rules::BadPattern;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is wrong; all that was found.
    #[error("{}", lines(problems))]
    Wrong {
        /// What is wrong, one after the other.
        problems: Vec<Problem>,
    },
    /// A rule's pattern is wrong. The check of the file finds this first, and tells where.
    #[error(transparent)]
    Rule(#[from] BadPattern),
    /// A path to watch is not within the project. The check of the file finds it first where it is relative.
    #[error(transparent)]
    Watch(#[from] aiwg_watch::WatchError),
}

/// Something that is wrong in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// Counting from 1.
    pub line: usize,
    /// In characters, counting from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
