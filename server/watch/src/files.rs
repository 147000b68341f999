//! The files of a project whose changes would be reported, at one time.

use std::{
    fs::{Metadata, read_dir},
    path::Path,
};

use crate::{Kind, Options, WatchError};

impl Options {
    /// Calls `take` with each file whose changes would be reported, by its path relative to the project, until that returns false. Returns true if it
    /// was called with all of them. Links are files, and are not followed; what cannot be read is passed over.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn each_file(&self, mut take: impl FnMut(&Path, &Metadata) -> bool) -> Result<bool, WatchError> {
        let scope = self.scope()?;
        let mut open = vec![(scope.project.clone(), scope.top())];
        while let Some((directory, rules)) = open.pop() {
            for entry in read_dir(&directory).into_iter().flatten().flatten() {
                let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else { continue };
                if metadata.is_dir() {
                    let entered = scope.enter(&rules, &path).map(|rules| scope.with_gitignore(rules, &path));
                    open.extend(
                        entered.filter(|_| !scope.is_other_work_tree(&path)).map(|rules| (path, rules)),
                    );
                } else if scope.is_wanted(&rules, &path, Kind::Modified)
                    && let Ok(relative) = path.strip_prefix(&scope.project)
                    && !take(relative, &metadata)
                {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::PathBuf};

    use super::*;

    #[test]
    fn files_that_count_are_listed_until_it_is_enough() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b.log", "keep/c", "out/d", "deep/er/e", "deep/er/f.tmp", ".aiwg/daemon/g"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::write(dir.path().join(".gitignore"), "*.log\n").unwrap();
        fs::write(dir.path().join("deep/.gitignore"), "*.tmp\n").unwrap();
        std::os::unix::fs::symlink("/", dir.path().join("link")).unwrap();
        let options = Options { ignore: vec!["out/".to_owned()], ..Options::new(dir.path()) };
        let mut found = BTreeSet::new();
        let take = |path: &Path, metadata: &Metadata| {
            assert!(!metadata.is_dir());
            found.insert(path.to_owned())
        };
        assert!(options.each_file(take).unwrap());
        let expected =
            [".gitignore", "a", "deep/.gitignore", "deep/er/e", "keep/c", "link"].map(PathBuf::from);
        assert_eq!(found, BTreeSet::from(expected));
        let mut count = 0;
        let is_complete = options.each_file(|_, _| {
            count += 1;
            count < 2
        });
        assert!(!is_complete.unwrap() && count == 2);
        assert!(Options::new("no/such/project").each_file(|_, _| true).is_err());
    }
}
