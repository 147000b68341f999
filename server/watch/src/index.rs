//! Git's index: which files have conflicts, and what the content of a file is that git has written.
//!
//! Only the entries are read, as a stream and within bounds. Of a file nothing is kept but three numbers: its path, its state, and the
//! name of its content. So a tree of 100,000 files takes 3 MB, and no file is read for it. What cannot be made sense of says
//! nothing: then the times of the files count, as for files that git does not know. So they do for what a split index leaves in its
//! shared part; its conflicts are in its own.

use std::{
    fs::File,
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, BufReader, Read},
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::stamp::{Stamp, TICK};

/// The most entries that are read.
const MAX_ENTRIES: u32 = 1 << 20;

/// The longest path, in bytes.
const MAX_PATH: usize = 4096;

/// The bits of a mode that say what it is the mode of.
const KIND: u32 = 0o170_000;

/// A file, a link, a submodule, and a directory of a sparse index.
const KINDS: [u32; 4] = [0o100_000, 0o120_000, 0o160_000, 0o040_000];

/// Content of an index.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Sorted by their paths.
    entries: Vec<Entry>,
    /// Identifies these conflicts; `None` if there are none.
    pub(crate) conflicts: Option<u64>,
    /// Time when it was written.
    pub(crate) written_at: Option<SystemTime>,
}

/// A file that is as git has left it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    path: u64,
    state: u64,
    content: u128,
}

/// An entry that was written so shortly before the index that its file may be another by now.
pub(crate) struct Racy {
    /// Relative to the work tree, as bytes.
    pub(crate) path: Vec<u8>,
    pub(crate) state: FileState,
    pub(crate) content: [u8; 20],
}

/// FileState of a file, as git records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileState {
    modified: i64,
    inode: u32,
    size: u32,
}

impl FileState {
    pub(crate) fn of(stamp: &Stamp) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "git keeps no more than these bits")]
        let (inode, size) = (stamp.inode as u32, stamp.size as u32);
        Self { modified: stamp.modified, inode, size }
    }
}

impl Index {
    /// Reads an index; `None` if it cannot be made sense of. `is_as_said` looks at the files that may have changed since.
    pub(crate) fn read(
        file: &Path,
        hasher: &RandomState,
        is_as_said: &mut dyn FnMut(&Racy) -> bool,
    ) -> io::Result<Option<Self>> {
        // The length of the names of contents is not in it: it is that of the repository.
        for length in [20, 32] {
            let file = aiwg_fs::open_of_anyone(file)?;
            if let Ok(index) = Self::parse(file, length, hasher, is_as_said) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn parse(
        file: File,
        length: usize,
        hasher: &RandomState,
        is_as_said: &mut dyn FnMut(&Racy) -> bool,
    ) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let mut reader =
            Reader { file: BufReader::with_capacity(1 << 16, file), version: 0, length, path: Vec::new() };
        let count = reader.header()?;
        let racy_from = metadata.modified().ok().and_then(|at| at.checked_sub(TICK)).map(nanoseconds);
        let mut index = Self { written_at: metadata.modified().ok(), ..Self::default() };
        // Not as many as it says before they are there.
        index.entries.reserve(usize::try_from((metadata.size() / 64).min(count.into())).unwrap_or_default());
        for _ in 0..count {
            let raw = reader.entry()?;
            if raw.stage == 0 && reader.path.is_empty() {
                // One of the shared part's in another state: its name is there.
                continue;
            }
            if raw.stage != 0 {
                let this = hasher.hash_one((&reader.path, raw.stage, raw.content));
                index.conflicts = Some(index.conflicts.unwrap_or_default() ^ this);
                continue;
            }
            let is_racy = racy_from.is_none_or(|racy_from| raw.state.modified >= racy_from);
            if raw.is_file && (!is_racy || is_as_said(&raw.racy(&reader.path))) {
                index.entries.push(Entry {
                    path: hasher.hash_one(reader.path.as_slice()),
                    state: hasher.hash_one(raw.state),
                    content: raw.content(),
                });
            }
        }
        index.entries.sort_unstable_by_key(|entry| entry.path);
        index.entries.shrink_to_fit();
        Ok(index)
    }

    /// Name of the content of a file, if it is in this state.
    pub(crate) fn content(&self, hasher: &RandomState, path: &[u8], stamp: &Stamp) -> Option<u128> {
        let path = hasher.hash_one(path);
        let place = self.entries.binary_search_by_key(&path, |entry| entry.path).ok()?;
        let entry = self.entries.get(place)?;
        (entry.state == hasher.hash_one(FileState::of(stamp))).then_some(entry.content)
    }
}

/// The first 16 bytes of the name of a content, enough to identify it.
pub(crate) fn short(name: &[u8]) -> u128 {
    u128::from_be_bytes(name.first_chunk().copied().unwrap_or_default())
}

/// An entry as it is read.
struct Raw {
    state: FileState,
    is_file: bool,
    stage: u16,
    content: [u8; 32],
}

impl Raw {
    fn content(&self) -> u128 {
        short(&self.content)
    }

