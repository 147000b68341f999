//! The changes in a git work tree: what its commits and its status say.

use std::{
    ffi::OsStr,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use aiwg_git::Look;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    Files,
    ask_git::{git, git_for, top},
    content::Reading,
    differing, hash_of, name, read, write,
};

/// The file in a run's directory with the state of the work tree before it.
const WORK_FILE: &str = "work.json";

/// Number of submodules in one another that are looked at.
const MOST_NESTED: u32 = 8;

/// The beginning of a submodule's entry in the index: its mode.
const SUBMODULE: &[u8] = b"160000 ";

/// The state of a git work tree: what its commit does not say.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Work {
    /// The commit; none before the first one.
    head: Option<String>,
    /// The changed files, and those that git does not know, ignored ones left out; of a submodule its commit.
    files: Files,
}

/// Notes the state of the work tree, in the run's directory. False where the project is in none.
pub(super) fn note(look: &Look, root: &Path, run_dir: &Path) -> io::Result<bool> {
    let Some(work) = work(look, root) else { return Ok(false) };
    write(&run_dir.join(WORK_FILE), &work)?;
    Ok(true)
}

/// Number of files that have changed since [`note`]; none where that is not known.
pub(super) fn changed(look: &Look, root: &Path, run_dir: &Path) -> Option<u64> {
    let before: Work = read(&run_dir.join(WORK_FILE))?;
    let now = work(look, root)?;
    let mut changed: Vec<&String> = differing(&before.files, &now.files).collect();
    let committed = match (&before.head, &now.head) {
        (Some(before), Some(now)) if before != now => committed(look, root, before, now),
        _ => Vec::new(),
    };
    changed.extend(&committed);
    changed.sort_unstable();
    changed.dedup();
    let (mut count, mut reading) = (0, Reading::new(look));
    for file in changed {
        // What was changed before, and is committed as it was, has not changed.
        let is_as_before = match (before.files.get(file), now.files.get(file)) {
            (Some(before), Some(now)) => before == now,
            (Some(before), None) => *before == hash_of(&root.join(file), &mut reading).ok()?,
            (None, _) => false,
        };
        count += u64::from(!is_as_before);
    }
    Some(count)
}

/// The state of the work tree that the project is in; none if it is in none, git does not answer, there is too much to be read, or the look is over before.
fn work(look: &Look, root: &Path) -> Option<Work> {
    let mut work = Work { head: head(look, root), files: Files::new() };
    note_files(root, root, (&mut work.files, &mut Reading::new(look)), MOST_NESTED)?;
    Some(work)
}

/// The commit of the work tree that a directory is in; none before the first one.
fn head(look: &Look, dir: &Path) -> Option<String> {
    let head = git(look, dir, &["rev-parse", "--verify", "--quiet", "HEAD"])?;
    Some(String::from_utf8_lossy(&head).trim().to_owned())
}

/// Adds the changed files in a directory of the project, and in the submodules there, down to this depth.
fn note_files(
    root: &Path,
    dir: &Path,
    (files, reading): (&mut Files, &mut Reading),
    depth: u32,
) -> Option<()> {
    let look = &reading.look().clone();
    // Git would ask a submodule by a process of its own, which runs the filters that only the submodule's configuration names.
    let all = [
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignore-submodules=dirty",
    ];
    let status = git(look, dir, &[&all[..], &["--", ".", ":(exclude).aiwg"]].concat())?;
    let top = top(look, dir)?;
    // Each entry is two letters, a space, and a path relative to the top of the work tree.
    for path in status.split(|byte| *byte == 0).filter_map(|entry| entry.get(3..)) {
        let path = top.join(OsStr::from_bytes(path));
        if let Some(name) = name(root, &path) {
            files.insert(name, hash_of(&path, reading).ok()?);
        }
    }
    let Some(depth) = depth.checked_sub(1) else { return Some(()) };
    for submodule in submodules(look, dir)? {
        note_files(root, &submodule, (files, reading), depth)?;
        let head = head(look, &submodule).map(|head| xxh3_64(head.as_bytes()));
        files.insert(name(root, &submodule)?, head);
    }
    Some(())
}

