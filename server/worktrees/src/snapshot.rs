//! The commits that tasks begin with.

use crate::{
    commit::Commit,
    error::Error,
    lock::await_git,
    refs::Change,
    repository::Repository,
    stage::{Staged, Whose},
    told::{Place, entries, text},
};

/// The files of a project as they were at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit with them: `HEAD` itself, if nothing was uncommitted.
    pub commit: Commit,
    /// The ref that holds it; none for `HEAD`.
    pub name: Option<String>,
    /// The files that could not be read, by their paths from the top; an agent could not have read them either.
    pub left_out: Vec<String>,
}

impl Repository {
    /// The files of the project's repository as they are now, as a commit: uncommitted and new ones included, nothing that git ignores, and nothing of
    /// `.aiwg` that is not tracked. The ref `refs/aiwg/snapshots/HASH` holds it until [`forget`](Self::forget).
    ///
    /// # Errors
    /// Git is at work there and does not end, there is no room, or git fails. Nothing is left of it then.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        await_git(self.checkout.git_dir.join("index.lock"), self.patience)?;
        let head = self.head()?;
        let staged = Staged::new(&self.checkout, Whose::Person, None)?;
        let tree = staged.tree()?;
        let left_out = staged.left_out.clone();
        if let Some(head) = &head
            && tree_of(&self.checkout, head)? == tree
        {
            return Ok(Snapshot { commit: head.clone(), name: None, left_out });
        }
        let parents: Vec<&Commit> = head.iter().collect();
        let commit = commit_tree(
            &self.checkout,
            &tree,
            &parents,
            "Files of the project before a task",
            Some(&staged),
        )?;
        staged.released()?;
        let name = format!("refs/aiwg/snapshots/{commit}");
        self.change_refs("name the snapshot", &[Change::Set(&name, commit.hash())])?;
        Ok(Snapshot { commit, name: Some(name), left_out })
    }

    /// The commit that a revision names: `HEAD`, a branch, a tag, a hash.
    ///
    /// # Errors
    /// There is no such commit, or none at all yet.
    pub fn commit_of(&self, revision: &str) -> Result<Commit, Error> {
        if let Some(commit) = commit_at(&self.checkout, revision)? {
            return Ok(commit);
        }
        if revision == "HEAD" {
            return Err(Error::NoCommitYet(self.checkout.top.clone()));
        }
        Err(Error::NoSuchCommit { revision: revision.to_owned(), top: self.checkout.top.clone() })
    }

    /// Checks that a commit that was made here is still here.
    ///
    /// # Errors
    /// [`Error::BaseGone`] if it is not.
    pub fn check_base(&self, base: &Commit) -> Result<(), Error> {
        match self.commit_of(base.hash()) {
            Err(Error::NoSuchCommit { top, .. }) => Err(Error::BaseGone { commit: base.clone(), top }),
            other => other.map(drop),
        }
    }

    /// The commit in which all of these are merged; the first one if there is no other.
    ///
    /// # Errors
    /// [`Error::Conflict`] with the paths; there are none, or git fails or is older than 2.38.
    pub fn merged(&self, commits: &[Commit]) -> Result<Commit, Error> {
        let Some((first, others)) = commits.split_first() else {
            return Err(Error::NoSuchCommit { revision: String::new(), top: self.checkout.top.clone() });
        };
        let mut merged = first.clone();
        for other in others {
            let tree = match merge_trees(&self.checkout, &merged, other, &[])? {
                Merged::Tree(tree) => tree,
                Merged::Conflict { paths, .. } => return Err(Error::Conflict { paths }),
            };
            let text = "Results of the tasks that a task comes after";
            merged = commit_tree(&self.checkout, &tree, &[&merged, other], text, None)?;
        }
        if commits.len() > 1 {
            let name = format!("refs/aiwg/snapshots/{merged}");
            self.change_refs("name the merge", &[Change::Set(&name, merged.hash())])?;
        }
        Ok(merged)
    }

    /// The commit that is checked out; none before the first one.
    pub(crate) fn head(&self) -> Result<Option<Commit>, Error> {
        commit_at(&self.checkout, "HEAD")
    }
}

