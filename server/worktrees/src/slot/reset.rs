//! Bringing a tree that has been used to a commit.

use std::{ffi::OsStr, fs, io, os::unix::ffi::OsStrExt, path::Path};

use aiwg_fs::read_bounded;

use super::{Held, LARGEST};
use crate::{
    commit::Commit,
    error::{Error, io as failed},
    hidden, rights,
    told::{Place, words},
};

/// What git leaves of an operation that an agent has begun: the next one is to find none.
const OPERATIONS: [&str; 19] = [
    "MERGE_HEAD",
    "MERGE_MODE",
    "MERGE_MSG",
    "MERGE_RR",
    "MERGE_AUTOSTASH",
    "AUTO_MERGE",
    "SQUASH_MSG",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "BISECT_LOG",
    "BISECT_START",
    "BISECT_NAMES",
    "BISECT_TERMS",
    "BISECT_EXPECTED_REV",
    "BISECT_ANCESTORS_OK",
    "rebase-merge",
    "rebase-apply",
    "sequencer",
];

impl Held<'_> {
    /// Resets the tree to a commit: what git does not ignore is as in the commit. `is_plain` if git looks at each file of it.
    pub(super) fn reset(&mut self, place: &Place, base: &Commit, is_plain: bool) -> Result<(), Error> {
        unlock(&place.git_dir)?;
        for name in OPERATIONS {
            let left = place.git_dir.join(name);
            aiwg_fs::remove_all(&left).map_err(failed("remove", &left))?;
        }
        self.write_link(place)?;
        if let Err(error @ Error::Git { .. }) = self.uncovered(place, base, is_plain) {
            // The index may be broken, or rights are missing.
            rights::give_back(&place.top);
            unlock(&place.git_dir)?;
            let index = place.git_dir.join("index");
            aiwg_fs::remove_all(&index).map_err(failed("remove", &index))?;
            if self.checked_out(place, base).is_err() {
                return Err(self.broken(error.to_string()));
            }
        }
        self.clean(place)
    }

    fn uncovered(&self, place: &Place, base: &Commit, is_plain: bool) -> Result<(), Error> {
        if !is_plain {
            hidden::uncover(place, &[])?;
        }
        self.checked_out(place, base)
    }

    /// Checks a commit out, whatever is there.
    pub(super) fn checked_out(&self, place: &Place, base: &Commit) -> Result<(), Error> {
        let arguments =
            ["checkout", "--quiet", "--force", "--detach", "--no-recurse-submodules", base.hash()];
        place.step("check out the files", arguments).done().map(drop)
    }

    /// Removes what git neither tracks nor ignores.
    fn clean(&mut self, place: &Place) -> Result<(), Error> {
        let cleaned = || -> Result<Option<String>, Error> {
            let answer =
                place.step("remove new files", ["clean", "-ffdq"]).without_files().allowing(&[1]).told()?;
            let said = words(&answer.words).unwrap_or_default();
            // A directory that it cannot look into it only mentions.
            let is_done = answer.code == Some(0) && !said.contains("Permission denied");
            Ok((!is_done).then_some(said))
        };
        if cleaned()?.is_none() {
            return Ok(());
        }
        rights::give_back(&place.top);
        match cleaned()? {
            None => Ok(()),
            Some(said) => {
                Err(self.broken(format!("files in it cannot be removed, who may own them? {said}")))
            }
        }
    }

    /// Writes the file by which a tree is found to be one, if it does not say so any more.
    pub(super) fn write_link(&self, place: &Place) -> Result<(), Error> {
        let link = self.tree.join(".git");
        let is_ours = |text: Vec<u8>| {
            let line = text.strip_suffix(b"\n").unwrap_or(&text);
            let git_dir = line.strip_prefix(b"gitdir: ").map(|path| self.tree.join(OsStr::from_bytes(path)));
            git_dir.is_some_and(|git_dir| {
                git_dir == place.git_dir || git_dir.canonicalize().ok() == place.git_dir.canonicalize().ok()
            })
        };
        if read_bounded(&link, LARGEST).is_ok_and(is_ours) {
            return Ok(());
        }
        aiwg_fs::remove_all(&link).map_err(failed("remove", &link))?;
        let text = [b"gitdir: ", place.git_dir.as_os_str().as_bytes(), b"\n"].concat();
        fs::write(&link, text).map_err(failed("write", &link))
    }
}

/// Removes the locks that a git of an agent has left: nobody works there any more.
pub(super) fn unlock(git_dir: &Path) -> Result<(), Error> {
    let entries = match fs::read_dir(git_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed("read", git_dir))?,
    };
    for entry in entries {
        let lock = entry.map_err(failed("read", git_dir))?.path();
        if lock.extension() == Some(OsStr::new("lock")) {
            aiwg_fs::remove_all(&lock).map_err(failed("remove", &lock))?;
        }
    }
    Ok(())
}
