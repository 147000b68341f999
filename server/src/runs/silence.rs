//! Noticing that an agent writes nothing any more.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::beside::beside;

/// The longest time between two looks, however long an agent may be silent.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The shortest time between two looks.
const NOT_MORE_OFTEN: Duration = Duration::from_millis(20);

/// Watches the size of an agent's output.
pub(super) struct Silence {
    files: [PathBuf; 2],
    /// For how long it may stay the same; for ever when none.
    limit: Option<Duration>,
    /// None before the first look.
    sizes: Option<[u64; 2]>,
    since: Instant,
    /// True if this silence has been reported already.
    told: bool,
}

impl Silence {
    /// From now on.
    pub(super) fn of(dir: &Path, limit: Option<Duration>) -> Self {
        let files = [aiwg_shim::STDOUT_FILE, aiwg_shim::STDERR_FILE].map(|name| dir.join(name));
        Self { sizes: None, files, limit, since: Instant::now(), told: false }
    }

    /// Waits until the agent has been silent for too long, once for each silence, and tells for how long.
    pub(super) async fn too_long(&mut self) -> Duration {
        let Some(limit) = self.limit else { return std::future::pending().await };
        if self.sizes.is_none() {
            self.sizes = Some(self.look().await);
        }
        loop {
            sleep((limit / 4).clamp(NOT_MORE_OFTEN, LOOK_EVERY)).await;
            let sizes = self.look().await;
            if Some(sizes) != self.sizes {
                (self.sizes, self.since, self.told) = (Some(sizes), Instant::now(), false);
            } else if !self.told && self.since.elapsed() >= limit {
                self.told = true;
                return self.since.elapsed();
            }
        }
    }

    /// Counts the silence from this moment on, if it has begun before: until then there was a reason for it.
    pub(super) fn excused(&mut self, until: Instant) {
        if until > self.since {
            (self.since, self.told) = (until, false);
        }
    }

    async fn look(&self) -> [u64; 2] {
        let files = self.files.clone();
        beside(move || sizes(&files)).await
    }
}

/// The sizes of the files, in bytes; 0 for one that is not there yet.
fn sizes(files: &[PathBuf; 2]) -> [u64; 2] {
    files.each_ref().map(|file| file.symlink_metadata().map_or(0, |metadata| metadata.len()))
}
