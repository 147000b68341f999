//! The identity of a file, whatever its name.

use std::{
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Distinguishes a file from all others that exist at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    number: u64,
}

impl Identity {
    /// Identity of an opened file.
    #[must_use]
    pub fn of(found: &Metadata) -> Self {
        Self { device: found.dev(), number: found.ino() }
    }

    /// Identity from the system's `stat`.
    // What these are is different from system to system.
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss)]
    pub(crate) fn of_stat(found: &rustix::fs::Stat) -> Self {
        Self { device: found.st_dev as u64, number: found.st_ino as u64 }
    }

    /// Identity of the file at a path; of the link itself, if it is one. What is mounted there is not asked, since it may not answer.
    ///
    /// # Errors
    /// There is nothing. The error names the path.
    #[cfg(target_os = "linux")]
    pub fn at(path: &Path) -> io::Result<Self> {
        use rustix::fs::AtFlags;
        Self::unasked(path, AtFlags::SYMLINK_NOFOLLOW).map_err(at(path))
    }

    /// Identity of the file at a path; of the link itself, if it is one.
    ///
    /// # Errors
    /// There is nothing. The error names the path.
    #[cfg(not(target_os = "linux"))]
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&path.symlink_metadata().map_err(at(path))?))
    }

    /// Identity of the file that a link of `/proc/PID/fd` leads to, without asking its file system, which may not answer.
    ///
    /// # Errors
    /// There is none.
    #[cfg(target_os = "linux")]
    pub fn of_open(link: &Path) -> io::Result<Self> {
        Self::unasked(link, rustix::fs::AtFlags::empty())
    }

    /// Identity by what the system knows of the file already.
    #[cfg(target_os = "linux")]
    fn unasked(path: &Path, flags: rustix::fs::AtFlags) -> io::Result<Self> {
        use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
        let found = statx(CWD, path, flags | AtFlags::STATX_DONT_SYNC, StatxFlags::INO)?;
        Ok(Self { device: makedev(found.stx_dev_major, found.stx_dev_minor), number: found.stx_ino })
    }

    /// True if it is at this path, or if the system cannot say that it is not.
    #[must_use]
    pub fn is_still_at(self, path: &Path) -> bool {
        match path.symlink_metadata() {
            Ok(found) => Self::of(&found) == self,
            Err(error) => !crate::is_absent(&error),
        }
    }
}

/// Adds the path to an error of the system. The system's error code is kept: see [`is_shortage`](crate::is_shortage).
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |source| io::Error::new(source.kind(), At { path: path.to_owned(), source })
}

/// An error with its place.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub(crate) struct At {
    path: PathBuf,
    pub(crate) source: io::Error,
}
