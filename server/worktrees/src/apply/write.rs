//! Writing a merged tree's files beside the checkout, and putting them into it.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    Applied, Why, conflict_of,
    journal::{Deed, Journal, Stamp, Step, Stopped},
    plan::Change,
};
use crate::{
    error::{Error, io as failed},
    repository::Repository,
    stage::Staged,
    told::{path, text},
};

/// The directory beside the index with the new files, and then the old ones.
const DIR: &str = "aiwg-apply";

/// The journal in it.
const JOURNAL: &str = "journal.json";

impl Repository {
    /// Brings the changes into the checkout.
    pub(super) fn written(
        &self,
        staged: &Staged<'_>,
        merged: &str,
        wanted: Vec<Change>,
    ) -> Result<Applied, Error> {
        let top = &self.checkout.top;
        let before: Vec<Option<Stamp>> =
            wanted.iter().map(|change| Stamp::at(&top.join(path(&change.path)))).collect();
        // What has changed between the look at the files and the stamps is seen here, and what changes from now on by the stamps.
        let differing: HashSet<String> = staged.differing()?.into_iter().collect();
        let is_differing = |change: &Change| !change.is_new() && differing.contains(&text(&change.path));
        if let Some(conflict) = conflict_of(&wanted, Why::Changing, is_differing) {
            return Ok(conflict);
        }
        let gone: HashSet<&[u8]> =
            wanted.iter().filter(|change| change.is_gone()).map(|change| change.path.as_slice()).collect();
        let is_in_the_way = |change: &Change| !has_its_place(top, change, &gone);
        if let Some(conflict) = conflict_of(&wanted, Why::InTheWay, is_in_the_way) {
            return Ok(conflict);
        }
        let dir = self.checkout.git_dir.join(DIR);
        let prepared = self.laid_out(staged, merged, &wanted);
        let journal = prepared.and_then(|()| self.journal(&wanted, &before));
        let journal = match journal {
            Ok(journal) => journal,
            Err(error) => {
                // Nothing is in its place yet.
                let _ = aiwg_fs::remove_all(&dir);
                return Err(error);
            }
        };
        let done =
            journal.write(&dir.join(JOURNAL)).map_err(Stopped::Failed).and_then(|()| journal.done(top));
        let paths: Vec<String> = wanted.iter().map(|change| text(&change.path)).collect();
        match done {
            Ok(()) => {
                self.cleared(&journal)?;
                Ok(Applied::Done { paths })
            }
            Err(stopped) => {
                self.undone()?;
                match stopped {
                    Stopped::Changed => Ok(Applied::Conflict { paths, why: Why::Changing }),
                    Stopped::InTheWay => Ok(Applied::Conflict { paths, why: Why::InTheWay }),
                    Stopped::Failed(error) => Err(failed("write the files of", top)(error)),
                }
            }
        }
    }

    /// True if something is left of one that was not finished.
    pub(super) fn is_applying(&self) -> bool {
        self.checkout.git_dir.join(DIR).symlink_metadata().is_ok()
    }

    /// Undoes what was begun; true if there was something. What cannot be put back, since someone has written to it meanwhile, stays, and so do the
    /// old files then, beside the repository's index.
    pub(super) fn undone(&self) -> Result<bool, Error> {
        if !self.is_applying() {
            return Ok(false);
        }
        let dir = self.checkout.git_dir.join(DIR);
        let file = dir.join(JOURNAL);
        let Some(journal) = Journal::read(&file).map_err(failed("read", &file))? else {
            aiwg_fs::remove_all(&dir).map_err(failed("remove", &dir))?;
            return Ok(true);
        };
        if journal.undone(&self.checkout.top).map_err(failed("put back the files of", &self.checkout.top))? {
            self.cleared(&journal)?;
        } else {
            let left = (1..).map(|n| dir.with_file_name(format!("{DIR}-left-{n}"))).find(|dir| !dir.exists());
            let left = left.unwrap_or_else(|| dir.with_extension("left"));
            fs::rename(&dir, &left).map_err(failed("rename", &dir))?;
        }
        Ok(true)
    }

    /// Removes the files that are no longer needed, the journal first.
    fn cleared(&self, journal: &Journal) -> Result<(), Error> {
        let dir = self.checkout.git_dir.join(DIR);
        let file = dir.join(JOURNAL);
        fs::remove_file(&file).map_err(failed("remove", &file))?;
        for step in journal.steps.iter().filter(|step| !step.aside.starts_with(&dir)) {
            let _ = fs::remove_file(&step.aside);
        }
        aiwg_fs::remove_all(&dir).map_err(failed("remove", &dir))
    }

