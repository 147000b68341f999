//! Keeping what has come of a run.

use super::{Held, Use, state::Of};
use crate::{
    commit::Commit,
    error::Error,
    refs::Change,
    repository::Repository,
    results::numbers,
    rights,
    snapshot::{commit_at, commit_tree, tree_of},
    stage::{Staged, Whose},
    told::Place,
};

/// What has come of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The ref that holds it: `refs/aiwg/tasks/TASK/RUN`.
    pub name: String,
    /// The commit with all of it. Its parent is the commit that the agent left checked out, which it is itself where nothing was uncommitted.
    pub commit: Commit,
    /// The commit that the run began with.
    pub base: Commit,
    /// Number of files that are not as in the base.
    pub files: u64,
    /// Number of lines that the base does not have.
    pub insertions: u64,
    /// Number of lines that only the base has.
    pub deletions: u64,
    /// The files that could not be read, by their paths from the top; the slot is not reset while there are any.
    pub left_out: Vec<String>,
    /// True if the agent has removed its tree: then there is what it had committed, and no file counts as deleted.
    pub is_tree_gone: bool,
}

impl Repository {
    /// Commits all in slot `n` that git does not ignore, as the result of a run. It changes nothing in the slot, its index and `HEAD` included. Done again
    /// for a run that has been kept it gives the same result, even where the slot is another one's by now.
    ///
    /// # Errors
    /// The slot is that of another task, there is no room, or git fails. Nothing is left of it then, and the slot stays the run's.
    pub fn keep(&self, n: u32, of: Use<'_>, base: &Commit) -> Result<Kept, Error> {
        let name = of.name()?;
        let mut held = self.hold_existing(n)?;
        let is_its = |noted: &Of| (noted.task.as_str(), noted.launch) == (of.task, of.launch);
        let its = held.state.of.as_ref().filter(|noted| is_its(noted));
        if its.is_none_or(|noted| noted.is_kept)
            && let Some(commit) = commit_at(&self.checkout, &name)?
        {
            return counted(&self.checkout, (name, commit, base.clone()));
        }
        if its.is_none() {
            return Err(held.not_of(of));
        }
        held.keep(of, base)
    }
}

impl Held<'_> {
    /// The error that the files in it are those of another run.
    pub(super) fn not_of(&self, of: Use<'_>) -> Error {
        let is = match &self.state.of {
            Some(Of { task, launch, .. }) => format!("it is that of {task}, run {launch}"),
            None => "it is nobody's".to_owned(),
        };
        Error::NotInUse { n: self.n, task: of.task.to_owned(), launch: of.launch, is }
    }

    pub(super) fn keep(&mut self, of: Use<'_>, base: &Commit) -> Result<Kept, Error> {
        let checkout = &self.repository.checkout;
        let known = self.place();
        // Where git knows the tree no more its files are still there, and are those of the base but for what has changed.
        let place = known.clone().unwrap_or_else(|| Place { top: self.tree.clone(), ..checkout.clone() });
        let head = known.as_ref().map(|place| commit_at(place, "HEAD")).transpose()?.flatten();
        let head = head.unwrap_or_else(|| base.clone());
        let is_tree_gone = !self.has_tree();
        let (commit, left_out, is_plain) = if is_tree_gone {
            (head, Vec::new(), false)
        } else {
            committed(&place, known.is_some(), of, &head)?
        };
        let (name, base_name) = (of.name()?, of.base_name()?);
        let updates = [Change::Set(&name, commit.hash()), Change::Set(&base_name, base.hash())];
        self.repository.change_refs("name the result", &updates)?;
        let kept = counted(checkout, (name, commit, base.clone()))?;
        if left_out.is_empty() {
            let of = Of {
                task: of.task.to_owned(),
                launch: of.launch,
                base: base.hash().to_owned(),
                is_kept: true,
                is_plain,
            };
            self.note(|state| state.of = Some(of))?;
        }
        Ok(Kept { left_out, is_tree_gone, ..kept })
    }
}

/// Commits the files of a tree onto the commit that is checked out there.
fn committed(
    place: &Place,
    is_known: bool,
    of: Use<'_>,
    head: &Commit,
) -> Result<(Commit, Vec<String>, bool), Error> {
    let staged = || {
        let staged = if is_known {
            Staged::new(place, Whose::Agent, Some(head.hash()))
        } else {
            Staged::from_commit(place, head.hash())
        };
        staged.and_then(|staged| Ok((staged.tree()?, staged)))
    };
    let (tree, staged) = match staged() {
        Err(Error::Git { .. }) => {
            rights::give_back(&place.top);
            staged()?
        }
        staged => staged?,
    };
    let (left_out, is_plain) = (staged.left_out.clone(), staged.is_plain);
    if tree_of(place, head)? == tree {
        return Ok((head.clone(), left_out, is_plain));
    }
    let text = format!("Result of {}, run {}", of.task, of.launch);
    let commit = commit_tree(place, &tree, &[head], &text, Some(&staged))?;
    staged.released()?;
    Ok((commit, left_out, is_plain))
}

/// A result with its numbers.
fn counted(place: &Place, (name, commit, base): (String, Commit, Commit)) -> Result<Kept, Error> {
    let (mut files, mut insertions, mut deletions) = (0, 0, 0);
    for file in numbers(place, &base, &commit)? {
        files += 1;
        insertions += file.insertions.unwrap_or(0);
        deletions += file.deletions.unwrap_or(0);
    }
    Ok(Kept { name, commit, base, files, insertions, deletions, left_out: Vec::new(), is_tree_gone: false })
}
