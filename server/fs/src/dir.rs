//! A directory that is held, so that what is opened in it is in this very directory, whatever is put in its place meanwhile.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{ffi::OsStrExt, fs::MetadataExt},
    },
    path::Path,
};

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, renameat, statat, unlinkat},
    io::Errno,
};

use crate::{
    Identity,
    open::{READ, Unfit, in_words, own, regular},
    read::read_file,
};

/// The rights to a file that only its owner can read.
const OWNERS: Mode = Mode::RUSR.union(Mode::WUSR);

/// Maximum number of files of one name that are renamed.
const MOST_QUARANTINED: u32 = 100;

/// An open directory. It is found again wherever it is moved, and what is not reached through it is not in it.
#[derive(Debug)]
pub struct Dir(OwnedFd);

impl Dir {
    /// Opens a directory; a link in the last place is not followed.
    ///
    /// # Errors
    /// There is none, or it is something else.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::at(CWD, path)
    }

    /// Opens a directory of this user's own; where its owner may not enter it any more, he is given all rights to it again. An agent can take
    /// them from the directories that it finds.
    ///
    /// # Errors
    /// There is none, it is something else, or someone else's.
    pub fn open_own(path: &Path) -> io::Result<Self> {
        Self::own_at(CWD, path)
    }

    /// Opens a directory and the one above it as [`open_own`](Self::open_own) does: neither may be a link.
    ///
    /// # Errors
    /// One of them is missing, something else, or someone else's.
    pub fn open_own_in_own(path: &Path) -> io::Result<Self> {
        match (path.parent(), path.file_name()) {
            (Some(above), Some(name)) if above != Path::new("") => {
                Self::open_own(above)?.own_dir(name.as_ref())
            }
            _ => Self::open_own(path),
        }
    }

    /// Opens a directory below another one, which is trusted: no link on the way from there is followed.
    ///
    /// # Errors
    /// There is none, or something on the way is no directory.
    pub fn beneath(base: &Path, relative: &Path) -> io::Result<Self> {
        let mut dir = Self::open(base)?;
        for name in relative.iter() {
            dir = dir.dir(name.as_ref())?;
        }
        Ok(dir)
    }

    /// Opens a directory in this one.
    ///
    /// # Errors
    /// There is none, or it is something else.
    pub fn dir(&self, name: &Path) -> io::Result<Self> {
        Self::at(self.0.as_fd(), name)
    }

    /// Opens a directory in this one as [`open_own`](Self::open_own) does.
    ///
    /// # Errors
    /// There is none, it is something else, or someone else's.
    pub fn own_dir(&self, name: &Path) -> io::Result<Self> {
        Self::own_at(self.0.as_fd(), name)
    }

    /// Makes a directory in this one that only its owner can enter, and opens it.
    ///
    /// # Errors
    /// Something has this name already, or it cannot be made.
    pub fn make_dir(&self, name: &Path) -> io::Result<Self> {
        mkdirat(&self.0, name, Mode::RWXU)?;
        self.dir(name)
    }

    fn own_at(dir: BorrowedFd<'_>, path: &Path) -> io::Result<Self> {
        Self::at(dir, path).or_else(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => {
                give_back(dir, path, OFlags::DIRECTORY, Mode::RWXU)?;
                Self::at(dir, path)
            }
            _ => Err(error),
        })
    }

    fn at(dir: BorrowedFd<'_>, path: &Path) -> io::Result<Self> {
        openat(dir, path, READ | OFlags::DIRECTORY, Mode::empty()).map(Self).map_err(in_words)
    }

    /// Opens a file in it for reading, as [`open_regular`](crate::open_regular) does.
    ///
    /// # Errors
    /// There is none, or an [`Unfit`] one.
    pub fn open_regular(&self, name: &Path) -> io::Result<File> {
        own(regular(openat(&self.0, name, READ, Mode::empty()))?)
    }

    /// All of a file in it.
    ///
    /// # Errors
    /// As [`read_bounded`](crate::read_bounded).
    pub fn read_bounded(&self, name: &Path, max: u64) -> io::Result<Vec<u8>> {
        read_file(self.open_regular(name)?, max)
    }

    /// Opens a file in it that only its owner can read, for writing as `how` says (`CREATE`, `APPEND`, `TRUNC`, `EXCL`). One that is there
    /// must be a regular file of this user; where he may not read and write it any more, he may again.
    ///
    /// # Errors
    /// It cannot be opened, or is [`Unfit`].
    pub fn open_private(&self, name: &Path, how: OFlags) -> io::Result<File> {
        // What is cut off is cut off once it is known to be a file of our own.
        let flags = READ | OFlags::RDWR | how.difference(OFlags::TRUNC);
        let open = || openat(&self.0, name, flags, OWNERS);
        let opened = open().or_else(|error| match error {
            Errno::ACCESS => give_back(self.0.as_fd(), name, OFlags::empty(), OWNERS).and_then(|()| open()),
            _ => Err(error),
        });
        let file = own(regular(opened)?)?;
        if file.metadata()?.mode() & 0o077 != 0 {
            rustix::fs::fchmod(&file, OWNERS)?;
        }
        if how.contains(OFlags::TRUNC) {
            file.set_len(0)?;
        }
        Ok(file)
    }

    /// Gives a file in it another name in it; what had that name is gone.
    ///
    /// # Errors
    /// It cannot be renamed.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Moves a file of it into another directory, under a name that is free there or another file's, which is gone then.
    ///
    /// # Errors
    /// It cannot be moved.
    pub fn rename_into(&self, from: &Path, into: &Self, to: &Path) -> io::Result<()> {
        Ok(renameat(&self.0, from, &into.0, to)?)
    }

    /// The names in it, in no order, `most` at the most.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn names(&self, most: usize) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
            if names.len() >= most {
                break;
            }
        }
        Ok(names)
    }

    /// True if nobody but this user and root can have put anything into it.
    ///
    /// # Errors
    /// The system does not say.
    pub fn is_private(&self) -> io::Result<bool> {
        let found = rustix::fs::fstat(&self.0)?;
        let is_own = found.st_uid == 0 || found.st_uid == rustix::process::geteuid().as_raw();
        Ok(is_own && !Mode::from_raw_mode(found.st_mode).intersects(Mode::WGRP | Mode::WOTH))
    }

    /// Removes a file in it, a link itself and not what it leads to; false if there was none.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove_file(&self, name: &Path) -> io::Result<bool> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a directory in it that has nothing in it.
    ///
    /// # Errors
    /// There is none, it is something else, or something is in it.
    pub fn remove_dir(&self, name: &Path) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Removes whatever has this name in it. What cannot be removed, a directory with something in it, is renamed.
    ///
    /// # Errors
    /// It can be neither.
    pub fn clear(&self, name: &Path) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            // What Linux, and what POSIX says of a directory.
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
        if unlinkat(&self.0, name, AtFlags::REMOVEDIR).is_ok() {
            return Ok(());
        }
        let quarantined = |n: u32| name.with_added_extension(format!("aside-{n}"));
        let free = (1..=MOST_QUARANTINED).map(quarantined).find(|name| self.identity_of(name).is_none());
        self.rename(name, &free.ok_or(io::ErrorKind::AlreadyExists)?)
    }

    /// The identity of the file that has this name in it, be it a link; none if there is none.
    #[must_use]
    pub fn identity_of(&self, name: &Path) -> Option<Identity> {
        let found = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(Identity::of_stat(&found))
    }

    /// Gives its owner all rights to it again.
    ///
    /// # Errors
    /// It is another user's.
    pub fn open_to_owner(&self) -> io::Result<()> {
        Ok(rustix::fs::fchmod(&self.0, Mode::RWXU)?)
    }

    /// The size in bytes of what has this name in it, be it a link; none if there is nothing.
    #[must_use]
    pub fn size_of(&self, name: &Path) -> Option<u64> {
        let found = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        u64::try_from(found.st_size).ok()
    }

    /// True if this very directory still has a name somewhere.
    ///
    /// # Errors
    /// The system does not answer.
    pub fn is_linked(&self) -> io::Result<bool> {
        Ok(rustix::fs::fstat(&self.0)?.st_nlink > 0)
    }

    /// The identity of the directory.
    ///
    /// # Errors
    /// The system does not say.
    pub fn identity(&self) -> io::Result<Identity> {
        Ok(Identity::of_stat(&rustix::fs::fstat(&self.0)?))
    }

    /// Returns when all names in it would survive a power cut.
    ///
    /// # Errors
    /// The disk has failed.
    pub fn sync(&self) -> io::Result<()> {
        self.try_clone_file()?.sync_all()
    }

    /// True if an error of [`Dir::open`] says that something else is in its place.
    #[must_use]
    pub fn is_replaced(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::NotADirectory || Unfit::of(error).is_some()
    }

    fn try_clone_file(&self) -> io::Result<File> {
        Ok(File::from(self.0.try_clone()?))
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Gives the owner rights to what he may not open: a directory or a regular file, and no link. The system refuses it to everyone else.
#[cfg(target_os = "linux")]
fn give_back(dir: BorrowedFd<'_>, name: &Path, how: OFlags, mode: Mode) -> Result<(), Errno> {
    use std::os::fd::AsRawFd;
    // One that only stands for the file: no rights are needed for it, and nobody can put another file in its place.
    let it = openat(dir, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC | how, Mode::empty())?;
    if rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&it)?.st_mode).is_symlink() {
        return Err(Errno::LOOP);
    }
    rustix::fs::chmod(format!("/proc/self/fd/{}", it.as_raw_fd()), mode)
}

