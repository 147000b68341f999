//! Files that git ignores and an agent needs: those that `.worktreeinclude` names.

use std::{
    ffi::OsStr,
    fs::{File, FileTimes, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use aiwg_fs::Dir;
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, readlinkat, statat, symlinkat, unlinkat};

use super::Held;
use crate::{
    error::{Error, io as failed},
    nested,
    told::{Place, entries, path},
};

/// The file with the patterns, as those of `.gitignore`, at the top of the checkout.
const FILE: &str = ".worktreeinclude";

impl Held<'_> {
    /// Copies the files that git ignores and the file names, as far as they are new or have changed.
    pub(super) fn include(&self) -> Result<(), Error> {
        let checkout = &self.repository.checkout;
        if !checkout.top.join(FILE).is_file() {
            return Ok(());
        }
        for name in named(checkout)? {
            let name = path(&name).to_owned();
            match copied(&checkout.top, &self.tree, &name) {
                // It has gone meanwhile, or a link is on the way.
                Err(error) if aiwg_fs::is_absent(&error) => {}
                done => done.map_err(failed("copy for the work tree", &checkout.top.join(&name)))?,
            }
        }
        Ok(())
    }
}

/// The files that it names and git ignores. Nothing of a repository, and nothing of the daemon.
fn named(checkout: &Place) -> Result<Vec<Vec<u8>>, Error> {
    let exclude = format!("--exclude-from={FILE}");
    let step = checkout.step("list the files", ["ls-files", "-z", "--others", "--ignored", &exclude]);
    let listed = step.done()?;
    let names: Vec<Vec<u8>> = entries(&listed).map(<[u8]>::to_vec).collect();
    let is_meant = |name: &[u8]| {
        !name.ends_with(b"/") && path(name).iter().all(|part| part != ".git" && part != ".aiwg")
    };
    let ignored = nested::ignored(checkout, &names)?;
    Ok(entries(&ignored).filter(|name| is_meant(name)).map(<[u8]>::to_vec).collect())
}

/// Copies a file, its mode and its time; a link as a link. No link on the way is followed: in the tree one is replaced by a directory.
fn copied(from: &Path, into: &Path, name: &Path) -> io::Result<()> {
    let (Some(dir), Some(last)) = (name.parent(), name.file_name()) else { return Ok(()) };
    let source = Dir::beneath(from, dir)?;
    let found = statat(&source, last, AtFlags::SYMLINK_NOFOLLOW)?;
    let mut target = Dir::open(into)?;
    for part in dir {
        target = entered(&target, part)?;
    }
    let kind = rustix::fs::FileType::from_raw_mode(found.st_mode);
    if kind.is_symlink() {
        let leads_to = readlinkat(&source, last, Vec::new())?;
        if readlinkat(&target, last, Vec::new()).is_ok_and(|there| there == leads_to) {
            return Ok(());
        }
        cleared(&target, last)?;
        return Ok(symlinkat(leads_to.as_c_str(), &target, last)?);
    }
    if !kind.is_file() {
        return Ok(());
    }
    let mut opened = File::from(openat(&source, last, READ, Mode::empty())?);
    let found = opened.metadata()?;
    let there =
        openat(&target, last, READ, Mode::empty()).ok().map(File::from).and_then(|file| file.metadata().ok());
    if there.is_some_and(|there| stamp(&there) == stamp(&found)) {
        return Ok(());
    }
    cleared(&target, last)?;
    let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut copy = File::from(openat(&target, last, new, Mode::RUSR | Mode::WUSR)?);
    let written = io::copy(&mut opened, &mut copy)
        .and_then(|_| copy.set_permissions(Permissions::from_mode(found.mode() & 0o777)))
        .and_then(|()| copy.set_times(FileTimes::new().set_modified(found.modified()?)));
    if written.is_err() {
        // Half a file is not one.
        let _ = unlinkat(&target, last, AtFlags::empty());
    }
    written
}

const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// What two copies of the same file have in common.
fn stamp(found: &std::fs::Metadata) -> (bool, u64, i64, i64, u32) {
    (found.is_file(), found.len(), found.mtime(), found.mtime_nsec(), found.mode() & 0o777)
}

/// Enters a directory in another one; what is there instead is removed.
fn entered(dir: &Dir, name: &OsStr) -> io::Result<Dir> {
    match dir.dir(name.as_ref()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if Dir::is_replaced(&error) => cleared(dir, name)?,
        entered => return entered,
    }
    mkdirat(dir, name, Mode::from_raw_mode(0o777))?;
    dir.dir(name.as_ref())
}

/// Removes what has this name in a directory.
fn cleared(dir: &Dir, name: &OsStr) -> io::Result<()> {
    match unlinkat(dir, name, AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
        // Its own directory stands where the checkout has a file.
        Err(_) => {
            let at = PathBuf::from(OsStr::from_bytes(name.as_bytes()));
            removed(&dir.dir(&at)?)?;
            Ok(unlinkat(dir, name, AtFlags::REMOVEDIR)?)
        }
    }
}

/// Removes all that is in a directory, without following a link.
fn removed(dir: &Dir) -> io::Result<()> {
    for name in dir.names(usize::MAX)? {
        cleared(dir, &name)?;
    }
    Ok(())
}
