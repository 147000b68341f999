//! Results of runs: what they change, and the refs that hold them.

use std::{
    collections::HashSet,
    fs::File,
    io::Write,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    commit::Commit,
    error::{Error, io as failed},
    names::part_of_ref,
    refs::Change,
    repository::Repository,
    snapshot::commit_at,
    told::{Place, entries, path, text},
};

/// The options with which changes are shown, whatever the configuration says. A renamed file is one that is gone and one that is new, as it is for
/// those who apply it: each change is under the name that it has, and no removal is in the numbers of another file.
const PLAIN: [&str; 5] =
    ["--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none", "--no-renames"];

/// A result's changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// The changes as a unified diff, in which binary files are only named; its whole lines as far as they are wanted.
    pub text: Vec<u8>,
    /// True if there are more.
    pub is_cut: bool,
    /// The numbers of each file.
    pub files: Vec<FileNumbers>,
}

/// The changes of a file in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNumbers {
    /// Its path from the top.
    pub path: String,
    /// Number of new lines; none for a binary file.
    pub insertions: Option<u64>,
    /// Number of lines that are gone; none for a binary file.
    pub deletions: Option<u64>,
}

/// The kind of a ref that holds commits for tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The result of a run.
    Result,
    /// What a run began with.
    Base,
    /// What a task is to begin with.
    Snapshot,
}

/// A ref that holds a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRef {
    /// The whole name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// The task and the number of its run; none for a snapshot.
    pub of: Option<(String, u32)>,
    /// The commit.
    pub commit: Commit,
    /// The time of the commit.
    pub made_at: SystemTime,
}

