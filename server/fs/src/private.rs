//! Files that only their owner can read.

use std::{
    fs::{File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::Path,
};

use rustix::fs::OFlags;

/// Writes a file that only its owner can read. What was there is gone.
///
/// # Errors
/// It cannot be opened or written.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    open_private(private().truncate(true), path)?.write_all(content)
}

/// Replaces a file in one step: readers see the old one or the new one, whole. A link is replaced, and not followed.
///
/// # Errors
/// It cannot be written.
pub fn write_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    new_private(&temporary)?.write_all(content)?;
    std::fs::rename(&temporary, path)
}

/// Writes a file anew in one step, for whoever could read it: with its permissions and its group, as far as they can be kept. One that is new only
/// its owner can read.
///
/// # Errors
/// It cannot be written.
pub fn rewrite_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    let before = std::fs::metadata(path).ok();
    let temporary = path.with_extension("tmp");
    let mut file = new_private(&temporary)?;
    file.write_all(content)?;
    if let Some(before) = before {
        // Only root and members of the group can give it that group: it is readable for fewer then.
        let is_kept =
            fchown(&file, None, Some(before.gid())).is_ok() || file.metadata()?.gid() == before.gid();
        let mode = before.mode() & if is_kept { 0o777 } else { 0o707 };
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    std::fs::rename(&temporary, path)
}

/// A new file in the place of any other.
fn new_private(path: &Path) -> io::Result<File> {
    // One that is there may be somebody else's, who would go on writing to it under its new name.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private().create_new(true).open(path)
}

/// Opens a file that only its owner can read, to append to it.
///
/// # Errors
/// It cannot be opened or written.
pub fn append_private(path: &Path) -> io::Result<File> {
    open_private(private().append(true), path)
}

/// Opens a file, and closes it to others if an older one was open to them.
///
/// # Errors
/// It cannot be opened or written.
pub fn open_private(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.open(path)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Closes a file to others that may be there.
///
/// # Errors
/// It cannot be opened or written.
pub fn close_to_others(path: &Path) -> io::Result<()> {
    match open_private(private().create(false), path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Options to open such a file for writing, and to create it if it is missing.
#[must_use]
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    // A link that someone else has planted is not followed, and nobody waits for the other end of a pipe.
    options
        .write(true)
        .create(true)
        .mode(0o600)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    options
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
}
