//! Stamps, which distinguish one state of a file from another.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A clock tick of a file system, at the most. A file that was modified less than this before it was looked at may be modified
/// again without its time showing it.
pub(crate) const TICK: Duration = Duration::from_millis(20);

/// A state of a file. All times are in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) inode: u64,
    /// Time when the file was made, since inode numbers are used again at once. Zero where the system does not know it.
    birth: i64,
    pub(crate) size: u64,
    /// Time when its content was modified. For a file that was only listed so far: the time of the listing.
    pub(crate) modified: i64,
    /// Time when anything about it was changed, its times included.
    changed: i64,
    /// True if it was modified so shortly before the look that the next write may not show.
    is_fresh: bool,
    /// True if it has been looked at.
    pub(crate) is_known: bool,
    /// True if it is a symbolic link.
    pub(crate) is_link: bool,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let modified = nanoseconds(metadata.mtime(), metadata.mtime_nsec());
        Self {
            inode: metadata.ino(),
            birth: metadata.created().map(since_epoch).unwrap_or_default(),
            size: metadata.len(),
            modified,
            is_fresh: modified > a_tick_before(SystemTime::now()),
            is_known: true,
            is_link: metadata.is_symlink(),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// A file that was listed at a time, and not looked at.
    pub(crate) fn listed(inode: u64, at: SystemTime) -> Self {
        let modified = a_tick_before(at);
        Self {
            inode,
            birth: 0,
            size: 0,
            modified,
            changed: 0,
            is_fresh: true,
            is_known: false,
            is_link: false,
        }
    }

    /// True if the file, which is as `metadata` says, may have another content than it had then. `is_written` says that someone
    /// wrote to it, before or since.
    pub(crate) fn is_outdated(&self, metadata: &Metadata, is_written: bool) -> bool {
        if is_written && self.is_fresh {
            return true;
        }
        if !self.is_known {
            return nanoseconds(metadata.ctime(), metadata.ctime_nsec()) >= self.modified;
        }
        let now = Self::of(metadata);
        // Somebody wrote, and has set the time back.
        if is_written && self.changed != now.changed {
            return true;
        }
        !self.has_content_of(&now) || self.is_replaced(&now)
    }

    /// True if this is the file of `before` under another name.
    pub(crate) fn is_renamed(&self, before: &Self) -> bool {
        let is_same = if !before.is_known {
            // That number was taken when the file was listed, so it is that file if it is as old.
            if self.birth == 0 { self.modified < before.modified } else { self.birth < before.modified }
        } else if self.birth != 0 {
            self.birth == before.birth
        } else {
            self.has_content_of(before)
        };
        self.inode == before.inode && is_same
    }

    /// True if this is another file than `before`, in its place.
    pub(crate) fn is_replaced(&self, before: &Self) -> bool {
        self.inode != before.inode || self.birth != before.birth
    }

    /// The stamp of a file that was listed, and that is now as `metadata` says; `None` if it may have changed in between.
    pub(crate) fn looked_at(&self, metadata: &Metadata) -> Option<Self> {
        // Not by the number: some layered file systems list another one.
        (!self.is_outdated(metadata, false)).then(|| Self::of(metadata))
    }

    /// True if the file was made since a time. False where the system does not know it.
    pub(crate) fn is_made_since(&self, time: SystemTime) -> bool {
        self.birth >= a_tick_before(time)
    }

    /// True if another write would not show.
    pub(crate) fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    fn has_content_of(&self, other: &Self) -> bool {
        self.modified == other.modified && self.size == other.size
    }
}

/// True if anything about the file, its mode and name included, has changed since `time`.
pub(crate) fn has_changed_since(metadata: &Metadata, time: SystemTime) -> bool {
    nanoseconds(metadata.ctime(), metadata.ctime_nsec()) >= a_tick_before(time)
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

fn a_tick_before(time: SystemTime) -> i64 {
    since_epoch(time.checked_sub(TICK).unwrap_or(UNIX_EPOCH))
}

fn since_epoch(time: SystemTime) -> i64 {
    let nanoseconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    i64::try_from(nanoseconds).unwrap_or(i64::MAX)
}
