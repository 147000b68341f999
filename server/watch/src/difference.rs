//! Differences between the files as they were reported and as they are.

use std::path::PathBuf;

use crate::{digests::Reading, stamp::Stamp};

/// A difference between what was reported of a file and what is.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Absolute.
    pub(crate) path: PathBuf,
    /// `None` if it was not there, or did not count.
    pub(crate) before: Option<Stamp>,
    /// `None` if it is not there, or does not count.
    pub(crate) after: Option<Stamp>,
    /// True if this is a change to report, and not only something to keep in mind.
    pub(crate) is_change: bool,
}

/// Result of a look.
#[derive(Debug, Default)]
pub(crate) struct Net {
    /// Bounds for files that may still be read to find it.
    pub(crate) reading: Reading,
    pub(crate) differences: Vec<Difference>,
    /// Directories that are gone.
    pub(crate) gone: Vec<PathBuf>,
}

impl Net {
    pub(crate) fn has_changes(&self) -> bool {
        self.differences.iter().any(|difference| difference.is_change)
    }

    /// True if another change of what has changed might not show.
    pub(crate) fn has_fresh(&self) -> bool {
        let after = self
            .differences
            .iter()
            .filter(|difference| difference.is_change)
            .filter_map(|difference| difference.after);
        after.into_iter().any(|stamp| stamp.is_fresh())
    }
}
