//! Reading within bounds.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use crate::open::{Unfit, open_regular};

/// All of a file of this user or root, if it has no more than `max` bytes.
///
/// # Errors
/// There is none, it is [`Unfit`] (with its size, if it is too large), or it cannot be read.
pub fn read_bounded(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    read_file(open_regular(path)?, max)
}

/// The same of an open file, from where it stands.
///
/// # Errors
/// It is [`Unfit::TooLarge`], or cannot be read.
pub fn read_file(file: File, max: u64) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    if size > max {
        return Err(Unfit::TooLarge { size, max }.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // It may be growing.
    file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    let read = bytes.len() as u64;
    if read > max { Err(Unfit::TooLarge { size: read, max }.into()) } else { Ok(bytes) }
}

/// The last `max` bytes of a file as text, broken UTF-8 replaced; none if there is no such file, or an [`Unfit`] one.
#[must_use]
pub fn tail(path: &Path, max: u64) -> Option<String> {
    tail_of_file(open_regular(path).ok()?, max).ok()
}

/// The same of an open file.
///
/// # Errors
/// It cannot be read.
pub fn tail_of_file(mut file: File, max: u64) -> io::Result<String> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(max)))?;
    let mut bytes = Vec::new();
    file.take(max).read_to_end(&mut bytes)?;
    // The cut may have gone through a character: its continuation bytes at the start are dropped.
    let continues = |byte: &&u8| **byte & 0xC0 == 0x80;
    let cut = if length > max { bytes.iter().take(3).take_while(continues).count() } else { 0 };
    Ok(String::from_utf8_lossy(bytes.get(cut..).unwrap_or_default()).into_owned())
}

/// The last `max` bytes of a text that is there already.
#[must_use]
pub fn tail_of(text: &str, max: usize) -> &str {
    let start = text.len().saturating_sub(max);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write_private;

    #[test]
    fn the_tail_is_cut_between_characters() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        write_private(&path, "äöü".as_bytes()).unwrap();
        assert_eq!(tail(&path, 3).unwrap(), "ü");
        assert_eq!(tail(&path, 100).unwrap(), "äöü");
        assert_eq!(tail(&dir.path().join("none"), 3), None);
        assert_eq!(tail_of("äöü", 3), "ü");
        assert_eq!(tail_of("äöü", 0), "");
    }

    #[test]
    fn no_more_is_read_than_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_bounded(&path, 5).unwrap(), b"12345");
        let error = read_bounded(&path, 4).unwrap_err();
        assert_eq!(Unfit::of(&error), Some(&Unfit::TooLarge { size: 5, max: 4 }));
        assert!(error.to_string().contains("5 bytes"), "{error}");
        File::options().write(true).open(&path).unwrap().set_len(1 << 42).unwrap();
        assert_eq!(read_bounded(&path, 1 << 20).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(tail(&path, 3).unwrap(), "\0\0\0");
    }
}