/// The submodules in a directory of a work tree, as far as they are there; none if git does not answer.
fn submodules(look: &Look, dir: &Path) -> Option<Vec<PathBuf>> {
    // A large index says much that is not asked for here.
    let index = git_for(look, dir, &["ls-files", "-z", "--stage"], |entry| entry.starts_with(SUBMODULE))?;
    let entries = index.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    let path = |entry: &[u8]| {
        let name = entry.get(entry.iter().position(|byte| *byte == b'\t')? + 1..)?;
        let path = dir.join(OsStr::from_bytes(name));
        let is_there = path.symlink_metadata().is_ok_and(|found| found.is_dir());
        // In an empty directory git finds the repository around it.
        let is_its_own = || Some(top(look, &path)?.canonicalize().ok()? == path.canonicalize().ok()?);
        (is_there && is_its_own().unwrap_or(false)).then_some(path)
    };
    Some(entries.filter_map(path).collect())
}

/// The files that differ between two commits.
fn committed(look: &Look, root: &Path, before: &str, now: &str) -> Vec<String> {
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
    let names = git(look, root, &difference).unwrap_or_default();
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

    use super::{super::LOOK_WITHIN, *};

    fn look() -> Look {
        Look::within(LOOK_WITHIN)
    }

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
        let count = || changed(&look(), &root, &run);
        assert!(note(&look(), &root, &run).unwrap());
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
        let over = look();
        over.end();
        assert_eq!(changed(&over, &root, &run), None);
        assert!(note(&look(), &root, &run).unwrap());
        assert_eq!(count(), Some(0));
    }

    #[test]
    fn a_file_without_an_end_is_not_read() {
        let (_dir, root, run) = project();
        let count = || changed(&look(), &root, &run);
        let hole = std::fs::File::create(root.join("hole")).unwrap();
        // Reading it would take days.
        hole.set_len(1 << 43).unwrap();
        assert!(note(&look(), &root, &run).unwrap());
        assert_eq!(count(), Some(0));
        hole.set_len((1 << 43) - 1).unwrap();
        assert_eq!(count(), Some(1));
    }

    #[test]
    fn what_changes_in_a_submodule_counts_and_no_filter_of_its_own_is_run() {
        let (_dir, root, run) = project();
        let sub = root.join("deep/sub");
        std::fs::create_dir_all(&sub).unwrap();
        run_git(&sub, &["init", "-q"]);
        std::fs::write(sub.join("x"), "1").unwrap();
        run_git(&sub, &["add", "."]);
        run_git(&sub, &["commit", "-q", "-m", "first"]);
        run_git(&root, &["-c", "advice.addEmbeddedRepo=false", "add", "."]);
        run_git(&root, &["commit", "-q", "-m", "submodule"]);
        let outside = tempfile::tempdir().unwrap();
        let (program, pwned) = (outside.path().join("program"), outside.path().join("PWNED"));
        std::fs::write(&program, format!("#!/bin/sh\n>'{}'\nexec cat\n", pwned.display())).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        run_git(&sub, &["config", "filter.z.clean", program.to_str().unwrap()]);
        std::fs::write(sub.join(".git/info/attributes"), "* filter=z\n").unwrap();

        let count = || changed(&look(), &root, &run);
        assert!(note(&look(), &root, &run).unwrap());
        assert_eq!(count(), Some(0));
        std::fs::write(sub.join("x"), "2").unwrap();
        assert_eq!(count(), Some(1));
        assert!(!pwned.exists());
        run_git(&root, &["status"]);
        assert!(pwned.exists(), "it is one that would be run");
        run_git(&sub, &["commit", "-q", "-a", "-m", "second"]);
        assert_eq!(count(), Some(1), "the submodule has another commit");
        run_git(&root, &["commit", "-q", "-a", "-m", "third"]);
        assert_eq!(count(), Some(1));
        assert!(note(&look(), &root, &run).unwrap());
        assert_eq!(count(), Some(0));
    }

    #[test]
    fn without_git_nothing_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!note(&look(), dir.path(), dir.path()).unwrap());
        assert_eq!(changed(&look(), dir.path(), dir.path()), None);
    }
}
