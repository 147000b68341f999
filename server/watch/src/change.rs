//! What is told.

use std::{collections::BTreeSet, path::PathBuf, time::SystemTime};

/// How a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It was not there before.
    Created,
    /// Its content is another, or may be.
    Modified,
    /// It is no longer there.
    Deleted,
    /// It has another name; its content may be another, too.
    Renamed,
}

/// A file that has changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// The file, relative to the project. It need not be UTF-8.
    pub path: PathBuf,
    /// How it has changed.
    pub kind: Kind,
    /// What it was called, relative to the project: there for [`Kind::Renamed`] only.
    pub from: Option<PathBuf>,
}

/// The changes that were gathered, net: each path is in it once at most, as `path` or as `from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The changes, in the order of their paths; never empty.
    pub changes: Vec<Change>,
    /// When the first hint of them came. With polling, when they were found.
    pub since: SystemTime,
    /// When the last hint of them came.
    pub until: SystemTime,
    /// With this batch all that has changed before this moment is told.
    pub told_up_to: SystemTime,
    /// The directories that have come with it, relative to the project. Files that were moved along with one keep their own time of
    /// change; the directory's says when it was moved.
    pub arrived: BTreeSet<PathBuf>,
}
