//! The files that an agent changes: how many, and whether protected ones are among them.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use aiwg_fs::{open_of_anyone, read_bounded, write_atomic};
use aiwg_patterns::{Pattern, PatternError, PatternSet};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

/// The file in a run's directory with the state of the files before it.
const WORK_FILE: &str = "work.json";

/// The file in a task's directory with the protected files as they were before its first run.
const PROTECTED_FILE: &str = "protected.json";

/// Largest size of one of these files, in bytes.
const LARGEST_RECORD: u64 = 64 * 1024 * 1024;

/// Time that git has for an answer.
const GIT_ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// Largest answer of git that is read, in bytes.
const LARGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// Number of protected files that are looked at.
const MOST_PROTECTED: usize = 100_000;

/// Number of changed protected files that are named.
const NAMED: usize = 20;

/// Directories that are never searched for protected files.
const NEVER_SEARCHED: [&str; 2] = [".git", ".aiwg"];

/// Files by their paths relative to the project, each with a hash of its content; none for one that is not there, or cannot be read.
type Files = BTreeMap<String, Option<u64>>;

/// The state of a git work tree: what its commit does not say.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Work {
    /// The commit; none before the first one.
    head: Option<String>,
    /// The changed files, and those that git does not know, ignored ones left out.
    files: Files,
}

/// Notes the state of the files before an agent's run, in the run's directory. Nothing where the project is no git work tree.
pub(super) fn note_work(root: &Path, run_dir: &Path) -> io::Result<()> {
    match work(root) {
        Some(work) => write(&run_dir.join(WORK_FILE), &work),
        None => Ok(()),
    }
}

/// Number of files that have changed since [`note_work`]; none where that is not known.
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

/// Notes the protected files as they are, in the task's directory, unless they are noted there already.
pub(super) fn note_protected(root: &Path, globs: &[String], task_dir: &Path) -> io::Result<()> {
    let path = task_dir.join(PROTECTED_FILE);
    if globs.is_empty() || path.symlink_metadata().is_ok() {
        return Ok(());
    }
    write(&path, &protected(root, globs).map_err(io::Error::other)?)
}

/// The first of the protected files that are not as they were noted.
pub(super) fn protected_changes(root: &Path, globs: &[String], task_dir: &Path) -> Vec<String> {
    if globs.is_empty() {
        return Vec::new();
    }
    let path = task_dir.join(PROTECTED_FILE);
    match (read::<Files>(&path), protected(root, globs)) {
        (Some(before), Ok(now)) => differing(&before, &now).take(NAMED).cloned().collect(),
        // Whoever has removed the record has not shown that nothing was changed.
        _ => vec![path.display().to_string()],
    }
}

fn write(path: &Path, value: &impl Serialize) -> io::Result<()> {
    write_atomic(path, &serde_json::to_vec(value)?)
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&read_bounded(path, LARGEST_RECORD).ok()?).ok()
}

/// The paths that are in one only, or with another content in the other.
fn differing<'a>(a: &'a Files, b: &'a Files) -> impl Iterator<Item = &'a String> {
    let gone_or_other = a.iter().filter(|(path, hash)| b.get(*path) != Some(hash)).map(|(path, _)| path);
    let new = b.keys().filter(|path| !a.contains_key(*path));
    gone_or_other.chain(new)
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

fn top(root: &Path) -> Option<PathBuf> {
    let top = git(root, &["rev-parse", "--show-toplevel"])?;
    Some(PathBuf::from(OsStr::from_bytes(top.strip_suffix(b"\n")?)))
}

/// A path relative to the project; none if it is outside.
fn name(root: &Path, path: &Path) -> Option<String> {
    let own = path.strip_prefix(root).map(Path::to_owned);
    let real = || path.strip_prefix(root.canonicalize().ok()?).ok().map(Path::to_owned);
    Some(own.ok().or_else(real)?.to_string_lossy().into_owned())
}

/// The answer of git; none if it fails, is not there or takes too long.
fn git(root: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let mut git = Command::new("git");
    // It takes no lock that an agent's git could meet, and runs nothing that the project's configuration names.
    git.args(["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-C"])
        .arg(root);
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.as_bytes().starts_with(b"GIT_")) {
        git.env_remove(name);
    }
    git.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = git.spawn().ok()?;
    let output = child.stdout.take()?;
    let (send, answer) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let is_read = output.take(LARGEST_ANSWER).read_to_end(&mut bytes).is_ok();
        let _ = send.send(is_read.then_some(bytes));
    });
    let answer = answer.recv_timeout(GIT_ANSWERS_WITHIN).ok().flatten();
    if answer.is_none() {
        let _ = child.kill();
    }
    let is_good = child.wait().is_ok_and(|status| status.success());
    answer.filter(|_| is_good)
}

