//! What is told of the spool while it is taken in.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use aiwg_protocol::{
    spool::SPOOL_PATH,
    types::{SpoolSubsystem, Timestamp},
};

/// The progress.
#[derive(Default)]
pub(super) struct Progress {
    /// None while nothing is taken in.
    taking: Mutex<Option<(SpoolSubsystem, Instant)>>,
    /// Number of files that had to wait when the log heard of it last; 0 if none had.
    told_waiting: AtomicU64,
}

impl Progress {
    /// What the daemon's status says of it.
    pub(super) fn status(&self) -> Option<SpoolSubsystem> {
        self.lock().as_ref().map(|(taking, _)| taking.clone())
    }

    /// Time at which the taking in began that is under way; none while nothing is taken in.
    pub(super) fn began(&self) -> Option<Instant> {
        self.lock().as_ref().map(|(_, began)| *began)
    }

    /// Notes that one file is done with.
    pub(super) fn went_on(&self) {
        if let Some((taking, _)) = &mut *self.lock() {
            taking.left = taking.left.saturating_sub(1);
        }
    }

    /// Notes how many files are left.
    pub(super) fn note_left(&self, left: usize) {
        if let Some((taking, _)) = &mut *self.lock() {
            taking.left = left as u64;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(SpoolSubsystem, Instant)>> {
        self.taking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands for the taking in of some files: the log hears of its begin and its end, however it ends, but not of each try for files that have to wait.
pub(super) struct Taking<'p> {
    progress: &'p Progress,
    files: u64,
    began: Instant,
}

impl<'p> Taking<'p> {
    /// None if there are no files.
    pub(super) fn of(progress: &'p Progress, files: usize) -> Option<Self> {
        let files = files as u64;
        let told_waiting = progress.told_waiting.load(Ordering::Relaxed);
        if files == 0 {
            progress.told_waiting.store(0, Ordering::Relaxed);
            return None;
        }
        let began = Instant::now();
        *progress.lock() = Some((SpoolSubsystem { left: files, since: Timestamp::now() }, began));
        if files != told_waiting {
            tracing::info!(
                files,
                "the events in {SPOOL_PATH} are taken in; clients that connect wait for that"
            );
        }
        Some(Self { progress, files, began })
    }
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        let left = self.progress.lock().take().map_or(0, |(taking, _)| taking.left);
        let (done, seconds) = (self.files.saturating_sub(left), self.began.elapsed().as_secs_f64());
        let told_waiting = self.progress.told_waiting.swap(left, Ordering::Relaxed);
        if left == 0 {
            tracing::info!(files = done, left, "the events in {SPOOL_PATH} were taken in, in {seconds:.1} s");
        } else if left != told_waiting {
            tracing::info!(
                files = done,
                left,
                "events in {SPOOL_PATH} wait there, and are tried again; the health says why"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// What the log was told.
    struct Told(&'static Mutex<Vec<u8>>);

    impl io::Write for Told {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_log_hears_once_of_events_that_wait_and_of_their_end() {
        static TOLD: Mutex<Vec<u8>> = Mutex::new(Vec::new());
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(|| Told(&TOLD)).finish();
        tracing::subscriber::with_default(log, || {
            let progress = Progress::default();
            let takes = |files, left| {
                let taking = Taking::of(&progress, files);
                progress.note_left(left);
                drop(taking);
            };
            for _ in 0..3 {
                takes(2, 2);
            }
            takes(2, 0);
            takes(0, 0);
        });
        let told = String::from_utf8(TOLD.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> =
            told.lines().filter_map(|line| line.split_once(".aiwg/spool ")).map(|at| at.1).collect();
        assert_eq!(lines.len(), 3, "{told}");
        assert!(lines[0].starts_with("are taken in") && lines[0].ends_with("files=2"), "{told}");
        assert!(lines[1].starts_with("wait there") && lines[1].ends_with("files=0 left=2"), "{told}");
        assert!(lines[2].starts_with("were taken in") && lines[2].ends_with("files=2 left=0"), "{told}");
    }
}