    fn racy(&self, path: &[u8]) -> Racy {
        let content = self.content.first_chunk().copied().unwrap_or_default();
        Racy { path: path.to_owned(), state: self.state, content }
    }
}

struct Reader {
    file: BufReader<File>,
    version: u32,
    length: usize,
    /// Path of the last entry.
    path: Vec<u8>,
}

impl Reader {
    /// Returns the number of entries.
    fn header(&mut self) -> io::Result<u32> {
        let magic: [u8; 4] = self.bytes()?;
        self.version = self.number()?;
        let count = self.number()?;
        let is_known = &magic == b"DIRC" && (2..=4).contains(&self.version) && count <= MAX_ENTRIES;
        is_known.then_some(count).ok_or_else(senseless)
    }

    fn entry(&mut self) -> io::Result<Raw> {
        self.bytes::<8>()?;
        let (seconds, nanoseconds) = (self.number()?, self.number()?);
        self.number()?;
        let inode = self.number()?;
        let kind = self.number()? & KIND;
        self.bytes::<8>()?;
        let size = self.number()?;
        let mut content = [0; 32];
        self.file.read_exact(content.get_mut(..self.length).ok_or_else(senseless)?)?;
        let flags = u16::from_be_bytes(self.bytes()?);
        let is_extended = flags & 0x4000 != 0;
        // Files that are not there on purpose, or not yet.
        let is_apart = is_extended && u16::from_be_bytes(self.bytes()?) & 0x6000 != 0;
        if !KINDS.contains(&kind) || (is_extended && self.version < 3) {
            return Err(senseless());
        }
        self.path(flags & 0x0fff, 40 + self.length + if is_extended { 4 } else { 2 })?;
        let modified = i64::from(seconds) * 1_000_000_000 + i64::from(nanoseconds);
        Ok(Raw {
            state: FileState { modified, inode, size },
            is_file: !is_apart && matches!(kind, 0o100_000 | 0o120_000),
            stage: flags >> 12 & 3,
            content,
        })
    }

    /// Reads the path of an entry of which so many bytes were read.
    fn path(&mut self, said: u16, read: usize) -> io::Result<()> {
        if self.version == 4 {
            let dropped = self.varint()?;
            let kept = self.path.len().checked_sub(dropped).ok_or_else(senseless)?;
            self.path.truncate(kept);
        } else {
            self.path.clear();
        }
        let most = u64::try_from(MAX_PATH + 1).unwrap_or_default();
        self.file.by_ref().take(most).read_until(0, &mut self.path)?;
        let is_as_said =
            self.path.pop() == Some(0) && (said == 0x0fff || usize::from(said) == self.path.len());
        if !is_as_said {
            return Err(senseless());
        }
        if self.version < 4 {
            // Up to a multiple of 8; one zero is read already.
            for _ in 0..(7 - (read + self.path.len()) % 8) {
                if self.bytes::<1>()? != [0] {
                    return Err(senseless());
                }
            }
        }
        Ok(())
    }

    fn varint(&mut self) -> io::Result<usize> {
        let [mut byte] = self.bytes()?;
        let mut value = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            [byte] = self.bytes()?;
            let more = value.checked_add(1).filter(|value| *value <= MAX_PATH).ok_or_else(senseless)?;
            value = (more << 7) | usize::from(byte & 0x7f);
        }
        Ok(value)
    }

    fn number(&mut self) -> io::Result<u32> {
        Ok(u32::from_be_bytes(self.bytes()?))
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

fn senseless() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

fn nanoseconds(at: SystemTime) -> i64 {
    let since_1970 = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since_1970.as_nanos()).unwrap_or(i64::MAX)
}
