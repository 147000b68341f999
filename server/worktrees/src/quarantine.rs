//! New objects, apart from those of the repository until all of them are there.
//!
//! What is written when the disk fills up, or git is ended, never gets among the objects of the repository: it is removed with its directory. That
//! lies among the repository's objects, under a name that `git gc` removes as well, should the machine stop before we do.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    error::{Error, io as failed},
    told::Place,
};

/// The number of the next one of this process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A directory for new objects.
#[derive(Debug)]
pub(crate) struct Quarantine {
    dir: PathBuf,
    objects: PathBuf,
}

impl Quarantine {
    /// Makes an empty one, in which git finds the objects of the repository as well.
    pub(crate) fn new(place: &Place) -> Result<Self, Error> {
        let objects = place.common.join("objects");
        let name = format!("tmp_objdir-aiwg-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = objects.join(name);
        // One that is there is that of an earlier process with our number.
        aiwg_fs::remove_all(&dir).map_err(failed("remove", &dir))?;
        DirBuilder::new().mode(0o700).create(&dir).map_err(failed("make", &dir))?;
        let made = Self { dir, objects };
        let info = made.dir.join("info");
        fs::create_dir(&info).map_err(failed("make", &info))?;
        let alternates = info.join("alternates");
        // Relative to the directory of objects that it is in.
        fs::write(&alternates, "..\n").map_err(failed("write", &alternates))?;
        Ok(made)
    }

    /// The variables with which git writes its objects here.
    pub(crate) fn environment(&self) -> [(&'static str, OsString); 1] {
        [("GIT_OBJECT_DIRECTORY", self.dir.clone().into_os_string())]
    }

    /// A path for a file that goes with the objects: an index.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Moves all objects to those of the repository. Before it they are no part of it.
    pub(crate) fn released(self) -> Result<(), Error> {
        let mut packs = Vec::new();
        for dir in names(&self.dir)? {
            let from = self.dir.join(&dir);
            if dir == "pack" {
                packs = names(&from)?;
            } else if dir.len() == 2 {
                self.release(&dir, &names(&from)?)?;
            }
        }
        // An index says that its pack is there.
        packs.sort_by_key(|name| Path::new(name).extension() == Some(OsStr::new("idx")));
        self.release(OsStr::new("pack"), &packs)
    }

    /// Moves these files of a directory of objects.
    fn release(&self, dir: &OsStr, files: &[OsString]) -> Result<(), Error> {
        let (from, into) = (self.dir.join(dir), self.objects.join(dir));
        if files.is_empty() {
            return Ok(());
        }
        match fs::create_dir(&into) {
            // Who shares the repository writes there, too.
            Ok(()) => {
                let rights =
                    fs::metadata(&self.objects).map_err(failed("read", &self.objects))?.permissions();
                fs::set_permissions(&into, Permissions::from_mode(rights.mode() & 0o7777))
                    .map_err(failed("open", &into))?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("make", &into)(error)),
        }
        for name in files.iter().filter(|name| !name.as_encoded_bytes().starts_with(b"tmp_")) {
            let (from, into) = (from.join(name), into.join(name));
            // An object has one content: the one that is there is as good, and may be in use.
            if !into.exists() {
                fs::rename(&from, &into).map_err(failed("make", &into))?;
            }
        }
        Ok(())
    }
}

impl Drop for Quarantine {
    fn drop(&mut self) {
        let _ = aiwg_fs::remove_all(&self.dir);
    }
}

/// The names in a directory; none if it is not there.
fn names(dir: &Path) -> Result<Vec<OsString>, Error> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed("read", dir))?,
    };
    entries.map(|entry| Ok(entry.map_err(failed("read", dir))?.file_name())).collect()
}
