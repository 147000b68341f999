//! Bringing a result into the person's checkout.
//!
//! The changes from base to result are merged with the files as they are, without a work tree. Only if nothing conflicts, and each file that would be
//! written is as it was when the task began, or as it is committed, are the new files written: first all of them beside the checkout, then each put in
//! its place by one rename. What was there is kept until the last one is in its place, so that anything that goes wrong leaves all as it was; a journal
//! brings the same about after a crash.

mod journal;
mod plan;
mod write;

use std::{collections::HashSet, fmt};

use self::plan::{Change, changes, uncommitted};
use crate::{
    commit::Commit,
    error::Error,
    lock::{Lock, await_git},
    repository::Repository,
    snapshot::{Merged, commit_tree, merge_trees, tree_of},
    stage::{Staged, Whose},
    told::text,
};

/// What has come of bringing a result into the checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// All of it is there.
    Done {
        /// The paths that were written or removed, from the top: none if all of it was there before.
        paths: Vec<String>,
    },
    /// Nothing of it is there.
    Conflict {
        /// The paths for which it is not.
        paths: Vec<String>,
        /// The reason.
        why: Why,
    },
}

/// The reason for which a result is not brought into the checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The same lines have changed in the checkout since the task began, or it has files of the same names.
    Lines,
    /// A file stands in the checkout where the task has a directory, or the other way round.
    Kinds,
    /// The files have changes that are not committed, and that the task did not begin with.
    Uncommitted,
    /// Something that git does not know, or ignores, is at their place, or the files are not checked out.
    InTheWay,
    /// Someone has written to them in this very moment.
    Changing,
    /// They are commits of other repositories.
    Repository,
}

impl fmt::Display for Why {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Lines => "the checkout has changed since the task began, in the same lines or by files of the same names",
            Self::Kinds => "a file stands in the checkout where the task has a directory, or the other way round; move it away, then try again",
            Self::Uncommitted => "the files have uncommitted changes that the task did not begin with; commit or stash them, then try again",
            Self::InTheWay => "something that git ignores or does not know is at their place, or they are not checked out; move it away, then try again",
            Self::Changing => "someone is writing to the files in this moment; try again",
            Self::Repository => "they are commits of other repositories, which only a person can bring back",
        })
    }
}

impl Repository {
    /// Brings what a result has changed into the checkout: all of it or nothing, and never a conflict's markers. Nothing is committed, and neither the
    /// index nor `HEAD` is touched: what was staged stays staged, and what is new is untracked. A file is written only if it is as it was in `base`, or as
    /// it is committed and staged. One result after the other.
    ///
    /// # Errors
    /// Git is at work and does not end, there is no room, or git fails. Nothing has changed then.
    pub fn apply(&self, base: &Commit, result: &Commit) -> Result<Applied, Error> {
        let _lock = self.lock_apply()?;
        self.undone()?;
        await_git(self.checkout.git_dir.join("index.lock"), self.patience)?;
        let checkout = &self.checkout;
        let staged = Staged::new(checkout, Whose::Person, None)?;
        let (now, environment) = (staged.tree()?, staged.environment());
        // Both come from the base, whatever else they come from.
        let ours = commit_tree(checkout, &now, &[base], "Files of the project", Some(&staged))?;
        let theirs = commit_tree(checkout, &tree_of(checkout, result)?, &[base], "Result", Some(&staged))?;
        let merged = match merge_trees(checkout, &ours, &theirs, &environment)? {
            Merged::Tree(tree) => tree,
            Merged::Conflict { paths, is_of_kinds } => {
                let why = if is_of_kinds { Why::Kinds } else { Why::Lines };
                return Ok(Applied::Conflict { paths, why });
            }
        };
        let wanted = changes(checkout, &now, &merged, &environment)?;
        if wanted.is_empty() {
            return Ok(Applied::Done { paths: Vec::new() });
        }
        if let Some(conflict) = conflict_of(&wanted, Why::Repository, Change::is_repository) {
            return Ok(conflict);
        }
        let head = self.head()?;
        let uncommitted = uncommitted(checkout, head.as_ref(), &now, &environment)?;
        let since = changes(checkout, base.hash(), &now, &environment)?;
        let since: HashSet<&[u8]> = since.iter().map(|change| change.path.as_slice()).collect();
        let is_dirty =
            |change: &Change| uncommitted.contains(&change.path) && since.contains(change.path.as_slice());
        if let Some(conflict) = conflict_of(&wanted, Why::Uncommitted, is_dirty) {
            return Ok(conflict);
        }
        self.written(&staged, &merged, wanted)
    }

    /// Undoes what a daemon has left that was ended in the middle of [`apply`](Self::apply); for the start of the next one. True if there was something.
    ///
    /// # Errors
    /// The lock is held, or a file cannot be put back.
    pub fn recover(&self) -> Result<bool, Error> {
        if !self.is_applying() {
            return Ok(false);
        }
        let _lock = self.lock_apply()?;
        self.undone()
    }

    fn lock_apply(&self) -> Result<Lock, Error> {
        let lock = self.checkout.git_dir.join("aiwg-apply.lock");
        Lock::take(&lock, "the checkout", self.patience)
    }
}

/// The conflict of the changes for which this is true.
fn conflict_of(wanted: &[Change], why: Why, is_so: impl Fn(&Change) -> bool) -> Option<Applied> {
    let paths: Vec<String> =
        wanted.iter().filter(|change| is_so(change)).map(|change| text(&change.path)).collect();
    (!paths.is_empty()).then_some(Applied::Conflict { paths, why })
}
