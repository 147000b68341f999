//! The changes that a watcher reports.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::SystemTime,
};

/// Kind of a change to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The file was not there before.
    Created,
    /// Its content is another, or may be.
    Modified,
    /// The file is no longer there.
    Deleted,
    /// The file has another name; its content may be another, too.
    Renamed,
}

/// A file that has changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// The file, relative to the project. It need not be UTF-8.
    pub path: PathBuf,
    /// Kind of the change.
    pub kind: Kind,
    /// Former path, relative to the project: there for [`Kind::Renamed`] only.
    pub from: Option<PathBuf>,
}

/// The changes that were gathered, net: each path is in it once at most, as `path` or as `from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// The changes, in the order of their paths; never empty.
    pub changes: Vec<Change>,
    /// Time of the first hint of them. With polling, the time when they were found.
    pub since: SystemTime,
    /// Time of the last hint of them.
    pub until: SystemTime,
    /// All that has changed before this moment is reported with this set.
    pub reported_up_to: SystemTime,
    /// The directories that have come with it, relative to the project. Files that were moved along with one keep their own time of
    /// change; the directory's says when it was moved.
    pub arrived: BTreeSet<PathBuf>,
    /// The sizes of the files that have changed, by their paths relative to the project: of a renamed one, that from before stands with its
    /// former path.
    pub sizes: BTreeMap<PathBuf, Sizes>,
}

/// The sizes of a file, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Before the change; none if it was not there, or was never looked at.
    pub before: Option<u64>,
    /// After it; none if it is gone.
    pub after: Option<u64>,
}
