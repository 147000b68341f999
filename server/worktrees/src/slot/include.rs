//! Files that git ignores and an agent needs: those that `.worktreeinclude` names.

use std::{
    ffi::OsStr,
    fs::{File, FileTimes, Permissions},
    io::{self, Read},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use aiwg_fs::Dir;
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, readlinkat, statat, symlinkat, unlinkat};

use super::Held;
use crate::{
    error::{Error, io as failed},
    nested,
    told::{Place, entries, path},
};

/// The most files that it may name, and the most that they may have in all, in MiB: they are copied into each work tree.
const MOST_FILES: usize = 100_000;
const MOST_MIB: u64 = 4 * 1024;

/// The file with the patterns, as those of `.gitignore`, at the top of the checkout.
const FILE: &str = ".worktreeinclude";

impl Held<'_> {
    /// Copies the files that git ignores and the file names, as far as they are new or have changed.
    pub(super) fn include(&self) -> Result<(), Error> {
        let checkout = &self.repository.checkout;
        if !checkout.top.join(FILE).is_file() {
            return Ok(());
        }
        let names = named(checkout)?;
        let mut left = MOST_MIB << 20;
        for name in &names {
            let name = path(name);
            match copied(&checkout.top, &self.tree, name, left) {
                // It has gone meanwhile, or a link is on the way.
                Err(error) if aiwg_fs::is_absent(&error) => {}
                done => {
                    let size = done.map_err(failed("copy for the work tree", &checkout.top.join(name)))?;
                    let rest = size.and_then(|size| left.checked_sub(size));
                    left = rest.filter(|_| names.len() <= MOST_FILES).ok_or_else(|| {
                        let file = checkout.top.join(FILE);
                        Error::TooMuchIncluded { file, most_files: MOST_FILES, most_mib: MOST_MIB }
                    })?;
                }
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

/// Copies a file, its mode and its time; a link as a link. No link on the way is followed: in the tree one is replaced by a directory. Gives its size;
/// none if it is larger than `most`, and was not copied.
fn copied(from: &Path, into: &Path, name: &Path, most: u64) -> io::Result<Option<u64>> {
    let (Some(dir), Some(last)) = (name.parent(), name.file_name()) else { return Ok(Some(0)) };
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
            return Ok(Some(0));
        }
        target.remove_all(last.as_ref())?;
        symlinkat(leads_to.as_c_str(), &target, last)?;
        return Ok(Some(0));
    }
    if !kind.is_file() {
        return Ok(Some(0));
    }
    let opened = File::from(openat(&source, last, READ, Mode::empty())?);
    let found = opened.metadata()?;
    if found.len() > most {
        return Ok(None);
    }
    let there =
        openat(&target, last, READ, Mode::empty()).ok().map(File::from).and_then(|file| file.metadata().ok());
    if there.is_some_and(|there| stamp(&there) == stamp(&found)) {
        return Ok(Some(found.len()));
    }
    target.remove_all(last.as_ref())?;
    let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut copy = File::from(openat(&target, last, new, Mode::RUSR | Mode::WUSR)?);
    // One that grows meanwhile may do so without an end.
    let written = io::copy(&mut opened.take(found.len()), &mut copy)
        .and_then(|_| copy.set_permissions(Permissions::from_mode(found.mode() & 0o777)))
        .and_then(|()| copy.set_times(FileTimes::new().set_modified(found.modified()?)));
    if written.is_err() {
        // Half a file is not one.
        let _ = unlinkat(&target, last, AtFlags::empty());
    }
    written.map(|()| Some(found.len()))
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
        Err(error) if Dir::is_replaced(&error) => dir.remove_all(name.as_ref())?,
        entered => return entered,
    }
    mkdirat(dir, name, Mode::from_raw_mode(0o777))?;
    dir.dir(name.as_ref())
}
