use globset::{Glob, GlobBuilder};

use crate::{
    error::PatternError,
    limits::{LONGEST_PATTERN, check},
};

/// A glob that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Glob);

impl Pattern {
    /// A pattern on topics, or on other names: `:` and `/` are characters like all others, so `*` goes over them.
    ///
    /// # Errors
    /// It is no glob, or more than one may be.
    pub fn topic(pattern: &str) -> Result<Self, PatternError> {
        check(pattern, LONGEST_PATTERN)?;
        Self::build(pattern, GlobBuilder::new(pattern).empty_alternates(true))
    }

    /// A pattern on paths, as in a shell: `*` stays within a directory, `**` does not. A leading `./` is nothing.
    ///
    /// # Errors
    /// It is no glob, or more than one may be.
    pub fn path(pattern: &str) -> Result<Self, PatternError> {
        check(pattern, LONGEST_PATTERN)?;
        let relative = pattern.strip_prefix("./").unwrap_or(pattern);
        Self::build(pattern, GlobBuilder::new(relative).empty_alternates(true).literal_separator(true))
    }

    fn build(pattern: &str, builder: &GlobBuilder<'_>) -> Result<Self, PatternError> {
        builder.build().map(Self).map_err(|error| PatternError::syntax(pattern, &error))
    }

    /// As it was written, but for a leading `./`.
    pub fn as_str(&self) -> &str {
        self.0.glob()
    }

    pub(crate) fn glob(&self) -> &Glob {
        &self.0
    }
}

/// Whether a text has anything in it that stands for something else. A text that has not matches itself only.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', ']', '{', '}', '!', '\\'])
}
