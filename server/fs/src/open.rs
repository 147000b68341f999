//! Opening what may be anything.

use std::{
    fs::File,
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt, MetadataExt},
    },
    path::Path,
};

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    process::geteuid,
};

/// The reason for which something is not read although it is there. It is the inner error of the [`io::Error`]s of
/// this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A link, which could lead anywhere.
    #[error("it is a symbolic link, and links are not followed here")]
    Link,
    /// This kind of file instead of a regular one.
    #[error("it is no regular file but {0}")]
    NotRegular(&'static str),
    /// Another user has made it: the user's number.
    #[error("it belongs to user {0}")]
    NotOwn(u32),
    /// A file that is larger than what is read.
    #[error("it has {size} bytes, of which no more than {max} are read")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The most that is read, in bytes.
        max: u64,
    },
}

impl From<Unfit> for io::Error {
    fn from(unfit: Unfit) -> Self {
        let kind = match unfit {
            Unfit::NotOwn(_) => io::ErrorKind::PermissionDenied,
            Unfit::TooLarge { .. } => io::ErrorKind::FileTooLarge,
            Unfit::Link | Unfit::NotRegular(_) => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, unfit)
    }
}

impl Unfit {
    /// Finds the [`Unfit`] in an error, if it is one.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// True if an error says that there is no such file: neither it nor a directory of that name.
#[must_use]
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Opens a regular file of this user or of root for reading. It never follows a link in the last place, never waits, and gives a
/// descriptor that no program started later inherits.
///
/// # Errors
/// There is none, or an [`Unfit`] one.
pub fn open_regular(path: &Path) -> io::Result<File> {
    own(open_of_anyone(path)?)
}

/// The same, whoever has made it: for what is only looked at, such as a project's sources.
///
/// # Errors
/// There is none, or an [`Unfit`] one.
pub fn open_of_anyone(path: &Path) -> io::Result<File> {
    regular(openat(CWD, path, READ, Mode::empty()))
}

/// Flags with which everything is opened here.
pub(crate) const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// The opened file, if it is a regular one.
pub(crate) fn regular(opened: rustix::io::Result<OwnedFd>) -> io::Result<File> {
    let file = File::from(opened.map_err(in_words)?);
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        // Whoever inherits it is not to be surprised.
        let flags = rustix::fs::fcntl_getfl(&file)?;
        rustix::fs::fcntl_setfl(&file, flags.difference(OFlags::NONBLOCK))?;
        return Ok(file);
    }
    Err(Unfit::NotRegular(if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else {
        "a device"
    })
    .into())
}

/// The opened file, if nobody but this user and root could have made it.
pub(crate) fn own(file: File) -> io::Result<File> {
    let owner = file.metadata()?.uid();
    if owner == 0 || owner == geteuid().as_raw() { Ok(file) } else { Err(Unfit::NotOwn(owner).into()) }
}

/// Replaces the system's errors for a socket and for a link that is not followed, which are hard to understand.
pub(crate) fn in_words(error: Errno) -> io::Error {
    match error {
        // The second is FreeBSD's.
        Errno::LOOP | Errno::MLINK => Unfit::Link.into(),
        Errno::NXIO | Errno::OPNOTSUPP => Unfit::NotRegular("a socket").into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;

    fn why_not(path: &Path) -> Unfit {
        Unfit::of(&open_regular(path).unwrap_err()).unwrap().clone()
    }

    #[test]
    fn only_a_regular_file_is_opened_and_nothing_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let (file, pipe, link) = (dir.path().join("file"), dir.path().join("pipe"), dir.path().join("link"));
        std::fs::write(&file, "x").unwrap();
        assert!(open_regular(&file).is_ok() && open_of_anyone(&file).is_ok());
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(why_not(&pipe), Unfit::NotRegular("a named pipe"));
        symlink(&file, &link).unwrap();
        assert_eq!(why_not(&link), Unfit::Link);
        let socket = dir.path().join("socket");
        let _listening = UnixListener::bind(&socket).unwrap();
        assert_eq!(why_not(&socket), Unfit::NotRegular("a socket"));
        assert_eq!(why_not(dir.path()), Unfit::NotRegular("a directory"));
        assert_eq!(why_not("/dev/zero".as_ref()), Unfit::NotRegular("a device"));
        assert!(is_absent(&open_regular(&dir.path().join("none")).unwrap_err()));
        assert!(is_absent(&open_regular(&file.join("none")).unwrap_err()));
    }
}
