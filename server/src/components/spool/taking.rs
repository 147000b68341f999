//! What is told of the spool while it is taken in.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use aiwg_protocol::{
    spool::SPOOL_PATH,
    types::{SpoolSubsystem, Timestamp},
};

/// The progress; none while nothing is taken in.
#[derive(Default)]
pub(super) struct Progress(Mutex<Option<SpoolSubsystem>>);

impl Progress {
    /// What the daemon's status says of it.
    pub(super) fn status(&self) -> Option<SpoolSubsystem> {
        self.lock().clone()
    }

    /// Notes that one file is done with.
    pub(super) fn went_on(&self) {
        if let Some(taking) = &mut *self.lock() {
            taking.left = taking.left.saturating_sub(1);
        }
    }

    /// Notes how many files are left.
    pub(super) fn note_left(&self, left: usize) {
        if let Some(taking) = &mut *self.lock() {
            taking.left = left as u64;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<SpoolSubsystem>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands for the taking in of some files: the log hears of its begin and its end, however it ends.
pub(super) struct Taking<'p> {
    progress: &'p Progress,
    files: u64,
    began: Instant,
}

impl<'p> Taking<'p> {
    /// None if there are no files.
    pub(super) fn of(progress: &'p Progress, files: usize) -> Option<Self> {
        let files = files as u64;
        if files == 0 {
            return None;
        }
        *progress.lock() = Some(SpoolSubsystem { left: files, since: Timestamp::now() });
        tracing::info!(files, "the events in {SPOOL_PATH} are taken in; clients that connect wait for that");
        Some(Self { progress, files, began: Instant::now() })
    }
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        let left = self.progress.lock().take().map_or(0, |taking| taking.left);
        let (done, seconds) = (self.files.saturating_sub(left), self.began.elapsed().as_secs_f64());
        tracing::info!(files = done, left, "the events in {SPOOL_PATH} were taken in, in {seconds:.1} s");
    }
}