impl Repository {
    /// What a result has changed.
    ///
    /// # Errors
    /// A commit is gone, or git fails.
    pub fn diff(&self, base: &Commit, result: &Commit, most_bytes: usize) -> Result<Diff, Error> {
        let files = numbers(&self.checkout, base, result)?;
        let arguments = [&["diff-tree", "-p", "-r"], &PLAIN[..], &[base.hash(), result.hash()]].concat();
        let most = u64::try_from(most_bytes).unwrap_or(u64::MAX);
        let answer = self.checkout.step("compare the commits", arguments).cut_at(most).told()?;
        let mut text = answer.text;
        if answer.is_cut {
            text.truncate(text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        }
        Ok(Diff { text, is_cut: answer.is_cut, files })
    }

    /// Writes what a result has changed as a patch that `git apply` and `git am` take, binary files included.
    ///
    /// # Errors
    /// A commit is gone, there is no room, or git fails; what is in the file then is no patch.
    pub fn patch(&self, base: &Commit, result: &Commit, subject: &str, mut into: &File) -> Result<(), Error> {
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let date = self
            .checkout
            .step("read the commit", ["show", "-s", "--format=%aD", result.hash()])
            .without_files()
            .line()?;
        let head = format!(
            "From {result} Mon Sep 17 00:00:00 2001\nFrom: aiwg <aiwg@localhost>\nDate: {date}\nSubject: [PATCH] {subject}\nMIME-Version: 1.0\n\
             Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n---\n\n"
        );
        let here = &self.checkout.top;
        into.write_all(head.as_bytes()).map_err(failed("write the patch for", here))?;
        let options = ["diff-tree", "-p", "-r", "--binary", "--full-index"];
        let arguments = [&options, &PLAIN[..], &[base.hash(), result.hash()]].concat();
        let output = into.try_clone().map_err(failed("write the patch for", here))?;
        self.checkout.step("compare the commits", arguments).into_file(output).done()?;
        into.write_all(b"-- \naiwg\n").map_err(failed("write the patch for", here))
    }

    /// The refs that hold commits for tasks.
    ///
    /// # Errors
    /// Git fails.
    pub fn results(&self) -> Result<Vec<ResultRef>, Error> {
        let format = "--format=%(refname)%00%(objectname)%00%(committerdate:unix)";
        let listed = self
            .checkout
            .step("list the results", ["for-each-ref", format, "refs/aiwg/"])
            .without_files()
            .done()?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        Ok(listed.lines().filter_map(result_ref).collect())
    }

    /// Forgets these refs of [`results`](Self::results), and with that of a result that of its base; those that are gone are no error. What only they
    /// held is removed by the next `git gc`.
    ///
    /// # Errors
    /// One of them is another ref, or git fails: then none is forgotten.
    pub fn forget(&self, names: &[String]) -> Result<(), Error> {
        if let Some(other) =
            names.iter().find(|name| !name.starts_with("refs/aiwg/") || name.contains(['\0', '\n']))
        {
            return Err(Error::Name(other.clone()));
        }
        let bases = names
            .iter()
            .filter_map(|name| Some(format!("refs/aiwg/bases/{}", name.strip_prefix("refs/aiwg/tasks/")?)));
        let mut wanted: Vec<String> = names.iter().cloned().chain(bases).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let there: HashSet<String> = self.results()?.into_iter().map(|found| found.name).collect();
        let changes: Vec<Change<'_>> =
            wanted.iter().filter(|name| there.contains(*name)).map(|name| Change::Gone(name)).collect();
        self.change_refs("forget results", &changes)
    }

    /// Makes the branch `aiwg/NAME` of a commit, or moves it there. One that has commits which are not from here, or that is checked out, stays as it is.
    /// Gives its name.
    ///
    /// # Errors
    /// [`Error::BranchMoved`], [`Error::BranchCheckedOut`], [`Error::Unfiltered`], or git fails.
    pub fn branch(&self, name: &str, commit: &Commit) -> Result<String, Error> {
        let branch = format!("aiwg/{}", part_of_ref(name)?);
        let (whole, ours) = (format!("refs/heads/{branch}"), format!("refs/aiwg/branches/{name}"));
        let at = |name: &str| commit_at(&self.checkout, name);
        let (there, known) = (at(&whole)?, at(&ours)?);
        if there.as_ref() == Some(commit) {
            return Ok(branch);
        }
        if let Some(there) = &there {
            if known.as_ref() != Some(there) {
                return Err(Error::BranchMoved { name: branch, commit: commit.clone() });
            }
            if let Some(dir) = self.checked_out_in(&whole)? {
                return Err(Error::BranchCheckedOut { name: branch, commit: commit.clone(), dir });
            }
        }
        self.check_filters(commit)?;
        let before = there.map_or_else(|| "0".repeat(commit.hash().len()), |there| there.to_string());
        let moved = Change::Moved(&whole, commit.hash(), &before);
        self.change_refs("make the branch", &[moved, Change::Set(&ours, commit.hash())])?;
        Ok(branch)
    }

    /// The work tree in which a branch is checked out.
    fn checked_out_in(&self, branch: &str) -> Result<Option<PathBuf>, Error> {
        let listed = self
            .checkout
            .step("list the work trees", ["worktree", "list", "--porcelain", "-z"])
            .without_files()
            .done()?;
        let mut dir = None;
        for line in entries(&listed) {
            if let Some(name) = line.strip_prefix(b"worktree ") {
                dir = Some(path(name).to_owned());
            } else if line.strip_prefix(b"branch ") == Some(branch.as_bytes()) {
                return Ok(dir);
            }
        }
        Ok(None)
    }

    /// Checks that a commit has no new content for others that a filter would have changed: secrets that are to be encrypted, large files that are to be
    /// stored elsewhere.
    fn check_filters(&self, commit: &Commit) -> Result<(), Error> {
        let checkout = &self.checkout;
        let arguments = ["log", "-z", "--format=", "--name-only", "--no-renames", "--diff-filter=AMT", "-m"];
        let own = ["--no-ext-diff", commit.hash(), "--not", "--branches", "--tags", "--remotes"];
        let step = checkout.step("list what is new", arguments.iter().chain(&own));
        let mut names = step.done()?;
        if names.is_empty() {
            return Ok(());
        }
        if names.last() != Some(&0) {
            names.push(0);
        }
        let step = checkout.step("ask for filters", ["check-attr", "-z", "--stdin", "filter"]).reading(names);
        let told = step.done()?;
        let fields: Vec<&[u8]> = told.split(|byte| *byte == 0).collect();
        let is_set = |value: &[u8]| !matches!(value, b"unspecified" | b"unset" | b"set" | b"");
        let mut paths: Vec<String> = fields
            .chunks_exact(3)
            .filter(|fields| fields.get(2).is_some_and(|value| is_set(value)))
            .filter_map(|fields| fields.first().map(|name| text(name)))
            .collect();
        paths.sort_unstable();
        paths.dedup();
        if paths.is_empty() { Ok(()) } else { Err(Error::Unfiltered { paths }) }
    }
}

/// The numbers of each file that differs between two commits.
pub(crate) fn numbers(place: &Place, base: &Commit, result: &Commit) -> Result<Vec<FileNumbers>, Error> {
    if base == result {
        return Ok(Vec::new());
    }
    let arguments =
        [&["diff-tree", "-r", "-z", "--numstat"], &PLAIN[..], &[base.hash(), result.hash()]].concat();
    let told = place.step("compare the commits", arguments).in_dir(&place.git_dir).done()?;
    // "1\t2\tPATH\0"
    let fields = told.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let numbers = |field: &[u8]| {
        let mut parts = field.splitn(3, |byte| *byte == b'\t');
        let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
        let (insertions, deletions) = (number(), number());
        FileNumbers { path: text(parts.next().unwrap_or_default()), insertions, deletions }
    };
    Ok(fields.map(numbers).collect())
}

/// A line of the list of refs.
fn result_ref(line: &str) -> Option<ResultRef> {
    let mut fields = line.split('\0');
    let (name, commit, time) = (fields.next()?, fields.next()?, fields.next()?);
    let rest = name.strip_prefix("refs/aiwg/")?;
    let (kind, rest) = rest.split_once('/')?;
    let of = || {
        let (task, launch) = rest.rsplit_once('/')?;
        Some((task.to_owned(), launch.parse().ok()?))
    };
    let (kind, of) = match kind {
        "tasks" => (Kind::Result, Some(of()?)),
        "bases" => (Kind::Base, Some(of()?)),
        "snapshots" => (Kind::Snapshot, None),
        _ => return None,
    };
    let made_at = UNIX_EPOCH + Duration::from_secs(time.parse().ok()?);
    Some(ResultRef { name: name.to_owned(), kind, of, commit: Commit::of(commit)?, made_at })
}
