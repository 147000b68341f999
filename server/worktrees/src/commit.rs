//! The name of a commit.

use std::fmt;

/// A commit, by its full hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Commit(String);

impl Commit {
    /// The commit of this hash; none if the text is no full hash. Nobody looks if it is there.
    #[must_use]
    pub fn of(hash: &str) -> Option<Self> {
        let is_hash = matches!(hash.len(), 40 | 64)
            && hash.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
        is_hash.then(|| Self(hash.to_owned()))
    }

    /// Its full hash.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}
