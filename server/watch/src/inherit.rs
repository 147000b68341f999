//! Continues where another watcher has left off.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use crate::{
    contents::Contents,
    directories::{Directories, Directory},
    rules::{Rules, Scope},
    state::State,
};

/// End of a watcher.
#[derive(Debug)]
pub struct Finished {
    /// All that changed before this moment has been reported.
    pub reported_up_to: SystemTime,
    /// State to continue from, if a git operation is under way, so that some changes are not reported.
    pub rest: Option<Rest>,
}

/// Everything that a watcher has reported so far, for the one that continues with the rest: see
/// [`Watcher::inherit`](crate::Watcher::inherit).
#[derive(Debug)]
pub struct Rest {
    scope: Scope,
    directories: Directories,
    contents: Contents,
    reported_at: SystemTime,
    /// Time of the first change that it has not reported.
    pub(crate) since: SystemTime,
}

impl State {
    /// The state that another watcher needs to continue.
    pub(crate) fn into_rest(self, since: SystemTime) -> Rest {
        let Self { scope, directories, contents, reported_at, .. } = self;
        Rest { scope, directories, contents, reported_at, since }
    }

    /// Takes over what another watcher has reported, and no more, wherever both watch. All of that is marked.
    pub(crate) fn inherit(&mut self, rest: Rest) {
        let mut rules = BTreeMap::new();
        let mine: Vec<PathBuf> = self.directories.paths().map(Path::to_owned).collect();
        // In this order a directory comes before those in it.
        for path in mine {
            if let Some(found) = rest.rules(&path, &rules) {
                self.inherit_directory(&path, &found, &rest);
                rules.insert(path, found);
            }
        }
        for (path, known) in rest.directories.into_entries() {
            self.inherit_gone(path, known);
        }
        self.contents = rest.contents;
        self.reported_at = rest.reported_at;
    }

    /// One that the other watched, or would watch by now, with the rules that it has for it.
    fn inherit_directory(&mut self, path: &Path, rules: &Rules, rest: &Rest) {
        let Some(directory) = self.directories.get_mut(path) else { return };
        let known = rest.directories.get(path).map(|known| &known.files);
        let is_known = |name: &OsStr| known.is_some_and(|files| files.contains_key(name));
        // What it watches and does not know has come since.
        directory
            .files
            .retain(|name, _| is_known(name) || !rest.scope.is_visible(rules, &path.join(&**name)));
        for (name, &stamp) in known.into_iter().flatten() {
            if self.scope.is_visible(&directory.rules, &path.join(&**name)) {
                directory.files.insert(name.clone(), stamp);
            }
        }
        self.dirty.all(path);
    }

    /// One that the other watched; if it is gone, the next look reports it.
    fn inherit_gone(&mut self, path: PathBuf, mut known: Directory) {
        if self.directories.contains(&path) || path.symlink_metadata().is_ok() {
            return;
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return };
        let Some(parent) = self.directories.get_mut(parent) else { return };
        let Some(rules) = self.scope.enter(&parent.rules, &path) else { return };
        parent.directories.insert(name.into());
        known.files.retain(|name, _| self.scope.is_visible(&rules, &path.join(&**name)));
        self.dirty.all(&path);
        self.directories.insert(path, Directory { rules, is_watched: false, ..known });
    }
}

impl Rest {
    /// The rules that the watcher has for a directory, or would have if it had come to know it; those of directories above it are
    /// in `found`.
    fn rules(&self, path: &Path, found: &BTreeMap<PathBuf, Arc<Rules>>) -> Option<Arc<Rules>> {
        if let Some(known) = self.directories.get(path) {
            return Some(Arc::clone(&known.rules));
        }
        let rules = self.scope.enter(found.get(path.parent()?)?, path)?;
        Some(self.scope.with_gitignore(rules, path))
    }
}
