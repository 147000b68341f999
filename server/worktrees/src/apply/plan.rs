//! What is to change.

use std::{collections::HashSet, ffi::OsString};

use crate::{commit::Commit, error::Error, told::Place};

/// Whatever is not there has this mode.
const ABSENT: &[u8] = b"000000";

/// The mode of another repository's commit.
const REPOSITORY: &[u8] = b"160000";

/// A file that differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: Vec<u8>,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Change {
    /// True if only the second tree has it.
    pub(super) fn is_new(&self) -> bool {
        self.before == ABSENT
    }

    /// True if only the first tree has it.
    pub(super) fn is_gone(&self) -> bool {
        self.after == ABSENT
    }

    pub(super) fn is_repository(&self) -> bool {
        self.before == REPOSITORY || self.after == REPOSITORY
    }
}

/// The files that differ between two trees.
pub(super) fn changes(
    place: &Place,
    before: &str,
    after: &str,
    environment: &[(&'static str, OsString)],
) -> Result<Vec<Change>, Error> {
    let arguments = ["diff-tree", "-r", "-z", "--raw", "--no-renames", before, after];
    Ok(parsed(&place.step("compare the files", arguments).with(environment).done()?))
}

/// The files that are not as they are committed, or for which something else is staged. Where nothing is committed, all are.
pub(super) fn uncommitted(
    place: &Place,
    head: Option<&Commit>,
    now: &str,
    environment: &[(&'static str, OsString)],
) -> Result<HashSet<Vec<u8>>, Error> {
    let empty;
    let head = match head {
        Some(head) => head.hash(),
        None => {
            let step = place.step("name the empty tree", ["hash-object", "-t", "tree", "--stdin"]);
            empty = step.without_files().line()?;
            &empty
        }
    };
    let staged = ["diff-index", "--cached", "-z", "--raw", "--no-renames", "--ignore-submodules=none", head];
    let staged = parsed(&place.step("compare what is staged", staged).done()?);
    let changed = changes(place, head, now, environment)?;
    Ok(staged.into_iter().chain(changed).map(|change| change.path).collect())
}

/// The changes in the answer of git: ":100644 100755 OLD NEW M\0PATH\0".
fn parsed(answer: &[u8]) -> Vec<Change> {
    let mut fields = answer.split(|byte| *byte == 0);
    let mut all = Vec::new();
    while let (Some(head), Some(path)) = (fields.next().filter(|head| !head.is_empty()), fields.next()) {
        let mut parts = head.strip_prefix(b":").unwrap_or(head).split(|byte| *byte == b' ');
        let mut part = || parts.next().unwrap_or_default().to_vec();
        all.push(Change { before: part(), after: part(), path: path.to_vec() });
    }
    all
}