#[cfg(not(target_os = "linux"))]
fn give_back(dir: BorrowedFd<'_>, name: &Path, _: OFlags, mode: Mode) -> Result<(), Errno> {
    rustix::fs::chmodat(dir, name, mode, AtFlags::SYMLINK_NOFOLLOW)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::*;

    #[test]
    fn a_directory_is_held_wherever_it_is_moved() {
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir(base.path().join("a")).unwrap();
        let dir = Dir::open(&base.path().join("a")).unwrap();
        std::fs::rename(base.path().join("a"), base.path().join("b")).unwrap();
        dir.open_private("x.tmp".as_ref(), OFlags::CREATE).unwrap().write_all(b"new").unwrap();
        dir.rename("x.tmp".as_ref(), "x".as_ref()).unwrap();
        dir.sync().unwrap();
        assert_eq!(std::fs::read(base.path().join("b/x")).unwrap(), b"new");
        assert_eq!(
            (dir.read_bounded("x".as_ref(), 3).unwrap(), dir.size_of("x".as_ref())),
            (b"new".into(), Some(3))
        );
        assert!(dir.is_linked().unwrap());
        assert!(dir.remove_file("x".as_ref()).unwrap() && !dir.remove_file("x".as_ref()).unwrap());
        std::fs::remove_dir(base.path().join("b")).unwrap();
        assert!(!dir.is_linked().unwrap());
    }

    #[test]
    fn its_owner_gets_his_rights_back() {
        let base = tempfile::tempdir().unwrap();
        let (dir, file) = (base.path().join("dir"), base.path().join("dir/file"));
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(&file, "kept").unwrap();
        let close = |path: &Path| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o0)).unwrap();
        };
        let mode = |path: &Path| path.symlink_metadata().unwrap().permissions().mode() & 0o777;
        close(&file);
        close(&dir);
        let opened = Dir::open_own(&dir).unwrap();
        let file_opened = opened.open_private("file".as_ref(), OFlags::empty()).unwrap();
        assert_eq!(file_opened.metadata().unwrap().len(), 4);
        // Root needs none.
        if rustix::process::geteuid().as_raw() != 0 {
            assert_eq!((mode(&dir), mode(&file)), (0o700, 0o600));
        }
        close(&file);
        symlink("file", dir.join("link")).unwrap();
        give_back(opened.as_fd(), "file".as_ref(), OFlags::empty(), OWNERS).unwrap();
        assert_eq!(mode(&file), 0o600);
        close(&file);
        assert!(give_back(opened.as_fd(), "link".as_ref(), OFlags::empty(), OWNERS).is_err());
        assert_eq!(mode(&file), 0);
    }

    #[test]
    fn no_link_on_the_way_is_followed() {
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(base.path().join("real/inner")).unwrap();
        symlink("real", base.path().join("link")).unwrap();
        assert!(Dir::beneath(base.path(), "real/inner".as_ref()).is_ok());
        let error = Dir::beneath(base.path(), "link/inner".as_ref()).unwrap_err();
        assert!(Dir::is_replaced(&error), "{error}");
    }

    #[test]
    fn a_directory_in_another_is_made_once_and_found_without_links() {
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir(base.path().join("task")).unwrap();
        let task = Dir::open(&base.path().join("task")).unwrap();
        let made = task.make_dir("1".as_ref()).unwrap();
        assert_eq!(base.path().join("task/1").metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let again = task.make_dir("1".as_ref()).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        let found = |path: &str| Dir::open_own_in_own(&base.path().join(path));
        assert_eq!(found("task/1").unwrap().identity().unwrap(), made.identity().unwrap());
        symlink("task", base.path().join("link")).unwrap();
        symlink("1", base.path().join("task/2")).unwrap();
        for planted in ["link/1", "task/2"] {
            assert!(Dir::is_replaced(&found(planted).unwrap_err()), "{planted}");
        }
        assert!(Dir::is_replaced(&task.own_dir("2".as_ref()).unwrap_err()));
        for path in ["task/1", "task"] {
            std::fs::set_permissions(base.path().join(path), std::fs::Permissions::from_mode(0o0)).unwrap();
        }
        assert!(found("task/1").is_ok());
    }

    #[test]
    fn whatever_is_in_the_way_is_cleared() {
        let base = tempfile::tempdir().unwrap();
        let dir = Dir::open(base.path()).unwrap();
        for make in [
            |path: &Path| std::fs::write(path, ""),
            |path: &Path| symlink("nowhere", path),
            |path: &Path| std::fs::create_dir(path),
            |path: &Path| std::fs::create_dir_all(path.join("full")),
            |path: &Path| std::fs::create_dir_all(path.join("again")),
        ] {
            make(&base.path().join("x")).unwrap();
            dir.clear("x".as_ref()).unwrap();
            assert!(dir.identity_of("x".as_ref()).is_none());
        }
        dir.clear("x".as_ref()).unwrap();
        assert!(base.path().join("x.aside-1/full").exists() && base.path().join("x.aside-2/again").exists());
    }

    #[test]
    fn what_is_written_is_neither_a_links_nor_a_pipes() {
        let base = tempfile::tempdir().unwrap();
        let dir = Dir::open(base.path()).unwrap();
        std::fs::write(base.path().join("secret"), "kept").unwrap();
        symlink("secret", base.path().join("link")).unwrap();
        assert!(
            std::process::Command::new("mkfifo").arg(base.path().join("pipe")).status().unwrap().success()
        );
        for name in ["link", "pipe"] {
            assert!(dir.open_private(name.as_ref(), OFlags::CREATE | OFlags::TRUNC).is_err(), "{name}");
        }
        assert_eq!(std::fs::read(base.path().join("secret")).unwrap(), b"kept");
    }
}
