//! The identity of a file, whatever its name.

use std::{
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

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

    /// Identity of the file at a path; of the link itself, if it is one. What is mounted there is not asked, since it may not answer, where the
    /// system has a way not to.
    ///
    /// # Errors
    /// There is nothing. The error names the path.
    pub fn at(path: &Path) -> io::Result<Self> {
        unasked(path, Links::NotFollowed)
            .or_else(|errno| asked_if(errno, || path.symlink_metadata()))
            .map_err(at(path))
    }

    /// Identity of the file that a link of `/proc/PID/fd` leads to, without asking its file system, which may not answer, where the system has
    /// a way not to.
    ///
    /// # Errors
    /// There is none.
    #[cfg(target_os = "linux")]
    pub fn of_open(link: &Path) -> io::Result<Self> {
        unasked(link, Links::Followed).or_else(|errno| asked_if(errno, || link.metadata()))
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

/// The treatment of a link at the end of a path.
#[derive(Clone, Copy)]
enum Links {
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    Followed,
    NotFollowed,
}

/// Identity by what the system knows of the file already.
#[cfg(target_os = "linux")]
fn unasked(path: &Path, links: Links) -> Result<Identity, Errno> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
    let flags = match links {
        Links::Followed => AtFlags::empty(),
        Links::NotFollowed => AtFlags::SYMLINK_NOFOLLOW,
    };
    let found = statx(CWD, path, flags | AtFlags::STATX_DONT_SYNC, StatxFlags::INO)?;
    Ok(Identity { device: makedev(found.stx_dev_major, found.stx_dev_minor), number: found.stx_ino })
}

#[cfg(not(target_os = "linux"))]
fn unasked(_: &Path, _: Links) -> Result<Identity, Errno> {
    Err(Errno::NOSYS)
}

/// Identity by asking the file system, where this error says that the system has no statx(2), or does not let this process have it: kernels
/// before 4.11, and containers whose filter of system calls does not know it yet.
fn asked_if(errno: Errno, found: impl FnOnce() -> io::Result<Metadata>) -> io::Result<Identity> {
    match errno {
        Errno::NOSYS | Errno::PERM => Ok(Identity::of(&found()?)),
        other => Err(other.into()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_statx_the_file_system_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for errno in [Errno::NOSYS, Errno::PERM] {
            assert_eq!(asked_if(errno, || link.symlink_metadata()).unwrap(), Identity::at(&link).unwrap());
            assert_eq!(asked_if(errno, || link.metadata()).unwrap(), Identity::at(&file).unwrap());
        }
        let absent = asked_if(Errno::NOENT, || file.metadata()).unwrap_err();
        assert_eq!(absent.kind(), io::ErrorKind::NotFound, "a failure is none of the call itself");
    }
}
