//! The changes in a git work tree: what its commits and its status say.

use std::{ffi::OsStr, io, os::unix::ffi::OsStrExt, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    Files,
    ask_git::{git, top},
    differing, hash_of, name, read, write,
};

/// The file in a run's directory with the state of the work tree before it.
const WORK_FILE: &str = "work.json";

/// The state of a git work tree: what its commit does not say.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Work {
    /// The commit; none before the first one.
    head: Option<String>,
    /// The changed files, and those that git does not know, ignored ones left out.
    files: Files,
}

/// Notes the state of the work tree, in the run's directory. False where the project is in none.
pub(super) fn note(root: &Path, run_dir: &Path) -> io::Result<bool> {
    let Some(work) = work(root) else { return Ok(false) };
    write(&run_dir.join(WORK_FILE), &work)?;
    Ok(true)
}

/// Number of files that have changed since [`note`]; none where that is not known.
pub(super) fn changed(root: &Path, run_dir: &Path) -> Option<u64> {
    let before: Work = read(&run_dir.join(WORK_FILE))?;
    let now = work(root)?;
    let mut changed: Vec<&String> = differing(&before.files, &now.files).collect();
    let committed = match (&before.head, &now.head) {
        (Some(before), Some(now)) if before != now => committed(root, before, now),
        _ => Vec::new(),
    };
    // What was changed before, and is committed as it was, has not changed.
    let is_changed = |file: &&String| match before.files.get(*file) {
        Some(hash) => *hash != hash_of(&root.join(file.as_str())),
        None => true,
    };
    changed.extend(&committed);
    changed.sort_unstable();
    changed.dedup();
    u64::try_from(changed.into_iter().filter(is_changed).count()).ok()
}

/// The state of the work tree that the project is in; none if it is in none, or git does not answer.
fn work(root: &Path) -> Option<Work> {
    let all = [
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignore-submodules=none",
    ];
    let status = git(root, &[&all[..], &["--", ".", ":(exclude).aiwg"]].concat())?;
    let head = git(root, &["rev-parse", "--verify", "--quiet", "HEAD"]);
    let head = head.map(|head| String::from_utf8_lossy(&head).trim().to_owned());
    let top = top(root)?;
    // Each entry is two letters, a space, and a path relative to the top of the work tree.
    let entries = status.split(|byte| *byte == 0).filter_map(|entry| entry.get(3..));
    let file = |path: &[u8]| {
        let path = top.join(OsStr::from_bytes(path));
        Some((name(root, &path)?, hash_of(&path)))
    };
    Some(Work { head, files: entries.filter_map(file).collect() })
}

/// The files that differ between two commits.
fn committed(root: &Path, before: &str, now: &str) -> Vec<String> {
    let difference = [
        "diff",
        "--name-only",
        "-z",
        "--no-renames",
        "--no-ext-diff",
        "--relative",
        before,
        now,
        "--",
        ".",
        ":(exclude).aiwg",
    ];
    let names = git(root, &difference).unwrap_or_default();
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, process::Command};

    use super::*;

    fn run_git(root: &Path, arguments: &[&str]) {
        let mut git = Command::new("git");
        let who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let done = git.arg("-C").arg(root).args(who).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// A project in a directory of a repository, with two committed files, and a directory for the run.
    fn project() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        run_git(dir.path(), &["init", "-q"]);
        let root = dir.path().join("sub");
        std::fs::create_dir_all(root.join(".aiwg/run")).unwrap();
        for name in ["a", "b"] {
            std::fs::write(root.join(name), name).unwrap();
        }
        run_git(dir.path(), &["add", "."]);
        run_git(dir.path(), &["commit", "-q", "-m", "first"]);
        let run = root.join(".aiwg/run");
        (dir, root, run)
    }

    #[test]
    fn changed_files_are_counted_whether_committed_or_not() {
        let (_dir, root, run) = project();
        std::fs::write(root.join("old"), "was changed before").unwrap();
        let count = || changed(&root, &run);
        assert!(note(&root, &run).unwrap());
        assert_eq!(count(), Some(0));
        std::fs::write(root.join("a"), "other").unwrap();
        std::fs::write(root.join("ü b"), "new").unwrap();
        assert_eq!(count(), Some(2));
        run_git(&root, &["add", "."]);
        run_git(&root, &["commit", "-q", "-m", "second"]);
        assert_eq!(count(), Some(2), "what was changed before is committed as it was");
        std::fs::remove_file(root.join("b")).unwrap();
        std::fs::write(root.join("old"), "again").unwrap();
        assert_eq!(count(), Some(4));
        assert!(note(&root, &run).unwrap());
        assert_eq!(count(), Some(0));
    }

    #[test]
    fn without_git_nothing_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!note(dir.path(), dir.path()).unwrap());
        assert_eq!(changed(dir.path(), dir.path()), None);
    }
}
