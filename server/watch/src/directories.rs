//! The directories that are watched, by their paths.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    ops::Bound,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{rules::Rules, stamp::Stamp};

/// A directory in which something can count.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) rules: Arc<Rules>,
    /// True if it is being watched; with polling, if it was there when last looked at.
    pub(crate) is_watched: bool,
    /// Its ignore file, as it was when `rules` were made.
    pub(crate) gitignore: Option<Stamp>,
    /// The files that count, as they were reported.
    pub(crate) files: BTreeMap<Box<OsStr>, Stamp>,
    /// The directories in it that are known, too.
    pub(crate) directories: BTreeSet<Box<OsStr>>,
}

/// The directories that are watched, a directory before those in it.
///
/// Paths are compared byte by byte, not component by component as [`Path`] is: with 10,000 directories that was half of what it took
/// to watch them. All come from joined names, so that equal paths are equal bytes.
#[derive(Debug, Default)]
pub(crate) struct Directories {
    by_path: BTreeMap<OsString, Directory>,
}

impl Directories {
    pub(crate) fn len(&self) -> usize {
        self.by_path.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.by_path.contains_key(path.as_os_str())
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&Directory> {
        self.by_path.get(path.as_os_str())
    }

    pub(crate) fn get_mut(&mut self, path: &Path) -> Option<&mut Directory> {
        self.by_path.get_mut(path.as_os_str())
    }

    pub(crate) fn insert(&mut self, path: PathBuf, directory: Directory) {
        self.by_path.insert(path.into_os_string(), directory);
    }

    pub(crate) fn remove(&mut self, path: &Path) {
        self.by_path.remove(path.as_os_str());
    }

    /// All paths, a directory before those in it.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.by_path.keys().map(Path::new)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Directory> {
        self.by_path.values()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Directory> {
        self.by_path.values_mut()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&Path, &mut Directory)> {
        self.by_path.iter_mut().map(|(path, directory)| (Path::new(path), directory))
    }

    /// All paths and directories, a directory before those in it.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (PathBuf, Directory)> {
        self.by_path.into_iter().map(|(path, directory)| (path.into(), directory))
    }

    /// The paths of a directory, where it is known, and of all known ones below it.
    pub(crate) fn tree(&self, top: &Path) -> Vec<PathBuf> {
        // `a-b` stands between `a` and `a/b`.
        let itself = self.by_path.get_key_value(top.as_os_str()).map(|(path, _)| path);
        let first = in_it(top);
        let from = (Bound::Included(first.as_os_str()), Bound::Unbounded);
        let below = self.by_path.range::<OsStr, _>(from).map(|(path, _)| path);
        let below = below.take_while(|path| is_in(path, top)).filter(|path| *path != top.as_os_str());
        itself.into_iter().chain(below).map(PathBuf::from).collect()
    }
}

/// The least path of those in a directory.
fn in_it(directory: &Path) -> OsString {
    directory.join("").into_os_string()
}

fn is_in(path: &OsStr, directory: &Path) -> bool {
    let rest = path.as_bytes().strip_prefix(directory.as_os_str().as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"/") || directory == Path::new("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, rules::Scope};

    fn directories(paths: &[&str]) -> Directories {
        let dir = tempfile::tempdir().unwrap();
        let scope = Scope::new(dir.path().to_owned(), &Options::new(dir.path())).unwrap();
        let mut directories = Directories::default();
        for path in paths {
            let directory = Directory {
                rules: Arc::clone(&scope.top()),
                is_watched: true,
                gitignore: None,
                files: BTreeMap::new(),
                directories: BTreeSet::new(),
            };
            directories.insert(path.into(), directory);
        }
        directories
    }

    fn tree(directories: &Directories, top: &str) -> Vec<String> {
        directories.tree(top.as_ref()).iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn what_is_below_a_directory_is_found_beside_names_that_sort_between() {
        let directories =
            directories(&["/p", "/p/a", "/p/a-b", "/p/a/b", "/p/a/b/c", "/p/a.b/c", "/p/a0", "/p/b"]);

        assert_eq!(tree(&directories, "/p/a"), ["/p/a", "/p/a/b", "/p/a/b/c"]);
        assert_eq!(tree(&directories, "/p/a.b"), ["/p/a.b/c"]);
        assert_eq!(tree(&directories, "/p").len(), 8);
        assert_eq!(tree(&directories, "/p/c"), [""; 0]);
    }

    #[test]
    fn a_project_may_be_the_root_of_all() {
        assert_eq!(tree(&directories(&["/", "/a", "/a/b"]), "/"), ["/", "/a", "/a/b"]);
    }

    #[test]
    fn a_directory_comes_before_those_in_it() {
        let directories = directories(&["/p/a/b", "/p/a-b", "/p/a"]);

        let paths: Vec<&Path> = directories.paths().collect();

        let position = |path: &str| paths.iter().position(|other| *other == Path::new(path));
        assert!(position("/p/a") < position("/p/a/b"));
    }
}
