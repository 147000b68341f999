use globset::{GlobSet, GlobSetBuilder};

use crate::{
    error::{Limit, PatternError},
    pattern::Pattern,
};

/// Many patterns, matched at once. Those of a configuration: their number is bounded by its size.
#[derive(Debug, Clone, Default)]
pub struct PatternSet(GlobSet);

impl PatternSet {
    /// Compiles them.
    ///
    /// # Errors
    /// Together they take too much memory.
    pub fn new(patterns: impl IntoIterator<Item = Pattern>) -> Result<Self, PatternError> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            set.add(pattern.glob().clone());
        }
        set.build().map(Self).map_err(|_| PatternError::over("", Limit::Compiled))
    }

    /// The places of those that match, in order.
    pub fn matches(&self, text: &str) -> Vec<usize> {
        self.0.matches(text)
    }

    /// Whether one of them matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
