//! Reports the growth of files that calls wait on. Agents write to them directly, past the daemon, so one task looks at each of them now and
//! then, however many calls wait for it; without waiting calls there is no such task.

use std::{
    collections::{BTreeMap, HashMap},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, futures::Notified},
    time::sleep,
};

/// The time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The number of looks after which a call that waits for more than the file has hears of changes, too: there may be another attempt at the task.
const LATE: u32 = 20;

/// The files that are waited on.
#[derive(Default)]
pub(crate) struct Growth(Mutex<Files>);

#[derive(Default)]
struct Files {
    by_path: HashMap<PathBuf, Waited>,
    /// True if a task looks at them.
    is_looked_at: bool,
}

struct Waited {
    /// The state at the last look; none before the first.
    found: Option<Found>,
    /// The waiting calls, by the length beyond which they want to read.
    waiting: BTreeMap<u64, Beyond>,
    /// The number of looks for which some of them have not heard of a change; none while there is none.
    unheard: Option<u32>,
}

#[derive(Default)]
struct Beyond {
    changed: Arc<Notify>,
    waiting: usize,
}

impl Waited {
    /// Wakes the calls that can read more by the state found now, and now and then the others.
    fn note(&mut self, found: Found) {
        let before = self.found.replace(found);
        let has_changed = before != Some(found);
        self.unheard = match self.unheard {
            Some(looks) => Some(looks + 1),
            None => has_changed.then_some(0),
        };
        let is_late = self.unheard.is_some_and(|looks| looks >= LATE);
        if !has_changed && !is_late {
            return;
        }
        let length = match (before, found) {
            // The same file, and not truncated.
            (Some(Some(before)), Some(now)) if !is_late && before.0 == now.0 && before.1 <= now.1 => {
                Some(now.1)
            }
            _ => None,
        };
        let hears = |beyond: u64| length.is_none_or(|length| beyond < length);
        let heard = self.waiting.iter().take_while(|(beyond, _)| hears(**beyond));
        heard.for_each(|(_, same)| same.changed.notify_waiters());
        if self.waiting.last_key_value().is_none_or(|(beyond, _)| hears(*beyond)) {
            self.unheard = None;
        }
    }
}

/// The attributes that show that a file has changed: its number, its length, and the time of the last write. None without a file.
type Found = Option<(u64, u64, i64, i64)>;

/// A call that waits for a file.
pub(crate) struct Waiting {
    growth: Arc<Growth>,
    path: PathBuf,
    beyond: u64,
    changed: Arc<Notify>,
}

impl Growth {
    /// Waits until a file has more than so many bytes, or is another. Register first, then read it: so no write between the two is
    /// missed.
    pub(crate) fn wait_for(self: &Arc<Self>, path: &Path, beyond: u64) -> Waiting {
        let mut files = self.lock();
        let new = || Waited { found: None, waiting: BTreeMap::new(), unheard: None };
        let file = files.by_path.entry(path.to_owned()).or_insert_with(new);
        let same = file.waiting.entry(beyond).or_default();
        same.waiting += 1;
        let changed = Arc::clone(&same.changed);
        if !std::mem::replace(&mut files.is_looked_at, true) {
            tokio::spawn(look(Arc::clone(self)));
        }
        Waiting { growth: Arc::clone(self), path: path.to_owned(), beyond, changed }
    }

    /// The files to look at; none without a waiting call, and then the looking ends.
    fn paths(&self) -> Option<Vec<PathBuf>> {
        let mut files = self.lock();
        files.is_looked_at = !files.by_path.is_empty();
        files.is_looked_at.then(|| files.by_path.keys().cloned().collect())
    }

    fn note(&self, found: Vec<(PathBuf, Found)>) {
        let mut files = self.lock();
        for (path, found) in found {
            if let Some(file) = files.by_path.get_mut(&path) {
                file.note(found);
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

/// The state of the file, or of a link itself and not its target. A pipe has none, so that nothing waits for it.
fn found(path: &Path) -> Found {
    let found = path.symlink_metadata().ok()?;
    Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}

impl Waiting {
    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Completes when, after this call, the file has grown beyond the wanted length, or is another; now and then also when it has only changed.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut files = self.growth.lock();
        if let Some(file) = files.by_path.get_mut(&self.path) {
            if let Some(same) = file.waiting.get_mut(&self.beyond) {
                same.waiting -= 1;
                if same.waiting == 0 {
                    file.waiting.remove(&self.beyond);
                }
            }
            if file.waiting.is_empty() {
                files.by_path.remove(&self.path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn all_calls_that_wait_for_a_file_hear_of_it_and_the_looking_ends_with_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stdout.log");
        let growth = Arc::new(Growth::default());
        let waiting: Vec<Waiting> = (0..100).map(|_| growth.wait_for(&path, 0)).collect();
        assert_eq!(growth.lock().by_path.len(), 1);
        // After the first look, only a change wakes it.
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

    #[test]
    fn only_calls_that_can_read_more_hear_at_once() {
        let mut file = Waited { found: None, waiting: BTreeMap::new(), unheard: None };
        for beyond in [0, 10, 20] {
            file.waiting.entry(beyond).or_default().waiting += 1;
        }
        let mut heard = |found: Found| -> Vec<bool> {
            let notified: Vec<Arc<Notify>> =
                file.waiting.values().map(|beyond| Arc::clone(&beyond.changed)).collect();
            let waiting: Vec<_> = notified.iter().map(|changed| changed.notified()).collect();
            file.note(found);
            waiting.into_iter().map(|waiting| waiting.now_or_never().is_some()).collect()
        };
        let of = |number: u64, length: u64| Some((number, length, 0, 0));
        // Its state before is unknown.
        assert_eq!(heard(of(1, 0)), [true, true, true]);
        assert_eq!(heard(of(1, 0)), [false, false, false]);
        assert_eq!(heard(of(1, 10)), [true, false, false]);
        assert_eq!(heard(of(1, 11)), [true, true, false]);
        // Another file, a truncated one, and none.
        assert_eq!(heard(of(2, 11)), [true, true, true]);
        assert_eq!(heard(of(2, 5)), [true, true, true]);
        assert_eq!(heard(None), [true, true, true]);
        assert_eq!(heard(of(2, 1)), [true, true, true]);
        // However often it is written, the others hear of it now and then.
        let rounds = (1..=2 * i64::from(LATE)).map(|at| heard(Some((2, 1, at, 0))));
        let last: Vec<bool> = rounds.map(|heard| heard[2]).collect();
        let count = last.iter().filter(|heard| **heard).count();
        assert_eq!(count, 1, "{last:?}");
    }
}
