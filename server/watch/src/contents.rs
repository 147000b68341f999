//! Git's knowledge of the files' contents: a file that git has replaced may have the same content as before.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs,
    hash::RandomState,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use crate::{
    difference::Difference,
    digests::{Digests, Reading},
    git::{LOCK, Repository},
    index::{FileState, Index, Racy, short},
    list::{Entry, entry},
    stamp::Stamp,
};

/// The indexes of the repositories in the project and of the one around it.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    hasher: RandomState,
    /// By git's directory.
    known: HashMap<PathBuf, Known>,
    /// Number of times that a changed index was read.
    pub(crate) reads: u64,
}

#[derive(Debug)]
struct Known {
    /// Git's directory.
    git: PathBuf,
    /// The work tree.
    top: PathBuf,
    /// The index file as it was when it was read last. `None` if it was not there.
    stamp: Option<Stamp>,
    /// Its content.
    now: Arc<Index>,
    /// Its content when changes were last reported, and the index file as it was then.
    reported: Arc<Index>,
    reported_stamp: Option<Stamp>,
    /// Contents of the files of which the index has another state.
    digests: Digests,
}

impl Known {
    fn settle(&mut self) {
        self.reported = Arc::clone(&self.now);
        self.reported_stamp = self.stamp;
    }
}

/// Files have conflicts.
pub(crate) struct Conflicts {
    /// The index that says so.
    pub(crate) index: PathBuf,
    /// Identifies these conflicts.
    pub(crate) digest: u64,
    pub(crate) written_at: SystemTime,
}

impl Contents {
    /// Reads the index of a repository again if it has changed. Returns the conflicts in it.
    pub(crate) fn conflicts(&mut self, repository: &Repository) -> Option<Conflicts> {
        self.read_again(repository);
        let known = self.known.get(&repository.git)?;
        Some(Conflicts {
            index: repository.git.join("index"),
            digest: known.now.conflicts?,
            written_at: known.now.written_at?,
        })
    }

    /// Marks the contents of the indexes as reported: all changes have been.
    pub(crate) fn settle(&mut self) {
        self.known.values_mut().for_each(Known::settle);
    }

    /// Reads the indexes that have changed, and marks their contents as reported. Those that git is
    /// about to write, or has written since a time, are left as they are.
    pub(crate) fn read_and_settle(&mut self, repositories: &[Repository], written_before: SystemTime) {
        self.known.retain(|git, _| repositories.iter().any(|repository| repository.git == *git));
        for repository in repositories {
            let written_at =
                fs::symlink_metadata(repository.git.join("index")).and_then(|index| index.modified());
            let is_old = written_at.is_ok_and(|at| at <= written_before);
            if is_old && fs::symlink_metadata(repository.git.join(LOCK)).is_err() {
                self.read_again(repository);
                if let Some(known) = self.known.get_mut(&repository.git) {
                    known.settle();
                }
            }
        }
    }

    /// True if a file has another inode now and the content that it had, after something that git has done.
    pub(crate) fn is_same(&self, path: &Path, before: &Stamp, after: &Stamp, reading: &Reading) -> bool {
        if !before.is_known || !after.is_replaced(before) {
            return false;
        }
        let Some((known, name)) = self.around(path) else { return false };
        let Some(content) = self.content_before(known, name, before) else { return false };
        if let Some(now) = known.now.content(&self.hasher, name, after) {
            return now == content;
        }
        // Git may have brought back what was not committed. Whether it has done anything shows in its index.
        known.stamp != known.reported_stamp
            && before.size == after.size
            && reading.content(path, FileState::of(after)).is_some_and(|now| short(&now) == content)
    }

    /// Content of a file when it was last reported, where that is known.
    fn content_before(&self, known: &Known, name: &[u8], before: &Stamp) -> Option<u128> {
        let content = known.reported.content(&self.hasher, name, before);
        content.or_else(|| known.digests.content(&self.hasher, name, before))
    }

    /// Remembers the contents of the files that are about to be reported, where git does not know them.
    pub(crate) fn remember(&mut self, differences: &[Difference], reading: &Reading) {
        for Difference { path, before, after, is_change } in differences {
            let Some(after) = after.filter(|after| after.is_known && !after.is_link && !after.is_fresh())
            else {
                continue;
            };
            let Some((known, name)) = self.around(path) else { continue };
            if known.now.content(&self.hasher, name, &after).is_some() {
                continue;
            }
            let content = match before {
                _ if *is_change => {
                    reading.content(path, FileState::of(&after)).map(|content| short(&content))
                }
                // It is the same, though the file is another.
                Some(before) => self.content_before(known, name, before),
                None => None,
            };
            let (git, name) = (known.git.clone(), name.to_owned());
            if let (Some(content), Some(known)) = (content, self.known.get_mut(&git)) {
                known.digests.remember(&self.hasher, &name, &after, content);
            }
        }
    }

    /// The innermost repository that a path lies in, and the path relative to its work tree.
    fn around<'a>(&self, path: &'a Path) -> Option<(&Known, &'a [u8])> {
        let around = self.known.values().filter(|known| path.starts_with(&known.top));
        let known = around.max_by_key(|known| known.top.as_os_str().len())?;
        Some((known, path.strip_prefix(&known.top).ok()?.as_os_str().as_bytes()))
    }

    fn read_again(&mut self, repository: &Repository) {
        let file = repository.git.join("index");
        let stamp = match entry(&file) {
            Entry::File(metadata) => Some(Stamp::of(&metadata)),
            _ => None,
        };
        let is_first = !self.known.contains_key(&repository.git);
        if !is_first && self.known.get(&repository.git).is_some_and(|known| known.stamp == stamp) {
            return;
        }
        self.reads += 1;
        let reading = Reading::default();
        let mut is_as_said = |Racy { path, state, content }: &Racy| {
            let path = repository.top.join(OsStr::from_bytes(path));
            reading.content(&path, *state).is_some_and(|now| now == *content)
        };
        let read = match stamp {
            Some(_) => Index::read(&file, &self.hasher, &mut is_as_said).ok().flatten(),
            None => None,
        };
        let now = Arc::new(read.unwrap_or_default());
        let new = || Known {
            git: repository.git.clone(),
            top: repository.top.clone(),
            stamp,
            now: Arc::clone(&now),
            reported: Arc::clone(&now),
            reported_stamp: stamp,
            digests: Digests::default(),
        };
        let known = self.known.entry(repository.git.clone()).or_insert_with(new);
        known.stamp = stamp;
        known.now = now;
    }
}
