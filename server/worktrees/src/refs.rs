//! The refs in which results are kept, written by one at a time over all processes.

use std::{io, path::Path};

use crate::{
    error::{Error, io as failed},
    lock::await_git,
    repository::Repository,
};

/// Where only we write. A lock that is there while nobody of us writes was left by a git that was killed.
const OURS: &str = "refs/aiwg/";

/// A change of a ref.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    /// It names this commit from now on.
    Set(&'a str, &'a str),
    /// The same, if it names that one before, or does not exist for one of zeros.
    Moved(&'a str, &'a str, &'a str),
    /// It is gone.
    Gone(&'a str),
}

impl Change<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Set(name, _) | Self::Moved(name, ..) | Self::Gone(name) => name,
        }
    }

    fn order(&self) -> String {
        match self {
            Self::Set(name, commit) => format!("update {name}\0{commit}\0\0"),
            Self::Moved(name, commit, before) => format!("update {name}\0{commit}\0{before}\0"),
            Self::Gone(name) => format!("delete {name}\0\0"),
        }
    }
}

impl Repository {
    /// Changes refs, all of them or none. `doing` says what that is good for.
    pub(crate) fn change_refs(&self, doing: &str, changes: &[Change<'_>]) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let _administration = self.administration()?;
        for change in changes {
            let lock = self.checkout.common.join(format!("{}.lock", change.name()));
            if change.name().starts_with(OURS) {
                removed(&lock)?;
            } else {
                await_git(lock, self.patience)?;
            }
        }
        let orders: String = changes.iter().map(Change::order).collect();
        let step = self.checkout.step(doing, ["update-ref", "-z", "--stdin"]).without_files();
        step.reading(orders.into_bytes()).done().map(drop)
    }
}

/// Removes a file, which need not be there.
fn removed(lock: &Path) -> Result<(), Error> {
    match std::fs::remove_file(lock) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Err(failed("remove", lock)(error))
        }
        _ => Ok(()),
    }
}
