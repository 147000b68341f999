//! The content of files, read within bounds: an agent can make a file of any size at no cost, as most of it may be a hole.

use std::{
    fs::Metadata,
    io::{self, Read},
    path::Path,
};

use aiwg_fs::open_of_anyone;

/// Largest file whose content counts, in bytes: 64 MiB. A larger one is known by what the system says of it.
pub(super) const LARGEST_READ: u64 = 64 * 1024 * 1024;

/// The most that is read in one look at all files, in bytes: 8 GiB.
pub(super) const MOST_READ: u64 = 8 * 1024 * 1024 * 1024;

/// The outcome of reading a file.
#[derive(Debug)]
pub(super) enum Content {
    /// All of it has been handed over.
    Whole,
    /// It is larger than [`LARGEST_READ`]; what has been handed over says nothing.
    TooLarge(Metadata),
    /// It is not there, no regular file, or cannot be read.
    Unreadable,
}

/// The files together have more than [`MOST_READ`].
#[derive(Debug)]
pub(super) struct TooMuch;

/// One look at many files.
#[derive(Debug)]
pub(super) struct Reading {
    /// Bytes that may still be read.
    left: u64,
}

impl Reading {
    /// A look at files of [`MOST_READ`] bytes.
    pub(super) fn new() -> Self {
        Self::of(MOST_READ)
    }

    /// A look at files of that many bytes.
    pub(super) fn of(left: u64) -> Self {
        Self { left }
    }

    /// Hands over the content of a file, piece by piece.
    pub(super) fn read(&mut self, path: &Path, take: impl FnMut(&[u8])) -> Result<Content, TooMuch> {
        let opened = open_of_anyone(path).and_then(|file| Ok((file.metadata()?, file)));
        let Ok((found, file)) = opened else { return Ok(Content::Unreadable) };
        if found.len() > LARGEST_READ {
            return Ok(Content::TooLarge(found));
        }
        // It may grow meanwhile.
        let Ok(read) = pieces(&mut file.take(LARGEST_READ + 1), take) else { return Ok(Content::Unreadable) };
        self.left = self.left.checked_sub(read).ok_or(TooMuch)?;
        Ok(if read > LARGEST_READ { Content::TooLarge(found) } else { Content::Whole })
    }
}

/// Reads to the end; returns the number of bytes.
fn pieces(file: &mut impl Read, mut take: impl FnMut(&[u8])) -> io::Result<u64> {
    let (mut buffer, mut all) = (vec![0; 64 * 1024], 0);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(all),
            Ok(read) => {
                take(buffer.get(..read).unwrap_or_default());
                all += u64::try_from(read).unwrap_or(u64::MAX);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn nothing_is_read_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hole");
        let file = File::create(&path).unwrap();
        let mut reading = Reading::of(LARGEST_READ);
        let mut size = 0;
        file.set_len(LARGEST_READ + 1).unwrap();
        assert!(matches!(reading.read(&path, |piece| size += piece.len()), Ok(Content::TooLarge(_))));
        assert_eq!(size, 0, "no piece of it is read");
        file.set_len(LARGEST_READ).unwrap();
        assert!(matches!(reading.read(&path, |piece| size += piece.len()), Ok(Content::Whole)));
        assert_eq!(u64::try_from(size).unwrap(), LARGEST_READ);
        file.set_len(1).unwrap();
        assert!(reading.read(&path, |_| {}).is_err(), "nothing is left for it");
        assert!(matches!(reading.read(&dir.path().join("none"), |_| {}), Ok(Content::Unreadable)));
    }
}
