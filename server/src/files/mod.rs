//! The files that people and their tools read: written from what is in the store, never read back.

mod event_log;
mod status_files;
mod tasks_file;

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

pub(crate) use event_log::{last_written, write_event_log};
pub(crate) use status_files::write_status_files;
pub(crate) use tasks_file::{WRITTEN_BY, write_tasks_file};

/// How much of an agent's output goes into a task: 64 KiB.
pub(crate) const TAIL_BYTES: u64 = 64 * 1024;

/// Writes a file that only its owner can read. What was there is gone.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    private().truncate(true).open(path)?.write_all(content)
}

/// Replaces a file in one step: readers see the old one or the new one, whole. A link is replaced, and not followed.
///
/// # Errors
/// It cannot be written.
pub fn write_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    write_private(&temporary, content)?;
    std::fs::rename(&temporary, path)
}

/// Opens a file that only its owner can read, to append to it.
pub(crate) fn append_private(path: &Path) -> io::Result<File> {
    private().append(true).open(path)
}

pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    // A link that someone else has planted is not followed.
    options
        .write(true)
        .create(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// The last `max` bytes of a file as text, broken UTF-8 replaced; none if there is no such file.
pub(crate) fn tail(path: &Path, max: u64) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(max))).ok()?;
    let mut bytes = Vec::new();
    file.take(max).read_to_end(&mut bytes).ok()?;
    // The cut may have gone through a character: its continuation bytes at the start are dropped.
    let cut =
        if length > max { bytes.iter().take(3).take_while(|byte| **byte & 0xC0 == 0x80).count() } else { 0 };
    Some(String::from_utf8_lossy(&bytes[cut..]).into_owned())
}

/// The last `max` bytes of a text that is there already.
pub(crate) fn tail_of(text: &str, max: usize) -> &str {
    let start = text.len().saturating_sub(max);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