    /// Has git write all new files beside the checkout, as it would check them out.
    fn laid_out(&self, staged: &Staged<'_>, merged: &str, wanted: &[Change]) -> Result<(), Error> {
        let dir = self.checkout.git_dir.join(DIR);
        Self::make_private(&dir)?;
        let mut environment = staged.environment();
        let index = dir.join("index");
        environment.retain(|(name, _)| *name != "GIT_INDEX_FILE");
        environment.push(("GIT_INDEX_FILE", index.into_os_string()));
        let step = self.checkout.step("read the merged files", ["read-tree", merged]);
        step.with(&environment).done()?;
        let names = wanted.iter().filter(|change| !change.is_gone());
        let names: Vec<u8> = names.flat_map(|change| [&change.path[..], b"\0"].concat()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let mut prefix = std::ffi::OsString::from("--prefix=");
        prefix.push(dir.join("new"));
        prefix.push("/");
        let arguments = ["checkout-index", "--quiet", "-z", "--stdin"].map(Into::into);
        let step = self.checkout.step("write the new files", arguments.into_iter().chain([prefix]));
        step.with(&environment).reading(names).done().map(drop)
    }

    /// The steps, with what is there before and afterwards.
    fn journal(&self, wanted: &[Change], before: &[Option<Stamp>]) -> Result<Journal, Error> {
        let top = &self.checkout.top;
        let dir = self.checkout.git_dir.join(DIR);
        let device =
            |path: &Path| path.symlink_metadata().map(|found| found.dev()).map_err(failed("read", path));
        let here = device(&dir)?;
        let mut journal = Journal::default();
        for (number, (change, old)) in wanted.iter().zip(before).enumerate() {
            let deed = match (change.is_gone(), change.is_new()) {
                (true, _) => Deed::Remove,
                (false, true) => Deed::Add,
                (false, false) => Deed::Replace,
            };
            let laid_out = dir.join("new").join(path(&change.path));
            let mut aside =
                if deed == Deed::Remove { dir.join(format!("old-{number}")) } else { laid_out.clone() };
            let target = nearest(top, &change.path);
            if device(&target)? != here {
                // A rename does not lead there: it waits beside its place.
                aside = target.join(format!(".aiwg-apply-{number}"));
                if deed != Deed::Remove {
                    moved(&laid_out, &aside).map_err(failed("write", &aside))?;
                }
            }
            let new = (deed != Deed::Remove).then(|| Stamp::at(&aside)).flatten();
            journal.steps.push(Step {
                deed,
                name: change.path.clone(),
                aside,
                old: *old,
                new,
                is_simple: false,
            });
        }
        journal.emptied = emptied(top, wanted);
        journal.made = made(top, wanted, &journal.emptied);
        Ok(journal)
    }
}

/// True if the file is there or not as the change has it, and only directories lead to it.
fn has_its_place(top: &Path, change: &Change, gone: &HashSet<&[u8]>) -> bool {
    let mut at = top.to_owned();
    let name = path(&change.path);
    let mut walked = PathBuf::new();
    for part in name.parent().into_iter().flatten() {
        at.push(part);
        walked.push(part);
        match at.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            // A file that makes room for a directory.
            Ok(_) => return change.is_new() && gone.contains(walked.as_os_str().as_encoded_bytes()),
            Err(_) => return change.is_new(),
        }
    }
    match (top.join(name).symlink_metadata(), change.is_new()) {
        (Ok(found), false) => !found.is_dir(),
        // A directory that makes room for a file, if all that is in it is to go; what else is in it is found then.
        (Ok(found), true) => found.is_dir() && gone.iter().any(|gone| path(gone).starts_with(name)),
        (Err(error), is_new) => is_new && aiwg_fs::is_absent(&error),
    }
}

/// The nearest directory above a file that is there.
fn nearest(top: &Path, name: &[u8]) -> PathBuf {
    let file = top.join(path(name));
    let is_dir = |dir: &&Path| dir.symlink_metadata().is_ok_and(|found| found.is_dir());
    file.ancestors().skip(1).find(is_dir).unwrap_or(top).to_owned()
}

/// The directories in which nothing is left, each before the one that it is in.
fn emptied(top: &Path, wanted: &[Change]) -> Vec<Vec<u8>> {
    let gone: HashSet<&Path> =
        wanted.iter().filter(|change| change.is_gone()).map(|change| path(&change.path)).collect();
    let dirs: BTreeSet<&Path> = gone.iter().flat_map(|name| above(name)).collect();
    let mut emptied: HashSet<&Path> = HashSet::new();
    // The deepest ones first.
    for dir in dirs.iter().rev() {
        let Ok(entries) = fs::read_dir(top.join(dir)) else { continue };
        let is_left = |entry: fs::DirEntry| {
            let name = dir.join(entry.file_name());
            !gone.contains(name.as_path()) && !emptied.contains(name.as_path())
        };
        if !entries.flatten().any(is_left) {
            emptied.insert(dir);
        }
    }
    let is_needed = |dir: &Path| {
        wanted.iter().any(|change| {
            !change.is_gone() && path(&change.path).starts_with(dir) && path(&change.path) != dir
        })
    };
    let mut all: Vec<&Path> = emptied.into_iter().filter(|dir| !is_needed(dir)).collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    all.into_iter().map(bytes).collect()
}

/// The directories that new files need, each after the one that it is in.
fn made(top: &Path, wanted: &[Change], emptied: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let new = wanted.iter().filter(|change| change.is_new());
    let dirs: BTreeSet<&Path> = new.flat_map(|change| above(path(&change.path))).collect();
    let is_missing = |dir: &&Path| {
        let is_there = top.join(dir).symlink_metadata().is_ok_and(|found| found.is_dir());
        !is_there || emptied.contains(&bytes(dir))
    };
    dirs.into_iter().filter(is_missing).map(bytes).collect()
}

/// The directories above a file, within the top.
fn above(name: &Path) -> impl Iterator<Item = &Path> {
    name.ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty())
}

fn bytes(name: &Path) -> Vec<u8> {
    name.as_os_str().as_encoded_bytes().to_vec()
}

/// Moves a file or link to another file system.
fn moved(from: &Path, to: &Path) -> std::io::Result<()> {
    if from.symlink_metadata()?.is_symlink() {
        std::os::unix::fs::symlink(fs::read_link(from)?, to)?;
    } else {
        fs::copy(from, to)?;
    }
    fs::remove_file(from)
}
