//! The protected files of a task: a record from before its first run, and what differs from that.

use std::{io, path::Path};

use aiwg_patterns::{Pattern, PatternError, PatternSet};

use super::{Files, differing, hash_of, name, read, write};

/// The file in a task's directory with the protected files as they were before its first run.
const PROTECTED_FILE: &str = "protected.json";

/// Number of protected files that are looked at.
const MOST_PROTECTED: usize = 100_000;

/// Number of changed protected files that are named.
const NAMED: usize = 20;

/// Directories that are never searched for protected files.
const NEVER_SEARCHED: [&str; 2] = [".git", ".aiwg"];

/// Notes the protected files as they are, in the task's directory, unless they are noted there already.
pub(in crate::runs) fn note_protected(root: &Path, globs: &[String], task_dir: &Path) -> io::Result<()> {
    let path = task_dir.join(PROTECTED_FILE);
    if globs.is_empty() || path.symlink_metadata().is_ok() {
        return Ok(());
    }
    write(&path, &protected(root, globs).map_err(io::Error::other)?)
}

/// The first of the protected files that are not as they were noted.
pub(in crate::runs) fn protected_changes(root: &Path, globs: &[String], task_dir: &Path) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
