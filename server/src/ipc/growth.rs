//! Tells when files grow that calls wait on. Nobody tells the daemon: agents write to them directly. So one task looks at each of them now
//! and then, however many wait for it; where nobody waits there is no such task.

use std::{
    collections::HashMap,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, futures::Notified},
    time::sleep,
};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The files that are waited on.
#[derive(Default)]
pub(crate) struct Growth(Mutex<Files>);

#[derive(Default)]
struct Files {
    by_path: HashMap<PathBuf, Waited>,
    /// Whether someone looks at them.
    is_looked_at: bool,
}

struct Waited {
    /// As it was found last; none before it has been looked at.
    found: Option<Found>,
    changed: Arc<Notify>,
    waiting: usize,
}

/// What tells that a file has changed: its number, its length, and when it was written last. None where there is none.
type Found = Option<(u64, u64, i64, i64)>;

/// One who waits for a file.
pub(crate) struct Waiting {
    growth: Arc<Growth>,
    path: PathBuf,
    changed: Arc<Notify>,
}

impl Growth {
    /// Waits for a file. Register first, then read it: what is written between the two is not missed.
    pub(crate) fn wait_for(self: &Arc<Self>, path: &Path) -> Waiting {
        let mut files = self.lock();
        let new = || Waited { found: None, changed: Arc::default(), waiting: 0 };
        let file = files.by_path.entry(path.to_owned()).or_insert_with(new);
        file.waiting += 1;
        let changed = Arc::clone(&file.changed);
        if !std::mem::replace(&mut files.is_looked_at, true) {
            tokio::spawn(look(Arc::clone(self)));
        }
        Waiting { growth: Arc::clone(self), path: path.to_owned(), changed }
    }

    /// The files to look at; none when nobody waits any more, and nobody looks from then on.
    fn paths(&self) -> Option<Vec<PathBuf>> {
        let mut files = self.lock();
        files.is_looked_at = !files.by_path.is_empty();
        files.is_looked_at.then(|| files.by_path.keys().cloned().collect())
    }

    fn note(&self, found: Vec<(PathBuf, Found)>) {
        let mut files = self.lock();
        for (path, found) in found {
            let Some(file) = files.by_path.get_mut(&path) else { continue };
            if file.found.replace(found) != Some(found) {
                file.changed.notify_waiters();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn look(growth: Arc<Growth>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(paths) = growth.paths() else { return };
        // Beside the connections: a file system may hang.
        let found = tokio::task::spawn_blocking(|| {
            let found = |path: PathBuf| (found(&path), path);
            paths.into_iter().map(found).map(|(found, path)| (path, found)).collect()
        });
        if let Ok(found) = found.await {
            growth.note(found);
        }
    }
}

/// A link itself, and not what it leads to; nothing waits for a pipe.
fn found(path: &Path) -> Found {
    let found = path.symlink_metadata().ok()?;
    Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}

impl Waiting {
    /// Completes when the file has changed after this was called.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut files = self.growth.lock();
        if let Some(file) = files.by_path.get_mut(&self.path) {
            file.waiting -= 1;
            if file.waiting == 0 {
                files.by_path.remove(&self.path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_who_wait_for_a_file_hear_of_it_and_nobody_looks_when_they_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stdout.log");
        let growth = Arc::new(Growth::default());
        let waiting: Vec<Waiting> = (0..100).map(|_| growth.wait_for(&path)).collect();
        assert_eq!(growth.lock().by_path.len(), 1);
        // Once it has been looked at, nothing but a change tells.
        waiting[0].changed().await;
        let changed: Vec<_> = waiting.iter().map(Waiting::changed).collect();
        std::fs::write(&path, "x").unwrap();
        futures::future::join_all(changed).await;
        drop(waiting);
        while growth.lock().is_looked_at {
            tokio::task::yield_now().await;
        }
        assert!(growth.lock().by_path.is_empty());
    }
}
