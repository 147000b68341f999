//! What git knows of the files' contents: whether one that git has replaced says the same as before.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs,
    hash::RandomState,
    io::Read,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use crate::{
    hold::{LOCK, Repository},
    index::{Index, Racy, State},
    list::{Entry, entry},
    stamp::Stamp,
};

/// As many files are read at once to see whether they are as an index says, and as much of them, in bytes.
const MAX_FILES: usize = 1000;
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The indexes of the repositories in the project and of the one around it.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    hasher: RandomState,
    /// By git's directory.
    known: HashMap<PathBuf, Known>,
}

#[derive(Debug)]
struct Known {
    /// The work tree.
    top: PathBuf,
    /// The index file as it was when it was read last. `None` if it was not there.
    stamp: Option<Stamp>,
    /// What it says.
    now: Arc<Index>,
    /// What it said when changes were last told.
    told: Arc<Index>,
}

/// Files have conflicts.
pub(crate) struct Conflicts {
    /// The index that says so.
    pub(crate) index: PathBuf,
    /// What tells them from others.
    pub(crate) digest: u64,
    pub(crate) written_at: SystemTime,
}

impl Contents {
    /// Reads the index of a repository again if it has changed. Tells of files with conflicts in it.
    pub(crate) fn conflicts(&mut self, repository: &Repository) -> Option<Conflicts> {
        self.read_again(repository);
        let known = self.known.get(&repository.git)?;
        Some(Conflicts {
            index: repository.git.join("index"),
            digest: known.now.conflicts?,
            written_at: known.now.written_at?,
        })
    }

    /// Takes what the indexes say by now for what they said when changes were last told: all has been.
    pub(crate) fn settle(&mut self) {
        for known in self.known.values_mut() {
            known.told = Arc::clone(&known.now);
        }
    }

    /// Reads the indexes that have changed, and takes what they say for what they said when changes were last told. Those that git is
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
                    known.told = Arc::clone(&known.now);
                }
            }
        }
    }

    /// Whether a file has another inode now and the content that it had, by the word of git, which has written both.
    pub(crate) fn is_same(&self, path: &Path, before: &Stamp, after: &Stamp) -> bool {
        if !before.is_known || !after.is_replaced(before) {
            return false;
        }
        let around = self.known.values().filter(|known| path.starts_with(&known.top));
        let Some(known) = around.max_by_key(|known| known.top.as_os_str().len()) else { return false };
        let Ok(path) = path.strip_prefix(&known.top) else { return false };
        let path = path.as_os_str().as_bytes();
        let content = known.told.content(&self.hasher, path, before);
        content.is_some() && content == known.now.content(&self.hasher, path, after)
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
        let mut check = Check { top: &repository.top, files: MAX_FILES, bytes: MAX_BYTES };
        let read = match stamp {
            Some(_) => Index::read(&file, &self.hasher, &mut |racy| check.is_as_said(racy)).ok().flatten(),
            None => None,
        };
        let now = Arc::new(read.unwrap_or_default());
        let new =
            || Known { top: repository.top.clone(), stamp, now: Arc::clone(&now), told: Arc::clone(&now) };
        let known = self.known.entry(repository.git.clone()).or_insert_with(new);
        known.stamp = stamp;
        known.now = now;
    }
}

/// Looks at files of a work tree, within bounds.
struct Check<'a> {
    top: &'a Path,
    files: usize,
    bytes: u64,
}

impl Check<'_> {
    /// Whether a file has the content that an index says it has, in the state that it says.
    fn is_as_said(&mut self, racy: &Racy) -> bool {
        let path = self.top.join(OsStr::from_bytes(&racy.path));
        let Some(files) = self.files.checked_sub(1) else { return false };
        self.files = files;
        let Ok(file) = aiwg_fs::open_of_anyone(&path) else { return false };
        let Ok(metadata) = file.metadata() else { return false };
        let Some(bytes) = self.bytes.checked_sub(metadata.len()) else { return false };
        self.bytes = bytes;
        let mut content = Vec::new();
        let is_read = file.take(metadata.len()).read_to_end(&mut content).is_ok();
        is_read && State::of(&Stamp::of(&metadata)) == racy.state && blob(&content) == racy.content
    }
}

/// The name that git gives a content.
fn blob(content: &[u8]) -> [u8; 20] {
    let mut hash = sha1_smol::Sha1::from(format!("blob {}\0", content.len()));
    hash.update(content);
    hash.digest().bytes()
}
