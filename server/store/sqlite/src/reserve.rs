//! Room on the disk for the ends of running tasks, which must be stored though the disk is full.
//!
//! The room lies behind the end of the log beside the database, where SQLite writes next: its blocks belong to that
//! file already, so that nobody else can have them.

use std::{
    fs::File,
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Size of the kept room, in bytes. The end of a task takes some ten thousand.
const KEPT: u64 = 1024 * 1024;

/// Interval between attempts to get it back.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// The room that is kept.
pub(super) struct Reserve {
    log: PathBuf,
    file: Option<File>,
    /// Length of the log at the last look.
    length: u64,
    /// Up to where the file has its blocks.
    up_to: u64,
    /// Time at which there was no more room to be had.
    short_since: Option<Instant>,
    /// True if the file system can keep room.
    is_possible: bool,
}

impl Reserve {
    /// The reserve of the log at this path.
    pub(super) fn of(log: PathBuf) -> Self {
        Self { log, file: None, length: 0, up_to: 0, short_since: None, is_possible: true }
    }

    /// Sees to it that so many bytes can be written, and there is still as much as is to be kept; false where the disk has not so much left.
    /// True where the file system keeps nothing: then nothing is known.
    pub(super) fn keeps(&mut self, besides: u64) -> bool {
        if !self.is_possible {
            return true;
        }
        if besides == 0 && self.short_since.is_some_and(|since| since.elapsed() < TRY_EVERY) {
            return false;
        }
        let found = self.extend(KEPT.saturating_add(besides));
        let is_short = matches!(&found, Err(error) if is_full(error));
        self.is_possible = is_short || found.is_ok();
        self.short_since = is_short.then(Instant::now);
        !is_short
    }

    fn extend(&mut self, by: u64) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(File::options().write(true).open(&self.log)?),
        };
        let length = file.metadata()?.len();
        if length < self.length {
            // It was cut off, and what lay behind its end with it.
            self.up_to = 0;
        }
        self.length = length;
        if length.saturating_add(by) <= self.up_to {
            return Ok(());
        }
        // More than is asked for, or each transaction would have some added.
        for by in [by.saturating_add(KEPT), by] {
            match allocate(file, length, by) {
                Ok(()) => {
                    self.up_to = length.saturating_add(by);
                    return Ok(());
                }
                Err(error) if !is_full(&error) => return Err(error),
                Err(_) => {}
            }
        }
        Err(io::ErrorKind::StorageFull.into())
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Gives a file blocks from there on, and leaves it as long as it is.
#[cfg(target_os = "linux")]
fn allocate(file: &File, from: u64, bytes: u64) -> io::Result<()> {
    Ok(rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, from, bytes)?)
}

#[cfg(not(target_os = "linux"))]
fn allocate(_: &File, _: u64, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use aiwg_store::Store;
    use aiwg_store_sql::Backend;

    use super::*;
    use crate::SqliteStore;

    #[test]
    fn what_is_kept_lies_behind_the_end_of_the_log_and_moves_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&dir.path().join("db")).unwrap();
        let log = || dir.path().join("db-wal").metadata().unwrap();
        // Blocks are counted as 512 bytes each, see stat(2).
        let behind = || (log().blocks() * 512).saturating_sub(log().len());
        let write = |count: u64, store: &mut SqliteStore| {
            assert!(store.has_room());
            let mut transaction = store.begin().unwrap();
            transaction.begin_after(count, 0).unwrap();
            transaction.commit().unwrap();
        };
        for count in 1..600 {
            write(count, &mut store);
            assert!(behind() + 64 * 1024 >= KEPT, "{} after {count}", behind());
        }
        assert!(log().len() > 2 * KEPT);
        // Emptied, it grows from its beginning again.
        store.checkpoint().unwrap();
        write(600, &mut store);
        assert!(behind() + 64 * 1024 >= KEPT, "{}", behind());
        store.make_room(3 * KEPT).unwrap();
        assert!(behind() >= 4 * KEPT, "{}", behind());
    }

    #[test]
    fn where_nothing_can_be_kept_nothing_is_refused() {
        let mut reserve = Reserve::of("/nowhere/db-wal".into());
        assert!(reserve.keeps(0) && !reserve.is_possible && reserve.keeps(0));
    }
}
