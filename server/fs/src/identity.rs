//! Which file it is, whatever it is called.

use std::{
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// What tells a file from all others that exist at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    number: u64,
}

impl Identity {
    /// That of an opened file.
    #[must_use]
    pub fn of(found: &Metadata) -> Self {
        Self { device: found.dev(), number: found.ino() }
    }

    /// The same, as the system tells it.
    // What these are is different from system to system.
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss)]
    pub(crate) fn of_stat(found: &rustix::fs::Stat) -> Self {
        Self { device: found.st_dev as u64, number: found.st_ino as u64 }
    }

    /// That of what is at a path, be it a link.
    ///
    /// # Errors
    /// There is nothing. The error names the path.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&path.symlink_metadata().map_err(at(path))?))
    }

    /// That of what a link of `/proc/PID/fd` leads to, without asking its file system, which may not answer.
    ///
    /// # Errors
    /// There is none.
    #[cfg(target_os = "linux")]
    pub fn of_open(link: &Path) -> io::Result<Self> {
        use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
        let found = statx(CWD, link, AtFlags::STATX_DONT_SYNC, StatxFlags::INO)?;
        Ok(Self { device: makedev(found.stx_dev_major, found.stx_dev_minor), number: found.stx_ino })
    }

    /// Whether it is at this path, as far as that can be told.
    #[must_use]
    pub fn is_still_at(self, path: &Path) -> bool {
        match path.symlink_metadata() {
            Ok(found) => Self::of(&found) == self,
            Err(error) => !crate::is_absent(&error),
        }
    }
}

/// What the system said, and of what. The system's number of it is not lost: see [`is_shortage`](crate::is_shortage).
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
