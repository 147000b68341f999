//! The files that people and their tools read: written from what is in the store, never read back.

mod event_log;
mod status_files;
mod tasks_file;

use std::{
    fs::{File, Metadata, OpenOptions, Permissions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use aiwg_protocol::trust;
use rustix::fs::OFlags;

pub(crate) use event_log::{last_written, write_event_log};
pub(crate) use status_files::write_status_files;
pub(crate) use tasks_file::{WRITTEN_BY, write_tasks_file};

/// How much of an agent's output goes into a task: 64 KiB.
pub(crate) const TAIL_BYTES: u64 = 64 * 1024;

/// Writes a file that only its owner can read. What was there is gone.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    open_private(private().truncate(true), path)?.write_all(content)
}

/// Replaces a file in one step: readers see the old one or the new one, whole. A link is replaced, and not followed.
///
/// # Errors
/// It cannot be written.
pub fn write_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    // One that is there may be somebody else's, who would go on writing to it under its new name.
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private().create_new(true).open(&temporary)?.write_all(content)?;
    std::fs::rename(&temporary, path)
}

/// Opens a file that only its owner can read, to append to it.
pub(crate) fn append_private(path: &Path) -> io::Result<File> {
    open_private(private().append(true), path)
}

/// Opens a file, and closes it to others if an older one was open to them.
pub(crate) fn open_private(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.open(path)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Closes a file to others that may be there.
pub(crate) fn close_to_others(path: &Path) -> io::Result<()> {
    match open_private(private().create(false), path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    // A link that someone else has planted is not followed, and nobody waits for the other end of a pipe.
    options
        .write(true)
        .create(true)
        .mode(0o600)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    options
}

/// Reads a file that decides what runs: a regular one, which nobody else could have made or can change.
pub(crate) fn read_trusted(path: &Path) -> io::Result<String> {
    // Opening a pipe would wait for whoever writes into it.
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    trust::check_opened(path, &found)?;
    io::read_to_string(file)
}

/// What tells a file from all others that exist at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    number: u64,
}

impl Identity {
    pub(crate) fn of(found: &Metadata) -> Self {
        Self { device: found.dev(), number: found.ino() }
    }

    /// That of what is at a path, be it a link.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&path.symlink_metadata().map_err(at(path))?))
    }

    /// Whether it is at this path, as far as that can be told.
    pub(crate) fn is_still_at(self, path: &Path) -> bool {
        match path.symlink_metadata() {
            Ok(found) => Self::of(&found) == self,
            Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
        }
    }
}

/// What the system said, and of what.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
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
    fn what_was_prepared_in_the_way_is_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let (path, temporary) = (dir.path().join("daemon.pid"), dir.path().join("daemon.tmp"));
        std::fs::write(&temporary, "prepared").unwrap();
        std::fs::set_permissions(&temporary, Permissions::from_mode(0o666)).unwrap();
        let mut theirs = File::options().write(true).open(&temporary).unwrap();
        write_atomic(&path, b"ours").unwrap();
        theirs.write_all(b"theirs").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"ours");
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_an_older_one_left_open_to_others_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        append_private(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn only_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("daemon.json");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(read_trusted(&pipe).unwrap_err().to_string().contains("no regular file"));
    }

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
