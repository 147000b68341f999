//! Directories that cannot be looked at.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Notice,
    list::{Entry, entry},
    state::State,
};

impl State {
    pub(crate) fn note_unreadable(&mut self, path: PathBuf, why: String) {
        if self.unreadable.insert(path.clone()) {
            self.notices.push(Notice::Unreadable { path, why });
        }
    }

    pub(crate) fn note_readable(&mut self, path: &Path) {
        if self.unreadable.remove(path) {
            self.notices.push(Notice::Readable(path.to_owned()));
        }
    }

    /// Tries those that could not be looked at once more. What is in them then has not come only now.
    pub(crate) fn retry_unreadable(&mut self) {
        let mut unreadable = self.unreadable.clone();
        // The project itself is sought all the time.
        unreadable.remove(&self.scope.project);
        for path in unreadable {
            let rules = path
                .parent()
                .and_then(|parent| self.directories.get(parent))
                .map(|parent| Arc::clone(&parent.rules));
            let rules = rules.filter(|_| matches!(entry(&path), Entry::Directory | Entry::Unknown));
            let Some(rules) = rules.and_then(|rules| self.scope.enter(&rules, &path)) else {
                // It is gone, or does not count any more.
                self.note_readable(&path);
                continue;
            };
            if fs::read_dir(&path).is_err() {
                continue;
            }
            self.note_readable(&path);
            if self.directories.get(&path).is_some_and(|directory| directory.is_watched) {
                self.dirty.all(&path);
                continue;
            }
            for added in self.add_watches(&path, rules) {
                self.dirty.directory(&added).has_new_rules = true;
            }
        }
    }
}
