//! The content of files, read within bounds: an agent can make a file of any size at no cost, as most of it may be a hole.

use std::{
    fs::Metadata,
    io::{self, Read},
    path::Path,
};

use aiwg_fs::open_of_anyone;
use aiwg_git::Look;

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

/// Why not all files were read.
#[derive(Debug)]
pub(super) enum Unfinished {
    /// Together they have more than [`MOST_READ`].
    TooMuch,
    /// The look was over before.
    TooLong,
}

/// The reading of many files, as part of a look.
#[derive(Debug)]
pub(super) struct Reading {
    look: Look,
    /// Bytes that may still be read. Those of holes count, too.
    left: u64,
}

impl Reading {
    /// The reading of files of [`MOST_READ`] bytes.
    pub(super) fn new(look: &Look) -> Self {
        Self::of(look, MOST_READ)
    }

    /// The reading of files of that many bytes.
    pub(super) fn of(look: &Look, left: u64) -> Self {
        Self { look: look.clone(), left }
    }

    /// The look that it is part of.
    pub(super) fn look(&self) -> &Look {
        &self.look
    }

    /// Hands over the content of a file, piece by piece.
    pub(super) fn read(&mut self, path: &Path, take: impl FnMut(&[u8])) -> Result<Content, Unfinished> {
        let opened = open_of_anyone(path).and_then(|file| Ok((file.metadata()?, file)));
        let Ok((found, file)) = opened else { return Ok(Content::Unreadable) };
        if found.len() > LARGEST_READ {
            return Ok(Content::TooLarge(found));
        }
        // It may grow meanwhile.
        let Ok(read) = pieces(&self.look, &mut file.take(LARGEST_READ + 1), take) else {
            return Ok(Content::Unreadable);
        };
        let read = read.ok_or(Unfinished::TooLong)?;
        self.left = self.left.checked_sub(read).ok_or(Unfinished::TooMuch)?;
        Ok(if read > LARGEST_READ { Content::TooLarge(found) } else { Content::Whole })
    }
}

/// Reads to the end; returns the number of bytes, or none if the look is over before.
fn pieces(look: &Look, file: &mut impl Read, mut take: impl FnMut(&[u8])) -> io::Result<Option<u64>> {
    let (mut buffer, mut all) = (vec![0; 64 * 1024], 0);
    loop {
        if look.is_over() {
            return Ok(None);
        }
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Some(all)),
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
    use std::{fs::File, time::Duration};

    use super::*;

    #[test]
    fn nothing_is_read_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hole");
        let file = File::create(&path).unwrap();
        // A debug build reads slowly.
        let look = Look::within(Duration::from_secs(3600));
        let mut reading = Reading::of(&look, LARGEST_READ);
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

    #[test]
    fn a_look_that_is_ended_reads_no_further() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        File::create(&path).unwrap().set_len(LARGEST_READ).unwrap();
        let look = Look::within(Duration::from_secs(3600));
        let mut reading = Reading::new(&look);
        let mut pieces = 0;
        let read = reading.read(&path, |_| {
            pieces += 1;
            look.end();
        });
        assert!(matches!(read, Err(Unfinished::TooLong)) && pieces == 1, "{pieces}");
    }
}
