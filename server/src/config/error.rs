use std::path::{Path, PathBuf};

use aiwg_protocol::types::ConfigProblem;

/// The reason for which a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is wrong; all that was found.
    #[error("{}", lines(problems))]
    Wrong {
        /// The problems, by line and column.
        problems: Vec<ConfigProblem>,
    },
    /// The file that was in force is not there any more.
    #[error("{}: {GONE}", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// A rule's pattern is wrong. The check of the file finds this first, with its place.
    #[error("{0}")]
    Rule(String),
}

/// A file that is just being replaced is no reason to drop every rule and to run another agent, so the defaults need a file with `{}`.
const GONE: &str = "the file is gone; write `{}` into it for the defaults";

impl ConfigError {
    /// The file that was in force is not there any more.
    pub(crate) fn gone(path: &Path) -> Self {
        Self::Gone { path: path.to_owned() }
    }

    /// The problems, for the caller.
    pub fn problems(&self) -> Vec<ConfigProblem> {
        match self {
            Self::Wrong { problems } => problems.clone(),
            Self::Unreadable { path, source } => vec![ConfigProblem {
                file: path.display().to_string(),
                message: format!("it cannot be read: {source}"),
                ..ConfigProblem::default()
            }],
            Self::Gone { path } => vec![ConfigProblem {
                file: path.display().to_string(),
                message: GONE.to_owned(),
                ..ConfigProblem::default()
            }],
            Self::Rule(_) => vec![ConfigProblem { message: self.to_string(), ..ConfigProblem::default() }],
        }
    }
}

fn lines(problems: &[ConfigProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
