//! Typed bindings for the topics that a project declares.

use crate::{
    GenerateError, js,
    model::{DeclaredTopics, Project},
    python, rust,
};

/// A language that typed events are generated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `aiwg-events.d.ts`, for the npm package `aiwg`.
    TypeScript,
    /// `aiwg_events.py`, for the package `aiwg` of PyPI.
    Python,
    /// `aiwg_events.rs`, for the crate `aiwg-client`.
    Rust,
}

/// The words in the first line of each file.
const MARK: &str = "Generated from the topics of .aiwg/daemon.json by `aiwg generate";

impl Language {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::TypeScript => "ts",
            Self::Python => "python",
            Self::Rust => "rust",
        }
    }

    /// The name of the file.
    pub fn file(self) -> &'static str {
        match self {
            Self::TypeScript => js::EVENTS_FILE,
            Self::Python => python::EVENTS_FILE,
            Self::Rust => rust::FILE,
        }
    }

    /// True if a text was generated: it may be replaced.
    pub fn is_generated(text: &str) -> bool {
        text.lines().next().is_some_and(|line| line.contains(MARK))
    }
}

/// The file's text: the types of the topics' payloads, and what types the client by them.
///
/// # Errors
/// A template is wrong, or the definition of the daemon's own topics.
pub fn events(language: Language, declared: &DeclaredTopics) -> Result<String, GenerateError> {
    let mark = format!("{MARK} {}`. Do not edit.", language.name());
    match language {
        Language::TypeScript => js::events(&Project::lower(declared, &[]), &mark),
        Language::Python => python::events(declared, &mark),
        Language::Rust => rust::text(&Project::lower(declared, &[]), &mark),
    }
}