/// The commit that a revision names in a tree.
pub(crate) fn commit_at(place: &Place, revision: &str) -> Result<Option<Commit>, Error> {
    let commit = format!("{revision}^{{commit}}");
    let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
    let step =
        place.step("find a commit", arguments).without_files().allowing(&[1, 128]).in_dir(&place.git_dir);
    Ok(Commit::of(&step.line()?))
}

/// The tree of a commit.
pub(crate) fn tree_of(place: &Place, commit: &Commit) -> Result<String, Error> {
    place
        .step("read a commit", ["rev-parse", "--verify", &format!("{commit}^{{tree}}")])
        .without_files()
        .in_dir(&place.git_dir)
        .line()
}

/// Commits a tree, among staged objects if it is one of theirs.
pub(crate) fn commit_tree(
    place: &Place,
    tree: &str,
    parents: &[&Commit],
    text: &str,
    staged: Option<&Staged<'_>>,
) -> Result<Commit, Error> {
    let mut arguments = vec!["commit-tree", tree, "-m", text];
    for parent in parents {
        arguments.extend(["-p", parent.hash()]);
    }
    let environment = staged.map(Staged::environment).unwrap_or_default();
    let hash = place
        .step("commit the files", arguments)
        .without_files()
        .in_dir(&place.git_dir)
        .with(&environment)
        .line()?;
    Commit::of(&hash).ok_or_else(|| Error::Git {
        doing: "commit the files".to_owned(),
        dir: place.top.clone(),
        said: hash,
    })
}

/// What comes of a merge.
#[derive(Debug)]
pub(crate) enum Merged {
    /// A tree without conflicts.
    Tree(String),
    /// Both sides have changed the same.
    Conflict {
        /// The paths.
        paths: Vec<String>,
        /// True if a side has a file where the other one has a directory.
        is_of_kinds: bool,
    },
}

/// Merges two commits without a work tree.
pub(crate) fn merge_trees(
    place: &Place,
    ours: &Commit,
    theirs: &Commit,
    environment: &[(&'static str, std::ffi::OsString)],
) -> Result<Merged, Error> {
    let arguments = [
        "merge-tree",
        "--write-tree",
        "-z",
        "--name-only",
        "--no-messages",
        "--allow-unrelated-histories",
        ours.hash(),
        theirs.hash(),
    ];
    let doing = "merge the changes";
    // 1: there are conflicts. 129: it does not know an option.
    let step = place.step(doing, arguments).with(environment).allowing(&[1, 129]);
    let answer = step.told()?;
    if answer.code == Some(129) {
        let has = place.step("ask for its version", ["version"]).without_files().line()?;
        return Err(Error::TooOld {
            doing: doing.to_owned(),
            has: has.trim_start_matches("git version ").to_owned(),
        });
    }
    let mut parts = entries(&answer.text);
    let tree = parts.next().map(text).unwrap_or_default();
    if answer.code == Some(0) {
        return Ok(Merged::Tree(tree));
    }
    let (mut paths, mut is_of_kinds) = (Vec::new(), false);
    for path in parts.map(text) {
        let own = [ours, theirs].iter().find_map(|side| beside_directory(&path, side.hash()));
        is_of_kinds |= own.is_some();
        let path = own.map_or(path.clone(), str::to_owned);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    Ok(Merged::Conflict { paths, is_of_kinds })
}

/// The path of a file for which git has made a name of its own, since the other side has a directory there: with the side's name, and a number where
/// that is taken.
fn beside_directory<'a>(path: &'a str, side: &str) -> Option<&'a str> {
    let (path, rest) = path.rsplit_once('~')?;
    let number = rest.strip_prefix(side)?;
    let is_number = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
    (number.is_empty() || number.strip_prefix('_').is_some_and(is_number)).then_some(path)
}
