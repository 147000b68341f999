//! Cursors that are read together: a store that is far away answers once for all of them.

use std::collections::HashMap;

use aiwg_store::View;

/// Positions by their keys, by the sources.
pub(super) struct Cursors(HashMap<String, HashMap<String, String>>);

impl Cursors {
    /// Those of these sources.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn read(store: &dyn View, sources: &[&str]) -> aiwg_store::Result<Self> {
        let mut all: HashMap<String, HashMap<String, String>> = HashMap::new();
        for (source, key, value) in store.cursors_of(sources)? {
            all.entry(source).or_default().insert(key, value);
        }
        Ok(Self(all))
    }

    /// Those of one of the sources, once.
    pub(super) fn take(&mut self, source: &str) -> HashMap<String, String> {
        self.0.remove(source).unwrap_or_default()
    }
}
