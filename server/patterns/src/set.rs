use globset::{GlobSet, GlobSetBuilder};

use crate::{
    error::{Limit, PatternError},
    pattern::Pattern,
};

/// Many patterns, matched at once. Those of a configuration: their number is bounded by its size.
#[derive(Debug, Clone, Default)]
pub struct PatternSet {
    globs: GlobSet,
    /// The pattern that each of them is of, in order.
    patterns: Vec<usize>,
}

impl PatternSet {
    /// Compiles them.
    ///
    /// # Errors
    /// Together they take too much memory.
    pub fn new(patterns: impl IntoIterator<Item = Pattern>) -> Result<Self, PatternError> {
        let mut set = GlobSetBuilder::new();
        let mut places = Vec::new();
        for (place, pattern) in patterns.into_iter().enumerate() {
            for glob in pattern.globs() {
                set.add(glob.clone());
                places.push(place);
            }
        }
        let globs = set.build().map_err(|_| PatternError::over("", Limit::Compiled))?;
        Ok(Self { globs, patterns: places })
    }

    /// The places of those that match, in order.
    pub fn matches(&self, text: &str) -> Vec<usize> {
        let mut places: Vec<usize> = self
            .globs
            .matches(text)
            .into_iter()
            .filter_map(|glob| self.patterns.get(glob).copied())
            .collect();
        places.dedup();
        places
    }

    /// True if one of them matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.globs.is_match(text)
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }
}
