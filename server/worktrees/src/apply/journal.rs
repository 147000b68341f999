//! The journal of a result that is being brought into the checkout, by which it is undone.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use aiwg_fs::{Dir, read_bounded};
use rustix::fs::{AtFlags, CWD, Mode, RenameFlags, mkdirat, renameat_with, unlinkat};
use serde::{Deserialize, Serialize};

use crate::told::path;

/// Largest size of a journal, in bytes.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// What one step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Deed {
    /// The file is taken out of the checkout.
    Remove,
    /// Another file is put in its place.
    Replace,
    /// A file is put where none was.
    Add,
}

/// What distinguishes a file from one that someone has written to, or put in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    number: u64,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    /// That of a file or link; none if there is nothing, or a directory.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let found = path.symlink_metadata().ok().filter(|found| !found.is_dir())?;
        Some(Self {
            number: found.ino(),
            size: found.size(),
            seconds: found.mtime(),
            nanoseconds: found.mtime_nsec(),
        })
    }
}

/// A file of the checkout that changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) deed: Deed,
    /// Its path from the top.
    pub(super) name: Vec<u8>,
    /// Where the new file waits, and the old one comes to be.
    pub(super) aside: PathBuf,
    /// The file that is there before.
    pub(super) old: Option<Stamp>,
    /// The file that is there afterwards.
    pub(super) new: Option<Stamp>,
    /// True if the file system is taken for one that cannot exchange files.
    #[serde(skip)]
    pub(super) is_simple: bool,
}

/// All steps, in their order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) steps: Vec<Step>,
    /// The directories that are made for them, each after the one that it is in.
    pub(super) made: Vec<Vec<u8>>,
    /// The directories that are empty without them, each before the one that it is in.
    pub(super) emptied: Vec<Vec<u8>>,
}

/// The reason for which a step was not done.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The file is not the one that it was.
    Changed,
    /// Something is at its place.
    InTheWay,
    /// The system fails.
    Failed(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AlreadyExists
            | io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory => Self::InTheWay,
            io::ErrorKind::NotFound => Self::Changed,
            _ => Self::Failed(error),
        }
    }
}

impl Journal {
    /// The journal in a file; none if there is none.
    pub(super) fn read(file: &Path) -> io::Result<Option<Self>> {
        match read_bounded(file, LARGEST) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => Ok(Some(serde_json::from_slice(&text?)?)),
        }
    }

    /// Writes it to the disk.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let temporary = file.with_extension("tmp");
        aiwg_fs::write_private(&temporary, &serde_json::to_vec(self)?)?;
        fs::File::open(&temporary)?.sync_data()?;
        fs::rename(&temporary, file)
    }

    /// Does all of it, or stops.
    pub(super) fn done(&self, top: &Path) -> Result<(), Stopped> {
        let (removed, put): (Vec<_>, Vec<_>) = self.steps.iter().partition(|step| step.deed == Deed::Remove);
        for step in removed {
            step.done(top)?;
        }
        for name in &self.emptied {
            // Something that git ignores may be in it.
            let _ = at(top, name).and_then(|(dir, last)| Ok(unlinkat(&dir, last, AtFlags::REMOVEDIR)?));
        }
        for name in &self.made {
            let (dir, last) = at(top, name)?;
            mkdirat(&dir, last, Mode::from_raw_mode(0o777)).map_err(io::Error::from)?;
        }
        put.into_iter().try_for_each(|step| step.done(top))
    }

    /// Puts everything back that is not somebody else's by now; true if nothing is left to be put back.
    pub(super) fn undone(&self, top: &Path) -> io::Result<bool> {
        let mut is_all = true;
        let (removed, put): (Vec<_>, Vec<_>) = self.steps.iter().partition(|step| step.deed == Deed::Remove);
        for step in put.into_iter().rev() {
            is_all &= step.undone(top)?;
        }
        for name in self.made.iter().rev() {
            let _ = at(top, name).and_then(|(dir, last)| Ok(unlinkat(&dir, last, AtFlags::REMOVEDIR)?));
        }
        for name in self.emptied.iter().rev() {
            let _ =
                at(top, name).and_then(|(dir, last)| Ok(mkdirat(&dir, last, Mode::from_raw_mode(0o777))?));
        }
        for step in removed.into_iter().rev() {
            is_all &= step.undone(top)?;
        }
        Ok(is_all)
    }
}

