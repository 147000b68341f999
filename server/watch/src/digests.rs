//! Contents of files that git does not know as they are, such as one with changes that are not committed: of those that were reported
//! lately. So what git puts aside and brings back, as `git stash` and `git rebase --autostash` do, is known to be the same.

use std::{
    cell::Cell,
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    io::Read,
    path::Path,
};

use crate::{index::FileState, stamp::Stamp};

/// Maximum number of files read for one look, and maximum size of all of them, in bytes.
const MAX_FILES: usize = 1000;
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Maximum number of files whose contents are remembered. Beyond that all is forgotten, and times decide as for any other file.
const MAX_REMEMBERED: usize = 10_000;

/// Names of the contents of files, by their paths relative to the work tree.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    /// The state of each, and the name of its content.
    remembered: HashMap<u64, (u64, u128)>,
}

impl Digests {
    pub(crate) fn content(&self, hasher: &RandomState, path: &[u8], stamp: &Stamp) -> Option<u128> {
        let (state, content) = self.remembered.get(&hasher.hash_one(path))?;
        (*state == hasher.hash_one(FileState::of(stamp))).then_some(*content)
    }

    pub(crate) fn remember(&mut self, hasher: &RandomState, path: &[u8], stamp: &Stamp, content: u128) {
        if self.remembered.len() >= MAX_REMEMBERED {
            self.remembered = HashMap::new();
        }
        self.remembered.insert(hasher.hash_one(path), (hasher.hash_one(FileState::of(stamp)), content));
    }
}

/// Reads files of a work tree, within bounds.
#[derive(Debug)]
pub(crate) struct Reading {
    files: Cell<usize>,
    bytes: Cell<u64>,
}

impl Default for Reading {
    fn default() -> Self {
        Self { files: Cell::new(MAX_FILES), bytes: Cell::new(MAX_BYTES) }
    }
}

impl Reading {
    /// The name that git gives to the content of a file that is in a state. `None` if it is in another, or beyond the bounds.
    pub(crate) fn content(&self, path: &Path, state: FileState) -> Option<[u8; 20]> {
        self.files.set(self.files.get().checked_sub(1)?);
        let file = aiwg_fs::open_of_anyone(path).ok()?;
        let metadata = file.metadata().ok()?;
        self.bytes.set(self.bytes.get().checked_sub(metadata.len())?);
        let mut content = Vec::new();
        file.take(metadata.len()).read_to_end(&mut content).ok()?;
        (FileState::of(&Stamp::of(&metadata)) == state).then(|| blob(&content))
    }
}

/// The name that git gives a content.
fn blob(content: &[u8]) -> [u8; 20] {
    let mut hash = sha1_smol::Sha1::from(format!("blob {}\0", content.len()));
    hash.update(content);
    hash.digest().bytes()
}