/// The protected files.
fn protected(root: &Path, globs: &[String]) -> Result<Files, PatternError> {
    let patterns: Result<Vec<Pattern>, _> = globs.iter().map(|glob| Pattern::path(glob)).collect();
    let set = PatternSet::new(patterns?)?;
    let mut files = Files::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() {
                if !NEVER_SEARCHED.iter().any(|never| entry.file_name() == *never) {
                    open.push(path);
                }
            } else if let Some(name) = name(root, &path).filter(|name| set.is_match(name))
                && files.len() < MOST_PROTECTED
            {
                files.insert(name, hash_of(&path));
            }
        }
    }
    Ok(files)
}

/// A hash of a file's content, or of where a link leads; none if it is not there, or is neither.
fn hash_of(path: &Path) -> Option<u64> {
    let mut hash = Xxh3::new();
    if let Ok(target) = std::fs::read_link(path) {
        hash.update(target.as_os_str().as_bytes());
        return Some(hash.digest());
    }
    let mut file: File = open_of_anyone(path).ok()?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Some(hash.digest()),
            Ok(read) => hash.update(buffer.get(..read)?),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
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
        note_work(&root, &run).unwrap();
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
        note_work(&root, &run).unwrap();
        assert_eq!(count(), Some(0));
    }

    #[test]
    fn without_git_nothing_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        note_work(dir.path(), dir.path()).unwrap();
        assert_eq!(changed(dir.path(), dir.path()), None);
    }

    #[test]
    fn protected_files_are_compared_with_the_first_note() {
        let dir = tempfile::tempdir().unwrap();
        let (root, task) = (dir.path(), tempfile::tempdir().unwrap());
        std::fs::create_dir_all(root.join("tests/deep")).unwrap();
        for name in ["tests/a", "tests/deep/b", "src"] {
            std::fs::write(root.join(name), name).unwrap();
        }
        let globs = ["tests/**".to_owned()];
        let note = || note_protected(root, &globs, task.path()).unwrap();
        let changes = || protected_changes(root, &globs, task.path());
        note();
        std::fs::write(root.join("src"), "may change").unwrap();
        assert!(changes().is_empty());
        std::fs::remove_file(root.join("tests/deep/b")).unwrap();
        std::fs::write(root.join("tests/a"), "easier").unwrap();
        std::fs::write(root.join("tests/new"), "").unwrap();
        note();
        assert_eq!(changes(), ["tests/a", "tests/deep/b", "tests/new"], "a later note does not count");
        std::fs::remove_file(root.join("tests/new")).unwrap();
        for name in ["tests/a", "tests/deep/b"] {
            std::fs::write(root.join(name), name).unwrap();
        }
        assert!(changes().is_empty(), "what is put back is as before");
        std::fs::remove_file(task.path().join(PROTECTED_FILE)).unwrap();
        assert_eq!(changes().len(), 1, "nothing shows that nothing was changed");
        assert!(protected_changes(root, &[], task.path()).is_empty());
    }
}