impl Step {
    /// Where the old file waits if the two cannot change places.
    fn beyond(&self) -> PathBuf {
        let mut name = self.aside.clone().into_os_string();
        name.push(".old");
        name.into()
    }

    fn done(&self, top: &Path) -> Result<(), Stopped> {
        let (dir, last) = at(top, &self.name)?;
        let put = |flags| {
            let done = || renameat_with(CWD, &self.aside, &dir, last, flags);
            if self.is_simple {
                Err(io::ErrorKind::Unsupported.into())
            } else {
                done().map_err(io::Error::from)
            }
        };
        match self.deed {
            Deed::Remove => taken(&dir, last, &self.aside)?,
            Deed::Replace => match put(RenameFlags::EXCHANGE) {
                Err(error) if is_unknown(&error) => {
                    taken(&dir, last, &self.beyond())?;
                    put_new(&self.aside, &dir, last)?;
                }
                exchanged => exchanged?,
            },
            Deed::Add => match put(RenameFlags::NOREPLACE) {
                Err(error) if is_unknown(&error) => put_new(&self.aside, &dir, last)?,
                put => put?,
            },
        }
        let old = Stamp::at(&self.aside).or_else(|| Stamp::at(&self.beyond()));
        if old == self.old { Ok(()) } else { Err(Stopped::Changed) }
    }

    /// Puts the old file back; false if someone has written to the new one meanwhile, which stays.
    fn undone(&self, top: &Path) -> io::Result<bool> {
        let there = Stamp::at(&top.join(path(&self.name)));
        let waiting = Stamp::at(&self.aside);
        let beyond = self.beyond();
        let is_untouched = there == self.new;
        match self.deed {
            Deed::Remove if waiting.is_none() => return Ok(true),
            Deed::Replace if there == self.old && there.is_some() => return Ok(true),
            Deed::Replace if waiting == self.new && waiting.is_some() && Stamp::at(&beyond).is_none() => {
                return Ok(true);
            }
            Deed::Add if waiting.is_some() => return Ok(true),
            Deed::Add if there.is_none() => return Ok(true),
            _ => {}
        }
        let (dir, last) = at(top, &self.name)?;
        match self.deed {
            Deed::Add if is_untouched => renamed_from(&dir, last, &self.aside)?,
            Deed::Remove if there.is_none() => put_new(&self.aside, &dir, last)?,
            Deed::Replace if is_untouched || there.is_none() => {
                if beyond.symlink_metadata().is_ok() {
                    renameat_with(CWD, &beyond, &dir, last, RenameFlags::empty())?;
                } else if renameat_with(CWD, &self.aside, &dir, last, RenameFlags::EXCHANGE).is_err() {
                    renameat_with(CWD, &self.aside, &dir, last, RenameFlags::empty())?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The directory of a file of the checkout, reached without following a link, and the file's name in it.
fn at<'a>(top: &Path, name: &'a [u8]) -> io::Result<(Dir, &'a Path)> {
    let name = path(name);
    let last = name.file_name().map(Path::new).ok_or(io::ErrorKind::InvalidInput)?;
    Ok((Dir::beneath(top, name.parent().unwrap_or(Path::new("")))?, last))
}

/// Takes a file out of the checkout.
fn taken(dir: &Dir, name: &Path, into: &Path) -> io::Result<()> {
    if dir.dir(name).is_ok() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    renamed_from(dir, name, into)
}

fn renamed_from(dir: &Dir, name: &Path, into: &Path) -> io::Result<()> {
    Ok(renameat_with(dir, name, CWD, into, RenameFlags::empty())?)
}

/// Puts a file where none is.
fn put_new(from: &Path, dir: &Dir, name: &Path) -> io::Result<()> {
    rustix::fs::linkat(CWD, from, dir, name, AtFlags::empty())?;
    fs::remove_file(from)
}

/// True if the file system does not know how to do it in one step.
fn is_unknown(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
