//! Removing a directory with all that is in it, however deep, where those who made it wish that it could not be removed.

use std::{ffi::OsStr, io, path::Path};

use rustix::{
    fs::{AtFlags, Mode, chmodat, statat, unlinkat},
    io::Errno,
    process::geteuid,
};

use crate::Dir;

/// The most names that are read at once.
const AT_ONCE: usize = 4096;

impl Dir {
    /// Removes whatever has this name in it, with all that is in it; nothing there is fine. No link is followed, and rights that were taken from our
    /// own directories are taken back.
    ///
    /// Neither the stack nor the number of open files grows with the depth: a directory within another one is moved up to the first one and emptied
    /// there. A recursion ends the process, at some thousand levels.
    ///
    /// # Errors
    /// Something in it cannot be removed: it is another user's, say. What could be is gone, and what is left may have other names.
    pub fn remove_all(&self, name: &Path) -> io::Result<()> {
        if self.is_removed(name)? {
            return Ok(());
        }
        let top = self.entered(name)?;
        let mut moved = 0;
        loop {
            let names = top.names(AT_ONCE)?;
            if names.is_empty() {
                break;
            }
            for inner in names {
                if !top.is_removed(inner.as_ref())? {
                    top.empty_into_self(&inner, &mut moved)?;
                }
            }
        }
        self.remove_dir(name)
    }

    /// Removes what is in a directory in this one, and moves up what cannot be removed yet; then the directory.
    fn empty_into_self(&self, name: &OsStr, moved: &mut u64) -> io::Result<()> {
        let dir = self.entered(name.as_ref())?;
        loop {
            let names = dir.names(AT_ONCE)?;
            if names.is_empty() {
                return self.remove_dir(name.as_ref());
            }
            for inner in names {
                if dir.is_removed(inner.as_ref())? {
                    continue;
                }
                // Moving it writes into it.
                dir.take_back(inner.as_ref());
                let free = loop {
                    *moved += 1;
                    let free = format!(".removed-{moved}");
                    if self.identity_of(free.as_ref()).is_none() {
                        break free;
                    }
                };
                dir.rename_into(inner.as_ref(), self, free.as_ref())?;
            }
        }
    }

    /// Removes what has this name, unless it is a directory with something in it; true if nothing has it any more.
    fn is_removed(&self, name: &Path) -> io::Result<bool> {
        match unlinkat(self, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return Ok(true),
            // What Linux, and what POSIX says of a directory.
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
        match unlinkat(self, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(true),
            Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a directory in this one with the rights to remove what is in it.
    fn entered(&self, name: &Path) -> io::Result<Self> {
        self.take_back(name);
        self.dir(name)
    }

    /// Takes back the rights to a directory of our own; what cannot be taken back shows in what comes next.
    fn take_back(&self, name: &Path) {
        let Ok(found) = statat(self, name, AtFlags::SYMLINK_NOFOLLOW) else { return };
        let is_dir = rustix::fs::FileType::from_raw_mode(found.st_mode).is_dir();
        if is_dir
            && found.st_uid == geteuid().as_raw()
            && !Mode::from_raw_mode(found.st_mode).contains(Mode::RWXU)
        {
            let _ = chmodat(self, name, Mode::RWXU, AtFlags::empty());
        }
    }
}

/// Removes whatever is at a path, as [`Dir::remove_all`] does; nothing there is fine.
///
/// # Errors
/// Something in it cannot be removed, or there is no directory above it.
pub fn remove_all(path: &Path) -> io::Result<()> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    match Dir::open(above) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        above => above?.remove_all(name.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::*;

    /// Makes directories within each other, deeper than any path.
    fn deep(above: &Path, depth: usize) {
        let mut dir = Dir::open(above).unwrap();
        for _ in 0..depth {
            dir = dir.make_dir("d".as_ref()).unwrap();
        }
        rustix::fs::symlinkat("/", &dir, "link").unwrap();
    }

    #[test]
    fn the_deepest_directory_goes_on_the_smallest_stack() {
        let place = tempfile::tempdir().unwrap();
        deep(place.path(), 20_000);
        let path = place.path().join("d");
        let removed = std::thread::Builder::new().stack_size(128 * 1024).spawn(move || remove_all(&path));
        removed.unwrap().join().unwrap().unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn whatever_it_is_it_goes_and_no_link_is_followed() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir_all(at("kept")).unwrap();
        fs::write(at("kept/file"), "").unwrap();
        fs::create_dir_all(at("gone/a/b/c")).unwrap();
        fs::write(at("gone/.removed-1"), "").unwrap();
        fs::write(at("gone/a/file"), "").unwrap();
        symlink("../../kept", at("gone/a/link")).unwrap();
        symlink("kept", at("link")).unwrap();
        for dir in ["gone/a/b", "gone/a", "gone"] {
            fs::set_permissions(at(dir), Permissions::from_mode(0o0)).unwrap();
        }
        for name in ["gone", "link", "nothing", "nothing/at/all"] {
            remove_all(&at(name)).unwrap();
        }
        let left: Vec<_> =
            fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["kept"]);
        assert!(at("kept/file").exists());
    }
}
