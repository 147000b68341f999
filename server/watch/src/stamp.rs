//! What tells one state of a file from another.

use std::{
    fs::Metadata,
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::MetadataExt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A clock tick of a file system, at the most. A file that was modified less than this before it was looked at may be modified
/// again without its time showing it.
const TICK: Duration = Duration::from_millis(20);

/// A state of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Which file it is: device, inode number and, where the system knows it, the time of birth, since inode numbers are used
    /// again at once.
    pub(crate) identity: u64,
    size: u64,
    /// Nanoseconds.
    modified: i64,
    /// Whether `identity` knows the time of birth.
    is_born: bool,
    /// Whether it was modified so shortly before the look that the next write may not show.
    is_fresh: bool,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let birth = metadata.created().ok();
        let mut hasher = DefaultHasher::new();
        (metadata.dev(), metadata.ino(), birth).hash(&mut hasher);
        let modified = nanoseconds(metadata.mtime(), metadata.mtime_nsec());
        Self {
            identity: hasher.finish(),
            size: metadata.len(),
            modified,
            is_born: birth.is_some(),
            is_fresh: modified > since_epoch(SystemTime::now() - TICK),
        }
    }

    /// Whether the file may have another content than at `before`. `is_written` says that someone wrote to it, before or since.
    pub(crate) fn differs(&self, before: &Self, is_written: bool) -> bool {
        !self.has_same_content(before) || self.identity != before.identity || is_written && before.is_fresh
    }

    /// Whether this is the file of `before` under another name.
    pub(crate) fn is_renamed(&self, before: &Self) -> bool {
        self.identity == before.identity && (self.is_born || self.has_same_content(before))
    }

    fn has_same_content(&self, before: &Self) -> bool {
        self.modified == before.modified && self.size == before.size
    }
}

/// Whether anything about the file, its mode and name included, has changed since `time`.
pub(crate) fn has_changed_since(metadata: &Metadata, time: SystemTime) -> bool {
    let changed = nanoseconds(metadata.ctime(), metadata.ctime_nsec());
    changed >= since_epoch(time - TICK)
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

fn since_epoch(time: SystemTime) -> i64 {
    let nanoseconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    i64::try_from(nanoseconds).unwrap_or(i64::MAX)
}
